"""The telephone system is killed, frozen or restarted in the middle of a call."""

from __future__ import annotations

import asyncio
import time

import pytest

from gateway.calls.model import DialState
from gateway.calls.port import PbxCondition
from gateway.people.model import PresenceState
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from tests.integration.pbx.desk import Desk
from tests.integration.pbx.lab import MAIN, OTHER, QUEUE, TRUNK, Lab
from tests.integration.pbx.test_calls_come_and_go import talk

RIGHT_WITHIN_S = 2.0


async def ready(desk: Desk) -> float:
    """Wait until it is connected again; return when."""
    await desk.until(lambda: desk.driver.status.condition is PbxCondition.READY, 30.0)
    return time.monotonic()


async def test_killed_in_mid_call(desk: Desk, lab: Lab) -> None:
    await talk(lab)
    await desk.call(lambda call: call["state"] == "talking")
    await asyncio.sleep(1.0)
    await lab.kill()
    await desk.until(lambda: desk.driver.status.condition is PbxCondition.UNREACHABLE)
    await lab.start()
    since = await ready(desk)
    call = await desk.ended()
    assert time.monotonic() - since < RIGHT_WITHIN_S
    assert (call["outcome"], call["answered_by"]) == ("answered", "101")
    assert call["reason"]
    await lab.phones[TRUNK].hang_up()
    await lab.phones["101"].hang_up()
    await talk(lab)
    await lab.phones[TRUNK].hang_up()
    assert (await desk.ended())["id"] != call["id"]
    assert len(await desk.calls()) == 2


async def test_killed_while_it_rings_is_a_missed_call(desk: Desk, lab: Lab) -> None:
    lab.phones["101"].behave("ring")
    await lab.phones[TRUNK].dial(MAIN)
    await lab.phones["101"].wait("ringing")
    await desk.call(lambda call: call["parties"])
    await lab.kill()
    await lab.start()
    await ready(desk)
    call = await desk.ended()
    assert (call["missed"], call["answered_by"]) == (True, None)


async def test_frozen_is_noticed_and_what_went_on_is_told(desk: Desk, lab: Lab) -> None:
    await talk(lab)
    await desk.call(lambda call: call["state"] == "talking")
    begun = time.monotonic()
    await lab.freeze()
    try:
        await desk.until(lambda: desk.driver.status.condition is PbxCondition.FROZEN, 12.0)
        assert time.monotonic() - begun < 10.0
        assert [call["state"] for call in await desk.calls(live=True)] == ["talking"]
        await lab.phones[TRUNK].hang_up()
    finally:
        await lab.thaw()
    since = await ready(desk)
    call = await desk.ended()
    assert time.monotonic() - since < RIGHT_WITHIN_S
    assert call["answered_by"] == "101"
    assert len(await desk.calls()) == 1


async def test_our_connection_is_lost_and_the_call_goes_on(desk: Desk, lab: Lab) -> None:
    await talk(lab)
    before = await desk.call(lambda call: call["state"] == "talking")
    desk.wire.cut()
    await desk.until(lambda: desk.driver.status.condition is not PbxCondition.READY)
    await ready(desk)
    await asyncio.sleep(1.0)
    [call] = await desk.calls(live=True)
    assert (call["id"], call["state"]) == (before["id"], "talking")
    await lab.phones[TRUNK].hang_up()
    call = await desk.ended()
    assert (call["id"], call["outcome"], call["final_party"]) == (before["id"], "answered", "101")


async def test_after_a_gap_it_is_known_who_is_parked_and_who_waits_in_a_queue(
    desk: Desk, lab: Lab, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A new gateway has seen no event: all that it knows is the snapshot."""
    for member in ("102", "103"):
        lab.phones[member].behave("ring")
    for _ in range(2):
        await talk(lab)
        talking = await desk.call(lambda call: call["state"] == "talking")
        await desk.actions.park(ROOT, talking["id"])
        await desk.call(lambda call: call["state"] == "parked")
        await lab.phones["101"].wait("ended")
    await lab.phones[TRUNK].dial(QUEUE, caller=OTHER)
    await lab.phones["102"].wait("ringing")
    desk.wire.cut()
    await desk.until(lambda: desk.driver.status.condition is not PbxCondition.READY)
    await ready(desk)
    async with Desk.open(lab, tmp_path_factory.mktemp("new")) as new:
        await asyncio.sleep(1.0)
        for one in (desk, new):
            states = [(call["state"], call["queue"]) for call in await one.calls(live=True)]
            assert states == [("ringing", "sales"), ("parked", ""), ("parked", "")]
        assert all(call["talk_s"] == 0 for call in await new.calls(live=True))
        await new.reaches(t101=PresenceState.FREE, t102=PresenceState.RINGING)
        await lab.unplug()
        await new.call(lambda call: call["state"] == "ended")
        for one in (desk, new):
            await one.until_none_lives()
            assert len(await one.calls()) == 3
            assert [call["wait_s"] > 0.5 for call in await one.calls()] == [True, False, False]


async def test_what_telephones_do_is_known_and_forgotten_with_the_connection(
    desk: Desk, lab: Lab
) -> None:
    lab.phones["101"].behave("ring")
    await desk.reaches(t101=PresenceState.FREE, t102=PresenceState.FREE)
    await lab.phones[TRUNK].dial(MAIN, caller=OTHER)
    await desk.reaches(t101=PresenceState.RINGING, t102=PresenceState.FREE)
    await lab.phones["101"].answer()
    await desk.reaches(t101=PresenceState.BUSY)
    await lab.kill()
    await desk.reaches(t101=PresenceState.UNKNOWN, t102=PresenceState.UNKNOWN)
    await lab.start()
    await desk.reaches(t101=PresenceState.FREE, t102=PresenceState.FREE)


async def test_a_dial_into_a_frozen_system_is_uncertain_and_rings_once(
    desk: Desk, lab: Lab
) -> None:
    lab.phones["101"].behave("ring")
    await lab.freeze()
    try:
        dial = await desk.dial(f"+{OTHER}")
        done = await desk.settled(dial)
        assert done.state is DialState.UNCERTAIN
    finally:
        await lab.thaw()
    await ready(desk)
    await asyncio.sleep(desk.lab.settings.ring_s + 2.0)
    assert lab.phones["101"].rings <= 1
    assert lab.phones[TRUNK].rings == 0
    if lab.phones["101"].rings:
        assert (await desk.dialling.show(ROOT, dial.id)).state is DialState.FAILED
