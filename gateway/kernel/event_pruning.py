"""Drops events that are older than the log is kept and that every durable reader has read."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select

from gateway.kernel import events
from gateway.kernel.clock import Clock
from gateway.kernel.events import events as log
from gateway.kernel.store import Store

LOOK_S = 3600.0
"""How often the log is looked through."""
AT_ONCE = 1000
"""Events deleted in one unit of work: others wait for it."""
_HEAD = (
    select(log.c.id, log.c.at)
    .where(log.c.id <= bindparam("upto"))
    .order_by(log.c.id)
    .limit(AT_ONCE)
)
_PRUNE = delete(log).where(log.c.id <= bindparam("upto"))
logger = logging.getLogger(__name__)


def _nothing(_connection: Connection, _upto: int) -> None:
    """Forget nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogReader:
    """Who must not miss an event."""

    has_read: Callable[[Connection], int | None]
    """Returns up to where it has read everything; None when it needs nothing now."""
    forget: Callable[[Connection, int], None] = _nothing
    """Told, inside the unit, up to where events are gone, for what it keeps of them."""


class EventPruner:
    """Keeps the event log as long as it is configured."""

    def __init__(
        self, store: Store, clock: Clock, keep: timedelta, readers: Sequence[LogReader]
    ) -> None:
        self._store = store
        self._clock = clock
        self._keep = keep
        self._readers = tuple(readers)

    async def run(self) -> None:
        """Prune until cancelled."""
        while True:
            await self.prune()
            await asyncio.sleep(LOOK_S)

    async def prune(self) -> None:
        """Drop everything that may go, some at a time."""
        gone = 0
        while upto := await self._store.write(self._step):
            gone = upto
        if gone:
            logger.info("the event log begins behind event %d now", gone)

    def _step(self, connection: Connection) -> int:
        """Drop some of the oldest; return up to where the log is gone now, 0 when nothing went."""
        marks = [reader.has_read(connection) for reader in self._readers]
        needed = min((mark for mark in marks if mark is not None), default=None)
        gone = _old(connection, needed, self._clock.now() - self._keep)
        if gone:
            connection.execute(_PRUNE, {"upto": gone})
            for reader in self._readers:
                reader.forget(connection, gone)
        return gone


def _old(connection: Connection, read: int | None, before: datetime) -> int:
    """Return the last of the oldest events that are read and older than a time; 0: there is none.

    The newest event stays, so that it is always known how far the log came.
    """
    last = events.newest(connection) - 1
    gone = 0
    for row in connection.execute(_HEAD, {"upto": last if read is None else min(read, last)}):
        if row.at >= before:
            break
        gone = row.id
    return gone
