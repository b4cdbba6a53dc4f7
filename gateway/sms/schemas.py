"""What the API of text messages takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator

from gateway.sending.priority import Priority
from gateway.sending.states import SendState
from gateway.sms.messages import Filter, Line, Way
from gateway.sms.model import Message, Segment, SegmentState
from gateway.sms.policy import PriorityName
from gateway.sms.port import TextCoding
from gateway.sms.sending import SendSms, Settlement
from gateway.sms.text import TextPlan
from gateway.web.paging import PageQuery
from gateway.web.problems import Problem
from gateway.web.routes import Schema

MAX_TEXT = 20_000
"""Characters that are looked at; what may be sent is less, and the planner says how much."""


class SmsIn(Schema):
    """A text to be sent."""

    to: Annotated[str, Field(max_length=64, examples=["+905321234567"])]
    text: Annotated[str, Field(max_length=MAX_TEXT, examples=["Siparişiniz yola çıktı."])]
    flash: Annotated[bool, Field(description="show at once, do not keep (class 0)")] = False
    report: Annotated[bool, Field(description="ask for a delivery report")] = True
    validity_s: Annotated[
        int | None,
        Field(ge=300, le=63 * 7 * 86_400, description="how long the network shall try"),
    ] = None
    modem: Annotated[str, Field(max_length=32, description="only by this modem")] = ""
    priority: PriorityName = "normal"
    at: Annotated[
        datetime | None, Field(description="not before", examples=["2026-03-01T09:30:00+03:00"])
    ] = None
    expires_at: Annotated[
        datetime | None, Field(description="not after; then it is expired, not sent")
    ] = None
    zone: Annotated[
        str, Field(max_length=64, description="the recipient's, for quiet hours",
                   examples=["Europe/Istanbul"])
    ] = ""  # fmt: skip

    def request(self) -> SendSms:
        """Return what the service is asked for."""
        return SendSms(
            to=self.to,
            text=self.text,
            flash=self.flash,
            report=self.report,
            validity_s=self.validity_s,
            modem_id=self.modem,
            priority=Priority.named(self.priority),
            at=self.at,
            expires_at=self.expires_at,
            zone=self.zone,
        )


class BulkItem(SmsIn):
    """One line of a bulk request; its priority is low unless it says otherwise."""

    priority: PriorityName = "bulk"
    key: Annotated[str, Field(max_length=128, description="Idempotency-Key of this line")] = ""


class BulkResult(Schema):
    """The answer to one line: the message's id and state, or the problem."""

    index: int
    id: str | None = None
    state: SendState | None = None
    segments: int | None = None
    problem: Problem | None = None


class SegmentOut(Schema):
    """One segment of a message."""

    number: int
    state: SegmentState
    modem: str
    reference: int | None
    status: int | None
    submitted_at: datetime | None


class SmsOut(Schema):
    """A message and what became of it."""

    id: str
    state: SendState
    to: str
    text: str
    encoding: TextCoding
    segments: int
    reason: str
    modem: str
    priority: str
    not_before: datetime | None
    expires_at: datetime | None
    automatic: bool
    party_id: str | None
    person_id: str | None
    user_id: str | None
    attempts: int
    error_code: str
    error: str
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None
    parts: tuple[SegmentOut, ...] = ()

    @classmethod
    def of(cls, message: Message, segments: list[Segment]) -> Self:
        """Return what is shown of a message."""
        return cls(
            id=message.id,
            state=message.state,
            to=message.recipient,
            text=message.text,
            encoding=message.coding,
            segments=message.segments,
            reason=message.reason,
            modem=message.modem_id,
            priority=message.priority.name.lower(),
            not_before=message.not_before,
            expires_at=message.expires_at,
            automatic=message.automatic,
            party_id=message.party_id,
            person_id=message.person_id,
            user_id=message.user_id,
            attempts=message.attempts,
            error_code=message.error_code,
            error=message.error_text,
            created_at=message.created_at,
            sent_at=message.sent_at,
            settled_at=message.settled_at,
            parts=tuple(_part(segment) for segment in segments),
        )


class PreviewIn(Schema):
    """A text whose encoding and segments are asked for."""

    text: Annotated[str, Field(max_length=MAX_TEXT, examples=["Günaydın, yarın 10'da görüşelim."])]


class PreviewOut(Schema):
    """How a text would be sent."""

    encoding: TextCoding
    locking_table: str
    single_table: str
    segments: int
    units_per_segment: int
    units_left: int
    reason: str

    @classmethod
    def of(cls, plan: TextPlan) -> Self:
        """Return what is shown of a plan."""
        return cls(
            encoding=plan.coding,
            locking_table=plan.locking.name.lower(),
            single_table=plan.single.name.lower(),
            segments=len(plan.segments),
            units_per_segment=plan.units_per_segment,
            units_left=plan.units_left,
            reason=plan.explanation,
        )


class SettleIn(Schema):
    """What became of an uncertain message."""

    as_: Annotated[Settlement, Field(alias="as", examples=["sent"])]


class SmsQuery(PageQuery):
    """Which messages are wanted; all filters must hold."""

    direction: Literal["in", "out"] | None = None
    state: Annotated[
        tuple[SendState, ...], Field(max_length=10, description="repeat it for several")
    ] = ()
    number: Annotated[str, Field(max_length=64)] = ""
    modem: Annotated[str, Field(max_length=32)] = ""
    party: Annotated[str, Field(max_length=32)] = ""
    since: datetime | None = None
    until: datetime | None = None

    @field_validator("state", mode="before")
    @classmethod
    def _as_several(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @field_validator("since", "until")
    @classmethod
    def _zoned(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            msg = "lacks its time zone; write it as 2026-03-01T09:30:00+03:00"
            raise ValueError(msg)
        return value

    def filter(self) -> Filter:
        """Return what the service is asked for."""
        return Filter(
            way=Way(self.direction) if self.direction else None,
            states=self.state,
            number=self.number,
            modem_id=self.modem,
            party_id=self.party,
            since=self.since,
            until=self.until,
        )


class LineOut(Schema):
    """One message in a list, sent or received."""

    id: str
    direction: Way
    state: str
    number: str
    text: str
    modem: str
    party_id: str | None
    person_id: str | None
    user_id: str | None
    error: str
    at: datetime

    @classmethod
    def of(cls, line: Line) -> Self:
        """Return what is shown of a line."""
        return cls(
            id=line.id,
            direction=line.way,
            state=line.state,
            number=line.number,
            text=line.text,
            modem=line.modem_id,
            party_id=line.party_id,
            person_id=line.person_id,
            user_id=line.user_id,
            error=line.error,
            at=line.at,
        )


class LinesOut(Schema):
    """A page of messages, newest first; without a next cursor it is the last."""

    items: tuple[LineOut, ...]
    next_cursor: str


def _part(segment: Segment) -> SegmentOut:
    return SegmentOut(
        number=segment.number,
        state=segment.state,
        modem=segment.modem_id,
        reference=segment.reference,
        status=segment.status,
        submitted_at=segment.submitted_at,
    )
