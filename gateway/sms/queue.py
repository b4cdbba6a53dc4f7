"""The durable queue: units of work that move messages from one state to the next.

Every change of a message is one unit with its segments, its line in the history and its event.
A segment is marked `submitting` and committed before the modem hears of it, so that a crash at
any moment leaves either an untouched segment or an uncertain one, never one to be sent twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, or_, select, update

import gateway.history.tables as history
from gateway.kernel import events
from gateway.kernel.ids import new_id
from gateway.sms import tables
from gateway.sms.alphabet import NationalLanguage
from gateway.sms.model import (
    Claimed,
    Message,
    MessageState,
    Segment,
    SegmentState,
    after_report,
    retry_delay,
    state_of,
)
from gateway.sms.port import ReportOutcome, TextCoding

NO_MODEM_PINNED = ""

_NEXT = (
    select(tables.messages)
    .where(
        tables.messages.c.state == MessageState.QUEUED.value,
        or_(
            tables.messages.c.modem_id == NO_MODEM_PINNED,
            tables.messages.c.modem_id == bindparam("modem_id"),
        ),
        tables.messages.c.not_before <= bindparam("now"),
    )
    .order_by(tables.messages.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_SEGMENTS = (
    select(tables.segments)
    .where(tables.segments.c.message_id == bindparam("id"))
    .order_by(tables.segments.c.number)
)
_MESSAGE = select(tables.messages).where(tables.messages.c.id == bindparam("id"))
_UPDATE_SEGMENT = update(tables.segments).where(
    tables.segments.c.message_id == bindparam("which"),
    tables.segments.c.number == bindparam("which_number"),
)
_UPDATE_MESSAGE = update(tables.messages).where(tables.messages.c.id == bindparam("which"))
_SETTLED = frozenset(
    {
        MessageState.DELIVERED,
        MessageState.UNDELIVERED,
        MessageState.FAILED,
        MessageState.UNCERTAIN,
    }
)


def claim(connection: Connection, modem_id: str, now: datetime) -> Claimed | None:
    """Give the oldest message that is due to a modem, its first waiting segment `submitting`."""
    row = connection.execute(_NEXT, {"modem_id": modem_id, "now": now}).first()
    if row is None:
        return None
    message = message_of(row)
    waiting = [
        segment
        for segment in segments_of(connection, message.id)
        if segment.state is SegmentState.WAITING
    ]
    _begin_segment(connection, waiting[0], modem_id, now)
    _set_message(
        connection, message, MessageState.SENDING, now, modem_id=modem_id, error_code="",
        error_text="",
    )  # fmt: skip
    return Claimed(message=message, concat_reference=row.concat_reference, waiting=tuple(waiting))


def sent(
    connection: Connection,
    segment: Segment,
    modem_id: str,
    reference: int,
    now: datetime,
    *,
    following: Segment | None = None,
) -> MessageState:
    """Note that the network took a segment; `following` is marked as being submitted next."""
    values = {"state": SegmentState.SENT.value, "reference": reference}
    _set_segment(connection, segment, values)
    if following is not None:
        _begin_segment(connection, following, modem_id, now)
    _apply_orphan(connection, segment, modem_id, reference)
    return refold(connection, segment.message_id, now)


def refused(
    connection: Connection,
    segment: Segment,
    now: datetime,
    *,
    code: str,
    text: str,
    counts: bool,
) -> MessageState:
    """Note a temporary refusal: the message waits and is tried again, a bounded number of times."""
    row = connection.execute(_MESSAGE, {"id": segment.message_id}).one()
    attempts = row.attempts + (1 if counts else 0)
    delay = retry_delay(attempts) if attempts else None
    if counts and delay is None:
        return failed(connection, segment, now, code=code, text=f"{text} (tried {attempts} times)")
    _set_segment(connection, segment, {"state": SegmentState.WAITING.value, "modem_id": ""})
    started = any(
        other.state is not SegmentState.WAITING
        for other in segments_of(connection, segment.message_id)
    )
    changes: dict[str, Any] = {
        "attempts": attempts,
        "error_code": code,
        "error_text": text,
        "modem_id": row.modem_id if started else row.pinned_modem_id,
    }
    if delay is not None:
        changes["not_before"] = now + delay
    return refold(connection, segment.message_id, now, **changes)


def failed(
    connection: Connection, segment: Segment, now: datetime, *, code: str, text: str
) -> MessageState:
    """Note that a segment surely was not sent and never will be."""
    _set_segment(connection, segment, {"state": SegmentState.FAILED.value})
    return refold(connection, segment.message_id, now, error_code=code, error_text=text)


def uncertain(connection: Connection, segment: Segment, now: datetime, text: str) -> MessageState:
    """Note that a segment may or may not have been sent."""
    _set_segment(connection, segment, {"state": SegmentState.UNCERTAIN.value})
    return refold(connection, segment.message_id, now, error_code="uncertain", error_text=text)


def recover(connection: Connection, now: datetime, *, modem_id: str = "") -> int:
    """What nobody is submitting any more is uncertain: all of it at a start, or one modem's.

    Return how many messages that are.
    """
    query = select(tables.segments).where(tables.segments.c.state == SegmentState.SUBMITTING.value)
    if modem_id:
        query = query.where(tables.segments.c.modem_id == modem_id)
    left = [segment_of(row) for row in connection.execute(query)]
    text = "Santral stopped while this was being submitted; ask the recipient, or wait for a report"
    for segment in left:
        uncertain(connection, segment, now, text)
    return len({segment.message_id for segment in left})


def settle_late(
    connection: Connection, token: str, now: datetime, *, reference: int | None
) -> MessageState | None:
    """Settle an uncertain segment by the modem's late answer; `reference` None means refused."""
    message_id, _, number = token.partition("/")
    segment = next(
        (
            item
            for item in segments_of(connection, message_id)
            if str(item.number) == number and item.state is SegmentState.UNCERTAIN
        ),
        None,
    )
    if segment is None:
        return None
    if reference is None:
        return refused(
            connection, segment, now, code="late", text="refused after a long wait", counts=True
        )
    _set_segment(connection, segment, {"state": SegmentState.SENT.value, "reference": reference})
    _apply_orphan(connection, segment, segment.modem_id, reference)
    return refold(connection, message_id, now, error_code="", error_text="")


