"""The live tail of the event log: read once, written as bytes once, handed to whom it concerns.

A reader holds a `Place` in it, where what he has not yet taken waits; that is bounded, and who
lets too much wait loses his place and reads on from the log at his own pace. Nothing here awaits a
reader. While nobody reads, the log is not looked at.
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
        """He let too much wait: what is behind `last` is to be read from the log."""
        self.ready = asyncio.Event()
        """Set while there is something to take, or the place is lost."""
        self._waiting: list[bytes] = []
        self._bytes = 0

    def give(self, line: _Line) -> None:
        """Let a line wait, when it is behind what he has and for him; never blocks."""
        if line.id <= self.last or not self.view.takes(line.kind):
            return
        self._bytes += len(line.data)
        self._waiting.append(line.data)
        if len(self._waiting) > MAX_WAITING or (
            self._bytes > MAX_WAITING_BYTES and len(self._waiting) > 1
        ):
            self.lost = True
            self._waiting.clear()
        self.ready.set()

    def take(self, position: int) -> bytes:
        """Return what waits, which is all there is for him up to `position`."""
        lines = b"".join(self._waiting)
        self._waiting.clear()
        self._bytes = 0
        self.last = max(self.last, position)
        self.ready.clear()
        return lines


class LiveTail:
    """Follows the log while there are readers."""

    def __init__(self, store: Store, feed: EventFeed, serialise: Serialise) -> None:
        self._store = store
        self._feed = feed
        self._serialise = serialise
        self._index = _Index()
        self._recent: deque[_Line] = deque()
        self._recent_bytes = 0
        self._begins = self._position = 0
        """What is recent lies behind the first and reaches up to the second."""
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

    def join(self, view: View, last: int) -> Place | None:
        """Give a place to who has all that is for him up to `last`; to be given back by `leave`.

        None when what came behind `last` is not at hand: then it is to be read from the log.
        """
        if not self.following.is_set() or last < self._begins:
            return None
        place = Place(view, last)
        for line in self._recent:
            if line.id > last and _concerns(line, view):
                place.give(line)
        if place.lost:
            return None
        self._index.add(place)
        return place

    def leave(self, place: Place) -> None:
        """Give a place back; one that was lost is gone already."""
        self._index.remove(place)

    def take(self, place: Place) -> bytes:
        """Return what waits in a place."""
        return place.take(self._position)

    async def _begin(self) -> None:
        self._begins = self._position = await events.newest(self._store)
        self.following.set()

    def _stop(self) -> None:
        self._wanted.clear()
        self.following.clear()
        self._recent.clear()
        self._recent_bytes = 0

    async def _read_on(self) -> None:
        while True:
            found = await events.following(self._store, self._position, AT_ONCE)
            for event in found:
                self._hand_out(event)
            if len(found) < AT_ONCE:
                return

    def _hand_out(self, event: Event) -> None:
        audiences = tuple(event.audience.split(" "))
        line = _Line(event.id, event.kind, audiences, self._serialise(event))
        self._keep(line)
        self._position = event.id
        for place in self._index.of(audiences):
            place.give(line)
            if place.lost:
                self._index.remove(place)

    def _keep(self, line: _Line) -> None:
        self._recent.append(line)
        self._recent_bytes += len(line.data)
        while len(self._recent) > MAX_RECENT or self._recent_bytes > MAX_RECENT_BYTES:
            dropped = self._recent.popleft()
            self._recent_bytes -= len(dropped.data)
            self._begins = dropped.id


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


def _concerns(line: _Line, view: View) -> bool:
    return view.audiences is None or any(one in view.audiences for one in line.audiences)
