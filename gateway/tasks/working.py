"""What people do with tasks: done, reopened, given to a colleague, taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from gateway.kernel.clock import Clock
from gateway.kernel.errors import Conflict
from gateway.kernel.store import Store
from gateway.people import audit
from gateway.tasks import tables
from gateway.tasks.model import Actor, Task, assigned, belonging, done, reopened
from gateway.tasks.showing import NOBODY, user_of, visible
from gateway.tasks.telling import describe, surroundings, tell
from gateway.tasks.worklist import Change, Happening
from gateway.web.principal import Permission, Principal

Deed = Callable[[Connection, Task], tuple[Happening, Task]]


class TaskWork:
    """Changes tasks by hand; each method returns the task as it is then.

    Raises NotFound (no such task, or not his to see) and Conflict (not in its state).
    """

    def __init__(
        self, store: Store, clock: Clock, wake_feed: Callable[[], None] = lambda: None
    ) -> None:
        self._store = store
        self._clock = clock
        self._wake_feed = wake_feed

    async def finish(self, principal: Principal, task_id: str, note: str = "") -> Mapping[str, Any]:
        """Say that a task is done."""

        def deed(_connection: Connection, task: Task) -> tuple[Happening, Task]:
            _require_open(task)
            return Happening.CLOSED, done(task, _actor(principal), note, self._clock.now())

        return await self._do(principal, task_id, "done", deed)

    async def reopen(self, principal: Principal, task_id: str) -> Mapping[str, Any]:
        """Say that a task is not done yet."""

        def deed(connection: Connection, task: Task) -> tuple[Happening, Task]:
            if task.open:
                raise Conflict(f"task {task.id} is open")
            another = tables.open_of_key(connection, task.kind, task.key)
            if another is not None:
                raise Conflict(
                    f"task {another.id} is open for the same number; work on that one"
                )  # fmt: skip
            again = reopened(task, _actor(principal), self._clock.now())
            return Happening.OPENED, _as_of_now(connection, again)

        return await self._do(principal, task_id, "reopen", deed)

    async def assign(self, principal: Principal, task_id: str, to: str) -> Mapping[str, Any]:
        """Give an open task to a user by login or id, to oneself (`me`), or back (`nobody`).

        Raises Invalid for who does not work here.
        """

        def deed(connection: Connection, task: Task) -> tuple[Happening, Task]:
            _require_open(task)
            user_id = None if to == NOBODY else user_of(connection, principal, to, "to")
            return Happening.CHANGED, assigned(
                task, _actor(principal), user_id, self._clock.now()
            )  # fmt: skip

        return await self._do(principal, task_id, "assign", deed)

    async def _do(
        self, principal: Principal, task_id: str, action: str, deed: Deed
    ) -> Mapping[str, Any]:
        principal.require(Permission.TASKS_WRITE)

        def unit(connection: Connection) -> Mapping[str, Any]:
            task = visible(connection, principal, task_id)
            before = {task.id: surroundings(connection, [task]).audience(task)}
            happening, after = deed(connection, task)
            tables.write(connection, [after])
            now = self._clock.now()
            tell(connection, [Change(happening, after)], before, now)
            changes = {"assigned_to": after.assigned_to} if action == "assign" else {}
            audit.record(
                connection, principal, action, ("task", task.id), at=now, changes=changes
            )  # fmt: skip
            return describe(after, surroundings(connection, [after]))

        found = await self._store.write(unit)
        self._wake_feed()
        return found


def _as_of_now(connection: Connection, task: Task) -> Task:
    """Return a task given to who is responsible for its party by now."""
    if task.party_id is None:
        return task
    responsible = tables.responsible_of(connection, [task.party_id])[task.party_id]
    return belonging(task, task.party_id, task.person_id, responsible)


def _actor(principal: Principal) -> Actor:
    return Actor(name=principal.name, user_id=principal.user_id)


def _require_open(task: Task) -> None:
    if task.closing is not None:
        how = task.closing.resolution.value.replace("_", " ")
        raise Conflict(
            f"task {task.id} is closed: {how} by {task.closing.by} at "
            f"{task.closing.at.isoformat(timespec='seconds')}; reopen it first"
        )
