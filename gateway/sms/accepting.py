"""Takes messages into the store: many in one unit of work, each with its own result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import attrgetter

from sqlalchemy import Connection, bindparam, func, select, update

import gateway.consent.tables as consent
import gateway.history.tables as history
from gateway.consent.model import Block, Channel
from gateway.history.model import Direction, Interaction, InteractionKind
from gateway.kernel import events, settings
from gateway.kernel.errors import Conflict, GatewayError, Invalid
from gateway.kernel.store import rows
from gateway.kernel.store.values import among
from gateway.parties.lookup import by_numbers
from gateway.sending.states import SendState
from gateway.sms import deciding, ledger, queue, tables
from gateway.sms.model import Message, SegmentState
from gateway.sms.routing import route_of

_M = tables.messages.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message that was checked and planned, and is to be stored."""

    message: Message
    texts: tuple[str, ...]
    key: str = ""
    """The Idempotency-Key, with its owner and what it was given for."""
    key_owner: str = ""
    fingerprint: str = ""
    despite_block: bool = False
    """Sent to who must not be contacted: the confirmation of that very wish."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the store knows about the recipients and keys of a batch."""

    earlier: dict[tuple[str, str], tuple[str, str]]
    blocked: dict[str, str]
    modems: frozenset[str]
    preferred: dict[str, str]
    fresh: dict[str, Message] = field(default_factory=dict)
    """What this batch accepted so far, by id."""


def accept(
    connection: Connection, drafts: Sequence[Draft], routes: Sequence[str], now: datetime
) -> list[Message | GatewayError]:
    """Store messages; each gets its message, the one its key was used for, or its error."""
    known = _known(connection, drafts)
    owners = by_numbers(connection, {draft.message.recipient for draft in drafts})
    results: list[Message | GatewayError] = []
    accepted: list[tuple[Draft, Message]] = []
    for draft in drafts:
        result = _judge(connection, draft, known, now)
        if result is None:
            owner = owners.get(draft.message.recipient)
            message = draft.message
            if owner is not None:
                message = replace(message, party_id=owner.party_id, person_id=owner.person_id)
            accepted.append((draft, message))
            if draft.key:
                known.earlier[draft.key_owner, draft.key] = (draft.fingerprint, message.id)
            known.fresh[message.id] = message
            result = message
        results.append(result)
    if accepted:
        _store(connection, accepted, known, routes)
    return results


def _judge(
    connection: Connection, draft: Draft, known: _Known, now: datetime
) -> Message | GatewayError | None:
    message = draft.message
    earlier = known.earlier.get((draft.key_owner, draft.key)) if draft.key else None
    if earlier is not None:
        return _repeated(connection, draft, known, *earlier)
    reason = known.blocked.get(message.recipient)
    if reason is not None and not draft.despite_block:
        return Conflict(
            f"{message.recipient} must not be contacted: {reason}; "
            "if he agrees again, take him off the do-not-contact list"
        )
    if message.modem_id and message.modem_id not in known.modems:
        return Invalid(
            f"there is no modem {message.modem_id!r}; `santral modem list` shows all",
            field="modem",
        )
    if message.expires_at is not None and message.expires_at <= now:
        return Invalid("its last time has passed already", field="expires_at")
    return None


def _repeated(
    connection: Connection, draft: Draft, known: _Known, fingerprint: str, message_id: str
) -> Message | GatewayError:
    if fingerprint != draft.fingerprint:
        return Conflict(
            f"the Idempotency-Key {draft.key!r} was used for another message ({message_id}); "
            "use a new key for a new message"
        )
    found = known.fresh.get(message_id) or ledger.find(connection, message_id)
    assert found is not None
    return found


_KEYS = select(tables.idempotency_keys).where(
    among(tables.idempotency_keys.c.key, "keys"),
    among(tables.idempotency_keys.c.owner, "owners"),
)
_BLOCKED = select(consent.blocks.c.number, consent.blocks.c.source, consent.blocks.c.reason).where(
    among(consent.blocks.c.number, "numbers"),
    consent.blocks.c.channel.in_((Channel.SMS.value, Channel.ALL.value)),
)
_LAST_HEARD = (
    select(tables.received.c.sender, func.max(tables.received.c.id).label("id"))
    .where(among(tables.received.c.sender, "numbers"))
    .group_by(tables.received.c.sender)
    .subquery()
)
_PREFERRED = select(tables.received.c.sender, tables.received.c.modem_id).join(
    _LAST_HEARD, _LAST_HEARD.c.id == tables.received.c.id
)


def _known(connection: Connection, drafts: Sequence[Draft]) -> _Known:
    numbers = list({draft.message.recipient for draft in drafts})
    keys = [draft.key for draft in drafts if draft.key]
    owners = list({draft.key_owner for draft in drafts if draft.key})
    pinned = any(draft.message.modem_id for draft in drafts)
    return _Known(
        earlier={
            (row.owner, row.key): (row.fingerprint, row.message_id)
            for row in connection.execute(_KEYS, {"keys": keys, "owners": owners})
        }
        if keys
        else {},
        blocked={
            row.number: row.reason or row.source
            for row in connection.execute(_BLOCKED, {"numbers": numbers})
        },
        modems=frozenset(item.id for item in settings.every(connection, "modem"))
        if pinned
        else frozenset(),
        preferred={
            row.sender: row.modem_id for row in connection.execute(_PREFERRED, {"numbers": numbers})
        },
    )


