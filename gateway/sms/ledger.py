"""Messages as they are stored: read, and changed together with history and events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

import gateway.history.tables as history
from gateway.kernel import events
from gateway.sending.priority import Priority
from gateway.sending.states import SendState, may_follow
from gateway.sms import tables
from gateway.sms.alphabet import NationalLanguage
from gateway.sms.model import Message, Segment, SegmentState, state_of
from gateway.sms.port import TextCoding

_SEGMENTS = (
    select(tables.segments)
    .where(tables.segments.c.message_id == bindparam("id"))
    .order_by(tables.segments.c.number)
)
MESSAGE = select(tables.messages).where(tables.messages.c.id == bindparam("id"))
_UPDATE_SEGMENT = update(tables.segments).where(
    tables.segments.c.message_id == bindparam("which"),
    tables.segments.c.number == bindparam("which_number"),
)
UPDATE_MESSAGE = update(tables.messages).where(tables.messages.c.id == bindparam("which"))


def refold(connection: Connection, message_id: str, now: datetime, **changes: Any) -> SendState:
    """Bring a message's state in line with its segments, and tell history and events."""
    message = message_of(connection.execute(MESSAGE, {"id": message_id}).one())
    state = state_of([segment.state for segment in segments_of(connection, message_id)])
    set_message(connection, message, state, now, **changes)
    return state


def find(connection: Connection, message_id: str) -> Message | None:
    """Return a message, or None."""
    row = connection.execute(MESSAGE, {"id": message_id}).first()
    return message_of(row) if row else None


def segments_of(connection: Connection, message_id: str) -> list[Segment]:
    """Return a message's segments in order."""
    return [segment_of(row) for row in connection.execute(_SEGMENTS, {"id": message_id})]


def is_begun(connection: Connection, message_id: str) -> bool:
    """Tell whether a part of a message was handed to a modem."""
    return any(
        part.state is not SegmentState.WAITING for part in segments_of(connection, message_id)
    )


_INTERNAL = ("concat_reference", "pinned_modem_id", "preferred_modem_id", "avoided", "route")


def message_of(row: Row[Any]) -> Message:
    """Return the message in a row of `sms_messages`."""
    values = dict(row._mapping)  # noqa: SLF001 - Row's public name
    for internal in _INTERNAL:
        values.pop(internal)
    values["state"] = SendState(values["state"])
    values["coding"] = TextCoding(values["coding"])
    values["locking"] = NationalLanguage(values["locking"])
    values["single"] = NationalLanguage(values["single"])
    values["priority"] = Priority(values["priority"])
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


def set_segment(connection: Connection, segment: Segment, values: dict[str, Any]) -> None:
    """Change a segment; `refold` or `set_message` follows in the same unit."""
    connection.execute(
        _UPDATE_SEGMENT,
        {"which": segment.message_id, "which_number": segment.number, **values},
    )


def set_message(
    connection: Connection,
    message: Message,
    state: SendState,
    now: datetime,
    **changes: Any,
) -> None:
    """Bring a message into a state, and its line in the history and the event log with it."""
    assert may_follow(message.state, state), f"{message.state} -> {state}"
    values: dict[str, Any] = {"state": state.value, **changes}
    if state is SendState.SENT and message.sent_at is None:
        values["sent_at"] = now
    if state.settled:
        values["settled_at"] = now
        values.setdefault("sent_at", message.sent_at or (now if state in _TAKEN else None))
    connection.execute(UPDATE_MESSAGE, {"which": message.id, **values})
    if state in {message.state, SendState.SENDING}:
        return  # being submitted takes seconds and is told by nobody
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


_TAKEN = frozenset({SendState.DELIVERED, SendState.UNDELIVERED})
