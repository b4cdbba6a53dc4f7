"""Takes texts to be sent: checks, plans, queues, takes back, settles what is uncertain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, delete

from gateway.kernel.clock import Clock
from gateway.kernel.errors import Conflict, GatewayError, Invalid, NotFound
from gateway.kernel.numbers import NumberingPlan, NumberKind, PhoneNumber
from gateway.kernel.store import Store
from gateway.people import audit
from gateway.sending.priority import Priority
from gateway.sending.quiet_hours import zone_named
from gateway.sending.states import SendState
from gateway.sms import accepting, deciding, ledger, tables
from gateway.sms.accepting import Draft
from gateway.sms.alphabet import NationalLanguage
from gateway.sms.drafting import drafted, planned
from gateway.sms.intake import Intake
from gateway.sms.messages import may_see
from gateway.sms.model import Message, SegmentState
from gateway.sms.text import TextPlan
from gateway.web.principal import Permission, Principal

MAX_AHEAD = timedelta(days=366)
"""How far ahead a message may be scheduled."""
KEYS_KEPT = timedelta(days=30)
"""How long an Idempotency-Key is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSms:
    """A text that somebody wants sent."""

    to: str
    text: str
    flash: bool = False
    report: bool = True
    validity_s: int | None = None
    modem_id: str = ""
    priority: Priority = Priority.NORMAL
    at: datetime | None = None
    """Not before this time."""
    expires_at: datetime | None = None
    zone: str = ""
    """The recipient's IANA time zone, where it is known."""


class Settlement(StrEnum):
    """What a person says became of an uncertain message."""

    SENT = "sent"
    NOT_SENT = "not_sent"
    SEND_AGAIN = "send_again"


_SETTLED_AS = {
    Settlement.SENT: SegmentState.SENT,
    Settlement.NOT_SENT: SegmentState.FAILED,
    Settlement.SEND_AGAIN: SegmentState.WAITING,
}