def report(
    connection: Connection, segment: Segment, outcome: ReportOutcome, status: int, now: datetime
) -> MessageState:
    """Apply a delivery report to the segment that it is about."""
    state = after_report(segment.state, outcome)
    _set_segment(connection, segment, {"state": state.value, "status": status})
    return refold(connection, segment.message_id, now)


def refold(connection: Connection, message_id: str, now: datetime, **changes: Any) -> MessageState:
    """Bring a message's state in line with its segments, and tell history and events."""
    message = message_of(connection.execute(_MESSAGE, {"id": message_id}).one())
    state = state_of([segment.state for segment in segments_of(connection, message_id)])
    _set_message(connection, message, state, now, **changes)
    return state


def segments_of(connection: Connection, message_id: str) -> list[Segment]:
    """Return a message's segments in order."""
    return [segment_of(row) for row in connection.execute(_SEGMENTS, {"id": message_id})]


def next_due(connection: Connection, modem_id: str) -> datetime | None:
    """Return when the next waiting message becomes due for a modem."""
    query = (
        select(tables.messages.c.not_before)
        .where(
            tables.messages.c.state == MessageState.QUEUED.value,
            tables.messages.c.modem_id.in_((NO_MODEM_PINNED, modem_id)),
        )
        .order_by(tables.messages.c.not_before)
        .limit(1)
    )
    return connection.execute(query).scalar()


def message_of(row: Row[Any]) -> Message:
    """Return the message in a row of `sms_messages`."""
    values = dict(row._mapping)  # noqa: SLF001 - Row's public name
    for internal in ("concat_reference", "not_before", "pinned_modem_id"):
        values.pop(internal)
    values["state"] = MessageState(values["state"])
    values["coding"] = TextCoding(values["coding"])
    values["locking"] = NationalLanguage(values["locking"])
    values["single"] = NationalLanguage(values["single"])
    return Message(**values)


def segment_of(row: Row[Any]) -> Segment:
    """Return the segment in a row of `sms_segments`."""
    return Segment(
        message_id=row.message_id,
        number=row.number,
        text=row.text,
        state=SegmentState(row.state),
        modem_id=row.modem_id,
        reference=row.reference,
        submitted_at=row.submitted_at,
        status=row.status,
    )


