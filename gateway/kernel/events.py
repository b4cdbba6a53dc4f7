"""The event log: what happened, in order, with who may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, Table, Text, insert, select

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


def audience_of(user_id: str | None) -> str:
    """Return the audience of what belongs to one user: him, and those who see everything."""
    return f"user:{user_id}" if user_id else EVERYONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One fact; `subject` is the id of the object it happened to."""

    kind: str
    subject: str
    at: datetime
    audience: str
    data: Mapping[str, Any]
    id: int = 0


def append(connection: Connection, *occurred: Event) -> None:
    """Write events inside the unit of work that made them true."""
    if occurred:
        connection.execute(
            insert(events),
            [
                {
                    "at": event.at,
                    "kind": event.kind,
                    "subject": event.subject,
                    "audience": event.audience,
                    "data": dict(event.data),
                }
                for event in occurred
            ],
        )


def after(
    connection: Connection, last_id: int, *, audiences: Sequence[str] | None, limit: int = 500
) -> list[Event]:
    """Return the events behind `last_id` that these audiences may see (None: all of them)."""
    query = select(events).where(events.c.id > last_id).order_by(events.c.id).limit(limit)
    if audiences is not None:
        query = query.where(events.c.audience.in_(audiences))
    return [Event(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001
