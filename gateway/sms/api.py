"""The API of text messages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.sms.model import Message, MessageState, Segment, SegmentState
from gateway.sms.port import TextCoding
from gateway.sms.sending import Sending, SendSms
from gateway.sms.text import TextPlan
from gateway.web.principal import Permission
from gateway.web.routes import Call, NoBody, Reply, Route, Schema

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
    state: MessageState
    to: str
    text: str
    encoding: TextCoding
    segments: int
    reason: str
    modem: str
    party_id: str | None
    person_id: str | None
    error_code: str
    error: str
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None
    parts: tuple[SegmentOut, ...] = ()


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


class SmsApi:
    """Routes of text messages."""

    def __init__(self, sending: Sending) -> None:
        self._sending = sending

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route(
                method="POST",
                path="/sms",
                permission=Permission.SMS_SEND,
                handler=self._send,
                summary="Queue a text; answered once it is stored",
                body=SmsIn,
                returns=SmsOut,
                status=202,
                idempotent_by_key=True,
            ),
            Route(
                method="POST",
                path="/sms/preview",
                permission=Permission.SMS_SEND,
                handler=self._preview,
                summary="Tell encoding and segments of a text, and why",
                body=PreviewIn,
                returns=PreviewOut,
            ),
            Route(
                method="GET",
                path="/sms/{message_id}",
                permission=Permission.SMS_READ,
                handler=self._show,
                summary="Show a message and its state",
                returns=SmsOut,
            ),
        ]

    async def _send(self, call: Call[SmsIn, NoBody]) -> Reply:
        fields = call.body
        request = SendSms(
            to=fields.to,
            text=fields.text,
            flash=fields.flash,
            report=fields.report,
            validity_s=fields.validity_s,
            modem_id=fields.modem,
        )
        message = await self._sending.send(
            call.principal, request, idempotency_key=call.idempotency_key
        )
        location = {"Location": f"/api/v1/sms/{message.id}"}
        return Reply(body=_sms(message, []), status=202, headers=location)

    async def _preview(self, call: Call[PreviewIn, NoBody]) -> PreviewOut:
        return _shown(self._sending.preview(call.principal, call.body.text))

    async def _show(self, call: Call[NoBody, NoBody]) -> SmsOut:
        return _sms(*await self._sending.show(call.principal, call.path["message_id"]))


def _sms(message: Message, segments: list[Segment]) -> SmsOut:
    return SmsOut(
        id=message.id,
        state=message.state,
        to=message.recipient,
        text=message.text,
        encoding=message.coding,
        segments=message.segments,
        reason=message.reason,
        modem=message.modem_id,
        party_id=message.party_id,
        person_id=message.person_id,
        error_code=message.error_code,
        error=message.error_text,
        created_at=message.created_at,
        sent_at=message.sent_at,
        settled_at=message.settled_at,
        parts=tuple(_part(segment) for segment in segments),
    )


def _part(segment: Segment) -> SegmentOut:
    return SegmentOut(
        number=segment.number,
        state=segment.state,
        modem=segment.modem_id,
        reference=segment.reference,
        status=segment.status,
        submitted_at=segment.submitted_at,
    )


def _shown(plan: TextPlan) -> PreviewOut:
    return PreviewOut(
        encoding=plan.coding,
        locking_table=plan.locking.name.lower(),
        single_table=plan.single.name.lower(),
        segments=len(plan.segments),
        units_per_segment=plan.units_per_segment,
        units_left=plan.units_left,
        reason=plan.explanation,
    )
