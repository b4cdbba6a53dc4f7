"""Takes texts to be sent: checks, plans, queues durably, and tells what became of each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select

import gateway.history.tables as history
from gateway.history.model import Direction, Interaction, InteractionKind
from gateway.kernel import events, settings
from gateway.kernel.clock import Clock
from gateway.kernel.errors import Conflict, Invalid, NotFound
from gateway.kernel.ids import new_id
from gateway.kernel.numbers import NumberingPlan, NumberKind, PhoneNumber
from gateway.kernel.store import Store
from gateway.parties.lookup import by_number
from gateway.parties.rights import may_see
from gateway.parties.tables import parties
from gateway.sms import queue, tables
from gateway.sms.alphabet import NationalLanguage
from gateway.sms.model import Message, MessageState, Segment
from gateway.sms.text import TextPlan, plan
from gateway.web.principal import Permission, Principal, Sight

MAX_SEGMENTS = 20
"""Longer texts are refused: phones and networks give up around here, and nobody reads them."""

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


class Sending:
    """The SMS feature towards people and programs."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        plan_of_numbers: NumberingPlan,
        *,
        languages: Collection[NationalLanguage],
        wake_workers: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._numbers = plan_of_numbers
        self._languages = frozenset(languages)
        self._wake_workers = wake_workers

    def preview(self, principal: Principal, text: str) -> TextPlan:
        """Return how a text would be sent, and why."""
        principal.require(Permission.SMS_SEND)
        return plan(text, languages=self._languages, max_segments=MAX_SEGMENTS)

    async def send(
        self, principal: Principal, request: SendSms, *, idempotency_key: str = ""
    ) -> Message:
        """Queue a text; once this returns it is on disk. The same key again returns the first."""
        principal.require(Permission.SMS_SEND)
        recipient = self._recipient(request.to)
        text_plan = plan(request.text, languages=self._languages, max_segments=MAX_SEGMENTS)
        message = Message(
            id=new_id(),
            state=MessageState.QUEUED,
            recipient=recipient.key,
            text=request.text,
            coding=text_plan.coding,
            locking=text_plan.locking,
            single=text_plan.single,
            segments=len(text_plan.segments),
            reason=text_plan.explanation,
            flash=request.flash,
            report=request.report,
            validity_s=request.validity_s,
            modem_id=request.modem_id,
            user_id=principal.user_id,
            created_at=self._clock.now(),
        )
        key = _Key(principal=principal, value=idempotency_key, request=request)
        stored = await self._store.write(
            lambda connection: _accept(connection, message, text_plan.segments, key)
        )
        self._wake_workers()
        return stored

    async def show(self, principal: Principal, message_id: str) -> tuple[Message, list[Segment]]:
        """Return a message and its segments; raises NotFound also for what is not his to see."""
        principal.require(Permission.SMS_READ)

        def query(connection: Connection) -> tuple[Message, list[Segment]] | None:
            row = connection.execute(
                select(tables.messages).where(tables.messages.c.id == message_id)
            ).first()
            if row is None:
                return None
            message = queue.message_of(row)
            if not _may_see(connection, principal, message):
                return None
            return message, queue.segments_of(connection, message_id)

        found = await self._store.read(query)
        if found is None:
            raise NotFound(f"there is no message {message_id}")
        return found

    async def forget_keys(self) -> None:
        """Drop idempotency keys that no client repeats any more."""
        before = self._clock.now() - KEYS_KEPT
        old = tables.idempotency_keys.c.at < before
        await self._store.write(
            lambda connection: connection.execute(delete(tables.idempotency_keys).where(old))
        )

    def _recipient(self, to: str) -> PhoneNumber:
        number = self._numbers.parse(to, field="to")
        if number.kind is NumberKind.SHORT and not number.key.isdigit():
            raise Invalid(
                f"{to!r} is a service code, not a recipient; use `santral modem ussd` for it",
                field="to",
            )
        return number


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    principal: Principal
    value: str
    request: SendSms

    @property
    def owner(self) -> str:
        return self.principal.user_id or self.principal.name

    @property
    def fingerprint(self) -> str:
        fields = {name: getattr(self.request, name) for name in SendSms.__dataclass_fields__}
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def _accept(connection: Connection, message: Message, texts: tuple[str, ...], key: _Key) -> Message:
    if key.value and (earlier := _earlier(connection, key)) is not None:
        return earlier
    if message.modem_id and not settings.find(connection, "modem", message.modem_id):
        raise Invalid(
            f"there is no modem {message.modem_id!r}; `santral modem list` shows all", field="modem"
        )
    owner = by_number(connection, message.recipient)
    if owner is not None:
        message = replace(message, party_id=owner.party_id, person_id=owner.person_id)
    queue.enqueue(connection, message, texts, message.modem_id)
    if key.value:
        connection.execute(
            insert(tables.idempotency_keys).values(
                owner=key.owner,
                key=key.value,
                fingerprint=key.fingerprint,
                message_id=message.id,
                at=message.created_at,
            )
        )
    history.record(connection, _line(message))
    events.append(
        connection,
        events.Event(
            kind="sms.queued",
            subject=message.id,
            at=message.created_at,
            audience=events.audience_of(message.user_id),
            data={"party": message.party_id},
        ),
    )
    return message


def _earlier(connection: Connection, key: _Key) -> Message | None:
    table = tables.idempotency_keys
    row = connection.execute(
        select(table).where(table.c.owner == key.owner, table.c.key == key.value)
    ).first()
    if row is None:
        return None
    if row.fingerprint != key.fingerprint:
        raise Conflict(
            f"the Idempotency-Key {key.value!r} was used for another message "
            f"({row.message_id}); use a new key for a new message"
        )
    query = select(tables.messages).where(tables.messages.c.id == row.message_id)
    return queue.message_of(connection.execute(query).one())


def _line(message: Message) -> Interaction:
    return Interaction(
        kind=InteractionKind.SMS,
        direction=Direction.OUT,
        ref=message.id,
        number=message.recipient,
        line=message.modem_id,
        party_id=message.party_id,
        person_id=message.person_id,
        user_id=message.user_id,
        started_at=message.created_at,
        outcome=message.state.value,
        text=message.text,
    )


def _may_see(connection: Connection, principal: Principal, message: Message) -> bool:
    """A message is its sender's to see, and that of whoever may see its customer."""
    if principal.sight is Sight.ALL or message.user_id == principal.user_id:
        return True
    if message.party_id is None:
        return message.user_id is None
    query = select(parties.c.responsible_id).where(parties.c.id == message.party_id)
    return may_see(principal, connection.execute(query).scalar())
