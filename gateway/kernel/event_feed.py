"""Wakes whoever waits for new events in the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.kernel import events
from gateway.kernel.store import Store

LOOK_S = 0.2
"""How often the log is looked at, while anybody waits."""


class EventFeed:
    """Looks at the log's newest id; one look serves every subscriber."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._subscribers: set[asyncio.Event] = set()
        self._newest = 0

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            if self._subscribers:
                newest = await events.newest_of(self._store)
                if newest != self._newest:
                    self._newest = newest
                    self.wake()
            await asyncio.sleep(LOOK_S)

    def wake(self) -> None:
        """Wake who waits, at once: somebody knows that the log grew."""
        for woken in self._subscribers:
            woken.set()

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[asyncio.Event]:
        """Hold an event that is set whenever the log grew; the holder clears it."""
        woken = asyncio.Event()
        self._subscribers.add(woken)
        try:
            yield woken
        finally:
            self._subscribers.discard(woken)
