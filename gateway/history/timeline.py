"""The history of a party, newest first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from gateway.history.model import Direction, Interaction, InteractionKind, TimelineEntry
from gateway.history.tables import interactions
from gateway.kernel.errors import Invalid, NotFound
from gateway.kernel.store import Store
from gateway.parties.rights import may_see
from gateway.parties.tables import contact_persons, parties
from gateway.people.tables import users
from gateway.web import cursor as cursors
from gateway.web.paging import MAX_PAGE
from gateway.web.principal import Permission, Principal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a history; `next_cursor` is empty on the last."""

    items: tuple[TimelineEntry, ...]
    next_cursor: str = ""


class Timeline:
    """Shows the one record of every call, message and fax."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of_party(
        self,
        principal: Principal,
        party_id: str,
        *,
        cursor: str = "",
        kinds: Collection[InteractionKind] = (),
        limit: int = 50,
    ) -> Page:
        """Return a party's interactions, newest first; raises NotFound, Invalid for the cursor.

        Messages and calls are shown to those only who may read such.
        """
        principal.require(Permission.PARTIES_READ)
        limit = min(limit, MAX_PAGE)
        wanted = _readable(principal, kinds)
        query = _query(party_id, cursor, wanted).limit(limit + 1)

        def read(connection: Connection) -> Page:
            _require_visible(connection, principal, party_id)
            rows = connection.execute(query).all()
            last = rows[limit - 1] if len(rows) > limit else None
            return Page(
                items=tuple(_entry(row) for row in rows[:limit]),
                next_cursor=_cursor(last) if last else "",
            )

        return await self._store.read(read)


def _readable(
    principal: Principal, kinds: Collection[InteractionKind]
) -> frozenset[InteractionKind]:
    wanted = frozenset(kinds or InteractionKind)
    for kind, permission in (
        (InteractionKind.SMS, Permission.SMS_READ), (InteractionKind.CALL, Permission.CALLS_READ),
    ):  # fmt: skip
        if permission not in principal.permissions:
            wanted -= {kind}
    return wanted


def _query(party_id: str, cursor: str, kinds: Collection[InteractionKind]) -> Select[Any]:
    table = interactions.c
    query = (
        select(
            interactions,
            contact_persons.c.name.label("person_name"),
            users.c.name.label("user_name"),
        )
        .join(contact_persons, contact_persons.c.id == table.person_id, isouter=True)
        .join(users, users.c.id == table.user_id, isouter=True)
        .where(table.party_id == party_id)
        .order_by(table.started_at.desc(), table.id.desc())
    )
    if len(kinds) < len(InteractionKind):
        query = query.where(table.kind.in_(sorted(kinds)))
    if cursor:
        at, last_id = _position(cursor)
        query = query.where(
            table.started_at <= at,
            (table.started_at < at) | (table.id < last_id),
        )
    return query


def _cursor(row: Row[Any]) -> str:
    return cursors.encode(str((row.started_at - _EPOCH) // _MICROSECOND), row.id)


def _position(cursor: str) -> tuple[datetime, str]:
    microseconds, last_id = cursors.decode(cursor, 2)
    try:
        return _EPOCH + int(microseconds) * _MICROSECOND, last_id
    except (ValueError, OverflowError) as error:
        raise Invalid("the cursor belongs to another list", field="cursor") from error


def _require_visible(connection: Connection, principal: Principal, party_id: str) -> None:
    known = party_id.isascii() and party_id.isalnum()
    query = select(parties.c.responsible_id).where(parties.c.id == party_id)
    row = connection.execute(query).first() if known else None
    if row is None or not may_see(principal, row.responsible_id):
        raise NotFound(f"there is no party {party_id}")


def _entry(row: Row[Any]) -> TimelineEntry:
    return TimelineEntry(
        id=row.id,
        person_name=row.person_name or "",
        user_name=row.user_name or "",
        interaction=Interaction(
            kind=InteractionKind(row.kind),
            direction=Direction(row.direction),
            ref=row.ref,
            number=row.number,
            line=row.line,
            party_id=row.party_id,
            person_id=row.person_id,
            user_id=row.user_id,
            started_at=row.started_at,
            ended_at=row.ended_at,
            outcome=row.outcome,
            text=row.text,
            document=row.document,
        ),
    )
