"""Missed calls: what opens a task, what gathers in it, and which later call settles it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from gateway.tasks.model import (
    Attempt,
    Closing,
    MissedCall,
    Resolution,
    Task,
    TaskKind,
    closed,
    newest,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Whose a number is."""

    party_id: str
    person_id: str | None = None
    responsible_id: str | None = None
    """Who does its tasks: an active user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFact:
    """What is known of a call with somebody outside, when something happened to it."""

    call_id: str
    outgoing: bool
    number: str
    """Key of the other side; empty: withheld."""
    at: datetime
    """When it happened."""
    started_at: datetime
    ended_at: datetime | None
    line: str
    outcome: str
    reason: str
    ring_s: float
    missed: bool
    answered: bool
    """They spoke with one another."""
    tried: bool
    """It went out, the other side was rung, and it is over without an answer."""
    user_id: str | None
    """Our person."""
    extension: str
    by: str = ""
    """His name, or his extension."""
    customer: Customer | None = None

    @property
    def key(self) -> str:
        """Return what its task gathers by; who withholds his number may be anybody."""
        return self.number or f"call:{self.call_id}"

    @property
    def missed_at(self) -> datetime:
        """Return when it was missed: from then on a call-back can be one."""
        return self.ended_at or self.at


def opened(task_id: str, fact: CallFact) -> Task:
    """Return the task that a missed call makes."""
    whose = fact.customer
    return Task(
        id=task_id,
        kind=TaskKind.MISSED_CALL,
        key=fact.key,
        number=fact.number,
        party_id=whose.party_id if whose else None,
        person_id=whose.person_id if whose else None,
        assigned_to=whose.responsible_id if whose else None,
        opened_at=fact.missed_at,
        last_at=fact.missed_at,
        since=fact.missed_at,
        calls=(_call(fact),),
    )


def gathered(task: Task, fact: CallFact) -> Task:
    """Return an open task with one more missed call of the same number."""
    return replace(
        task,
        count=task.count + 1,
        last_at=max(task.last_at, fact.missed_at),
        since=max(task.since, fact.missed_at),
        calls=newest(task.calls, _call(fact)),
    )


def followed_up(task: Task, fact: CallFact) -> Task:
    """Return an open task after another call: settled, tried, or the same when it says nothing."""
    if not (_is_the_missed_one(task, fact) or _is_later(task, fact)):
        return task
    if fact.answered:
        return closed(task, _closing(fact))
    known = any(one.call_id == fact.call_id for one in task.attempts)
    if not fact.tried or known:
        return task
    attempt = Attempt(
        call_id=fact.call_id, at=fact.started_at, by=fact.by, user_id=fact.user_id,
        extension=fact.extension, number=fact.number, outcome=fact.outcome,
    )  # fmt: skip
    return replace(task, attempts=newest(task.attempts, attempt))


def _is_the_missed_one(task: Task, fact: CallFact) -> bool:
    """Tell whether a call is the newest missed one: its end was not seen, and it lived on."""
    return bool(task.calls) and task.calls[-1].call_id == fact.call_id


def _is_later(task: Task, fact: CallFact) -> bool:
    """Tell whether a call began after the newest one was missed, with who is to be called back."""
    return fact.started_at >= task.since and _is_with(task, fact)


def _is_with(task: Task, fact: CallFact) -> bool:
    """Tell whether a call was with who is to be called back.

    The same number is. So is another number of the same customer, unless it is another contact
    person's; who calls again from another number must be the same person.
    """
    if fact.number and fact.number == task.number:
        return True
    whose = fact.customer
    if whose is None or whose.party_id != task.party_id:
        return False
    if fact.outgoing and None in {whose.person_id, task.person_id}:
        return True
    return whose.person_id is not None and whose.person_id == task.person_id


def _closing(fact: CallFact) -> Closing:
    how = Resolution.CALLED_BACK if fact.outgoing else Resolution.CALLED_AGAIN
    return Closing(
        resolution=how, at=fact.at, by=fact.by, user_id=fact.user_id, extension=fact.extension,
        call_id=fact.call_id,
    )  # fmt: skip


def _call(fact: CallFact) -> MissedCall:
    return MissedCall(
        call_id=fact.call_id,
        started_at=fact.started_at,
        line=fact.line,
        outcome=fact.outcome,
        reason=fact.reason,
        ring_s=fact.ring_s,
        voicemail=fact.outcome == "voicemail",
    )
