"""How far durable readers of the event log have come; a mark moves in its work's own unit."""

from __future__ import annotations

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
