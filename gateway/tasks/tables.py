"""The tables of tasks and of what made them, and the statements on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass as checked
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    bindparam,
    insert,
    or_,
    select,
    update,
)

from gateway.kernel.store.schema import Id, JsonText, UtcDateTime, metadata
from gateway.kernel.store.values import among
from gateway.parties.tables import parties
from gateway.people.tables import users
from gateway.tasks.model import Attempt, Closing, MissedCall, Step, Task, TaskKind

tasks = Table(
    "tasks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("key", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("party_id", Id, ForeignKey("parties.id")),
    Column("person_id", Id, ForeignKey("contact_persons.id", ondelete="SET NULL")),
    Column("assigned_to", Id, ForeignKey("users.id")),
    Column("chosen", Boolean, nullable=False),
    Column("count", Integer, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("told", JsonText, nullable=False),
    Index("ix_tasks_newest", "last_at", "id"),
)
task_sources = Table(
    "task_sources",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("ref", Id, primary_key=True),
    Column("task_id", Id, ForeignKey("tasks.id", ondelete="CASCADE"), nullable=False),
)
"""What was counted in a task, by the id of the call: it is counted once."""
OPEN = tasks.c.closed_at.is_(None)
_SOMEBODYS = tasks.c.party_id.is_not(None)
_NOBODYS = tasks.c.party_id.is_(None)
Index(
    "uq_tasks_open", tasks.c.kind, tasks.c.key, unique=True,
    sqlite_where=OPEN, postgresql_where=OPEN,
)  # fmt: skip
Index(
    "ix_tasks_unattached", tasks.c.number, sqlite_where=_NOBODYS, postgresql_where=_NOBODYS
)  # fmt: skip
Index(
    "ix_tasks_party", tasks.c.party_id, tasks.c.last_at,
    sqlite_where=_SOMEBODYS, postgresql_where=_SOMEBODYS,
)  # fmt: skip

_OPEN_OF = select(tasks).where(
    OPEN, or_(among(tasks.c.key, "keys"), among(tasks.c.party_id, "of_parties"))
)
_OF_NOBODY = select(tasks).where(among(tasks.c.number, "numbers"), _NOBODYS)
_SOURCES = select(task_sources.c.ref).where(
    task_sources.c.kind == bindparam("of_kind"), among(task_sources.c.ref, "refs")
)
_RESPONSIBLE = (
    select(parties.c.id, users.c.id.label("user_id"))
    .join(
        users,
        (users.c.id == parties.c.responsible_id) & users.c.disabled_at.is_(None),
        isouter=True,
    )
    .where(among(parties.c.id, "of_parties"))
)
_OF_KEY = select(tasks).where(
    OPEN, tasks.c.kind == bindparam("of_kind"), tasks.c.key == bindparam("of_key")
)


_CHANGING = (
    "party_id", "person_id", "assigned_to", "chosen", "count", "last_at", "since", "closed_at",
    "told",
)  # fmt: skip
_AGAIN = (
    update(tasks)
    .where(tasks.c.id == bindparam("new_id"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)


@checked(frozen=True, kw_only=True)
class _Told:
    """What the column `told` holds: it is read with its task and never sought by."""

    calls: tuple[MissedCall, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    steps: tuple[Step, ...] = ()
    closing: Closing | None = None


_TOLD = TypeAdapter(_Told)
_KEPT = tuple(column.name for column in tasks.c if column.name not in {"closed_at", "told"})


def task_of(row: Row[Any]) -> Task:
    """Return the task in a row."""
    told = _TOLD.validate_python(row.told)
    kept = {name: getattr(row, name) for name in _KEPT} | {"kind": TaskKind(row.kind)}
    return Task(
        **kept, calls=told.calls, attempts=told.attempts, steps=told.steps, closing=told.closing
    )


def find(connection: Connection, task_id: str) -> Task | None:
    """Return a task; None when there is none."""
    row = connection.execute(select(tasks).where(tasks.c.id == task_id)).first()
    return None if row is None else task_of(row)


def open_of_key(connection: Connection, kind: TaskKind, key: str) -> Task | None:
    """Return the open task that gathers by a key."""
    row = connection.execute(_OF_KEY, {"of_kind": kind.value, "of_key": key}).first()
    return None if row is None else task_of(row)


def open_of(connection: Connection, keys: Iterable[str], party_ids: Iterable[str]) -> list[Task]:
    """Return the open tasks that gather by some keys, and those of some parties."""
    given = {"keys": sorted(set(keys)), "of_parties": sorted(set(party_ids))}
    return [task_of(row) for row in connection.execute(_OPEN_OF, given)]


def of_nobody(connection: Connection, numbers: Iterable[str]) -> list[Task]:
    """Return the tasks, open and closed, of some numbers that belong to no party yet."""
    given = {"numbers": sorted(set(numbers))}
    return [task_of(row) for row in connection.execute(_OF_NOBODY, given)]


def counted(connection: Connection, kind: TaskKind, refs: Iterable[str]) -> set[str]:
    """Return which of some sources have a task, open or closed."""
    given = {"of_kind": kind.value, "refs": sorted(set(refs))}
    return set(connection.execute(_SOURCES, given).scalars())


def responsible_of(connection: Connection, party_ids: Iterable[str]) -> dict[str, str | None]:
    """Return who does the tasks of each of some parties: who is responsible and works here."""
    given = {"of_parties": sorted(set(party_ids))}
    return {row.id: row.user_id for row in connection.execute(_RESPONSIBLE, given)}


def write(connection: Connection, changed: Sequence[Task]) -> None:
    """Write tasks, new or again; new ones last, when keys of what was closed are free."""
    if not changed:
        return
    query = select(tasks.c.id).where(among(tasks.c.id, "ids"))
    known = set(connection.execute(query, {"ids": [task.id for task in changed]}).scalars())
    again = [task for task in changed if task.id in known]
    if again:
        connection.execute(_AGAIN, [{f"new_{k}": v for k, v in _values(t).items()} for t in again])
    new = [_values(task) for task in changed if task.id not in known]
    if new:
        connection.execute(insert(tasks), new)


def count_in(connection: Connection, kind: TaskKind, sources: Collection[tuple[str, str]]) -> None:
    """Note which sources, by their ids, are counted in which tasks."""
    rows = [{"kind": kind.value, "ref": ref, "task_id": task_id} for ref, task_id in sources]
    if rows:
        connection.execute(insert(task_sources), rows)


def _values(task: Task) -> dict[str, Any]:
    told = _Told(
        calls=task.calls, attempts=task.attempts, steps=task.steps, closing=task.closing
    )  # fmt: skip
    return {
        **{name: getattr(task, name) for name in _KEPT},
        "kind": task.kind.value,
        "closed_at": task.closing.at if task.closing else None,
        "told": told,
    }
