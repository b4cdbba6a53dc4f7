"""Every make of modem sends, receives, reports, asks codes and rings, each in its own way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from gateway.calls.model import CallChangeKind
from gateway.kernel.errors import Permanent, Temporary
from gateway.sms.port import OutgoingSegment
from tests.waiting import until

if TYPE_CHECKING:
    from tests.integration.modem.conftest import Rig

Maker = Callable[..., OutgoingSegment]

MAKES = ["generic", "huawei", "zte", "simcom", "quectel", "wavecom", "nokia"]
every_make = pytest.mark.parametrize(
    "simulated", [{"profile": make} for make in MAKES], indirect=True, ids=MAKES
)


@every_make
async def test_every_make_sends_receives_and_reports(
    rig: Rig, make_segment: Maker, request: pytest.FixtureRequest
) -> None:
    make = request.node.callspec.id
    async with rig.running() as driver:
        assert driver.status.profile == make
        assert driver.status.imei == rig.modem.imei
        assert driver.status.imsi == rig.modem.imsi
        await rig.receive(text="text", count=40)
        receipt = await driver.submit(make_segment("out", report=True), "t1")
        await rig.sink.until(lambda: len(rig.sink.segments) >= 40 and bool(rig.sink.reports))
        await rig.until_empty()
        await rig.until_seen("state", lambda state: not state["awaiting_acknowledgement"])
    assert sorted(rig.sink.texts) == sorted(f"text {number + 1}" for number in range(40))
    assert [report.reference for report in rig.sink.reports] == [receipt.reference]


@every_make
async def test_every_make_works_again_after_it_was_pulled(rig: Rig, make_segment: Maker) -> None:
    async with rig.running() as driver:
        await rig.post("fault", kind="unplug", duration_s=0.2)
        await rig.sink.until(lambda: not driver.status.ready)
        await rig.until_ready()

        async def sends() -> bool:
            try:
                await driver.submit(make_segment("after"), "t1")
            except Temporary:  # surely not sent: its SIM is busy for a moment yet
                return False
            return True

        await until(sends)


@every_make
async def test_every_make_tells_the_networks_answer_to_a_code(rig: Rig) -> None:
    texts = ["Bakiyeniz 42.50 TL", "Kalan süre: şu ay için yeterli", "12345678"]
    for number, text in enumerate(texts):
        await rig.post("ussd", code=f"*11{number}#", text=text, delay_s=0.05)
    async with rig.running() as driver:
        assert [await driver.ussd(f"*11{number}#") for number in range(3)] == texts


async def test_a_menu_is_answered_step_by_step(rig: Rig) -> None:
    async with rig.running() as driver:
        assert await driver.ussd("*101#") == "1) Paketler 2) Bakiye"
        assert await driver.ussd("1") == "Secim 1"


async def test_an_answer_of_two_lines_is_read_whole(rig: Rig) -> None:
    async with rig.running() as driver:
        assert (await driver.ussd("*102#")).split() == ["Satir1", "Satir2"]


@pytest.mark.parametrize(
    ("state", "kind"), [(4, Permanent), (2, Temporary), (5, Temporary), (3, Temporary)]
)
async def test_an_answer_without_text_is_an_error_at_once(
    rig: Rig, state: int, kind: type[Exception]
) -> None:
    await rig.post("ussd", code="*199#", status=state, delay_s=0.05)
    async with rig.running() as driver:
        with pytest.raises(kind):
            await driver.ussd("*199#")


async def test_a_code_without_an_answer_is_given_up_and_the_next_one_works(rig: Rig) -> None:
    await rig.post("ussd", code="*198#", text="too late", delay_s=30)
    async with rig.running() as driver:
        with pytest.raises(Temporary, match="did not answer"):
            await driver.ussd("*198#", timeout_s=0.3)
        await rig.post("ussd", code="*111#", text="in time", delay_s=0.05)
        assert await driver.ussd("*111#") == "in time"


@pytest.mark.parametrize("code", ["", '*100#"', "*100#\r", "*100#;+CMGD=1", "hello", "1" * 161])
async def test_a_code_that_is_none_never_reaches_the_modem(rig: Rig, code: str) -> None:
    async with rig.running() as driver:
        with pytest.raises(Permanent):
            await driver.ussd(code)
    assert not [entry for entry in await rig.get("journal") if entry["event"] == "ussd"]


async def test_codes_of_two_callers_do_not_get_each_others_answers(rig: Rig) -> None:
    for number in (1, 2, 3):
        await rig.post("ussd", code=f"*11{number}#", text=f"answer {number}", delay_s=0.1)
    async with rig.running() as driver:
        answers = await asyncio.gather(*(driver.ussd(f"*11{number}#") for number in (1, 2, 3)))
    assert answers == ["answer 1", "answer 2", "answer 3"]


async def test_a_code_in_work_does_not_hold_up_messages(rig: Rig, make_segment: Maker) -> None:
    await rig.post("ussd", code="*111#", text="slow", delay_s=1.0)
    async with rig.running() as driver:
        asking = asyncio.create_task(driver.ussd("*111#"))
        await rig.until_seen("journal?event=ussd", bool)
        await driver.submit(make_segment(), "t1")
        assert not asking.done()
        assert await asking == "slow"


RINGS, ENDS = CallChangeKind.RINGING, CallChangeKind.ENDED


def heard(rig: Rig) -> list[tuple[CallChangeKind, str]]:
    return [(kind, call.caller) for kind, call in rig.sink.rings]


@every_make
async def test_a_call_rings_once_and_ends_once(rig: Rig) -> None:
    rig.configure_timing(ring_end_s=2.0)
    async with rig.running():
        await rig.post("call", **{"from": "+905559998877", "rings": 4, "interval_s": 0.2})
        await rig.sink.until(lambda: len(rig.sink.rings) >= 2)
        await rig.post("call", **{"from": "+905551110000", "rings": 2, "interval_s": 0.2})
        await rig.sink.until(lambda: len(rig.sink.rings) >= 4)
    assert heard(rig) == [
        (RINGS, "+905559998877"),
        (ENDS, "+905559998877"),
        (RINGS, "+905551110000"),
        (ENDS, "+905551110000"),
    ]
    first, _, second, _ = [call.id for _, call in rig.sink.rings]
    assert first != second


async def test_a_withheld_number_is_empty(rig: Rig) -> None:
    async with rig.running():
        await rig.post("call", withheld=True, rings=2, interval_s=0.2)
        await rig.sink.until(lambda: len(rig.sink.rings) >= 2)
    assert heard(rig) == [(RINGS, ""), (ENDS, "")]


async def test_ringing_that_just_stops_has_ended(rig: Rig) -> None:
    async with rig.running():
        await rig.post("urc", lines=["RING", '+CLIP: "+905559998877",145'])
        await rig.sink.until(lambda: len(rig.sink.rings) >= 2)
    assert heard(rig) == [(RINGS, "+905559998877"), (ENDS, "+905559998877")]


async def test_a_call_is_told_while_a_message_is_being_submitted(
    rig: Rig, make_segment: Maker
) -> None:
    async with rig.running() as driver:
        await rig.post("fault", kind="late_answer", command="AT+CMGS", times=1, delay_s=1.0)
        submitting = asyncio.create_task(driver.submit(make_segment(), "t1"))
        await rig.until_seen("sent", bool)
        await rig.post("urc", lines=["RING", '+CLIP: "+905559998877",145'])
        await rig.sink.until(lambda: bool(rig.sink.rings))
        assert not submitting.done()
        await submitting
