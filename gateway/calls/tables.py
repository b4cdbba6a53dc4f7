"""The table of calls, and the statements on it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    delete,
    false,
    insert,
    select,
    update,
)

from gateway.kernel.store.schema import Id, JsonText, UtcDateTime, metadata
from gateway.parties.port import Attachment

calls = Table(
    "calls",
    metadata,
    Column("id", Id, primary_key=True),
    Column("pbx", Text, nullable=False),
    Column("ref", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("direction", String(16), nullable=False),
    Column("number", Text, nullable=False),
    Column("did", Text, nullable=False),
    Column("answered_by", Text, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("party_id", Id, ForeignKey("parties.id")),
    Column("person_id", Id, ForeignKey("contact_persons.id", ondelete="SET NULL")),
    Column("user_id", Id, ForeignKey("users.id")),
    Column("private", Boolean, nullable=False, server_default=false()),
    Column("told", JsonText, nullable=False),
    Column("notes", JsonText, nullable=False, server_default="[]"),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("pbx", "ref"),
    Index("ix_calls_number", "number", "id"),
)
call_people = Table(
    "call_people",
    metadata,
    Column("call_id", Id, ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Id, ForeignKey("users.id"), primary_key=True),
)
dials = Table(
    "dials",
    metadata,
    Column("id", Id, primary_key=True),
    Column("pbx", Text, nullable=False),
    Column("ref", Text, nullable=False, unique=True),
    Column("user_id", Id, ForeignKey("users.id"), nullable=False),
    Column("extension", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("dialled", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    Column("call_id", Id),
    Column("owner", Text, nullable=False),
    Column("key", Text),
    UniqueConstraint("owner", "key"),
    Index("ix_dials_user", "user_id", "asked_at"),
)
_LIVING = calls.c.ended_at.is_(None)
_SOMEBODYS = calls.c.party_id.is_not(None)
Index("ix_calls_living", calls.c.pbx, sqlite_where=_LIVING, postgresql_where=_LIVING)
Index(
    "ix_calls_party", calls.c.party_id, calls.c.id,
    sqlite_where=_SOMEBODYS, postgresql_where=_SOMEBODYS,
)  # fmt: skip

_OF = (calls.c.pbx == bindparam("of_pbx"), calls.c.ref == bindparam("of_ref"))
_FIND = select(calls).where(*_OF)
_PEOPLE_OF = select(call_people.c.user_id).where(call_people.c.call_id == bindparam("of_call"))
_WRITE = insert(calls)
_WRITE_AGAIN = update(calls).where(calls.c.id == bindparam("of_id"))
_LIVING_OF = select(calls).where(calls.c.pbx == bindparam("of_pbx"), _LIVING)


_ATTACH = (
    update(calls)
    .where(calls.c.number == bindparam("of_number"), calls.c.party_id.is_(None))
    .values(party_id=bindparam("to_party"), person_id=bindparam("to_person"))
)


def attach(connection: Connection, attachments: Sequence[Attachment]) -> None:
    """Give calls that were nobody's to the parties that their numbers now belong to."""
    connection.execute(
        _ATTACH,
        [
            {"of_number": one.key, "to_party": one.party_id, "to_person": one.person_id}
            for one in attachments
        ],
    )


def find(connection: Connection, pbx: str, ref: str) -> Any:
    """Return the row of a call; None when it is not known."""
    return connection.execute(_FIND, {"of_pbx": pbx, "of_ref": ref}).first()


def by_id(connection: Connection, call_id: str) -> Any:
    """Return the row of a call by our own id; None when there is none."""
    return connection.execute(select(calls).where(calls.c.id == call_id)).first()


def living(connection: Connection, pbx: str) -> list[Any]:
    """Return the calls of a telephone system whose end is not written."""
    return list(connection.execute(_LIVING_OF, {"of_pbx": pbx}))


def systems_of_living(connection: Connection) -> set[str]:
    """Return the telephone systems that have calls whose end is not written."""
    return set(connection.execute(select(calls.c.pbx).where(_LIVING).distinct()).scalars())


def values_of(row: Any) -> dict[str, Any]:
    """Return a row's values by column."""
    return {column.name: getattr(row, column.name) for column in calls.columns}


def write(connection: Connection, values: dict[str, Any], *, known: bool) -> None:
    """Write a call, new or again."""
    if known:
        connection.execute(_WRITE_AGAIN, {"of_id": values["id"], **values})
    else:
        connection.execute(_WRITE, values)


def note_people(connection: Connection, call_id: str, user_ids: Collection[str]) -> None:
    """Note which of our people are in a call, or were rung for it."""
    known = set(connection.execute(_PEOPLE_OF, {"of_call": call_id}).scalars())
    new = [{"call_id": call_id, "user_id": one} for one in user_ids if one not in known]
    if new:
        connection.execute(insert(call_people), new)


def write_notes(connection: Connection, call_id: str, notes: list[dict[str, Any]]) -> None:
    """Write all notes of a call."""
    connection.execute(update(calls).where(calls.c.id == call_id).values(notes=notes))


def drop(connection: Connection, call_id: str) -> None:
    """Drop a call that turned out to be part of another."""
    connection.execute(delete(call_people).where(call_people.c.call_id == call_id))
    connection.execute(delete(calls).where(calls.c.id == call_id))
