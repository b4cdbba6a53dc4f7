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
from gateway.web.fields import Id, ModemId, Moment, NoError, Number, PartyId, PersonId, UserId
from gateway.web.paging import NextCursor, PageQuery
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

    index: Annotated[int, Field(description="the line, counted from 0", examples=[0])]
    id: Id | None = None
    state: Annotated[SendState | None, Field(examples=["queued"])] = None
    segments: Annotated[int | None, Field(examples=[1])] = None
    problem: Problem | None = None


class SegmentOut(Schema):
    """One segment of a message."""

    number: Annotated[int, Field(examples=[1])]
    state: Annotated[SegmentState, Field(examples=["delivered"])]
    modem: ModemId
    reference: Annotated[
        int | None, Field(description="the modem's message reference", examples=[142])
    ]
    status: Annotated[int | None, Field(description="TP-Status of the report", examples=[0])]
    submitted_at: datetime | None


class SmsOut(Schema):
    """A message and what became of it."""

    id: Id
    state: Annotated[SendState, Field(examples=["queued"])]
    to: Number
    text: Annotated[str, Field(examples=["Siparişiniz yola çıktı."])]
    encoding: Annotated[TextCoding, Field(examples=["gsm7"])]
    segments: Annotated[int, Field(examples=[1])]
    reason: Annotated[
        str,
        Field(
            description="why this encoding",
            examples=["GSM 7-bit with the Turkish single shift table: ş, ç, ı"],
        ),
    ]
    modem: ModemId
    priority: Annotated[str, Field(examples=["normal"])]
    not_before: datetime | None
    expires_at: Annotated[datetime | None, Field(examples=[None])]
    automatic: bool
    party_id: PartyId | None
    person_id: PersonId | None
    user_id: UserId | None
    attempts: Annotated[int, Field(examples=[0])]
    error_code: NoError
    error: NoError
    created_at: datetime
    sent_at: Annotated[datetime | None, Field(examples=[None])]
    settled_at: Annotated[datetime | None, Field(examples=[None])]
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
    locking_table: Annotated[str, Field(examples=["default"])]
    single_table: Annotated[str, Field(examples=["turkish"])]
    segments: Annotated[int, Field(examples=[1])]
    units_per_segment: Annotated[int, Field(examples=[155])]
    units_left: Annotated[int, Field(examples=[124])]
    reason: Annotated[str, Field(examples=["GSM 7-bit with the Turkish single shift table: ı, ş"])]

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
    since: Moment | None = None
    until: Moment | None = None

    @field_validator("state", mode="before")
    @classmethod
    def _as_several(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

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

    id: Id
    direction: Annotated[Way, Field(examples=["in"])]
    state: Annotated[str, Field(examples=["received"])]
    number: Number
    text: Annotated[str, Field(examples=["Yarın 10'da uygun."])]
    modem: ModemId
    party_id: PartyId | None
    person_id: PersonId | None
    user_id: UserId | None
    error: NoError
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
    next_cursor: NextCursor


def _part(segment: Segment) -> SegmentOut:
    return SegmentOut(
        number=segment.number,
        state=segment.state,
        modem=segment.modem_id,
        reference=segment.reference,
        status=segment.status,
        submitted_at=segment.submitted_at,
    )
