"""Durable readers of the event log: how far each has come, and what comes next for it.

A reader moves its mark in the unit of work in which it does what the events ask for: killed
anywhere, it goes on where its last unit ended.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Table,
    Text,
    bindparam,
    insert,
    select,
    update,
)

from gateway.kernel import events
from gateway.kernel.events import Event
from gateway.kernel.events import events as log
from gateway.kernel.store.schema import metadata

event_marks = Table(
    "event_marks",
    metadata,
    Column("reader", Text, primary_key=True),
    Column("after_event", BigInteger, nullable=False),
)

_MARK = select(event_marks.c.after_event).where(event_marks.c.reader == bindparam("of_reader"))


def mark_of(connection: Connection, reader: str) -> int:
    """Return the newest event that a reader has dealt with; 0 before the first."""
    return connection.execute(_MARK, {"of_reader": reader}).scalar() or 0


def move_mark(connection: Connection, reader: str, after_event: int) -> None:
    """Note that a reader has dealt with everything up to an event; a mark never goes back."""
    before = connection.execute(_MARK, {"of_reader": reader}).scalar()
    if before is None:
        connection.execute(insert(event_marks).values(reader=reader, after_event=after_event))
    elif before < after_event:
        place = event_marks.c.reader == reader
        connection.execute(update(event_marks).where(place).values(after_event=after_event))


def unread(
    connection: Connection, after: int, *, kinds: Collection[str], limit: int
) -> tuple[list[Event], int]:
    """Return the next events of some kinds, and up to where the log was looked through for them."""
    newest = events.newest(connection)
    query = select(log).where(log.c.id > after, log.c.kind.in_(sorted(kinds)))
    rows = connection.execute(query.order_by(log.c.id).limit(limit))
    found = [Event(**row._mapping) for row in rows]  # noqa: SLF001 - Row's public name
    last = found[-1].id if found else after
    return found, last if len(found) == limit else max(last, newest)