def _store(
    connection: Connection,
    accepted: Sequence[tuple[Draft, Message]],
    known: _Known,
    routes: Sequence[str],
) -> None:
    references = _references(connection, accepted)
    rows.add(
        connection,
        tables.messages,
        _MESSAGE_COLUMNS,
        [_row(*pair, known, routes, references) for pair in accepted],
        _NEW_MESSAGE,
    )
    segments = list(_segments(accepted))
    rows.add(connection, tables.segments, _SEGMENT_COLUMNS, segments, _NEW_SEGMENT)
    keys = [
        (draft.key_owner, draft.key, draft.fingerprint, message.id, message.created_at)
        for draft, message in accepted
        if draft.key
    ]
    rows.add(connection, tables.idempotency_keys, _KEY_COLUMNS, keys)
    history.add(connection, [_line(message) for _, message in accepted])
    events.append(connection, *(_event(message) for _, message in accepted))


_DECIDED = ("state", "coding", "not_before")
_LATER = ("sent_at", "settled_at", "attempts", "error_code", "error_text")
_PLAIN = tuple(name for name in Message.__dataclass_fields__ if name not in {*_DECIDED, *_LATER})
_plain_of = attrgetter(*_PLAIN)
_MESSAGE_COLUMNS = (
    *_DECIDED, "concat_reference", "pinned_modem_id", "preferred_modem_id", "route", *_PLAIN,
)  # fmt: skip
_NEW_MESSAGE = (("avoided", ""), ("attempts", 0), ("error_code", ""), ("error_text", ""))
_SEGMENT_COLUMNS = ("message_id", "number", "text", "recipient")
_NEW_SEGMENT = (
    ("state", SegmentState.WAITING.value), ("modem_id", queue.NO_MODEM), ("sender", ""),
    ("error_code", ""),
)  # fmt: skip
_KEY_COLUMNS = ("owner", "key", "fingerprint", "message_id", "at")


def _row(
    draft: Draft,
    message: Message,
    known: _Known,
    routes: Sequence[str],
    references: Mapping[str, int],
) -> tuple[object, ...]:
    preferred = "" if message.modem_id else known.preferred.get(message.recipient, "")
    return (
        message.state.value,
        message.coding.value,
        message.not_before or message.created_at,
        references.get(message.id, 0),
        message.modem_id,
        preferred,
        route_of(message.recipient, routes),
        *_plain_of(message),
    )


def _segments(accepted: Iterable[tuple[Draft, Message]]) -> Iterable[tuple[object, ...]]:
    for draft, message in accepted:
        for number, text in enumerate(draft.texts, 1):
            yield message.id, number, text, message.recipient


def _references(
    connection: Connection, accepted: Iterable[tuple[Draft, Message]]
) -> dict[str, int]:
    """Return each long message's 8-bit reference, so that two of them never mix on a phone."""
    long = [message for draft, message in accepted if len(draft.texts) > 1]
    if not long:
        return {}
    table = tables.concat_references
    recipients = list({message.recipient for message in long})
    place = table.c.recipient.in_(recipients)
    last = {row.recipient: row.last for row in connection.execute(select(table).where(place))}
    known = set(last)
    given = {}
    for message in long:
        before = last.get(message.recipient, int(message.id[-2:], 16))
        given[message.id] = last[message.recipient] = (before + 1) % 256
    new = [(recipient, last[recipient]) for recipient in recipients if recipient not in known]
    rows.add(connection, table, ("recipient", "last"), new)
    changed = [{"whose": one, "last": last[one]} for one in recipients if one in known]
    if changed:
        connection.execute(update(table).where(table.c.recipient == bindparam("whose")), changed)
    return given


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


def _event(message: Message) -> events.Event:
    return events.Event(
        f"sms.{message.state}",
        message.id,
        message.created_at,
        events.audience_of(message.user_id),
        {"party": message.party_id},
    )


def take_back(connection: Connection, number: str, now: datetime, reason: str) -> int:
    """Cancel what waits for a number; return how many messages that were."""
    query = select(_M.id).where(
        _M.recipient == number,
        _M.state.in_((SendState.QUEUED.value, SendState.SCHEDULED.value)),
        _M.automatic.is_(False),
    )
    count = 0
    for message_id in connection.execute(query).scalars().all():
        message = ledger.find(connection, message_id)
        if message is None or ledger.is_begun(connection, message.id):
            continue
        deciding.close(connection, message, SendState.CANCELLED, now, code="blocked", text=reason)
        count += 1
    return count


def take_back_blocked(connection: Connection, block: Block) -> None:
    """Cancel what waits for a number that must not be written to any more."""
    if block.channel in {Channel.SMS, Channel.ALL}:
        take_back(connection, block.number, block.at, "the number is on the do-not-contact list")
