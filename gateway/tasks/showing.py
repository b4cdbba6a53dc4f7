"""Tasks as somebody may see them: one, a page, and how many wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Select, and_, exists, func, or_, select

from gateway.kernel.errors import Invalid, NotFound
from gateway.kernel.store import Store
from gateway.parties.tables import parties
from gateway.people.tables import users
from gateway.tasks.model import Task, TaskKind
from gateway.tasks.tables import OPEN, task_of, tasks
from gateway.tasks.telling import describe, surroundings
from gateway.web import cursor as cursors
from gateway.web.paging import MAX_PAGE
from gateway.web.principal import Permission, Principal, Sight

ME, NOBODY = "me", "nobody"
"""Whom tasks may be asked for beside a user's login."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """Which tasks are wanted; empty: all."""

    state: Literal["open", "closed", "all"] = "open"
    kind: TaskKind | None = None
    assigned: str = ""
    """`me`, `nobody`, or a user's login or id."""
    party_id: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPage:
    """One page, newest first; `next_cursor` is empty on the last."""

    items: tuple[Mapping[str, Any], ...]
    next_cursor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFigures:
    """How many open tasks somebody sees."""

    open: int
    mine: int
    nobodys: int


class Tasks:
    """Reads tasks."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(
        self, principal: Principal, wanted: TaskFilter, *, cursor: str = "", limit: int = 50
    ) -> TaskPage:
        """Return tasks, those with the newest happening first; raises Invalid for the cursor."""
        principal.require(Permission.TASKS_READ)
        limit = min(limit, MAX_PAGE)
        query = _narrowed(of_principal(select(tasks), principal), wanted)
        query = _behind(query, cursor).limit(limit + 1)

        def read(connection: Connection) -> TaskPage:
            narrowed = _of_assigned(connection, query, principal, wanted.assigned)
            rows = connection.execute(narrowed).all()
            found = [task_of(row) for row in rows[:limit]]
            around = surroundings(connection, found)
            return TaskPage(
                items=tuple(describe(task, around) for task in found),
                next_cursor=_cursor(found[-1]) if len(rows) > limit else "",
            )

        return await self._store.read(read)

    async def show(self, principal: Principal, task_id: str) -> Mapping[str, Any]:
        """Return a task; raises NotFound also for what is not his to see."""
        principal.require(Permission.TASKS_READ)

        def read(connection: Connection) -> Mapping[str, Any]:
            task = visible(connection, principal, task_id)
            return describe(task, surroundings(connection, [task]))

        return await self._store.read(read)

    async def figures(self, principal: Principal) -> TaskFigures:
        """Return how many open tasks he sees: all, his own, and those that nobody was given."""
        principal.require(Permission.TASKS_READ)
        mine = and_(tasks.c.assigned_to.is_not(None), tasks.c.assigned_to == principal.user_id)
        nobodys = tasks.c.assigned_to.is_(None)
        counts: list[Any] = [func.count(), *(func.count().filter(one) for one in (mine, nobodys))]
        query = of_principal(select(*counts).select_from(tasks), principal).where(OPEN)
        row = await self._store.read(lambda connection: connection.execute(query).one())
        return TaskFigures(open=row[0], mine=row[1], nobodys=row[2])


def visible(connection: Connection, principal: Principal, task_id: str) -> Task:
    """Return a task; raises NotFound also for what is not the principal's to see."""
    query = of_principal(select(tasks).where(tasks.c.id == task_id), principal)
    row = connection.execute(query).first()
    if row is None:
        raise NotFound(f"there is no task {task_id}")
    return task_of(row)


def of_principal(query: Select[Any], principal: Principal) -> Select[Any]:
    """Narrow to what a principal may see: his own, his parties', and those that are nobody's."""
    if principal.sight is Sight.ALL:
        return query
    of_party = parties.c.id == tasks.c.party_id
    his = exists().where(of_party, parties.c.responsible_id == principal.user_id)
    somebodys = exists().where(of_party, parties.c.responsible_id.is_not(None))
    return query.where(
        or_(
            tasks.c.assigned_to == principal.user_id,
            his,
            and_(tasks.c.assigned_to.is_(None), ~somebodys),
        )
    )


def user_of(connection: Connection, principal: Principal, named: str, field: str) -> str:
    """Return the id of an active user by `me`, login or id; raises Invalid."""
    if named == ME:
        if principal.user_id is None:
            raise Invalid(f"{principal.name} is no user; name one by his login", field=field)
        return principal.user_id
    query = select(users.c.id).where(
        or_(users.c.login == named, users.c.id == named), users.c.disabled_at.is_(None)
    )
    found = connection.execute(query).scalar()
    if found is None:
        raise Invalid(f"there is no active user {named[:64]!r}", field=field)
    return str(found)


def _of_assigned(
    connection: Connection, query: Select[Any], principal: Principal, assigned: str
) -> Select[Any]:
    if not assigned:
        return query
    if assigned == NOBODY:
        return query.where(tasks.c.assigned_to.is_(None))
    user_id = user_of(connection, principal, assigned, "assigned")
    return query.where(tasks.c.assigned_to == user_id)


def _narrowed(query: Select[Any], wanted: TaskFilter) -> Select[Any]:
    if wanted.state != "all":
        query = query.where(OPEN if wanted.state == "open" else tasks.c.closed_at.is_not(None))
    if wanted.kind is not None:
        query = query.where(tasks.c.kind == wanted.kind.value)
    if wanted.party_id:
        query = query.where(tasks.c.party_id == wanted.party_id)
    if wanted.since is not None:
        query = query.where(tasks.c.last_at >= wanted.since)
    return query


def _behind(query: Select[Any], cursor: str) -> Select[Any]:
    if cursor:
        at, last_id = _position(cursor)
        query = query.where(
            tasks.c.last_at <= at, or_(tasks.c.last_at < at, tasks.c.id < last_id)
        )  # fmt: skip
    return query.order_by(tasks.c.last_at.desc(), tasks.c.id.desc())


def _cursor(last: Task) -> str:
    return cursors.encode(str((last.last_at - _EPOCH) // _MICROSECOND), last.id)


def _position(cursor: str) -> tuple[datetime, str]:
    microseconds, last_id = cursors.decode(cursor, 2)
    try:
        return _EPOCH + timedelta(microseconds=int(microseconds)), last_id
    except (ValueError, OverflowError) as error:
        message = "the cursor belongs to another list; start without one"
        raise Invalid(message, field="cursor") from error
