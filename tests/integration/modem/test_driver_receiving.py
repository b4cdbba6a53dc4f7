"""What arrives is handed over once, stored before it is deleted, and never lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from drivers.modem import profiles
from drivers.modem.profiles import GENERIC
from gateway.sms.port import OutgoingSegment, Slot, TextCoding

if TYPE_CHECKING:
    from tests.integration.modem.conftest import Rig

Maker = Callable[..., OutgoingSegment]

DELIVER = "07910935020000000409910935121122330000" + "62113290832500" + "05C8329BFD06"


def numbered(count: int, text: str = "text") -> list[str]:
    return sorted(f"{text} {number + 1}" for number in range(count))


async def test_a_message_that_arrives_is_handed_over_and_then_deleted(rig: Rig) -> None:
    async with rig.running():
        await rig.receive(text="Güneşli bir gün 🙂", sender="+905559998877")
        await rig.sink.until(lambda: bool(rig.sink.freed))
        assert await rig.stored() == 0
    [segment] = rig.sink.segments
    assert (segment.text, segment.sender) == ("Güneşli bir gün 🙂", "+905559998877")
    assert segment.coding is TextCoding.UCS2
    assert segment.source.slot is Slot.STORED
    assert segment.source.store == f"{rig.modem.imsi}/SM"
    assert rig.sink.freed == [segment.source]
    kinds = [
        entry["event"]
        for entry in await rig.get("journal")
        if entry["event"] in {"stored", "read", "deleted"}
    ]
    assert kinds[0] == "stored"
    assert kinds[-1] == "deleted"


async def test_what_lies_in_any_memory_is_read_at_the_start(rig: Rig) -> None:
    for memory in ("SM", "ME"):
        await rig.receive(text=f"in {memory}", memory=memory)
    async with rig.running():
        await rig.sink.until(lambda: len(rig.sink.segments) == 2)
        await rig.until_empty()
    stores = {segment.text: segment.source.store for segment in rig.sink.segments}
    assert stores == {"in SM": f"{rig.modem.imsi}/SM", "in ME": f"{rig.modem.imei}/ME"}


async def test_two_hundred_messages_at_once_all_arrive_exactly_once(rig: Rig) -> None:
    async with rig.running():
        await rig.receive(text="text", count=200)
        await rig.sink.until(lambda: len(rig.sink.segments) >= 200)
        await rig.until_empty()
    assert sorted(rig.sink.texts) == numbered(200)


async def test_a_burst_is_read_in_one_go(rig: Rig) -> None:
    async with rig.running():
        await rig.receive(text="text", count=25)
        await rig.sink.until(lambda: len(rig.sink.segments) == 25)
    assert len(rig.sink.batches) < 10


@pytest.mark.parametrize("within", [False, True])
async def test_two_hundred_messages_arrive_in_a_storm_of_other_results(
    rig: Rig, within: bool
) -> None:
    async with rig.running():
        await rig.post("fault", kind="urc_storm", interval_ms=5, within=within)
        await rig.receive(text="text", count=200)
        await rig.sink.until(lambda: len(rig.sink.segments) >= 200)
        await rig.post("fault", kind="clear")
        await rig.until_empty()
    assert sorted(rig.sink.texts) == numbered(200)


async def test_sending_and_receiving_go_on_side_by_side(rig: Rig, make_segment: Maker) -> None:
    async with rig.running() as driver:
        sending = [
            asyncio.create_task(driver.submit(make_segment(f"out {n + 1}"), f"t{n}"))
            for n in range(150)
        ]
        await rig.receive(text="text", count=200)
        await rig.sink.until(lambda: bool(rig.sink.segments))
        assert not all(task.done() for task in sending)
        await asyncio.gather(*sending)
        await rig.sink.until(lambda: len(rig.sink.segments) >= 200)
        await rig.until_empty()
    assert sorted(rig.sink.texts) == numbered(200)
    assert sorted(item["text"] for item in await rig.get("sent")) == numbered(150, "out")


async def test_a_busy_receiver_lets_messages_out(rig: Rig, make_segment: Maker) -> None:
    for memory in ("SM", "ME"):
        await rig.receive(text="text", count=30, memory=memory)
    async with rig.running() as driver:
        await driver.submit(make_segment(), "t1")
        assert len(rig.sink.freed) < 60
        await rig.until_empty()
    assert len(rig.sink.segments) == 60


async def test_reports_of_many_messages_all_arrive(rig: Rig, make_segment: Maker) -> None:
    async with rig.running() as driver:
        references = [
            (await driver.submit(make_segment(f"out {n}", report=True), f"t{n}")).reference
            for n in range(40)
        ]
        await rig.sink.until(lambda: len(rig.sink.reports) >= 40)
    assert sorted(report.reference for report in rig.sink.reports) == sorted(references)


async def test_nothing_is_deleted_while_the_sink_fails(rig: Rig) -> None:
    rig.configure(sweep_interval_s=0.3)
    rig.sink.failures = 3
    async with rig.running():
        await rig.receive(text="text", count=3)
        await rig.sink.until(lambda: rig.sink.refusals == 1)
        assert await rig.stored() == 3
        assert rig.sink.freed == []
        await rig.sink.until(lambda: len(rig.sink.freed) == 3)
        await rig.until_empty()
        assert rig.driver.status.ready
    assert sorted(set(rig.sink.texts)) == numbered(3)


async def test_what_was_handed_over_but_not_deleted_is_handed_over_again_from_the_same_place(
    rig: Rig,
) -> None:
    rig.configure(sweep_interval_s=0.3)
    async with rig.running():
        await rig.post("fault", kind="cme_error", command="AT+CMGD", code=100, times=1)
        await rig.receive(text="once")
        await rig.sink.until(lambda: bool(rig.sink.freed))
    assert len(rig.sink.segments) == 2
    assert rig.sink.segments[0].source == rig.sink.segments[1].source == rig.sink.freed[0]


async def test_a_delete_whose_answer_is_lost_still_frees_the_place(rig: Rig) -> None:
    rig.configure(sweep_interval_s=0.3)
    async with rig.running():
        await rig.post("fault", kind="lost_answer", command="AT+CMGD", times=1)
        await rig.receive(text="once")
        await rig.sink.until(lambda: bool(rig.sink.freed))
    assert rig.sink.texts == ["once"]


async def test_what_cannot_be_read_is_kept_raw_and_then_deleted(rig: Rig) -> None:
    cut = bytes.fromhex(DELIVER)[:14].hex().upper()
    async with rig.running():
        await rig.receive(text="before")
        await rig.sink.until(lambda: bool(rig.sink.segments))
        await rig.post("urc", lines=["+CMT: ,6", cut])
        await rig.sink.until(lambda: bool(rig.sink.raw))
    [pdu] = rig.sink.raw
    assert pdu.raw == cut
    assert pdu.reason


async def test_messages_written_on_the_modem_are_left_alone(rig: Rig, tmp_path: Any) -> None:
    rig.configure(sweep_interval_s=0.2)
    from drivers import serial_link  # noqa: PLC0415 - only to write a draft as another program would
    from drivers.modem.at_client import AtClient  # noqa: PLC0415

    client = AtClient(
        timing=rig.timing,
        on_unsolicited=lambda result: None,
        on_late_answer=lambda text: None,
        on_lost=lambda: None,
    )
    link = await serial_link.open_link(rig.modem.device, 115200, client)
    client.attach(link)
    await client.command("AT+CMGF=0")
    link.write(b"AT+CMGW=17,2\r")
    await rig.until_seen("state", lambda state: state["prompt"])
    link.write(b"0011000C910935121122330000FF0365B91C\x1a")
    await rig.until_seen("stored", bool)
    await link.close()
    async with rig.running():
        await rig.receive(text="incoming")
        await rig.sink.until(lambda: bool(rig.sink.freed))
        await rig.sink.until(lambda: len(rig.sink.statuses) > 0)
    [left] = await rig.get("stored")
    assert left["status"] == "unsent"
    assert rig.sink.texts == ["incoming"]


async def test_a_modem_whose_listing_fails_is_read_slot_by_slot(rig: Rig) -> None:
    await rig.receive(text="text", count=5)
    rig.configure(sweep_interval_s=0.3)
    await rig.post("fault", kind="cme_error", command="AT+CMGL", code=3)
    async with rig.running():
        await rig.sink.until(lambda: len(rig.sink.segments) >= 5)
        await rig.until_empty()
    assert sorted(rig.sink.texts) == numbered(5)


@pytest.mark.parametrize("mode", ["insert", "flip", "drop"])
@pytest.mark.parametrize("seed", [2, 6])
async def test_a_noisy_line_neither_loses_nor_changes_a_message(
    rig: Rig, mode: str, seed: int
) -> None:
    rig.configure(sweep_interval_s=0.4)
    async with rig.running():
        await rig.post("fault", kind="garble", ratio=0.004, mode=mode, seed=seed)
        await rig.receive(text="text", count=20)
        await rig.sink.until(lambda: len(set(rig.sink.texts)) >= 20)
        await rig.post("fault", kind="clear")
        await rig.until_empty()
    assert set(rig.sink.texts) == set(numbered(20))
    # A push that noise made of another line is kept raw too; it has no place to be read again.
    assert not [item for item in rig.sink.raw if item.source.slot is Slot.STORED]


async def test_arrivals_that_nobody_tells_of_are_found_by_looking(rig: Rig) -> None:
    rig.configure(sweep_interval_s=0.3)
    async with rig.running():
        await rig.receive(text="elsewhere", memory="ME")
        await rig.sink.until(lambda: bool(rig.sink.segments))
    assert rig.sink.texts == ["elsewhere"]


async def test_a_full_memory_is_emptied_and_what_waited_comes(rig: Rig) -> None:
    await rig.receive(text="text", count=80)
    held = (await rig.get("state"))["held"]
    assert held == 50
    async with rig.running():
        await rig.sink.until(lambda: len(rig.sink.segments) >= 80)
        await rig.until_empty()
    assert sorted(rig.sink.texts) == numbered(80)


async def test_a_memory_that_takes_nothing_for_a_while_loses_nothing(rig: Rig) -> None:
    async with rig.running():
        await rig.post("fault", kind="storage_full", duration_s=0.5)
        await rig.receive(text="text", count=10)
        await rig.sink.until(lambda: len(rig.sink.segments) >= 10)
    assert sorted(rig.sink.texts) == numbered(10)


@pytest.fixture
def pushing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A make of modem that pushes messages instead of storing them."""
    pushed = profiles.Profile(name="pushing", indications=((2, 2, 0, 1, 0),))
    monkeypatch.setattr(profiles, "PROFILES", {**profiles.PROFILES, "pushing": pushed})
    assert pushed.arrivals == GENERIC.arrivals


