"""What modems hand over is stored once, put together, and matched, on both engines."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update

from gateway.app import Service, running
from gateway.config import Config
from gateway.history.tables import interactions
from gateway.kernel.numbers import NumberingPlan
from gateway.sms import tables
from gateway.sms.messages import Filter, Messages, Way
from gateway.sms.port import (
    Concatenation,
    DeliveryReport,
    ReceivedSegment,
    ReportOutcome,
    Slot,
    Source,
    TextCoding,
    UnreadablePdu,
)
from gateway.sms.sending import SendSms
from gateway.web.principal import LOCAL_ADMINISTRATOR

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SENDER = "+905321234567"
_indexes = itertools.count(1)


@pytest.fixture
async def service(database_url: str, tmp_path: Path) -> AsyncIterator[Service]:
    config = Config.model_validate({"store": {"data": tmp_path / "data", "url": database_url}})
    async with running(config, devices=False, tcp=False) as one:
        yield one


def _source(index: int | None = None) -> Source:
    place = next(_indexes) if index is None else index
    return Source(modem_id="m0", store="sim/SM", slot=Slot.STORED, index=place, digest=f"d{place}")


def _segment(
    text: str,
    part: tuple[int, int, int] | None = None,
    *,
    source: Source | None = None,
    sender: str = SENDER,
    wide: bool = False,
    at: datetime = AT,
) -> ReceivedSegment:
    """`part` is reference, total, number."""
    concatenation = None
    if part is not None:
        concatenation = Concatenation(reference=part[0], total=part[1], number=part[2], wide=wide)
    return ReceivedSegment(
        source=source or _source(), sender=sender, text=text, coding=TextCoding.GSM7,
        sent_at=at, concatenation=concatenation,
    )  # fmt: skip


async def _listed(service: Service) -> list[tuple[str, str]]:
    messages = Messages(service.store, NumberingPlan())
    page = await messages.page(LOCAL_ADMINISTRATOR, Filter(way=Way.IN))
    return [(line.state, line.text) for line in page.items]


async def _texts(service: Service) -> list[str]:
    query = select(tables.received.c.text).order_by(tables.received.c.id)
    return await service.store.read(lambda c: list(c.execute(query).scalars()))


async def _history(service: Service) -> list[tuple[str, str]]:
    query = select(interactions.c.outcome, interactions.c.text).order_by(interactions.c.id)
    return await service.store.read(lambda c: [(row[0], row[1]) for row in c.execute(query)])


async def test_a_pdu_that_is_read_again_counts_once(service: Service) -> None:
    segment = _segment("bir")
    for _ in range(3):
        await service.inbox.received([segment])
    assert await _texts(service) == ["bir"]
    assert await _history(service) == [("received", "bir")]


async def test_the_same_bytes_at_a_freed_place_are_a_new_message(service: Service) -> None:
    segment = _segment("bir")
    await service.inbox.received([segment])
    await service.inbox.acknowledged([segment.source])
    await service.inbox.received([segment])
    assert await _texts(service) == ["bir", "bir"]


@pytest.mark.parametrize("seed", range(5))
async def test_parts_in_any_order_and_repeated_make_one_message(
    service: Service, seed: int
) -> None:
    parts = [_segment(f"<{number}>", (7, 12, number)) for number in range(1, 13)]
    arriving = [*parts, *random.Random(seed).choices(parts, k=6)]
    random.Random(seed).shuffle(arriving)
    for segment in arriving:
        await service.inbox.received([segment])
    assert await _texts(service) == ["".join(f"<{number}>" for number in range(1, 13))]


async def test_senders_and_reference_widths_do_not_mix(service: Service) -> None:
    other = "+905337654321"
    await service.inbox.received(
        [_segment("a1", (7, 2, 1)), _segment("b2", (7, 2, 2), sender=other)]
    )
    await service.inbox.received([_segment("w2", (7, 2, 2), wide=True)])
    assert await _texts(service) == []
    await service.inbox.received(
        [_segment("a2", (7, 2, 2)), _segment("b1", (7, 2, 1), sender=other)]
    )
    await service.inbox.received([_segment("w1", (7, 2, 1), wide=True)])
    assert sorted(await _texts(service)) == ["a1a2", "b1b2", "w1w2"]


async def test_a_reference_that_comes_round_again_starts_a_new_message(service: Service) -> None:
    for turn in ("eski", "yeni"):
        at = AT + timedelta(days=1 if turn == "yeni" else 0)
        for number in (1, 2):
            await service.inbox.received([_segment(f"{turn}{number} ", (7, 2, number), at=at)])
    assert await _texts(service) == ["eski1 eski2 ", "yeni1 yeni2 "]


async def test_what_stays_incomplete_is_delivered_marked_and_mended_later(
    service: Service,
) -> None:
    await service.inbox.received([_segment("bir ", (7, 3, 1)), _segment("üç", (7, 3, 3))])
    assert await service.inbox.deliver_overdue() == 0
    long_ago = update(tables.groups).values(newest_at=datetime.now(UTC) - timedelta(days=2))
    await service.store.write(lambda connection: connection.execute(long_ago))
    assert await service.inbox.deliver_overdue() == 1
    assert await _history(service) == [("received_incomplete", "bir […]üç")]
    assert await _listed(service) == [("received_incomplete", "bir […]üç")]
    await service.inbox.received([_segment("iki ", (7, 3, 2))])
    assert await _history(service) == [("received", "bir iki üç")]
    assert await _listed(service) == [("received", "bir iki üç")]
    assert await _texts(service) == ["bir iki üç"]


async def test_what_cannot_be_read_is_kept_raw_once(service: Service) -> None:
    pdu = UnreadablePdu(source=_source(), raw="00\x00ZZ", reason="not hexadecimal")
    for _ in range(2):
        await service.inbox.unreadable([pdu])
    kept = await service.store.read(
        lambda connection: [row.raw for row in connection.execute(select(tables.unreadable))]
    )
    assert kept == ["00\ufffdZZ"]


async def _sent(service: Service, reference: int, *, minutes: int = 0, modem: str = "m0") -> str:
    """Store a message as if a modem had sent it."""
    message = await service.sending.send(
        LOCAL_ADMINISTRATOR, SendSms(to=SENDER, text=f"no {reference} {minutes}")
    )

    def unit(connection: Connection) -> None:
        segment = update(tables.segments).where(tables.segments.c.message_id == message.id)
        whole = update(tables.messages).where(tables.messages.c.id == message.id)
        connection.execute(
            segment.values(
                state="sent", modem_id=modem, reference=reference,
                submitted_at=AT + timedelta(minutes=minutes),
            )
        )  # fmt: skip
        connection.execute(whole.values(state="sent", modem_id=modem))

    await service.store.write(unit)
    return message.id


def _report(
    reference: int, *, minutes: int = 0, outcome: ReportOutcome = ReportOutcome.DELIVERED
) -> DeliveryReport:
    return DeliveryReport(
        source=_source(), reference=reference, recipient=SENDER, outcome=outcome, status=0,
        submitted_at=AT + timedelta(minutes=minutes), discharged_at=AT,
    )  # fmt: skip


async def _state(service: Service, message_id: str) -> str:
    query = select(tables.messages.c.state).where(tables.messages.c.id == message_id)
    return str(await service.store.read(lambda connection: connection.execute(query).scalar()))


async def test_reports_out_of_order_find_their_messages(service: Service) -> None:
    ids = [await _sent(service, reference) for reference in (1, 2, 3)]
    for reference in (3, 1):
        await service.inbox.reported([_report(reference)])
    assert [await _state(service, one) for one in ids] == ["delivered", "sent", "delivered"]


async def test_a_reference_used_twice_finds_the_message_of_that_time(service: Service) -> None:
    old, new = await _sent(service, 5), await _sent(service, 5, minutes=600)
    await service.inbox.reported([_report(5, minutes=600)])
    assert (await _state(service, old), await _state(service, new)) == ("sent", "delivered")
    await service.inbox.reported([_report(5)])
    assert await _state(service, old) == "delivered"


async def test_another_modems_message_is_not_touched(service: Service) -> None:
    other = await _sent(service, 5, modem="m1")
    await service.inbox.reported([_report(5)])
    assert await _state(service, other) == "sent"


async def test_a_bad_report_is_corrected_by_a_later_good_one_only(service: Service) -> None:
    one = await _sent(service, 5)
    await service.inbox.reported([_report(5, outcome=ReportOutcome.FAILED)])
    assert await _state(service, one) == "undelivered"
    await service.inbox.reported([_report(5)])
    assert await _state(service, one) == "delivered"
    await service.inbox.reported([_report(5, outcome=ReportOutcome.FAILED)])
    assert await _state(service, one) == "delivered"
    assert ("delivered", "no 5 0") in await _history(service)


async def test_the_same_key_from_many_at_once_is_one_message(service: Service) -> None:
    request = SendSms(to=SENDER, text="bir kere")
    messages = await asyncio.gather(
        *(
            service.sending.send(LOCAL_ADMINISTRATOR, request, idempotency_key="k")
            for _ in range(20)
        )
    )
    assert len({message.id for message in messages}) == 1
    assert await _history(service) == [("queued", "bir kere")]


async def test_the_same_key_of_two_programs_at_once_is_two_messages(service: Service) -> None:
    request = SendSms(to=SENDER, text="bir kere")
    shop = replace(LOCAL_ADMINISTRATOR, name="shop")
    messages = await asyncio.gather(
        *(
            service.sending.send(principal, request, idempotency_key="k")
            for principal in (LOCAL_ADMINISTRATOR, shop, LOCAL_ADMINISTRATOR, shop)
        )
    )
    ids = [message.id for message in messages]
    assert (ids[0], ids[1]) == (ids[2], ids[3])
    assert len(set(ids)) == 2
