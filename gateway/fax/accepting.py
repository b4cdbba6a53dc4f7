"""Takes faxes into the store: everything that one request sends, in one unit of work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, insert, select

import gateway.consent.tables as consent
import gateway.history.tables as history
from gateway.consent.model import Block, Channel
from gateway.fax import ledger, tables
from gateway.fax.model import Fax
from gateway.fax.policy import FaxPolicy, policy_of
from gateway.fax.receiving import document_url
from gateway.history.model import Direction, Interaction, InteractionKind
from gateway.kernel.errors import Conflict, GatewayError, Invalid, TooMany
from gateway.kernel.store.values import among
from gateway.parties.lookup import Owner, by_numbers
from gateway.sending import quotas
from gateway.sending.quotas import Quota
from gateway.sending.states import SendState

_BLOCKED = select(consent.blocks.c.number, consent.blocks.c.source, consent.blocks.c.reason).where(
    among(consent.blocks.c.number, "numbers"),
    consent.blocks.c.channel.in_((Channel.FAX.value, Channel.ALL.value)),
)
_KEY = select(tables.idempotency_keys).where(
    tables.idempotency_keys.c.owner == bindparam("owner"),
    tables.idempotency_keys.c.key == bindparam("key"),
)
_BATCH = (
    select(tables.faxes)
    .where(tables.faxes.c.batch_id == bindparam("batch"))
    .order_by(tables.faxes.c.id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A request's Idempotency-Key, whose it is and what it was given for."""

    owner: str
    key: str
    fingerprint: str


def repeated(connection: Connection, key: Key) -> list[Fax] | None:
    """Return what a key was used for; None when it is new. Raises Conflict for another request."""
    row = connection.execute(_KEY, {"owner": key.owner, "key": key.key}).first()
    if row is None:
        return None
    if row.fingerprint != key.fingerprint:
        raise Conflict(
            f"the Idempotency-Key {key.key!r} was used for another fax; use a new key for a new one"
        )
    return [ledger.fax_of(one) for one in connection.execute(_BATCH, {"batch": row.batch_id})]


def accept(
    connection: Connection,
    drafts: Sequence[Fax],
    server_id: str,
    key: Key | None,
    now: datetime,
    zone: ZoneInfo,
) -> list[Fax | GatewayError]:
    """Store the faxes of one request; each is taken or has its error."""
    if key is not None and (earlier := repeated(connection, key)) is not None:
        return list(earlier)
    numbers = list({draft.recipient for draft in drafts})
    blocked = {
        row.number: row.reason or row.source
        for row in connection.execute(_BLOCKED, {"numbers": numbers})
    }
    policy = policy_of(connection)
    results = [_judge(draft, policy, blocked, now) for draft in drafts]
    taken = [one for one in results if isinstance(one, Fax)]
    refusal = _over_quota(connection, taken, policy, now, zone)
    if refusal is not None:
        return [refusal if isinstance(one, Fax) else one for one in results]
    owners = by_numbers(connection, {one.recipient for one in taken})
    owned = {one.id: _with_owner(one, owners) for one in taken}
    _store(connection, list(owned.values()), server_id)
    if key is not None and taken:
        connection.execute(
            insert(tables.idempotency_keys).values(
                owner=key.owner, key=key.key, fingerprint=key.fingerprint,
                batch_id=taken[0].batch_id, at=now,
            )
        )  # fmt: skip
    return [owned[one.id] if isinstance(one, Fax) else one for one in results]


def _judge(
    draft: Fax, policy: FaxPolicy, blocked: Mapping[str, str], now: datetime
) -> Fax | GatewayError:
    reason = blocked.get(draft.recipient)
    if reason is not None:
        return Conflict(
            f"{draft.recipient} must not be faxed: {reason}; "
            "if he agrees again, take him off the do-not-contact list"
        )
    if not policy.may_fax(draft.recipient):
        return Invalid(
            f"{draft.recipient} may not be faxed by the rules of this office; "
            "an administrator changes them (santral policy fax)",
            field="to",
        )
    if draft.expires_at is not None and draft.expires_at <= now:
        return Invalid("its last time has passed already", field="expires_at")
    return draft


def _over_quota(
    connection: Connection, taken: Sequence[Fax], policy: FaxPolicy, now: datetime, zone: ZoneInfo
) -> GatewayError | None:
    """Count the pages against the sender's day; tell when that is used up."""
    pages = sum(fax.pages for fax in taken)
    user_id = taken[0].user_id if taken else None
    if user_id is None or policy.pages_per_user_day is None:
        return None
    sender = f"fax of user:{user_id}"
    room = quotas.room(connection, sender, Quota(per_day=policy.pages_per_user_day), now, zone)
    if room.left is not None and pages > room.left:
        retry_after_s = (room.until - now).total_seconds() if room.until else 0.0
        return TooMany(
            f"{pages} pages are more than the {room.left} that you may still fax today; "
            "wait until tomorrow, or ask an administrator",
            retry_after_s=retry_after_s,
        )
    quotas.spend(connection, sender, pages, now, zone)
    return None


def _with_owner(fax: Fax, owners: Mapping[str, Owner]) -> Fax:
    owner = owners.get(fax.recipient)
    if fax.party_id is not None or owner is None:
        return fax
    return replace(fax, party_id=owner.party_id, person_id=owner.person_id)


def _store(connection: Connection, faxes: Sequence[Fax], server_id: str) -> None:
    if not faxes:
        return
    connection.execute(insert(tables.faxes), [_row(fax, server_id) for fax in faxes])
    history.record(connection, *(_line(fax) for fax in faxes))
    for fax in faxes:
        ledger.tell(connection, fax, fax.state, fax.created_at, {})


def _row(fax: Fax, server_id: str) -> dict[str, object]:
    values = {name: getattr(fax, name) for name in Fax.__dataclass_fields__}
    return {
        **values,
        "state": fax.state.value,
        "resolution": fax.resolution.value,
        "not_before": fax.not_before or fax.created_at,
        "reason": None,
        "pinned_server_id": server_id,
        "avoided_server_id": "",
    }


def _line(fax: Fax) -> Interaction:
    return Interaction(
        kind=InteractionKind.FAX,
        direction=Direction.OUT,
        ref=fax.id,
        number=fax.recipient,
        party_id=fax.party_id,
        person_id=fax.person_id,
        user_id=fax.user_id,
        started_at=fax.created_at,
        outcome=fax.state.value,
        text=fax.subject,
        document=document_url(fax.id),
    )


def take_back_blocked(connection: Connection, block: Block) -> None:
    """Cancel what waits for a number that must not be faxed any more."""
    if block.channel not in {Channel.FAX, Channel.ALL}:
        return
    waiting = select(tables.faxes).where(
        tables.faxes.c.recipient == block.number,
        tables.faxes.c.state.in_((SendState.QUEUED.value, SendState.SCHEDULED.value)),
    )
    for row in connection.execute(waiting).all():
        ledger.set_fax(
            connection, ledger.fax_of(row), SendState.CANCELLED, block.at,
            error_text="the number is on the do-not-contact list",
        )  # fmt: skip
