"""What people and the clock do to messages in the queue: close, release, settle."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gateway.kernel.errors import Conflict
from gateway.sending.states import SendState
from gateway.sms.ledger import is_begun, refold, segments_of, set_message, set_segment
from gateway.sms.model import Message, SegmentState


def close(
    connection: Connection,
    message: Message,
    state: SendState,
    now: datetime,
    *,
    code: str,
    text: str,
) -> None:
    """Take back a message that waits, or note that its time passed; raises Conflict when begun."""
    if not message.state.open or is_begun(connection, message.id):
        raise Conflict(
            f"message {message.id} is {message.state}; only one that waits can be {state}"
        )
    set_message(connection, message, state, now, error_code=code, error_text=text)


def release(connection: Connection, message: Message, now: datetime) -> None:
    """The time of a scheduled message has come."""
    set_message(connection, message, SendState.QUEUED, now)


def settle(
    connection: Connection, message: Message, segment_state: SegmentState, now: datetime, text: str
) -> SendState:
    """A person says what became of the uncertain segments: sent, failed, or waiting to be sent."""
    for segment in segments_of(connection, message.id):
        if segment.state is SegmentState.UNCERTAIN:
            set_segment(connection, segment, {"state": segment_state.value})
    changes: dict[str, Any] = {"error_code": "", "error_text": text}
    if segment_state is SegmentState.WAITING:
        changes |= {"attempts": 0, "not_before": now, "expires_at": None}
    return refold(connection, message.id, now, **changes)
