"""Tasks: what must not be forgotten, who is to do it, and how it was settled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

MAX_KEPT = 50
"""Of each list of a task its newest so many are kept; `count` goes on counting."""

T = TypeVar("T")


class TaskKind(StrEnum):
    """What it is about."""

    MISSED_CALL = "missed_call"


class Resolution(StrEnum):
    """How a task was settled."""

    CALLED_BACK = "called_back"
    """One of our people called, and was answered."""
    CALLED_AGAIN = "called_again"
    """The customer called again, and was answered."""
    DONE = "done"
    """Somebody said so."""


class StepKind(StrEnum):
    """What somebody did with a task by hand."""

    ASSIGNED = "assigned"
    DONE = "done"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something."""

    name: str
    user_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedCall:
    """One of the calls that a task gathers."""

    call_id: str
    started_at: datetime
    line: str
    """Ours, that was called."""
    outcome: str
    reason: str
    ring_s: float
    voicemail: bool
    """The caller was sent to a mailbox, where he may have left a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A call-back that was not answered."""

    call_id: str
    at: datetime
    by: str
    """Name of our person, or his extension."""
    user_id: str | None
    extension: str
    number: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that somebody did with a task by hand."""

    kind: StepKind
    at: datetime
    by: str
    user_id: str | None
    to: str | None = None
    """User id of whom it was given to."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """How a task was settled, by whom and when."""

    resolution: Resolution
    at: datetime
    by: str
    user_id: str | None
    extension: str = ""
    call_id: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something that must not be forgotten."""

    id: str
    kind: TaskKind
    key: str
    """What it gathers by: of one kind and key, one task is open at a time."""
    number: str
    """The other side's number key; empty when it was withheld."""
    party_id: str | None = None
    person_id: str | None = None
    assigned_to: str | None = None
    chosen: bool = False
    """Somebody said who is to do it; else it goes with who is responsible for the party."""
    count: int = 1
    """How many things it gathered."""
    opened_at: datetime
    last_at: datetime
    """When the newest of them happened."""
    since: datetime
    """Only what began from here on settles it."""
    calls: tuple[MissedCall, ...] = ()
    """The newest, in their order."""
    attempts: tuple[Attempt, ...] = ()
    steps: tuple[Step, ...] = ()
    closing: Closing | None = None

    @property
    def open(self) -> bool:
        """Tell whether it waits to be done."""
        return self.closing is None


def newest(kept: tuple[T, ...], another: T) -> tuple[T, ...]:
    """Return a list with one more at its end, and no longer than lists of tasks are."""
    return (*kept, another)[-MAX_KEPT:]


def closed(task: Task, closing: Closing) -> Task:
    """Return an open task, settled."""
    return replace(task, closing=closing)


def done(task: Task, by: Actor, note: str, now: datetime) -> Task:
    """Return an open task that somebody says is done."""
    step = Step(kind=StepKind.DONE, at=now, by=by.name, user_id=by.user_id, note=note)
    closing = Closing(
        resolution=Resolution.DONE, at=now, by=by.name, user_id=by.user_id, note=note
    )  # fmt: skip
    return replace(task, closing=closing, steps=newest(task.steps, step))


def reopened(task: Task, by: Actor, now: datetime) -> Task:
    """Return a closed task, to be done again; what began before does not settle it."""
    step = Step(kind=StepKind.REOPENED, at=now, by=by.name, user_id=by.user_id)
    return replace(
        task, closing=None, since=max(now, task.since), steps=newest(task.steps, step)
    )  # fmt: skip


def assigned(task: Task, by: Actor, to: str | None, now: datetime) -> Task:
    """Return a task that somebody gave to a user, took himself, or gave back to everybody."""
    step = Step(kind=StepKind.ASSIGNED, at=now, by=by.name, user_id=by.user_id, to=to)
    return replace(task, assigned_to=to, chosen=True, steps=newest(task.steps, step))


def belonging(task: Task, party_id: str, person_id: str | None, responsible: str | None) -> Task:
    """Return a task of a party: who is responsible for it does it, unless somebody was chosen."""
    return replace(
        task,
        party_id=party_id,
        person_id=person_id,
        assigned_to=task.assigned_to if task.chosen else responsible,
    )
