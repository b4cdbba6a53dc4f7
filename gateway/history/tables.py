"""The table of interactions, and the statements that other features' units run on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import (
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
    func,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from gateway.history.model import Interaction, InteractionKind
from gateway.kernel.ids import new_id
from gateway.kernel.store import rows
from gateway.kernel.store.schema import Id, UtcDateTime, metadata
from gateway.parties.port import Attachment

interactions = Table(
    "interactions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("ref", Text, nullable=False),
    Column("direction", String(8), nullable=False),
    Column("party_id", Id, ForeignKey("parties.id")),
    Column("person_id", Id, ForeignKey("contact_persons.id", ondelete="SET NULL")),
    Column("user_id", Id, ForeignKey("users.id")),
    Column("number", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("outcome", String(32), nullable=False),
    Column("text", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("kind", "ref"),
    Index("ix_interactions_timeline", "party_id", "started_at", "id"),
)
_NOBODYS = interactions.c.party_id.is_(None)
_SOMEBODYS = interactions.c.person_id.is_not(None)
Index(
    "ix_interactions_unattached",
    interactions.c.number,
    sqlite_where=_NOBODYS,
    postgresql_where=_NOBODYS,
)
Index(
    "ix_interactions_person",
    interactions.c.person_id,
    sqlite_where=_SOMEBODYS,
    postgresql_where=_SOMEBODYS,
)

_KEY = (interactions.c.kind == bindparam("of_kind"), interactions.c.ref == bindparam("of_ref"))

_SQLITE_INSERT = sqlite_insert(interactions)
_POSTGRESQL_INSERT = postgresql_insert(interactions)
_CONFLICT = ["kind", "ref"]


def _kept(table: Any, new: Any) -> dict[str, Any]:
    """Return what a second write of the same interaction changes: what it knows better."""
    replaced = ("line", "outcome", "text", "document", "updated_at")
    completed = ("party_id", "person_id", "user_id", "ended_at")
    return {name: new[name] for name in replaced} | {
        name: func.coalesce(new[name], table.c[name]) for name in completed
    }


_RECORD = {
    "sqlite": _SQLITE_INSERT.on_conflict_do_update(
        index_elements=_CONFLICT, set_=_kept(interactions, _SQLITE_INSERT.excluded)
    ),
    "postgresql": _POSTGRESQL_INSERT.on_conflict_do_update(
        index_elements=_CONFLICT, set_=_kept(interactions, _POSTGRESQL_INSERT.excluded)
    ),
}
_SETTLE = (
    update(interactions)
    .where(*_KEY)
    .values(outcome=bindparam("new_outcome"), ended_at=bindparam("at"), updated_at=bindparam("at"))
)
_AMEND = (
    update(interactions)
    .where(*_KEY)
    .values(
        outcome=bindparam("new_outcome"), text=bindparam("new_text"), updated_at=bindparam("at")
    )
)
_LINK = (
    update(interactions)
    .where(*_KEY)
    .values(document=bindparam("new_document"), updated_at=bindparam("at"))
)
_GIVE = (
    update(interactions)
    .where(*_KEY)
    .values(
        party_id=bindparam("to_party"), person_id=bindparam("to_person"),
        user_id=bindparam("to_user"), updated_at=bindparam("at"),
    )
)  # fmt: skip
_DROP = delete(interactions).where(*_KEY)
_ATTACH = (
    update(interactions)
    .where(interactions.c.number == bindparam("of_number"), _NOBODYS)
    .values(party_id=bindparam("to_party"), person_id=bindparam("to_person"))
)


def record(connection: Connection, *interactions_: Interaction) -> None:
    """Write interactions inside a unit of work; the same kind and ref again updates one."""
    values = [dict(zip(_COLUMNS, _row(interaction), strict=True)) for interaction in interactions_]
    connection.execute(_RECORD[connection.dialect.name], values)


def add(connection: Connection, interactions_: Sequence[Interaction]) -> None:
    """Write interactions that are new for certain: many at once cost less than by `record`."""
    rows.add(connection, interactions, _COLUMNS, [_row(one) for one in interactions_])


_PLAIN = (
    "ref", "party_id", "person_id", "user_id", "number", "line", "started_at", "ended_at",
    "outcome", "text", "document",
)  # fmt: skip
_COLUMNS = ("id", "kind", "direction", "created_at", "updated_at", *_PLAIN)
_plain_of = attrgetter(*_PLAIN)


def _row(one: Interaction) -> tuple[Any, ...]:
    kind, direction = one.kind.value, one.direction.value
    return (new_id(), kind, direction, one.started_at, one.started_at, *_plain_of(one))


def settle(
    connection: Connection, kind: InteractionKind | str, ref: str, outcome: str, at: datetime
) -> None:
    """Write what became of an interaction; one that is not there is let be."""
    connection.execute(
        _SETTLE,
        {"of_kind": str(kind), "of_ref": ref, "new_outcome": outcome, "at": at},
    )


def link(
    connection: Connection, kind: InteractionKind | str, ref: str, document: str, at: datetime
) -> None:
    """Write where an interaction's recording or pages are; one that is not there is let be."""
    given = {"of_kind": str(kind), "of_ref": ref, "new_document": document, "at": at}
    connection.execute(_LINK, given)


def give(
    connection: Connection,
    kind: InteractionKind | str,
    ref: str,
    party_id: str | None,
    person_id: str | None,
    *,
    user_id: str | None,
    at: datetime,
) -> None:
    """Write whose an interaction is, as a person says; one that is not there is let be."""
    connection.execute(
        _GIVE,
        {
            "of_kind": str(kind),
            "of_ref": ref,
            "to_party": party_id,
            "to_person": person_id,
            "to_user": user_id,
            "at": at,
        },
    )


def drop(connection: Connection, kind: InteractionKind | str, ref: str) -> None:
    """Take out an interaction that turned out to be part of another."""
    connection.execute(_DROP, {"of_kind": str(kind), "of_ref": ref})


def amend(
    connection: Connection,
    kind: InteractionKind | str,
    ref: str,
    *,
    outcome: str,
    text: str,
    at: datetime,
) -> None:
    """Replace an interaction's text, as when a missing part came after all."""
    connection.execute(
        _AMEND,
        {
            "of_kind": str(kind),
            "of_ref": ref,
            "new_outcome": outcome,
            "new_text": text,
            "at": at,
        },
    )


def attach(connection: Connection, attachments: Sequence[Attachment]) -> None:
    """Give interactions that were nobody's to the parties that their numbers now belong to."""
    connection.execute(
        _ATTACH,
        [
            {"of_number": one.key, "to_party": one.party_id, "to_person": one.person_id}
            for one in attachments
        ],
    )
