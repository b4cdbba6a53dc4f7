"""Messages, their segments, and the states both can have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.sms.alphabet import NationalLanguage
from gateway.sms.port import (
    Concatenation,
    OutgoingSegment,
    ReportOutcome,
    TextCoding,
)


class MessageState(StrEnum):
    """What is known of a message; docs/sms.md tells people what each means."""

    QUEUED = "queued"
    """Waits for a modem."""
    SENDING = "sending"
    """A modem is submitting it."""
    SENT = "sent"
    """The network took every segment."""
    DELIVERED = "delivered"
    """The recipient's phone has every segment."""
    UNDELIVERED = "undelivered"
    """The network gave up on a segment."""
    FAILED = "failed"
    """A segment surely was not sent, and will not be."""
    UNCERTAIN = "uncertain"
    """A segment may or may not have been sent; a late answer, a report or a person settles it."""


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
    (SegmentState.FAILED, MessageState.FAILED),
    (SegmentState.UNCERTAIN, MessageState.UNCERTAIN),
    (SegmentState.SUBMITTING, MessageState.SENDING),
    (SegmentState.WAITING, MessageState.QUEUED),
    (SegmentState.UNDELIVERED, MessageState.UNDELIVERED),
    (SegmentState.SENT, MessageState.SENT),
)


def state_of(segments: Sequence[SegmentState]) -> MessageState:
    """Return a message's state: that of its least finished segment, failures first."""
    return next(
        (state for segment, state in _WORST_FIRST if segment in segments), MessageState.DELIVERED
    )


def after_report(state: SegmentState, outcome: ReportOutcome) -> SegmentState:
    """Return a segment's state after a delivery report; what was delivered stays delivered."""
    if state is SegmentState.DELIVERED:
        return state
    if outcome is ReportOutcome.DELIVERED:
        return SegmentState.DELIVERED
    if outcome is ReportOutcome.FAILED:
        return SegmentState.UNDELIVERED
    return SegmentState.SENT


MAX_ATTEMPTS = 8
"""Refusals of the temporary kind before a message counts as failed."""
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=10)


def retry_delay(attempts: int) -> timedelta | None:
    """Return how long to wait after the n-th temporary refusal; None when it is over."""
    if attempts >= MAX_ATTEMPTS:
        return None
    growing: timedelta = FIRST_RETRY * 2 ** (attempts - 1)
    return min(growing, LONGEST_RETRY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that goes out."""

    id: str
    state: MessageState
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

    def outgoing(self, segment: Segment) -> OutgoingSegment:
        """Return what the driver is given for a segment."""
        message = self.message
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
            validity_s=message.validity_s,
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
