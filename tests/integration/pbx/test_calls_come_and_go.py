"""Calls in an office: who called, who rang, who answered, who did not and why."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.pbx.desk import Call, Desk
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

TALK_S = 0.5


def outcomes(call: Call) -> dict[str, str]:
    """Return what became of each party's part."""
    return {party["party"]: party["outcome"] for party in call["parties"]}


async def talk(lab: Lab, *, to: str = MAIN, with_: str = "101") -> None:
    """Have a customer call and somebody answer."""
    await lab.phones[TRUNK].dial(to, caller=CUSTOMER)
    await lab.phones[with_].wait("up")
    await lab.phones[TRUNK].wait("up")


async def test_an_answered_call_is_shown_while_it_rings_and_told_truly(
    desk: Desk, lab: Lab
) -> None:
    lab.phones["101"].behave("ring")
    await lab.phones[TRUNK].dial(MAIN, caller=CUSTOMER, name="Çağrı <b>")
    await lab.phones["101"].wait("ringing")
    ringing = await desk.call(lambda call: call["state"] == "ringing" and call["parties"])
    assert (ringing["caller"], ringing["did"], ringing["number"]) == (
        CUSTOMER, MAIN, f"+{CUSTOMER}",
    )  # fmt: skip
    assert "101" in outcomes(ringing)
    await lab.phones["101"].answer()
    talking = await desk.call(lambda call: call["state"] == "talking")
    assert talking["answered_by"] == "101"
    await asyncio.sleep(TALK_S)
    await lab.phones[TRUNK].hang_up()
    call = await desk.ended()
    assert (call["direction"], call["outcome"], call["answered_by"], call["final_party"]) == (
        "in", "answered", "101", "101",
    )  # fmt: skip
    assert call["talk_s"] == pytest.approx(lab.phones[TRUNK].talk_s, abs=0.5)
    assert not call["missed"]
    assert call["caller_name"].startswith("Çağrı")


async def test_nobody_answers(desk: Desk, lab: Lab) -> None:
    lab.phones["101"].behave("ring")
    await lab.phones[TRUNK].dial(MAIN, caller=CUSTOMER)
    await lab.phones[TRUNK].wait("ended", 15.0)
    call = await desk.ended()
    assert (call["outcome"], call["missed"], call["answered_by"]) == ("no_answer", True, None)
    assert outcomes(call)["101"] == "no_answer"
    assert call["talk_s"] == 0


async def test_the_caller_gives_up(desk: Desk, lab: Lab) -> None:
    lab.phones["101"].behave("ring")
    await lab.phones[TRUNK].dial(MAIN, caller=CUSTOMER)
    await lab.phones["101"].wait("ringing")
    await lab.phones[TRUNK].hang_up()
    call = await desk.ended()
    assert (call["outcome"], call["missed"]) == ("no_answer", True)
    assert outcomes(call)["101"] == "cancelled"


@pytest.mark.parametrize(("mode", "outcome"), [("busy", "busy"), ("decline", "declined")])
async def test_a_telephone_is_busy_or_declines(
    desk: Desk, lab: Lab, mode: str, outcome: str
) -> None:
    lab.phones["101"].behave(mode)
    await lab.phones[TRUNK].dial(MAIN, caller=CUSTOMER)
    await lab.phones[TRUNK].wait("ended")
    call = await desk.ended()
    assert (call["outcome"], call["missed"]) == (outcome, True)
    assert outcomes(call)["101"] == outcome


async def test_it_falls_over_to_the_next(desk: Desk, lab: Lab) -> None:
    lab.phones["101"].behave("ring")
    await talk(lab, to=FALL_OVER, with_="102")
    await lab.phones["102"].hang_up()
    call = await desk.ended()
    assert (call["answered_by"], call["hung_up_by"]) == ("102", "102")
    assert outcomes(call)["101"] == "no_answer"


@pytest.mark.parametrize("line", [GROUP, LOCAL_GROUP])
async def test_of_a_group_one_answers(desk: Desk, lab: Lab, line: str) -> None:
    for other in ("101", "103"):
        lab.phones[other].behave("ring")
    await lab.phones[TRUNK].dial(line, caller=CUSTOMER)
    await lab.phones["101"].wait("ringing")
    await lab.phones[TRUNK].wait("up")
    await asyncio.sleep(TALK_S)
    await lab.phones[TRUNK].hang_up()
    call = await desk.ended()
    assert (call["answered_by"], call["did"]) == ("102", line)
    assert outcomes(call)["101"] == "answered_elsewhere"
    assert call["talk_s"] == pytest.approx(lab.phones[TRUNK].talk_s, abs=0.5)


