"""Transfers by telephone and from the screen, the car park, and calls that users dial."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.calls.model import DialState
from gateway.kernel.errors import Conflict, Permanent
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from tests.integration.pbx.desk import Call, Desk
from tests.integration.pbx.lab import CUSTOMER, MAIN, OTHER, TRUNK, Lab
from tests.integration.pbx.test_calls_come_and_go import TALK_S, outcomes, talk


def transfers(call: Call) -> list[tuple[str, str, str, bool]]:
    """Return kind, from, to and whether it was answered."""
    return [
        (one["kind"], one["from"], one["to"], one["answered"] and not one["cancelled"])
        for one in call["transfers"]
    ]


async def passed(desk: Desk, lab: Lab, kind: str, to: str = "102") -> Call:
    """Let the next one speak, hang up, and see that the call tells of the transfer."""
    await lab.phones[to].wait("up")
    await asyncio.sleep(TALK_S)
    await lab.phones[TRUNK].hang_up()
    call = await desk.ended()
    assert transfers(call) == [(kind, "101", to, True)]
    assert (call["answered_by"], call["final_party"]) == ("101", to)
    assert call["direction"] == "in"
    return call


async def living(desk: Desk) -> str:
    """Return the id of the call in which somebody speaks."""
    call_id: str = (await desk.call(lambda call: call["state"] == "talking"))["id"]
    return call_id


async def test_blind_by_telephone(desk: Desk, lab: Lab) -> None:
    await talk(lab)
    await lab.phones["101"].pass_on("102")
    await passed(desk, lab, "blind")


async def test_attended_by_telephone(desk: Desk, lab: Lab) -> None:
    await talk(lab)
    await lab.phones["101"].consult("102")
    await lab.phones["102"].wait("up")
    await asyncio.sleep(TALK_S)
    await lab.phones["101"].complete()
    await passed(desk, lab, "attended")
    assert len(await desk.calls()) == 1


async def test_from_the_screen(desk: Desk, lab: Lab) -> None:
    await talk(lab)
    await desk.actions.transfer(ROOT, await living(desk), "102")
    call = await passed(desk, lab, "redirect")
    assert call["talk_s"] == pytest.approx(lab.phones[TRUNK].talk_s, abs=1.0)


async def test_from_the_screen_while_it_rings(desk: Desk, lab: Lab) -> None:
    lab.phones["101"].behave("ring")
    await lab.phones[TRUNK].dial(MAIN, caller=CUSTOMER)
    await lab.phones["101"].wait("ringing")
    ringing = await desk.call(lambda call: "101" in outcomes(call))
    await desk.actions.transfer(ROOT, ringing["id"], "102")
    await lab.phones["102"].wait("up")
    await lab.phones["101"].wait("ended")
    await lab.phones[TRUNK].wait("up")
    await lab.phones[TRUNK].hang_up()
    call = await desk.ended()
    assert transfers(call) == [("redirect", "101", "102", True)]
    assert (call["answered_by"], call["final_party"]) == ("102", "102")


async def test_from_the_screen_after_asking(desk: Desk, lab: Lab) -> None:
    await talk(lab)
    call_id = await living(desk)
    await desk.actions.transfer(ROOT, call_id, "102", attended=True)
    await lab.phones["102"].wait("up")
    await asyncio.sleep(TALK_S)
    await desk.actions.end_consulting(ROOT, call_id, pass_on=True)
    await lab.phones["101"].wait("ended")
    await passed(desk, lab, "attended")


async def test_from_the_screen_and_taken_back(desk: Desk, lab: Lab) -> None:
    lab.phones["102"].behave("ring")
    await talk(lab)
    call_id = await living(desk)
    with pytest.raises(Permanent, match="asked"):
        await desk.actions.end_consulting(ROOT, call_id, pass_on=True)
    await desk.actions.transfer(ROOT, call_id, "102", attended=True)
    await lab.phones["102"].wait("ringing")
    await asyncio.sleep(TALK_S)
    await desk.actions.end_consulting(ROOT, call_id, pass_on=False)
    await lab.phones["102"].wait("ended")
    await asyncio.sleep(TALK_S)
    await lab.phones[TRUNK].hang_up()
    call = await desk.ended()
    assert transfers(call) == [("attended", "101", "102", False)]
    assert call["final_party"] == "101"


async def test_lost_on_the_way(desk: Desk, lab: Lab) -> None:
    lab.phones["102"].behave("ring")
    await talk(lab)
    await desk.actions.transfer(ROOT, await living(desk), "102")
    await lab.phones["102"].wait("ringing")
    await asyncio.sleep(TALK_S)
    await lab.phones[TRUNK].hang_up()
    call = await desk.ended()
    assert transfers(call) == [("redirect", "101", "102", False)]
    assert (call["answered_by"], call["final_party"]) == ("101", None)


async def test_parked_and_taken_back_by_another(desk: Desk, lab: Lab) -> None:
    await talk(lab)
    await desk.actions.park(ROOT, await living(desk))
    await desk.call(lambda call: call["state"] == "parked")
    await asyncio.sleep(TALK_S)
    await lab.phones["102"].dial("701")
    await lab.phones["102"].wait("up")
    await desk.call(lambda call: call["state"] == "talking")
    call = await passed(desk, lab, "park")
    assert call["caller"] == CUSTOMER
    assert len(await desk.calls()) == 1


async def test_ended_from_the_screen(desk: Desk, lab: Lab) -> None:
    await talk(lab)
    call_id = await living(desk)
    await desk.actions.hang_up(ROOT, call_id)
    for phone in ("101", TRUNK):
        await lab.phones[phone].wait("ended")
    assert (await desk.ended())["outcome"] == "answered"
    with pytest.raises(Conflict):
        await desk.actions.hang_up(ROOT, call_id)


async def test_a_user_dials_and_both_speak(desk: Desk, lab: Lab) -> None:
    dial = await desk.dial(f"+{OTHER}")
    done = await desk.settled(dial)
    assert (done.state, done.reason) == (DialState.ANSWERED, "")
    await lab.phones[TRUNK].wait("up")
    await asyncio.sleep(TALK_S)
    await lab.phones["101"].hang_up()
    call = await desk.ended()
    assert (call["direction"], call["caller"], call["number"], call["outcome"]) == (
        "out", "101", f"+{OTHER}", "answered",
    )  # fmt: skip
    assert call["click_to_call"]
    assert call["talk_s"] == pytest.approx(lab.phones[TRUNK].talk_s, abs=0.5)
    assert (await desk.settled(dial)).call_id == call["id"]
    assert (lab.phones["101"].rings, lab.phones[TRUNK].rings) == (1, 1)


@pytest.mark.parametrize(
    ("mode", "reason"), [("ring", "not picked up"), ("busy", "busy"), ("decline", "declined")]
)
async def test_the_user_does_not_take_his_dial(
    desk: Desk, lab: Lab, mode: str, reason: str
) -> None:
    lab.phones["101"].behave(mode)
    dial = await desk.dial(f"+{OTHER}")
    done = await desk.settled(dial)
    assert done.state is DialState.FAILED
    await desk.ended()
    assert reason in (await desk.settled(dial)).reason
    assert (lab.phones["101"].rings, lab.phones[TRUNK].rings) == (1, 0)


async def test_the_customer_is_busy(desk: Desk, lab: Lab) -> None:
    lab.phones[TRUNK].behave("busy")
    done = await desk.settled(await desk.dial(f"+{OTHER}"))
    assert done.state is DialState.ANSWERED
    await lab.phones[TRUNK].wait("ended")
    await lab.phones["101"].hang_up()
    call = await desk.ended()
    assert (call["outcome"], call["number"], call["talk_s"]) == ("busy", f"+{OTHER}", 0)


async def test_a_dial_to_nowhere(desk: Desk, lab: Lab) -> None:
    done = await desk.settled(await desk.dial("103"))
    assert done.state is DialState.ANSWERED
    await lab.phones["103"].wait("up")
    await lab.phones["103"].hang_up()
    call = await desk.ended()
    assert (call["direction"], call["number"]) == ("internal", "103")


async def test_a_user_who_is_rung_through_the_dialplan(lab: Lab, tmp_path: Path) -> None:
    """As FreePBX has it: by a Local channel, which steps aside once the call stands."""
    async with Desk.open(lab, tmp_path, "Local/{extension}@from-internal") as desk:
        dial = await desk.dial(f"+{OTHER}")
        done = await desk.settled(dial)
        assert (done.state, done.reason) == (DialState.ANSWERED, "")
        await lab.phones[TRUNK].wait("up")
        await asyncio.sleep(TALK_S)
        await lab.phones["101"].hang_up()
        call = await desk.ended()
        assert (call["direction"], call["caller"], call["number"], call["outcome"]) == (
            "out", "101", f"+{OTHER}", "answered",
        )  # fmt: skip
        assert call["talk_s"] == pytest.approx(lab.phones[TRUNK].talk_s, abs=0.5)
        assert (lab.phones["101"].rings, lab.phones[TRUNK].rings) == (1, 1)
        assert call["transfers"] == []
        lab.phones["101"].behave("ring")
        dial = await desk.dial(f"+{OTHER}")
        assert (await desk.settled(dial)).state is DialState.FAILED
        lab.phones["101"].behave("answer")
        lab.phones[TRUNK].behave("busy")
        dial = await desk.dial(f"+{OTHER}")
        assert (await desk.settled(dial)).state is DialState.ANSWERED
        await lab.phones[TRUNK].wait("ended")
        await lab.phones["101"].hang_up()
        call = await desk.call(lambda call: call["ended_at"] and call["outcome"] == "busy")
        assert call["talk_s"] == 0
