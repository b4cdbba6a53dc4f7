"""A task as JSON, the one shape that the API, events and webhooks give, and who is told of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from gateway.kernel import events
from gateway.kernel.store.values import among
from gateway.parties.tables import contact_persons, parties
from gateway.people.tables import users
from gateway.tasks import tables
from gateway.tasks.model import Attempt, Closing, MissedCall, Step, Task
from gateway.tasks.worklist import Change

_PARTIES = select(parties.c.id, parties.c.name, parties.c.responsible_id).where(
    among(parties.c.id, "ids")
)
_PERSONS = select(contact_persons.c.id, contact_persons.c.name).where(
    among(contact_persons.c.id, "ids")
)
_USERS = select(users.c.id, users.c.name).where(among(users.c.id, "ids"))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is told beside tasks: names, and who is responsible for their parties."""

    parties: Mapping[str, Any]
    persons: Mapping[str, str]
    users: Mapping[str, str]

    def responsible_for(self, task: Task) -> str | None:
        """Return who is responsible for a task's party."""
        party = self.parties.get(task.party_id or "")
        return party.responsible_id if party is not None else None

    def audience(self, task: Task) -> str:
        """Return who may know of a task, beside those who see everything."""
        return events.audience_of(task.assigned_to, self.responsible_for(task))


def surroundings(connection: Connection, of: Collection[Task]) -> Surroundings:
    """Return what is told beside some tasks."""

    def rows(query: Any, ids: Iterable[str | None]) -> list[Any]:
        wanted = sorted({one for one in ids if one})
        return list(connection.execute(query, {"ids": wanted})) if wanted else []

    return Surroundings(
        parties={row.id: row for row in rows(_PARTIES, (task.party_id for task in of))},
        persons={row.id: row.name for row in rows(_PERSONS, (task.person_id for task in of))},
        users={row.id: row.name for row in rows(_USERS, (task.assigned_to for task in of))},
    )


def describe(task: Task, around: Surroundings) -> dict[str, Any]:
    """Return a task as JSON-ready values; times are ISO 8601 in UTC."""
    party = around.parties.get(task.party_id or "")
    return {
        "id": task.id,
        "kind": task.kind.value,
        "state": "open" if task.open else "closed",
        "number": task.number,
        "party_id": task.party_id,
        "party_name": "" if party is None else party.name,
        "person_id": task.person_id,
        "person_name": around.persons.get(task.person_id or "", ""),
        "assigned_to": task.assigned_to,
        "assigned_name": around.users.get(task.assigned_to or "", ""),
        "count": task.count,
        "opened_at": task.opened_at.isoformat(),
        "last_at": task.last_at.isoformat(),
        "calls": [_call(one) for one in task.calls],
        "attempts": [_attempt(one) for one in task.attempts],
        "steps": [_step(one) for one in task.steps],
        "closing": None if task.closing is None else _closing(task.closing),
    }


def describe_stored(connection: Connection, task_id: str) -> Mapping[str, Any] | None:
    """Return a task as the API shows it; None when there is none."""
    task = tables.find(connection, task_id)
    return None if task is None else describe(task, surroundings(connection, [task]))


def tell(
    connection: Connection,
    changes: Collection[Change],
    before: Mapping[str, str],
    at: datetime,
) -> None:
    """Write the events of changes inside their unit.

    `before` are audiences before the changes, by task. Who is in none of the new ones is told
    first that the task is not his to see any more, and nothing else of it.
    """
    around = surroundings(connection, [change.task for change in changes])
    told: list[events.Event] = []
    seen_by = dict(before)
    for change in changes:
        task, audience = change.task, around.audience(change.task)
        if _shrinks(seen_by.get(task.id, audience), audience):
            told.append(
                events.Event(
                    kind="task.withdrawn", subject=task.id, at=at, audience=seen_by[task.id],
                    data={"id": task.id},
                )
            )  # fmt: skip
        seen_by[task.id] = audience
        told.append(
            events.Event(
                kind=f"task.{change.happening.value}", subject=task.id, at=at, audience=audience,
                data=describe(task, around),
            )
        )  # fmt: skip
    if told:
        events.append(connection, *told)


def _shrinks(before: str, after: str) -> bool:
    if after == events.EVERYONE:
        return False
    return before == events.EVERYONE or not set(before.split()) <= set(after.split())


def _call(one: MissedCall) -> dict[str, Any]:
    return {
        "call_id": one.call_id,
        "started_at": one.started_at.isoformat(),
        "line": one.line,
        "outcome": one.outcome,
        "reason": one.reason,
        "ring_s": one.ring_s,
        "voicemail": one.voicemail,
    }


def _attempt(one: Attempt) -> dict[str, Any]:
    return {
        "call_id": one.call_id,
        "at": one.at.isoformat(),
        "by": one.by,
        "user_id": one.user_id,
        "extension": one.extension,
        "number": one.number,
        "outcome": one.outcome,
    }


def _step(one: Step) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "at": one.at.isoformat(),
        "by": one.by,
        "user_id": one.user_id,
        "to": one.to,
        "note": one.note,
    }


def _closing(one: Closing) -> dict[str, Any]:
    return {
        "resolution": one.resolution.value,
        "at": one.at.isoformat(),
        "by": one.by,
        "user_id": one.user_id,
        "extension": one.extension,
        "call_id": one.call_id,
        "note": one.note,
    }
