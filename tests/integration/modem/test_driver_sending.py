"""Messages are submitted once, refusals are told apart, and what is unknown is called uncertain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from gateway.kernel.errors import Permanent, Temporary, Uncertain
from gateway.sms.port import (
    Concatenation,
    LateSubmit,
    ModemCondition,
    OutgoingSegment,
    ReportOutcome,
    TextCoding,
)

if TYPE_CHECKING:
    from tests.integration.modem.conftest import Rig

Maker = Callable[..., OutgoingSegment]


async def texts_sent(rig: Rig) -> list[str]:
    return [str(item["text"]) for item in await rig.get("sent")]


async def test_a_message_is_submitted_and_its_report_comes_back(
    rig: Rig, make_segment: Maker
) -> None:
    async with rig.running() as driver:
        receipt = await driver.submit(make_segment("Güneş 1", report=True, coding=TextCoding.UCS2),
                                      "t1")  # fmt: skip
        await rig.sink.until(lambda: bool(rig.sink.reports))
        await rig.until_empty()
    [sent] = await rig.get("sent")
    assert (sent["text"], sent["to"], sent["report_requested"]) == (
        "Güneş 1",
        "+905321112233",
        True,
    )
    [report] = rig.sink.reports
    assert report.reference == receipt.reference == sent["reference"]
    assert report.outcome is ReportOutcome.DELIVERED
    assert report.recipient == "+905321112233"


async def test_no_report_is_asked_for_when_none_is_wanted(rig: Rig, make_segment: Maker) -> None:
    async with rig.running() as driver:
        await driver.submit(make_segment(validity_s=180), "t1")
    [sent] = await rig.get("sent")
    assert sent["report_requested"] is False
    assert sent["validity"]["seconds"] == 300  # the shortest that the relative format knows


async def test_the_parts_of_a_long_message_each_get_their_reference(
    rig: Rig, make_segment: Maker
) -> None:
    parts = [
        make_segment(
            f"part {number} ",
            concatenation=Concatenation(reference=7, total=3, number=number),
        )
        for number in (1, 2, 3)
    ]
    async with rig.running() as driver:
        receipts = [await driver.submit(part, f"t{number}") for number, part in enumerate(parts)]
    assert len({receipt.reference for receipt in receipts}) == 3
    [message] = await rig.get("messages")
    assert (message["text"], message["missing"]) == ("part 1 part 2 part 3 ", [])


async def test_many_callers_at_once_have_each_message_submitted_exactly_once(
    rig: Rig, make_segment: Maker
) -> None:
    async with rig.running() as driver:
        receipts = await asyncio.gather(
            *(driver.submit(make_segment(f"text {n}"), f"t{n}") for n in range(60))
        )
    assert sorted(await texts_sent(rig)) == sorted(f"text {n}" for n in range(60))
    assert len({receipt.reference for receipt in receipts}) == 60


async def test_a_modem_that_is_not_ready_refuses_at_once_and_says_why(
    rig: Rig, make_segment: Maker
) -> None:
    rig.configure(device=str(rig.folder / "nowhere"))
    async with rig.running(ready=False) as driver:
        await rig.until_condition(ModemCondition.ABSENT)
        with pytest.raises(Temporary, match="absent") as caught:
            await driver.submit(make_segment(), "t1")
    assert caught.value.code == "not_ready"


@pytest.mark.parametrize(
    ("code", "kind"), [(38, Temporary), (500, Temporary), (512, Temporary), (28, Permanent),
                       (330, Permanent), (332, Uncertain)],
)  # fmt: skip
async def test_the_networks_refusals_are_judged(
    rig: Rig, make_segment: Maker, code: int, kind: type[Exception]
) -> None:
    async with rig.running() as driver:
        await rig.post("fault", kind="cms_error", code=code, times=1)
        with pytest.raises(kind):
            await driver.submit(make_segment("refused"), "t1")
        await driver.submit(make_segment("taken"), "t2")
    assert await texts_sent(rig) == ["taken"]


async def test_a_lost_prompt_leaves_nothing_submitted_and_the_modem_usable(
    rig: Rig, make_segment: Maker
) -> None:
    async with rig.running() as driver:
        await rig.post("fault", kind="drop_prompt", times=1)
        with pytest.raises(Temporary) as caught:
            await driver.submit(make_segment("lost"), "t1")
        assert caught.value.code == "not_ready"
        await rig.until_ready()
        await driver.submit(make_segment("after"), "t2")
    assert await texts_sent(rig) == ["after"]


async def test_a_late_prompt_does_not_get_the_next_messages_pdu(
    rig: Rig, make_segment: Maker
) -> None:
    async with rig.running() as driver:
        await rig.post("fault", kind="late_prompt", times=1, delay_s=0.8)
        with pytest.raises(Temporary):
            await driver.submit(make_segment("late"), "t1")
        await rig.until_ready()
        await driver.submit(make_segment("after"), "t2")
    assert await texts_sent(rig) == ["after"]


async def test_a_late_answer_is_uncertain_first_and_settled_when_it_comes(
    rig: Rig, make_segment: Maker
) -> None:
    rig.configure(submit_timeout_s=0.8)
    async with rig.running() as driver:
        await rig.post("fault", kind="late_answer", command="AT+CMGS", times=1, delay_s=1.5)
        with pytest.raises(Uncertain):
            await driver.submit(make_segment("late"), "token-1")
        await rig.sink.until(lambda: bool(rig.sink.late))
        await rig.until_ready()
        receipt = await driver.submit(make_segment("after"), "token-2")
    [late] = rig.sink.late
    assert (late.token, late.outcome) == ("token-1", LateSubmit.ACCEPTED)
    [first, second] = await rig.get("sent")
    assert (late.reference, receipt.reference) == (first["reference"], second["reference"])


async def test_a_late_refusal_settles_the_submit_too(rig: Rig, make_segment: Maker) -> None:
    rig.configure(submit_timeout_s=0.8)
    async with rig.running() as driver:
        await rig.post("fault", kind="cms_error", code=38, times=1)
        await rig.post("fault", kind="late_answer", command="AT+CMGS", times=1, delay_s=1.5)
        with pytest.raises(Uncertain):
            await driver.submit(make_segment("late"), "token-1")
        await rig.sink.until(lambda: bool(rig.sink.late))
    assert rig.sink.late[0].outcome is LateSubmit.REFUSED
    assert await texts_sent(rig) == []


async def test_an_answer_that_never_comes_is_uncertain_and_nothing_is_sent_twice(
    rig: Rig, make_segment: Maker
) -> None:
    rig.configure(submit_timeout_s=0.8)
    async with rig.running() as driver:
        await rig.post("fault", kind="lost_answer", command="AT+CMGS", times=1)
        with pytest.raises(Uncertain):
            await driver.submit(make_segment("once"), "t1")
        await rig.until_ready()
        await driver.submit(make_segment("after"), "t2")
    assert await texts_sent(rig) == ["once", "after"]
    assert rig.sink.late == []


async def test_a_modem_unplugged_while_it_submits_leaves_the_message_uncertain(
    rig: Rig, make_segment: Maker
) -> None:
    async with rig.running() as driver:
        await rig.post("fault", kind="unplug_on_submit", delay_s=0.5)
        with pytest.raises(Uncertain):
            await driver.submit(make_segment("once"), "t1")
        await rig.until_ready()
        await driver.submit(make_segment("after"), "t2")
    assert await texts_sent(rig) == ["once", "after"]


async def test_a_caller_that_gives_up_is_told_what_became_of_its_message(
    rig: Rig, make_segment: Maker
) -> None:
    async with rig.running() as driver:
        await rig.post("fault", kind="late_answer", command="AT+CMGS", times=1, delay_s=0.5)
        submitting = asyncio.create_task(driver.submit(make_segment("left"), "token-1"))
        await rig.until_seen("sent", bool)
        submitting.cancel()
        await rig.sink.until(lambda: bool(rig.sink.late))
    assert (rig.sink.late[0].token, rig.sink.late[0].outcome) == ("token-1", LateSubmit.ACCEPTED)


async def test_a_driver_stopped_with_a_message_in_hand_calls_it_uncertain(
    rig: Rig, make_segment: Maker
) -> None:
    async with rig.running() as driver:
        await rig.post("fault", kind="late_answer", command="AT+CMGS", times=1, delay_s=5)
        submitting = asyncio.create_task(driver.submit(make_segment("left"), "t1"))
        waiting = asyncio.create_task(driver.submit(make_segment("queued"), "t2"))
        await rig.until_seen("sent", bool)
    with pytest.raises(Uncertain):
        await submitting
    with pytest.raises(Temporary):
        await waiting
    assert driver.status.condition is ModemCondition.STOPPED


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "slow_echo", "gap_ms": 2},
        {"kind": "dribble", "gap_ms": 0.5},
        {"kind": "urc_storm", "interval_ms": 5},
        {"kind": "urc_storm", "interval_ms": 5, "within": True},
        {"kind": "garble", "ratio": 0.05, "seed": 5},
    ],
)
async def test_messages_get_through_a_troubled_line(
    rig: Rig, make_segment: Maker, fault: dict[str, Any]
) -> None:
    rig.configure_timing(command_s=3.0, prompt_s=3.0, probe_s=1.0, resync_probe_s=1.0)
    async with rig.running() as driver:
        await rig.post("fault", **fault)
        for number in range(5):
            await driver.submit(make_segment(f"text {number}"), f"t{number}")
        await rig.post("fault", kind="clear")
    assert await texts_sent(rig) == [f"text {number}" for number in range(5)]


async def test_a_line_that_loses_bytes_never_sends_twice_and_never_hangs(
    rig: Rig, make_segment: Maker
) -> None:
    rig.configure(submit_timeout_s=0.5)
    sure: list[str] = []
    async with rig.running() as driver:
        await rig.post("fault", kind="garble", mode="drop", ratio=0.03, seed=3)
        for number in range(12):
            try:
                await rig.until_ready()
                await driver.submit(make_segment(f"text {number}"), f"t{number}")
                sure.append(f"text {number}")
            except (Temporary, Permanent, Uncertain):
                continue
        await rig.post("fault", kind="clear")
        await rig.until_ready()
        await driver.submit(make_segment("last"), "last")
    sent = await texts_sent(rig)
    assert len(sent) == len(set(sent))
    assert set(sure) <= set(sent)
    assert sent[-1] == "last"
