"""Follows the event log: missed calls become tasks, and later calls close them, exactly once.

What was read is worked off in one unit of work, and the mark that says up to where moves in it:
killed anywhere, the follower goes on where its last unit ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy import Connection, select

from gateway.kernel import event_marks
from gateway.kernel.clock import Clock
from gateway.kernel.event_feed import EventFeed
from gateway.kernel.events import EVERYONE, Event
from gateway.kernel.ids import new_id
from gateway.kernel.store import Store
from gateway.kernel.store.values import among
from gateway.parties.lookup import by_numbers
from gateway.people.tables import users
from gateway.tasks import reading, tables
from gateway.tasks.missed_calls import CallFact, Customer
from gateway.tasks.model import Task, TaskKind
from gateway.tasks.telling import surroundings, tell
from gateway.tasks.worklist import Worklist

READER = "tasks"
AT_ONCE = 200
"""Events in one unit of work."""
LAG = 1000
"""Events of no interest after which the mark moves all the same, so that the log can be pruned."""
LOOK_S = 30.0
"""How often the log is looked at although nobody said that it grew."""
_PARTY_CHANGED = "party.changed"
_KINDS = (*reading.KINDS, _PARTY_CHANGED)
_NAMES = select(users.c.id, users.c.name).where(among(users.c.id, "ids"))


class TaskFollower:
    """Reads the log and keeps the tasks of missed calls."""

    def __init__(
        self, store: Store, clock: Clock, feed: EventFeed, *, at_once: int = AT_ONCE
    ) -> None:
        self._store = store
        self._at_once = at_once
        self._clock = clock
        self._feed = feed
        self._seen = 0
        """Up to where there is nothing more to do; the mark on disk may be behind."""

    async def run(self) -> None:
        """Follow until cancelled."""
        async with self._feed.subscribe() as woken:
            while True:
                woken.clear()
                while await self.step():
                    pass
                try:
                    async with asyncio.timeout(LOOK_S):
                        await woken.wait()
                except TimeoutError:
                    continue

    async def step(self) -> bool:
        """Work off the next events; tell whether more may wait."""
        mark, found, upto = await self._store.read(partial(_next, self._seen, self._at_once))
        due = bool(found) or upto - mark >= LAG
        if due and await self._store.write(partial(self._work_off, found, upto)):
            self._feed.wake()
        self._seen = max(self._seen, upto)
        return len(found) == self._at_once

    def _work_off(self, found: Sequence[Event], upto: int, connection: Connection) -> bool:
        """Do what events ask for and move the mark; tell whether a task changed."""
        mark = event_marks.mark_of(connection, READER)
        fresh = [event for event in found if event.id > mark]
        event_marks.move_mark(connection, READER, upto)
        moved = {event.subject for event in fresh if event.kind == _PARTY_CHANGED}
        facts = _facts(connection, fresh)
        if not (moved or facts):
            return False
        customers = {fact.customer.party_id for fact in facts if fact.customer}
        waiting = tables.open_of(
            connection, (fact.key for fact in facts), moved | customers
        )  # fmt: skip
        sources = tables.counted(
            connection, TaskKind.MISSED_CALL, (fact.call_id for fact in facts if fact.missed)
        )
        around = surroundings(connection, waiting)
        handed = _handed_over(fresh)
        before = {task.id: _before(task, around.audience(task), handed) for task in waiting}
        worklist = Worklist(waiting, sources, new_id)
        for fact in facts:
            worklist.feed(fact)
        worklist.hand_over(tables.responsible_of(connection, moved), handed)
        changes = worklist.changes()
        last = {change.task.id: change.task for change in changes}
        tables.write(connection, list(last.values()))
        tables.count_in(connection, TaskKind.MISSED_CALL, worklist.counted)
        tell(connection, changes, before, self._clock.now())
        return bool(changes)


def _handed_over(fresh: Iterable[Event]) -> dict[str, set[str]]:
    """Return the parties that others may see now, and who could and can see each of them."""
    seen_by: dict[str, set[str]] = {}
    for event in fresh:
        if event.kind == _PARTY_CHANGED:
            seen_by.setdefault(event.subject, set()).add(event.audience)
    return {party: audiences for party, audiences in seen_by.items() if len(audiences) > 1}


def _before(task: Task, audience: str, handed: Mapping[str, set[str]]) -> str:
    """Return who may still have a task before him: its party may have been others' until now."""
    audiences = {audience, *handed.get(task.party_id or "", ())}
    if EVERYONE in audiences:
        return EVERYONE
    return " ".join(sorted({one for each in audiences for one in each.split()}))


def _next(seen: int, at_once: int, connection: Connection) -> tuple[int, list[Event], int]:
    """Return the mark, the next events that matter, and up to where the log was looked through."""
    mark = event_marks.mark_of(connection, READER)
    found, upto = event_marks.unread(connection, max(mark, seen), kinds=_KINDS, limit=at_once)
    return mark, found, upto


def _facts(connection: Connection, fresh: Iterable[Event]) -> list[CallFact]:
    """Return what events tell of calls, each with whose number it is now and who it was of us."""
    found = [reading.fact_of(event) for event in fresh if event.kind in reading.KINDS]
    facts = [fact for fact in found if fact is not None]
    if not facts:
        return []
    customers = _customers(connection, {fact.number for fact in facts} - {""})
    ids = sorted({fact.user_id for fact in facts if fact.user_id})
    names = {row.id: row.name for row in connection.execute(_NAMES, {"ids": ids})}
    return [
        replace(
            fact,
            by=names.get(fact.user_id or "", fact.by),
            customer=customers.get(fact.number),
        )
        for fact in facts
    ]


def _customers(connection: Connection, numbers: Iterable[str]) -> Mapping[str, Customer]:
    owners = by_numbers(connection, sorted(numbers))
    do = tables.responsible_of(connection, (owner.party_id for owner in owners.values()))
    return {
        number: Customer(
            party_id=one.party_id, person_id=one.person_id, responsible_id=do.get(one.party_id)
        )
        for number, one in owners.items()
    }
