"""The simulator says what Asterisk says: the same scenes on both, compared event for event."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import product

import pytest

from tests.integration.pbx.lab import (
    CUSTOMER,
    FALL_OVER,
    GROUP,
    LOCAL_GROUP,
    MAIN,
    MENU,
    OTHER,
    QUEUE,
    TRUNK,
    VOICEMAIL,
    Lab,
)
from tests.integration.pbx.simulated import SimulatedLab
from tests.integration.pbx.wiretap import Told, Wiretap, differences
from tests.real.asterisk.office import AsteriskLab

Scene = Callable[[Lab, Wiretap], Awaitable[None]]
INSIDE = "from-internal"
ATTEMPTS = 4


async def _call(lab: Lab, did: str = MAIN, answers: str = "101") -> None:
    await lab.phones[TRUNK].dial(did, caller=CUSTOMER)
    await lab.phones[answers].wait("up")
    await lab.phones[TRUNK].wait("up")
    await asyncio.sleep(0.2)


async def answered(lab: Lab, _tap: Wiretap) -> None:
    await _call(lab)
    await lab.phones[TRUNK].hang_up()


async def the_called_hangs_up(lab: Lab, _tap: Wiretap) -> None:
    await _call(lab)
    await lab.phones["101"].hang_up()


async def busy(lab: Lab, _tap: Wiretap) -> None:
    lab.phones["101"].behave("busy")
    await lab.phones[TRUNK].dial(MAIN, caller=CUSTOMER)
    await lab.phones[TRUNK].wait("ended")


async def declined(lab: Lab, _tap: Wiretap) -> None:
    lab.phones["101"].behave("decline")
    await lab.phones[TRUNK].dial(MAIN, caller=CUSTOMER)
    await lab.phones[TRUNK].wait("ended")


async def given_up(lab: Lab, _tap: Wiretap) -> None:
    lab.phones["101"].behave("ring")
    await lab.phones[TRUNK].dial(MAIN, caller=CUSTOMER)
    await lab.phones["101"].wait("ringing")
    await asyncio.sleep(0.2)
    await lab.phones[TRUNK].hang_up()


async def not_answered(lab: Lab, _tap: Wiretap) -> None:
    lab.phones["101"].behave("ring")
    await lab.phones[TRUNK].dial(MAIN, caller=CUSTOMER)
    await lab.phones[TRUNK].wait("ended", 15)


async def group(lab: Lab, _tap: Wiretap) -> None:
    for other in ("101", "103"):
        lab.phones[other].behave("ring")
    await _call(lab, GROUP, "102")
    await lab.phones[TRUNK].hang_up()


async def group_of_local_channels(lab: Lab, _tap: Wiretap) -> None:
    lab.phones["101"].behave("ring")
    await _call(lab, LOCAL_GROUP, "102")
    await asyncio.sleep(0.3)
    await lab.phones[TRUNK].hang_up()


async def queue(lab: Lab, _tap: Wiretap) -> None:
    lab.phones["102"].behave("ring")
    await _call(lab, QUEUE, "103")
    await lab.phones[TRUNK].hang_up()


async def queue_left(lab: Lab, _tap: Wiretap) -> None:
    for member in ("102", "103"):
        lab.phones[member].behave("ring")
    await lab.phones[TRUNK].dial(QUEUE, caller=CUSTOMER)
    await lab.phones["103"].wait("ringing")
    await lab.phones["102"].wait("ringing")
    await asyncio.sleep(0.2)
    await lab.phones[TRUNK].hang_up()


async def picked_up_by_another(lab: Lab, _tap: Wiretap) -> None:
    lab.phones["101"].behave("ring")
    await lab.phones[TRUNK].dial(MAIN, caller=CUSTOMER)
    await lab.phones["101"].wait("ringing")
    await asyncio.sleep(0.2)
    await lab.phones["103"].dial("*8")
    await lab.phones[TRUNK].wait("up")
    await asyncio.sleep(0.2)
    await lab.phones[TRUNK].hang_up()


async def held(lab: Lab, _tap: Wiretap) -> None:
    await _call(lab)
    await lab.phones["101"].hold()
    await asyncio.sleep(0.2)
    await lab.phones["101"].hold(on=False)
    await asyncio.sleep(0.2)
    await lab.phones["101"].hang_up()


async def blind(lab: Lab, _tap: Wiretap) -> None:
    await _call(lab)
    await lab.phones["101"].pass_on("102")
    await lab.phones["102"].wait("up")
    await asyncio.sleep(0.2)
    await lab.phones[TRUNK].hang_up()


async def attended(lab: Lab, _tap: Wiretap) -> None:
    await _call(lab)
    await lab.phones["101"].consult("102")
    await asyncio.sleep(0.2)
    await lab.phones["101"].complete()
    await asyncio.sleep(0.2)
    await lab.phones[TRUNK].hang_up()


async def redirected(lab: Lab, tap: Wiretap) -> None:
    await _call(lab)
    tap.ask("Redirect", Channel=tap.channel(TRUNK), Context=INSIDE, Exten="102", Priority="1")
    await lab.phones["102"].wait("up")
    await asyncio.sleep(0.2)
    await lab.phones[TRUNK].hang_up()


async def redirected_while_ringing(lab: Lab, tap: Wiretap) -> None:
    lab.phones["101"].behave("ring")
    await lab.phones[TRUNK].dial(MAIN, caller=CUSTOMER)
    await lab.phones["101"].wait("ringing")
    await asyncio.sleep(0.2)
    tap.ask("Redirect", Channel=tap.channel(TRUNK), Context=INSIDE, Exten="102", Priority="1")
    await lab.phones["102"].wait("up")
    await asyncio.sleep(0.2)
    await lab.phones[TRUNK].hang_up()


async def asked_and_passed_on(lab: Lab, tap: Wiretap) -> None:
    await _call(lab)
    tap.ask("Atxfer", Channel=tap.channel("101"), Context=INSIDE, Exten="102")
    await lab.phones["102"].wait("up")
    await asyncio.sleep(0.3)
    await lab.phones["101"].hang_up()
    await asyncio.sleep(1.0)
    await lab.phones[TRUNK].hang_up()


async def asked_and_taken_back(lab: Lab, tap: Wiretap) -> None:
    await _call(lab)
    lab.phones["102"].behave("ring")
    tap.ask("Atxfer", Channel=tap.channel("101"), Context=INSIDE, Exten="102")
    await lab.phones["102"].wait("ringing")
    await asyncio.sleep(0.2)
    tap.ask("CancelAtxfer", Channel=tap.channel("101"))
    await lab.phones["102"].wait("ended")
    await asyncio.sleep(0.2)
    await lab.phones[TRUNK].hang_up()


async def parked(lab: Lab, tap: Wiretap) -> None:
    await _call(lab)
    tap.ask("Park", Channel=tap.channel(TRUNK), TimeoutChannel=tap.channel("101"))
    await tap.heard("ParkedCall")
    await lab.phones["101"].wait("ended")
    await lab.phones["102"].dial("701")
    await lab.phones["102"].wait("up")
    await asyncio.sleep(0.2)
    await lab.phones[TRUNK].hang_up()


def _click(tap: Wiretap, timeout_s: float = 4, channel: str = "PJSIP/101") -> None:
    tap.ask("Originate", Channel=channel, Context=INSIDE, Exten=f"0{OTHER}", Priority="1",
            CallerID='"Ara" <101>', Timeout=f"{timeout_s * 1000:.0f}", Async="true",
            ActionID="1")  # fmt: skip


async def dialled_by_click(lab: Lab, tap: Wiretap) -> None:
    _click(tap)
    await lab.phones[TRUNK].wait("up")
    await asyncio.sleep(0.2)
    await lab.phones["101"].hang_up()


async def click_not_picked_up(lab: Lab, tap: Wiretap) -> None:
    lab.phones["101"].behave("ring")
    _click(tap, 1)
    await tap.heard("OriginateResponse")


async def click_through_a_local_channel(lab: Lab, tap: Wiretap) -> None:
    _click(tap, channel=f"Local/101@{INSIDE}")
    await lab.phones[TRUNK].wait("up")
    await asyncio.sleep(0.3)
    await lab.phones["101"].hang_up()


async def click_declined(lab: Lab, tap: Wiretap) -> None:
    lab.phones["101"].behave("decline")
    _click(tap)
    await tap.heard("OriginateResponse")


async def click_busy(lab: Lab, tap: Wiretap) -> None:
    lab.phones["101"].behave("busy")
    _click(tap)
    await tap.heard("OriginateResponse")


async def ended_from_the_screen(lab: Lab, tap: Wiretap) -> None:
    await _call(lab)
    tap.ask("Hangup", Channel=tap.channel(TRUNK), Cause="16")
    await lab.phones["101"].wait("ended")


async def ended_from_the_screen_while_it_rings(lab: Lab, tap: Wiretap) -> None:
    lab.phones["101"].behave("ring")
    await lab.phones[TRUNK].dial(MAIN, caller=CUSTOMER)
    await lab.phones["101"].wait("ringing")
    tap.ask("Hangup", Channel=tap.channel(TRUNK), Cause="16")
    await lab.phones["101"].wait("ended")


async def passed_on_blindly_by_the_manager(lab: Lab, tap: Wiretap) -> None:
    await _call(lab)
    tap.ask("BlindTransfer", Channel=tap.channel("101"), Context=INSIDE, Exten="102")
    await lab.phones["102"].wait("up")
    await asyncio.sleep(0.2)
    await lab.phones[TRUNK].hang_up()


async def falls_over(lab: Lab, _tap: Wiretap) -> None:
    lab.phones["101"].behave("ring")
    await lab.phones[TRUNK].dial(FALL_OVER, caller=CUSTOMER)
    await lab.phones["102"].wait("up")
    await asyncio.sleep(0.2)
    await lab.phones[TRUNK].hang_up()


async def parked_and_given_up(lab: Lab, tap: Wiretap) -> None:
    await _call(lab)
    tap.ask("Park", Channel=tap.channel(TRUNK), TimeoutChannel=tap.channel("101"))
    await tap.heard("ParkedCall")
    await lab.phones["101"].wait("ended")
    await lab.phones[TRUNK].hang_up()


async def menu(lab: Lab, _tap: Wiretap) -> None:
    await lab.phones[TRUNK].dial(MENU, caller=CUSTOMER)
    await lab.phones[TRUNK].wait("up")
    await asyncio.sleep(0.5)
    await lab.phones[TRUNK].press("2")
    await lab.phones["102"].wait("up")
    await asyncio.sleep(0.2)
    await lab.phones[TRUNK].hang_up()


async def voicemail(lab: Lab, _tap: Wiretap) -> None:
    lab.phones["101"].behave("ring")
    await lab.phones[TRUNK].dial(VOICEMAIL, caller=CUSTOMER)
    await lab.phones[TRUNK].wait("up")
    await asyncio.sleep(0.2)
    await lab.phones[TRUNK].hang_up()


async def inside(lab: Lab, _tap: Wiretap) -> None:
    await lab.phones["102"].dial("103")
    await lab.phones["102"].wait("up")
    await asyncio.sleep(0.2)
    await lab.phones["103"].hang_up()


async def outside(lab: Lab, _tap: Wiretap) -> None:
    await lab.phones["101"].dial(f"0{OTHER}")
    await lab.phones["101"].wait("up")
    await asyncio.sleep(0.2)
    await lab.phones["101"].hang_up()


SCENES: tuple[Scene, ...] = (
    answered, the_called_hangs_up, busy, declined, given_up, not_answered, group,
    group_of_local_channels, queue, queue_left, picked_up_by_another, held, blind, attended,
    redirected, redirected_while_ringing, asked_and_passed_on, asked_and_taken_back, parked,
    parked_and_given_up, ended_from_the_screen, ended_from_the_screen_while_it_rings,
    passed_on_blindly_by_the_manager, falls_over, dialled_by_click, click_not_picked_up,
    click_through_a_local_channel, click_declined, click_busy, menu, voicemail, inside, outside,
)  # fmt: skip


async def _played(lab: AsteriskLab | SimulatedLab, scene: Scene) -> Told:
    await lab.plug_in()
    tap = await Wiretap.open(lab.settings)
    try:
        await asyncio.sleep(0.1)
        await scene(lab, tap)
        await tap.quiet()
    finally:
        await tap.close()
        await lab.unplug()
        await asyncio.sleep(0.3)
    return tap.told()


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
async def test_the_simulator_says_what_asterisk_says(
    scene: Scene, asterisk: AsteriskLab, simulated: SimulatedLab
) -> None:
    """Where Asterisk's threads race, one scene has several true tellings, and so have we."""
    really, ours = list[Told](), list[Told]()
    for _ in range(ATTEMPTS):
        real, made_up = await asyncio.gather(_played(asterisk, scene), _played(simulated, scene))
        really.append(real)
        ours.append(made_up)
        closest = min((differences(*pair) for pair in product(really, ours)), key=len)
        if not closest:
            return
    raise AssertionError("\n".join(closest))


async def _commands(lab: AsteriskLab | SimulatedLab) -> dict[str, str]:
    """Return each action and the classes of which it needs one."""
    tap = await Wiretap.open(lab.settings)
    try:
        answer = await tap.asked("ListCommands")
    finally:
        await tap.close()
    return {name: text.rpartition("(Priv: ")[2].rstrip(")") for name, text in answer.items()}


async def test_an_action_needs_the_same_rights(
    asterisk: AsteriskLab, simulated: SimulatedLab
) -> None:
    real, made_up = await _commands(asterisk), await _commands(simulated)
    del made_up["Response"], made_up["ActionID"]
    assert {name: needs for name, needs in real.items() if name in made_up} == made_up
