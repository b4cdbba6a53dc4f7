"""Messages, their segments, and the states both can have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.sending.priority import Priority
from gateway.sending.states import SendState
from gateway.sms.alphabet import NationalLanguage
from gateway.sms.port import (
    Concatenation,
    OutgoingSegment,
    ReportOutcome,
    TextCoding,
)


class SegmentState(StrEnum):
    """What is known of one segment."""

    WAITING = "waiting"
    SUBMITTING = "submitting"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


_WORST_FIRST = (
    (SegmentState.FAILED, SendState.FAILED),
    (SegmentState.UNCERTAIN, SendState.UNCERTAIN),
    (SegmentState.SUBMITTING, SendState.SENDING),
    (SegmentState.WAITING, SendState.QUEUED),
    (SegmentState.UNDELIVERED, SendState.UNDELIVERED),
    (SegmentState.SENT, SendState.SENT),
)


def state_of(segments: Sequence[SegmentState]) -> SendState:
    """Return a message's state: that of its least finished segment, failures first."""
    return next(
        (state for segment, state in _WORST_FIRST if segment in segments), SendState.DELIVERED
    )


def after_report(state: SegmentState, outcome: ReportOutcome) -> SegmentState:
    """Return a segment's state after a delivery report; what was delivered stays delivered."""
    if state is SegmentState.DELIVERED:
        return state
    if outcome is ReportOutcome.DELIVERED:
        return SegmentState.DELIVERED
    return SegmentState.UNDELIVERED if outcome is ReportOutcome.FAILED else state


SHORTEST_VALIDITY_S = 300
"""TP-VP knows no shorter one (3GPP 23.040 §9.2.3.12.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that goes out."""

    id: str
    state: SendState
    recipient: str
    text: str
    coding: TextCoding
    locking: NationalLanguage = NationalLanguage.DEFAULT
    single: NationalLanguage = NationalLanguage.DEFAULT
    segments: int
    reason: str
    flash: bool = False
    report: bool = True
    validity_s: int | None = None
    modem_id: str = ""
    priority: Priority = Priority.NORMAL
    not_before: datetime | None = None
    """When its time comes; None: it came."""
    expires_at: datetime | None = None
    zone: str = ""
    """The recipient's time zone, where it is known better than by his number."""
    automatic: bool = False
    """Written by a rule, not by a person: never answered by a rule again."""
    user_id: str | None = None
    party_id: str | None = None
    person_id: str | None = None
    attempts: int = 0
    error_code: str = ""
    error_text: str = ""
    created_at: datetime
    sent_at: datetime | None = None
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One segment of a message, as it is stored."""

    message_id: str
    number: int
    text: str
    state: SegmentState
    modem_id: str = ""
    reference: int | None = None
    submitted_at: datetime | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A message that one modem's worker holds, with the segments it still has to submit."""

    message: Message
    concat_reference: int
    waiting: tuple[Segment, ...]

    def outgoing(self, segment: Segment, now: datetime) -> OutgoingSegment:
        """Return what the driver is given for a segment; the network tries until it expires."""
        message = self.message
        validity_s = message.validity_s
        if message.expires_at is not None:
            left_s = max(int((message.expires_at - now).total_seconds()), SHORTEST_VALIDITY_S)
            validity_s = min(left_s, validity_s) if validity_s else left_s
        concatenation = None
        if message.segments > 1:
            concatenation = Concatenation(
                reference=self.concat_reference, total=message.segments, number=segment.number
            )
        return OutgoingSegment(
            recipient=message.recipient,
            text=segment.text,
            coding=message.coding,
            locking=message.locking,
            single=message.single,
            concatenation=concatenation,
            flash=message.flash,
            report=message.report,
            validity_s=validity_s,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A text that came in, whole or (marked) with parts missing."""

    id: str
    modem_id: str
    sender: str
    text: str
    complete: bool
    coding: TextCoding = TextCoding.GSM7
    data: bytes = b""
    flash: bool = False
    sent_at: datetime | None = None
