"""The open tasks of some calls: events go in, tasks that changed come out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.tasks.missed_calls import CallFact, followed_up, gathered, opened
from gateway.tasks.model import Task, TaskKind, belonging


class Happening(StrEnum):
    """What happened to a task; the last part of its event's kind."""

    OPENED = "opened"
    CHANGED = "changed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Change:
    """A task, after something happened to it."""

    happening: Happening
    task: Task


class Worklist:
    """Takes facts in their order; `sources` are the calls that made a task before."""

    def __init__(
        self, open_tasks: Iterable[Task], sources: Iterable[str], new_id: Callable[[], str]
    ) -> None:
        self._open = {task.id: task for task in open_tasks}
        self._by_key = {(task.kind, task.key): task.id for task in self._open.values()}
        self._sources = set(sources)
        self._new_id = new_id
        self._changes: list[Change] = []
        self.counted: list[tuple[str, str]] = []
        """Calls that now have a task, each with its task's id."""

    def feed(self, fact: CallFact) -> None:
        """Take what happened to a call; the same again changes nothing."""
        if fact.missed:
            self._miss(fact)
            return
        for task in list(self._open.values()):
            after = followed_up(task, fact)
            if after is not task:
                happening = Happening.CHANGED if after.open else Happening.CLOSED
                self._note(happening, after)

    def hand_over(
        self, responsible: Mapping[str, str | None], handed: Collection[str] = ()
    ) -> None:
        """Give the tasks of parties to who is responsible for these now.

        Those of `handed` parties others may see from now on, whoever is to do them.
        """
        for task in list(self._open.values()):
            if task.party_id is None or task.party_id not in responsible:
                continue
            now = responsible[task.party_id]
            after = belonging(task, task.party_id, task.person_id, now)
            if after != task or task.party_id in handed:
                self._note(Happening.CHANGED, after)

    def changes(self) -> list[Change]:
        """Return what happened, in its order; a change that something followed is not told."""
        told: set[str] = set()
        kept: list[Change] = []
        for change in reversed(self._changes):
            if change.happening is not Happening.CHANGED or change.task.id not in told:
                kept.append(change)
            told.add(change.task.id)
        return kept[::-1]

    def _miss(self, fact: CallFact) -> None:
        if fact.call_id in self._sources:
            return
        self._sources.add(fact.call_id)
        known = self._by_key.get((TaskKind.MISSED_CALL, fact.key))
        if known is None:
            task = opened(self._new_id(), fact)
            self._by_key[(task.kind, task.key)] = task.id
            self._note(Happening.OPENED, task)
        else:
            task = gathered(self._open[known], fact)
            self._note(Happening.CHANGED, task)
        self.counted.append((fact.call_id, task.id))

    def _note(self, happening: Happening, task: Task) -> None:
        self._changes.append(Change(happening, task))
        if task.open:
            self._open[task.id] = task
        else:
            del self._open[task.id]
            del self._by_key[(task.kind, task.key)]
