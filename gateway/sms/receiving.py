"""What modems hand over: received texts, delivery reports, late answers, ringing calls."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, select, update

import gateway.history.tables as history
from gateway.history.model import Direction, Interaction, InteractionKind
from gateway.kernel import events
from gateway.kernel.ids import new_id
from gateway.kernel.numbers import NumberingPlan, PhoneNumber
from gateway.kernel.runtime import Runtime
from gateway.kernel.store import Store
from gateway.parties.lookup import Owner, by_number
from gateway.sms import assembly, queue, reports, tables
from gateway.sms.answering import Answering
from gateway.sms.assembly import Assembled
from gateway.sms.model import Received
from gateway.sms.port import (
    DeliveryReport,
    LateAnswer,
    LateSubmit,
    ModemStatus,
    ReceivedSegment,
    Source,
    UnreadablePdu,
)

logger = logging.getLogger(__name__)

_RECEIPT = select(tables.receipts.c.digest).where(
    tables.receipts.c.store == bindparam("store"),
    tables.receipts.c.slot == bindparam("slot"),
    tables.receipts.c.position == bindparam("position"),
    tables.receipts.c.digest == bindparam("digest"),
)
_GONE = delete(tables.receipts).where(
    tables.receipts.c.store == bindparam("which_store"),
    tables.receipts.c.slot == bindparam("which_slot"),
    tables.receipts.c.position == bindparam("which_position"),
)


class Inbox:
    """The modems' sink: each method returns when the fact is on disk; nothing counts twice."""

    def __init__(
        self,
        store: Store,
        runtime: Runtime,
        plan: NumberingPlan,
        *,
        incomplete_after: timedelta,
        wake_workers: Callable[[], None],
        note_status: Callable[[ModemStatus], None],
        answering: Answering,
    ) -> None:
        self._store = store
        self._clock = runtime.clock
        self._plan = plan
        self._metrics = runtime.metrics
        self._incomplete_after = incomplete_after
        self._wake_workers = wake_workers
        self._note_status = note_status
        self._answering = answering

    async def received(self, segments: list[ReceivedSegment]) -> None:
        """Commit received segments, each once however often it is read."""

        def unit(connection: Connection) -> int:
            fresh = [item for item in segments if self._first_time(connection, item.source)]
            for segment in fresh:
                self._take(connection, segment)
            return len(fresh)

        fresh = await self._store.write(unit)
        if fresh:
            self._wake_workers()  # for automatic answers
        if segments:
            self._metrics.sms_received.labels(segments[0].source.modem_id).inc(fresh)

    async def reported(self, received: list[DeliveryReport]) -> None:
        """Commit delivery reports, each once."""

        def unit(connection: Connection) -> None:
            now = self._clock.now()
            for report in received:
                if self._first_time(connection, report.source):
                    recipient = self._plan.from_network(report.recipient).key
                    reports.apply(connection, recipient, report, now)

        await self._store.write(unit)
        for report in received:
            self._metrics.sms_reports.labels(report.source.modem_id, report.outcome.value).inc()

    async def unreadable(self, pdus: list[UnreadablePdu]) -> None:
        """Keep what could not be read, raw, and say so once."""

        def unit(connection: Connection) -> None:
            now = self._clock.now()
            for pdu in pdus:
                if self._first_time(connection, pdu.source):
                    connection.execute(
                        insert(tables.unreadable),
                        {
                            "id": new_id(),
                            "modem_id": pdu.source.modem_id,
                            "raw": pdu.raw.replace("\x00", "\ufffd"),
                            "reason": pdu.reason,
                            "at": now,
                        },
                    )

        await self._store.write(unit)
        for pdu in pdus:
            logger.warning(
                "modem %s held a PDU that cannot be read (%s); it is kept in sms_unreadable",
                pdu.source.modem_id,
                pdu.reason,
            )

    async def acknowledged(self, sources: list[Source]) -> None:
        """Note that places at the source are free: the same bytes there again are a new message."""
        places = [
            {
                "which_store": source.store,
                "which_slot": source.slot.value,
                "which_position": source.index,
            }
            for source in sources
        ]
        if places:
            await self._store.write(lambda connection: connection.execute(_GONE, places))

    async def answered_late(self, answer: LateAnswer) -> None:
        """Settle an uncertain submit by what the modem said after all."""
        accepted = answer.outcome is LateSubmit.ACCEPTED
        reference = answer.reference if accepted else None
        now = self._clock.now()
        state = await self._store.write(
            lambda connection: queue.settle_late(connection, answer.token, now, reference=reference)
        )
        logger.info("late answer of modem %s: message is %s", answer.modem_id, state)
        self._wake_workers()

    def status_changed(self, status: ModemStatus) -> None:
        """Pass a modem's new status on."""
        self._note_status(status)

    async def deliver_overdue(self) -> int:
        """Deliver long messages whose missing parts were awaited long enough, marked incomplete."""
        now = self._clock.now()

        def unit(connection: Connection) -> int:
            late = assembly.overdue(connection, now - self._incomplete_after)
            for group in late:
                self._deliver_assembled(connection, group.assembled, group.modem_id, group.sender)
            assembly.forget(connection, now - assembly.REMEMBERED)
            reports.forget(connection, now)
            return len(late)

        return await self._store.write(unit)

    def _first_time(self, connection: Connection, source: Source) -> bool:
        """Tell whether these bytes at this place are new; what lies there twice is read twice."""
        place = {
            "store": source.store,
            "slot": source.slot.value,
            "position": source.index,
            "digest": source.digest,
        }
        if connection.execute(_RECEIPT, place).first():
            return False
        connection.execute(insert(tables.receipts), {**place, "at": self._clock.now()})
        return True

    def _take(self, connection: Connection, segment: ReceivedSegment) -> None:
        sender = self._plan.from_network(segment.sender, alphanumeric=segment.alphanumeric)
        if segment.concatenation is None:
            self._deliver(connection, sender, segment)
            return
        for ready in assembly.add(connection, sender.key, segment, self._clock.now()):
            self._deliver_assembled(connection, ready, segment.source.modem_id, sender.key)

    def _deliver(
        self, connection: Connection, sender: PhoneNumber, segment: ReceivedSegment
    ) -> None:
        self._store_received(
            connection,
            Received(
                id=new_id(),
                modem_id=segment.source.modem_id,
                sender=sender.key,
                text=segment.text,
                coding=segment.coding,
                data=segment.data,
                flash=segment.flash,
                complete=True,
                sent_at=segment.sent_at,
            ),
        )

    def _deliver_assembled(
        self, connection: Connection, ready: Assembled, modem_id: str, sender: str
    ) -> None:
        if ready.replaces is not None:
            self._mend(connection, ready.replaces, ready)
            return
        message = Received(
            id=new_id(),
            modem_id=modem_id,
            sender=sender,
            text=ready.text,
            complete=ready.complete,
            sent_at=ready.sent_at,
        )
        assembly.delivered(connection, ready.group_id, message.id)
        self._store_received(connection, message)

    def _mend(self, connection: Connection, received_id: str, ready: Assembled) -> None:
        """A part came after its message was delivered without it."""
        connection.execute(
            update(tables.received)
            .where(tables.received.c.id == received_id)
            .values(text=ready.text, complete=ready.complete)
        )
        history.amend(
            connection,
            InteractionKind.SMS,
            received_id,
            outcome=_outcome(ready.complete),
            text=ready.text,
            at=self._clock.now(),
        )

    def _store_received(self, connection: Connection, message: Received) -> None:
        now = self._clock.now()
        owner = by_number(connection, message.sender)
        connection.execute(
            insert(tables.received),
            {
                "id": message.id,
                "modem_id": message.modem_id,
                "sender": message.sender,
                "text": message.text,
                "coding": message.coding.value,
                "data": message.data or None,
                "complete": message.complete,
                "flash": message.flash,
                "sent_at": message.sent_at,
                "received_at": now,
                "party_id": owner.party_id if owner else None,
                "person_id": owner.person_id if owner else None,
            },
        )
        facts = _Facts(
            number=message.sender,
            modem_id=message.modem_id,
            at=now,
            outcome=_outcome(message.complete),
            text=message.text,
        )
        history.record(connection, _incoming(InteractionKind.SMS, message.id, owner, facts))
        _tell(connection, "sms.received", message.id, now, owner)
        self._answering.answer(connection, message, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What a line of the history tells of something that came in."""

    number: str
    modem_id: str
    at: datetime
    outcome: str
    text: str = ""


def _outcome(complete: bool) -> str:
    return "received" if complete else "received_incomplete"


def _incoming(kind: InteractionKind, ref: str, owner: Owner | None, facts: _Facts) -> Interaction:
    return Interaction(
        kind=kind,
        direction=Direction.IN,
        ref=ref,
        number=facts.number,
        line=facts.modem_id,
        party_id=owner.party_id if owner else None,
        person_id=owner.person_id if owner else None,
        user_id=owner.responsible_id if owner else None,
        started_at=facts.at,
        outcome=facts.outcome,
        text=facts.text,
    )


def _tell(
    connection: Connection, kind: str, subject: str, at: datetime, owner: Owner | None
) -> None:
    events.append(
        connection,
        events.Event(
            kind=kind,
            subject=subject,
            at=at,
            audience=events.audience_of(owner.responsible_id if owner else None),
            data={"party": owner.party_id} if owner else {},
        ),
    )
