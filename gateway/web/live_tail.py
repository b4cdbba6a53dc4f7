"""The live tail of the event log: read once, written as bytes once, handed to whom it concerns.

A reader holds a `Place` in it, where what he has not yet taken waits; that is bounded, and who
lets too much wait loses his place and reads on at his own pace: what is recent from here, what is
older from the log. Nothing here awaits a reader. While nobody reads, the log is not looked at.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from gateway.kernel import events
from gateway.kernel.event_feed import EventFeed
from gateway.kernel.events import Event
from gateway.kernel.store import Store
from gateway.web.feed_view import View

AT_ONCE = 100
"""Events read in one statement; readers get their turn between two."""
MAX_WAITING = 1_000
MAX_WAITING_BYTES = 256 * 1024
"""What may wait for one reader: more of it (at least one event), and he reads from the log."""
MAX_RECENT = 2_000
MAX_RECENT_BYTES = 4 * 1024 * 1024
"""What is kept for those who come back after a moment: the oldest is dropped first."""

Serialise = Callable[[Event], bytes]


class _Line(NamedTuple):
    """An event as it is sent, and whom it concerns."""

    id: int
    kind: str
    audiences: tuple[str, ...]
    data: bytes


class Place:
    """One reader's place in the tail."""

    def __init__(self, view: View, last: int) -> None:
        self.view = view
        self.last = last
        """Up to where in the log he has taken what is for him."""
        self.lost = False
        """He let too much wait: he has to read on from `last`."""
        self.ready = asyncio.Event()
        """Set while there is something to take, or the place is lost."""
        self._waiting: list[bytes] = []
        self._bytes = 0

    def give(self, line: _Line) -> None:
        """Let a line wait; never blocks."""
        if self._bytes > MAX_WAITING_BYTES or len(self._waiting) >= MAX_WAITING:
            self.lost = True
            self._waiting.clear()
        else:
            self._bytes += len(line.data)
            self._waiting.append(line.data)
        self.ready.set()

    def take(self, position: int) -> bytes:
        """Return what waits: all that is for him up to a position in the log."""
        lines = b"".join(self._waiting)
        self._waiting.clear()
        self._bytes = 0
        self.last = max(self.last, position)
        self.ready.clear()
        return lines


class LiveTail:
    """Follows the log while there are readers."""

    def __init__(
        self,
        store: Store,
        feed: EventFeed,
        serialise: Serialise,
        fell_behind: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._feed = feed
        self._serialise = serialise
        self._fell_behind = fell_behind
        self._index = _Index()
        self._recent: deque[_Line] = deque()
        self._recent_bytes = 0
        self.position = 0
        """Up to where the log is read and handed out."""
        self.begins = 0
        """All that is behind it is at hand, or will be handed out."""
        self._wanted = asyncio.Event()
        self.following = asyncio.Event()
        """Set while places can be had."""
        self.readers = 0

    async def run(self) -> None:
        """Follow until cancelled; may be called anew after it raised, and loses nothing by that."""
        while True:
            await self._wanted.wait()
            async with self._feed.subscribe() as woken:
                if not self.following.is_set():
                    await self._begin()
                while self.readers:
                    woken.clear()
                    await self._read_on()
                    await woken.wait()
            self._stop()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Have the log followed."""
        self.readers += 1
        self._wanted.set()
        try:
            yield
        finally:
            self.readers -= 1

    def recent(self, view: View, last: int) -> tuple[bytes, int]:
        """Return what is at hand behind `last` and for him, at most as much as may wait, and up to
        where it reaches; `last` is not before `begins`.
        """
        found: list[bytes] = []
        size = 0
        for line in self._recent:
            if line.id > last and view.shows(line.kind, line.audiences):
                found.append(line.data)
                size += len(line.data)
                if size > MAX_WAITING_BYTES or len(found) >= MAX_WAITING:
                    return b"".join(found), line.id
        return b"".join(found), max(last, self.position)

    @contextmanager
    def joined(self, view: View, last: int) -> Iterator[Place]:
        """Hold a place for who has all up to `last`; it is lost when that is not up to now."""
        place = Place(view, last)
        place.lost = last < self.position
        if not place.lost:
            self._index.add(place)
        try:
            yield place
        finally:
            self._index.remove(place)

    async def _begin(self) -> None:
        self.begins = self.position = await events.newest_of(self._store)
        self.following.set()

    def _stop(self) -> None:
        self._wanted.clear()
        self.following.clear()
        self._recent.clear()
        self._recent_bytes = 0

    async def _read_on(self) -> None:
        while True:
            found = await events.following(self._store, self.position, AT_ONCE)
            for event in found:
                self._hand_out(event)
            if len(found) < AT_ONCE:
                return

    def _hand_out(self, event: Event) -> None:
        audiences = tuple(event.audience.split(" "))
        line = _Line(event.id, event.kind, audiences, self._serialise(event))
        self._keep(line)
        self.position = event.id
        for place in self._index.of(audiences):
            if line.id > place.last and place.view.takes(line.kind):
                place.give(line)
            if place.lost:
                self._index.remove(place)
                self._fell_behind()

    def _keep(self, line: _Line) -> None:
        self._recent.append(line)
        self._recent_bytes += len(line.data)
        while len(self._recent) > MAX_RECENT or self._recent_bytes > MAX_RECENT_BYTES:
            dropped = self._recent.popleft()
            self._recent_bytes -= len(dropped.data)
            self.begins = dropped.id


class _Index:
    """Places by whose events they show, so that an event costs those nothing whom it is not for."""

    def __init__(self) -> None:
        self._all: set[Place] = set()
        self._of: dict[str, set[Place]] = {}

    def add(self, place: Place) -> None:
        if place.view.audiences is None:
            self._all.add(place)
        for one in place.view.audiences or ():
            self._of.setdefault(one, set()).add(place)

    def remove(self, place: Place) -> None:
        self._all.discard(place)
        for one in place.view.audiences or ():
            places = self._of.get(one, set())
            places.discard(place)
            if not places:
                self._of.pop(one, None)

    def of(self, audiences: Iterable[str]) -> set[Place]:
        """Return the places that an event of these audiences is for, each once."""
        return self._all.union(*(self._of.get(one, ()) for one in audiences))