async def test_a_queue_is_answered_after_a_wait(desk: Desk, lab: Lab) -> None:
    lab.phones["102"].behave("ring")
    lab.phones["103"].behave("answer", 1.0)
    await talk(lab, to=QUEUE, with_="103")
    await asyncio.sleep(TALK_S)
    await lab.phones["103"].hang_up()
    call = await desk.ended()
    assert (call["queue"], call["answered_by"], call["outcome"]) == ("sales", "103", "answered")
    assert call["wait_s"] == pytest.approx(1.0, abs=0.5)
    assert call["talk_s"] == pytest.approx(lab.phones["103"].talk_s, abs=0.5)


async def test_a_queue_is_left(desk: Desk, lab: Lab) -> None:
    for member in ("102", "103"):
        lab.phones[member].behave("ring")
    await lab.phones[TRUNK].dial(QUEUE, caller=CUSTOMER)
    await lab.phones["103"].wait("ringing")
    await asyncio.sleep(TALK_S)
    await lab.phones[TRUNK].hang_up()
    call = await desk.ended()
    assert (call["outcome"], call["missed"], call["answered_by"]) == ("abandoned", True, None)


async def test_a_colleague_picks_it_up(desk: Desk, lab: Lab) -> None:
    lab.phones["101"].behave("ring")
    await lab.phones[TRUNK].dial(MAIN, caller=CUSTOMER)
    await lab.phones["101"].wait("ringing")
    await lab.phones["103"].dial("*8")
    await lab.phones[TRUNK].wait("up")
    await asyncio.sleep(TALK_S)
    await lab.phones[TRUNK].hang_up()
    call = await desk.ended()
    assert (call["answered_by"], call["caller"]) == ("103", CUSTOMER)
    assert outcomes(call)["101"] == "answered_elsewhere"


async def test_hold_is_part_of_the_talk(desk: Desk, lab: Lab) -> None:
    await talk(lab)
    await lab.phones["101"].hold()
    await desk.call(lambda call: call["state"] == "held")
    await asyncio.sleep(1.0)
    await lab.phones["101"].hold(on=False)
    await desk.call(lambda call: call["state"] == "talking")
    await lab.phones["101"].hang_up()
    call = await desk.ended()
    assert max(party["hold_s"] for party in call["parties"]) == pytest.approx(1.0, abs=0.5)
    assert call["talk_s"] == pytest.approx(lab.phones[TRUNK].talk_s, abs=0.5)


async def test_a_menu(desk: Desk, lab: Lab) -> None:
    await lab.phones[TRUNK].dial(MENU, caller=CUSTOMER)
    await lab.phones[TRUNK].wait("up")
    await asyncio.sleep(0.5)
    await lab.phones[TRUNK].press("2")
    await lab.phones["102"].wait("up")
    await asyncio.sleep(TALK_S)
    await lab.phones[TRUNK].hang_up()
    call = await desk.ended()
    assert (call["digits"], call["answered_by"]) == ("2", "102")
    assert call["talk_s"] == pytest.approx(lab.phones["102"].talk_s, abs=0.5)


async def test_a_voicemail_is_no_conversation(desk: Desk, lab: Lab) -> None:
    lab.phones["101"].behave("ring")
    await lab.phones[TRUNK].dial(VOICEMAIL, caller=CUSTOMER)
    await lab.phones[TRUNK].wait("up")
    await asyncio.sleep(TALK_S)
    await lab.phones[TRUNK].hang_up()
    call = await desk.ended()
    assert (call["outcome"], call["missed"], call["talk_s"]) == ("voicemail", True, 0)


async def test_out_and_inside(desk: Desk, lab: Lab) -> None:
    await lab.phones["101"].dial(f"0{OTHER}")
    await lab.phones["101"].wait("up")
    await asyncio.sleep(TALK_S)
    await lab.phones["101"].hang_up()
    call = await desk.ended()
    assert (call["direction"], call["caller"], call["number"]) == ("out", "101", f"+{OTHER}")
    assert call["outcome"] == "answered"
    await lab.phones["102"].dial("103")
    await lab.phones["102"].wait("up")
    await lab.phones["103"].hang_up()
    call = await desk.call(lambda call: call["direction"] == "internal" and call["ended_at"])
    assert (call["caller"], call["answered_by"]) == ("102", "103")


async def test_a_customer_who_hides_his_number(desk: Desk, lab: Lab) -> None:
    await lab.phones[TRUNK].dial(MAIN, caller="anonymous", name="Anonymous")
    await lab.phones["101"].wait("up")
    await lab.phones[TRUNK].hang_up()
    call = await desk.ended()
    assert (call["caller"], call["number"], call["direction"]) == ("", "", "in")