@pytest.mark.usefixtures("pushing")
async def test_pushed_messages_are_acknowledged_once_they_are_stored(
    rig: Rig, make_segment: Maker
) -> None:
    rig.configure(profile="pushing")
    async with rig.running() as driver:
        await rig.receive(text="text", count=20)
        await driver.submit(make_segment("out", report=True), "t1")
        await rig.sink.until(lambda: len(rig.sink.freed) == 21)
    assert not (await rig.get("state"))["awaiting_acknowledgement"]
    assert len(rig.sink.reports) == 1
    assert sorted(rig.sink.texts) == numbered(20)
    assert {segment.source.slot for segment in rig.sink.segments} == {Slot.DIRECT}
    assert (await rig.commands())["acknowledged"] == 21


@pytest.mark.usefixtures("pushing")
async def test_a_pushed_message_is_kept_while_the_sink_fails(rig: Rig) -> None:
    rig.configure(profile="pushing")
    async with rig.running():
        await rig.until_empty()
        rig.sink.failures = 2
        await rig.receive(text="kept")
        await rig.sink.until(lambda: rig.sink.refusals == 1)
        assert (await rig.get("state"))["awaiting_acknowledgement"]
        await rig.sink.until(lambda: bool(rig.sink.freed))
    assert rig.sink.texts == ["kept"]
