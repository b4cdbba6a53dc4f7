"""Calls as a telephone system tells them, people, customers, and the follower that makes tasks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import Connection

from gateway.calls import tables as calls_tables
from gateway.calls.model import (
    CallChange,
    CallChangeKind,
    CallDirection,
    CallOutcome,
    CallRecord,
    CallState,
    Party,
)
from gateway.calls.receiving import CallBook
from gateway.history import tables as history
from gateway.kernel import events
from gateway.kernel.event_feed import EventFeed
from gateway.kernel.events import Event
from gateway.kernel.health import Health
from gateway.kernel.metrics import Metrics
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.runtime import Runtime
from gateway.kernel.store import Store
from gateway.kernel.supervisor import Supervisor
from gateway.parties.book import PartyBook
from gateway.parties.drafts import PartyDraft, PersonDraft, PhoneDraft
from gateway.parties.port import NumberAttached
from gateway.people.model import RIGHTS, SIGHT, Role
from gateway.people.users import Users
from gateway.tasks.attaching import attach
from gateway.tasks.following import AT_ONCE, TaskFollower
from gateway.tasks.showing import TaskFilter, Tasks
from gateway.tasks.working import TaskWork
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from gateway.web.principal import Principal
from tests.contract.sms_desk import SetClock

PLAN = NumberingPlan(region="TR", own=("+90212555019",))
NUMBER, OTHER, MOBILE = "+902125550150", "+902125550160", "+905321112233"
LINE = "02125550100"
Change = tuple[CallChange, CallRecord | None]
T = TypeVar("T")


class Killed(Exception):
    """The process ends here."""


class DyingStore:
    """A store whose process is killed at one of its writes: before it, or when it is on disk."""

    def __init__(self, store: Store, write: int, *, on_disk: bool) -> None:
        self._store, self._left, self._on_disk = store, write, on_disk
        self.rows, self.close = store.rows, store.close
        self.read = store.read

    async def write(self, unit: Callable[[Connection], T]) -> T:
        self._left -= 1
        if self._left < 0 and not self._on_disk:
            raise Killed
        result = await self._store.write(unit)
        if self._left < 0:
            raise Killed
        return result


class TaskDesk:
    """An office whose clock is set by hand; each call lasts half a minute."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = SetClock()
        health = Health()
        runtime = Runtime(self.clock, health, Metrics(), Supervisor(health, self.clock))
        self.book = CallBook(store, runtime, PLAN)
        hooks: list[NumberAttached] = [
            history.attach,
            calls_tables.attach,
            partial(attach, self.clock),
        ]
        self.parties = PartyBook(store, self.clock, PLAN, number_attached=hooks)
        self.users = Users(store, self.clock, PLAN)
        self.tasks = Tasks(store)
        self.work = TaskWork(store, self.clock)
        self._refs = count(1)
        self._follower = self.follower()

    def follower(self, store: Store | None = None, at_once: int = AT_ONCE) -> TaskFollower:
        """Return a follower as a new process has it."""
        used = store or self.store
        return TaskFollower(used, self.clock, EventFeed(used), at_once=at_once)

    async def follow(self, follower: TaskFollower | None = None) -> None:
        """Work off all events."""
        while await (follower or self._follower).step():
            pass

    async def user(self, login: str, extension: str, role: Role = Role.MANAGER) -> Principal:
        """Make a user."""
        made = await self.users.add(ROOT, login=login, name=login, role=role, extension=extension)
        return Principal(
            user_id=made.id, name=made.name, permissions=RIGHTS[role], sight=SIGHT[role]
        )

    async def party(self, responsible: str = "", *numbers: str, person: str = "") -> str:
        """Make a customer with numbers, the last of which may be a contact person's."""
        draft = PartyDraft(
            name="Yıldız",
            responsible=responsible,
            phones=tuple(PhoneDraft(number=number) for number in numbers),
            persons=(PersonDraft(name="Ahmet", phones=(PhoneDraft(number=person),)),)
            if person
            else (),
        )
        return (await self.parties.create(ROOT, draft)).id

    def record(self, number: str, direction: CallDirection, **fields: Any) -> CallRecord:
        """Return a call that began now and is over in half a minute; unanswered, from 101."""
        out = direction is CallDirection.OUT
        taken = fields.get("outcome") is CallOutcome.ANSWERED
        now = self.clock.now()
        parties = (
            Party(party="101", internal=True, called=not out, ring_s=0, talk_s=0, hold_s=0,
                  hangup_cause=16,
                  outcome=CallOutcome.ANSWERED if taken else CallOutcome.NO_ANSWER),
            Party(party=number.removeprefix("+"), internal=False, called=out, ring_s=5, talk_s=0,
                  hold_s=0, hangup_cause=16, outcome=CallOutcome.NO_ANSWER),
        )  # fmt: skip
        values: dict[str, Any] = {
            "id": f"ref-{next(self._refs)}", "state": CallState.ENDED, "direction": direction,
            "caller": "101" if out else number, "caller_name": "", "did": "" if out else LINE,
            "callee": number if out else "", "started_at": now,
            "ended_at": now + timedelta(seconds=30),
            "answered_by": ("101" if not out else number) if taken else None,
            "final_party": "101" if taken and not out else None,
            "outcome": CallOutcome.NO_ANSWER, "reason": "", "ring_s": 20.0, "talk_s": 0.0,
            "wait_s": 0.0, "queue": "", "digits": "", "hangup_cause": 16, "hung_up_by": "",
            "click_to_call": False, "conference": False, "recording": "", "transfers": (),
            "parties": parties,
        }  # fmt: skip
        return CallRecord(**values | fields)

    async def tell(self, *records: CallRecord) -> None:
        """Tell of calls that are over."""
        changes: list[Change] = [(CallChange(CallChangeKind.ENDED, one.id), one) for one in records]
        await self.book.calls_changed("office", changes)

    async def miss(self, number: str = NUMBER, **fields: Any) -> CallRecord:
        """Have somebody call in vain; a minute passes."""
        record = self.record(number, CallDirection.IN, **fields)
        await self.tell(record)
        self.pass_time()
        return record

    async def call_back(self, number: str = NUMBER, *, answered: bool = True) -> CallRecord:
        """Have 101 call somebody; a minute passes."""
        outcome = CallOutcome.ANSWERED if answered else CallOutcome.BUSY
        record = self.record(number, CallDirection.OUT, outcome=outcome)
        await self.tell(record)
        self.pass_time()
        return record

    def pass_time(self, minutes: float = 1) -> None:
        """Set the clock forward."""
        self.clock.moment += timedelta(minutes=minutes)

    async def listed(self, principal: Principal = ROOT, **wanted: Any) -> list[dict[str, Any]]:
        """Return tasks, newest first; of all states unless one is wanted."""
        page = await self.tasks.page(principal, TaskFilter(**{"state": "all"} | wanted), limit=200)
        return [dict(item) for item in page.items]

    async def events(self, principal: Principal | None = None) -> list[Event]:
        """Return the events of tasks, all or those that one may see."""
        audiences = None
        if principal is not None:
            audiences = [events.EVERYONE, events.audience_of(principal.user_id)]

        def read(connection: Connection) -> list[Event]:
            return events.after(connection, 0, audiences=audiences, limit=100_000)

        found = await self.store.read(read)
        return [event for event in found if event.kind.startswith("task.")]
