"""Puts together what must not be forgotten, and how long the log is kept that it is learnt from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from gateway.config import Config
from gateway.kernel import event_marks
from gateway.kernel.event_feed import EventFeed
from gateway.kernel.event_pruning import EventPruner, LogReader
from gateway.kernel.runtime import Runtime
from gateway.kernel.store import Store
from gateway.tasks.api import TasksApi
from gateway.tasks.following import READER, TaskFollower
from gateway.tasks.showing import Tasks
from gateway.tasks.working import TaskWork
from gateway.web.routes import Route
from gateway.webhooks import tables as webhooks

LOG_READERS = (
    LogReader(has_read=partial(event_marks.mark_of, reader=READER)),
    LogReader(has_read=webhooks.has_read, forget=webhooks.forget),
)
"""Who must have read an event before it is dropped."""


@dataclass(frozen=True, slots=True)
class TasksPart:
    """What the rest of the service needs of it."""

    routes: list[Route]
    background: dict[str, Callable[[], Awaitable[None]]]


def compose(config: Config, store: Store, runtime: Runtime, feed: EventFeed) -> TasksPart:
    """Return the tasks' part of a service."""
    clock = runtime.clock
    keep = timedelta(days=config.store.events_days)
    return TasksPart(
        routes=TasksApi(Tasks(store), TaskWork(store, clock, feed.wake)).routes(),
        background={
            "tasks": TaskFollower(store, clock, feed).run,
            "event log": EventPruner(store, clock, keep, LOG_READERS).run,
        },
    )