def token_of(segment: Segment) -> str:
    """Return the name by which a driver refers to a submit later."""
    return f"{segment.message_id}/{segment.number}"


def _begin_segment(connection: Connection, segment: Segment, modem_id: str, now: datetime) -> None:
    _set_segment(
        connection,
        segment,
        {
            "state": SegmentState.SUBMITTING.value,
            "modem_id": modem_id,
            "submitted_at": now,
            "reference": None,
        },
    )


def _set_segment(connection: Connection, segment: Segment, values: dict[str, Any]) -> None:
    connection.execute(
        _UPDATE_SEGMENT,
        {"which": segment.message_id, "which_number": segment.number, **values},
    )


def _set_message(
    connection: Connection,
    message: Message,
    state: MessageState,
    now: datetime,
    **changes: Any,
) -> None:
    values: dict[str, Any] = {"state": state.value, **changes}
    if state is MessageState.SENT and message.sent_at is None:
        values["sent_at"] = now
    if state in _SETTLED:
        values["settled_at"] = now
        values.setdefault("sent_at", message.sent_at or (now if state in _TAKEN else None))
    connection.execute(_UPDATE_MESSAGE, {"which": message.id, **values})
    if state is message.state:
        return
    history.settle(connection, "sms", message.id, state.value, now)
    events.append(
        connection,
        events.Event(
            kind=f"sms.{state.value}",
            subject=message.id,
            at=now,
            audience=events.audience_of(message.user_id),
            data={"modem": values.get("modem_id", message.modem_id)},
        ),
    )


_TAKEN = frozenset({MessageState.DELIVERED, MessageState.UNDELIVERED})

_ORPHANS = select(tables.orphan_reports).where(
    tables.orphan_reports.c.recipient == bindparam("recipient"),
    tables.orphan_reports.c.modem_id == bindparam("modem_id"),
    tables.orphan_reports.c.reference == bindparam("reference"),
)


def _apply_orphan(connection: Connection, segment: Segment, modem_id: str, reference: int) -> None:
    """Apply a report that came before the modem had told the reference."""
    stored = connection.execute(_PLACE, {"id": segment.message_id, "number": segment.number}).one()
    place = {"recipient": stored.recipient, "modem_id": modem_id, "reference": reference}
    rows: Sequence[Row[Any]] = connection.execute(_ORPHANS, place).all()
    for row in rows:
        if row.received_at >= stored.submitted_at:
            outcome = ReportOutcome(row.outcome)
            state = after_report(SegmentState.SENT, outcome)
            _set_segment(connection, segment, {"state": state.value, "status": row.status})
        connection.execute(_DROP_ORPHAN, {"which": row.id})


_PLACE = select(tables.segments.c.recipient, tables.segments.c.submitted_at).where(
    tables.segments.c.message_id == bindparam("id"),
    tables.segments.c.number == bindparam("number"),
)
_DROP_ORPHAN = tables.orphan_reports.delete().where(
    tables.orphan_reports.c.id == bindparam("which")
)


def enqueue(
    connection: Connection, message: Message, texts: Sequence[str], pinned_modem_id: str
) -> None:
    """Write a new message and its segments."""
    row = {
        **{field.name: getattr(message, field.name) for field in fields(message)},
        "concat_reference": _next_reference(connection, message.recipient) if texts[1:] else 0,
        "modem_id": pinned_modem_id,
        "pinned_modem_id": pinned_modem_id,
        "not_before": message.created_at,
    }
    connection.execute(insert(tables.messages), row)
    connection.execute(
        insert(tables.segments),
        [
            {
                "message_id": message.id,
                "number": number,
                "text": text,
                "state": SegmentState.WAITING,
                "recipient": message.recipient,
                "modem_id": NO_MODEM_PINNED,
            }
            for number, text in enumerate(texts, 1)
        ],
    )


def _next_reference(connection: Connection, recipient: str) -> int:
    """Return the recipient's next 8-bit reference, so that two long texts never mix on a phone."""
    table = tables.concat_references
    place = table.c.recipient == recipient
    last = connection.execute(select(table.c.last).where(place)).scalar()
    following = int(new_id()[-2:], 16) if last is None else (last + 1) % 256
    if last is None:
        connection.execute(insert(table).values(recipient=recipient, last=following))
    else:
        connection.execute(update(table).where(place).values(last=following))
    return int(following)
