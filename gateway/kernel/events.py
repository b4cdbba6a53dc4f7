"""The event log: what happened, in order, with who may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, NamedTuple

from pydantic_core import from_json
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Integer,
    Row,
    Table,
    Text,
    bindparam,
    func,
    or_,
    select,
    type_coerce,
)

from gateway.kernel.store import Store, rows
from gateway.kernel.store.schema import JsonText, UtcDateTime, metadata

events = Table(
    "events",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("data", JsonText, nullable=False),
    sqlite_autoincrement=True,
)

EVERYONE = "everyone"
"""Audience: whoever may read this kind of thing at all."""
NOBODY = "nobody"
"""Audience: only those who see everything."""


def audience_of(*user_ids: str | None) -> str:
    """Return the audience of what belongs to some users: them, and those who see everything."""
    return " ".join(sorted({f"user:{one}" for one in user_ids if one})) or EVERYONE


class Event(NamedTuple):
    """One fact; `subject` is the id of the object it happened to."""

    kind: str
    subject: str
    at: datetime
    audience: str
    data: Mapping[str, Any]
    id: int = 0


def append(connection: Connection, *occurred: Event) -> None:
    """Write events inside the unit of work that made them true."""
    rows.add(connection, events, _COLUMNS, [_row_of(event) for event in occurred])


_COLUMNS = ("at", "kind", "subject", "audience", "data")
_row_of = attrgetter(*_COLUMNS)


def after(
    connection: Connection,
    last_id: int,
    *,
    audiences: Sequence[str] | None,
    limit: int = 500,
    up_to: int | None = None,
) -> list[Event]:
    """Return the events behind `last_id` that these audiences may see (None: all of them)."""
    query = select(events).where(events.c.id > last_id).order_by(events.c.id).limit(limit)
    if audiences is not None:
        query = query.where(or_(*(events.c.audience.contains(one) for one in audiences)))
    if up_to is not None:
        query = query.where(events.c.id <= up_to)
    return [_event(row) for row in connection.execute(query)]


def newest(connection: Connection) -> int:
    """Return the id of the newest event; 0 before the first."""
    return connection.execute(_NEWEST).scalar() or 0


def oldest(connection: Connection) -> int:
    """Return the id of the oldest event that is kept; 0 before the first."""
    return connection.execute(_OLDEST).scalar() or 0


_NEWEST = select(func.max(events.c.id))
_OLDEST = select(func.min(events.c.id))


def _event(row: Row[Any]) -> Event:
    return Event(**row._mapping)  # noqa: SLF001 - Row's public name


_FOLLOWING = (
    select(
        events.c.kind,
        events.c.subject,
        type_coerce(events.c.at, DateTime(timezone=True)),
        events.c.audience,
        type_coerce(events.c.data, Text),
        events.c.id,
    )
    .where(events.c.id > bindparam("last_id"))
    .order_by(events.c.id)
    .limit(bindparam("at_most", type_=Integer))
)


async def newest_of(store: Store) -> int:
    """Return the id of the last event written; 0 while there is none. For the hot path."""
    return int((await store.rows(_NEWEST))[0][0] or 0)


async def following(store: Store, last_id: int, at_most: int) -> list[Event]:
    """Return what everybody together is to be told behind `last_id`; for the hot path."""
    found = await store.rows(_FOLLOWING, last_id=last_id, at_most=at_most)
    return [
        Event(kind, subject, _utc(at), audience, from_json(data), number)
        for kind, subject, at, audience, data, number in found
    ]


def _utc(at: datetime | str) -> datetime:
    """Return a time as the hot path gives it: SQLite keeps a text."""
    return datetime.fromisoformat(at) if isinstance(at, str) else at.astimezone(UTC)