class Sending:
    """The SMS feature towards people and programs that want something sent."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        plan_of_numbers: NumberingPlan,
        *,
        languages: Collection[NationalLanguage],
        routes: Callable[[], Sequence[str]],
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._numbers = plan_of_numbers
        self._languages = frozenset(languages)
        self._routes = routes
        self._wake = wake
        self._intake = Intake(self._accept)

    def preview(self, principal: Principal, text: str) -> TextPlan:
        """Return how a text would be sent, and why."""
        principal.require(Permission.SMS_SEND)
        return planned(text, self._languages)

    async def send(
        self, principal: Principal, request: SendSms, *, idempotency_key: str = ""
    ) -> Message:
        """Queue a text; once this returns it is on disk. The same key again returns the first."""
        principal.require(Permission.SMS_SEND)
        draft = self._draft(principal, request, idempotency_key, self._clock.now())
        result = await self._intake.take(draft)
        if isinstance(result, GatewayError):
            raise result
        return result

    async def send_many(
        self, principal: Principal, requests: Sequence[tuple[SendSms, str]]
    ) -> list[Message | GatewayError]:
        """Queue many texts in one unit; each has its own result, in the order given."""
        principal.require(Permission.SMS_SEND)
        now = self._clock.now()
        drafts = [self._draft_or_error(principal, *pair, now) for pair in requests]
        good = [draft for draft in drafts if isinstance(draft, Draft)]
        if not good:
            return [draft for draft in drafts if isinstance(draft, GatewayError)]
        stored = iter(await self._accept(good))
        return [next(stored) if isinstance(draft, Draft) else draft for draft in drafts]

    async def cancel(self, principal: Principal, message_id: str) -> Message:
        """Take back a message that waits; raises NotFound, or Conflict when it is under way."""
        principal.require(Permission.SMS_SEND)
        now = self._clock.now()

        def unit(connection: Connection) -> Message:
            message = _visible(connection, principal, message_id)
            deciding.close(
                connection, message, SendState.CANCELLED, now, code="cancelled",
                text=f"taken back by {principal.name}",
            )  # fmt: skip
            return _visible(connection, principal, message_id)

        return await self._store.write(unit)

    async def settle(
        self, principal: Principal, message_id: str, settlement: Settlement
    ) -> Message:
        """Say what became of an uncertain message; raises Conflict when it is not uncertain."""
        principal.require(Permission.SMS_SEND)
        now = self._clock.now()

        def unit(connection: Connection) -> Message:
            message = _visible(connection, principal, message_id)
            if message.state is not SendState.UNCERTAIN:
                raise Conflict(f"message {message_id} is {message.state}, not uncertain")
            deciding.settle(
                connection, message, _SETTLED_AS[settlement], now,
                text=f"{principal.name} says: {settlement}",
            )  # fmt: skip
            audit.record(
                connection, principal, "settle", ("sms", message_id), at=now,
                changes={"as": settlement},
            )  # fmt: skip
            return _visible(connection, principal, message_id)

        message = await self._store.write(unit)
        self._wake()
        return message

    async def forget_keys(self) -> None:
        """Drop idempotency keys that no client repeats any more."""
        before = self._clock.now() - KEYS_KEPT
        old = tables.idempotency_keys.c.at < before
        await self._store.write(
            lambda connection: connection.execute(delete(tables.idempotency_keys).where(old))
        )

    async def _accept(self, drafts: Sequence[Draft]) -> list[Message | GatewayError]:
        now, routes = self._clock.now(), self._routes()
        results = await self._store.write(lambda c: accepting.accept(c, drafts, routes, now))
        self._wake()
        return results

    def _draft_or_error(
        self, principal: Principal, request: SendSms, key: str, now: datetime
    ) -> Draft | GatewayError:
        try:
            return self._draft(principal, request, key, now)
        except Invalid as error:
            return error

    def _draft(self, principal: Principal, request: SendSms, key: str, now: datetime) -> Draft:
        _check_times(request, now)
        message, texts = drafted(
            self._recipient(request.to).key,
            request.text,
            self._languages,
            now,
            at=request.at,
            flash=request.flash,
            report=request.report,
            validity_s=request.validity_s,
            modem_id=request.modem_id,
            priority=request.priority,
            expires_at=request.expires_at,
            zone=request.zone,
            user_id=principal.user_id,
        )
        return Draft(
            message=message,
            texts=texts,
            key=key,
            key_owner=principal.user_id or principal.name,
            fingerprint=_fingerprint(request) if key else "",
        )

    def _recipient(self, to: str) -> PhoneNumber:
        number = self._numbers.parse(to, field="to")
        if number.kind is NumberKind.SHORT and not number.key.isdigit():
            raise Invalid(
                f"{to!r} is a service code, not a recipient; use `santral modem ussd` for it",
                field="to",
            )
        return number


def _check_times(request: SendSms, now: datetime) -> None:
    for field in ("at", "expires_at"):
        moment = getattr(request, field)
        if moment is None:
            continue
        if moment.tzinfo is None:
            raise Invalid(
                f"{field} lacks its time zone; write it as 2026-03-01T09:30:00+03:00", field=field
            )
        if moment - now > MAX_AHEAD:
            raise Invalid(f"{field} is more than a year ahead", field=field)
    if request.at and request.expires_at and request.expires_at <= request.at:
        raise Invalid("expires_at lies before at: it could never be sent", field="expires_at")
    if request.zone and zone_named(request.zone) is None:
        raise Invalid(
            f"{request.zone!r} is no time zone; write it as Europe/Istanbul", field="zone"
        )


def _fingerprint(request: SendSms) -> str:
    values = {name: getattr(request, name) for name in SendSms.__dataclass_fields__}
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def _visible(connection: Connection, principal: Principal, message_id: str) -> Message:
    message = ledger.find(connection, message_id)
    if message is None or not may_see(connection, principal, message):
        raise NotFound(f"there is no message {message_id}")
    return message
