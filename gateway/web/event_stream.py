"""The live feed: events as they are written, by Server-Sent Events (WHATWG HTML §9.2).

A reader that was away says with `Last-Event-ID` what it saw last and is given what came since; one
that says nothing begins now. Each reader has a task of its own, and nobody waits for another's.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import web

from gateway.kernel import events
from gateway.kernel.errors import GatewayError, Invalid, Unavailable
from gateway.kernel.event_feed import EventFeed
from gateway.kernel.metrics import Metrics
from gateway.kernel.store import Store
from gateway.web import feed_gap, sse
from gateway.web.feed_view import View, view_of
from gateway.web.live_tail import LiveTail, Serialise
from gateway.web.log_pages import LogPages
from gateway.web.principal import Principal

logger = logging.getLogger(__name__)

MAX_READERS_OF_ONE = 100
"""Streams that one user or program may hold open."""
SEND_BUFFER = 128 * 1024
"""Bytes that the system holds for a reader (Linux doubles it); by itself it grows to megabytes."""
MAX_DIGITS = 19
"""Of an event's id."""

Still = Callable[[Principal], Awaitable[bool]]
"""Tells whether somebody still is who he was: signed in, with the same rights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long a stream waits for what."""

    heartbeat_s: float = 15.0
    """A beat this often keeps proxies from closing a silent stream, and tells that it lives."""
    look_s: float = 3.0
    """How often it is asked whether the reader is there, and still who he was."""
    stalled_s: float = 60.0
    """Who takes nothing for so long is disconnected; he may come back and miss nothing."""


class EventStream:
    """Serves `/events`."""

    def __init__(
        self,
        store: Store,
        feed: EventFeed,
        *,
        metrics: Metrics | None = None,
        serialise: Serialise = sse.line_of,
        timing: Timing | None = None,
    ) -> None:
        self._store = store
        self._metrics = metrics or Metrics()
        self._timing = timing or Timing()
        self._tail = LiveTail(
            store, feed, self._counted(serialise), self._metrics.feed_fell_behind.inc
        )
        self._pages = LogPages(store, serialise)
        self._readers: Counter[str] = Counter()

    async def run(self) -> None:
        """Follow the log for those who read, until cancelled."""
        await self._tail.run()

    async def answer(
        self, request: web.Request, principal: Principal, still: Still | None = None
    ) -> web.StreamResponse:
        """Stream events until the reader leaves, or is no longer who he was."""
        view = view_of(principal, request.query.getall("kinds", [])[:32])
        last, greeting = await self._begin(request)
        with self._counting(principal):
            response = web.StreamResponse(
                headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store",
                         "X-Accel-Buffering": "no"}
            )  # fmt: skip
            await response.prepare(request)
            wire = _Wire(request, response, self._timing, _ask(principal, still))
            try:
                await wire.write(sse.RETRY + greeting)
                await self._stream(wire, view, last)
            except _Over as over:
                logger.debug("the stream of %s ends: %s", principal.name, over)
                self._metrics.feed_ended.labels(over.why).inc()
            except GatewayError as error:
                logger.warning("the stream of %s ends: %s", principal.name, error)
            return response

    async def _begin(self, request: web.Request) -> tuple[int, bytes]:
        told = request.headers.get("Last-Event-ID") or request.query.get("after", "")
        if not told:
            return await events.newest_of(self._store), b""
        if not (told.isascii() and told.isdecimal() and len(told) <= MAX_DIGITS):
            raise Invalid(
                f"{told[:40]!r} is no event's id; give the id of the last event seen, or none",
                field="Last-Event-ID",
            )
        return await feed_gap.joined(self._store, int(told))

    async def _stream(self, wire: _Wire, view: View, last: int) -> None:
        """Give what came behind `last`: from the log, from what the tail still holds, live."""
        while True:
            await wire.rest(self._tail.following)
            if last < self._tail.begins:
                lines, last = await self._pages.page(view, last, self._tail.begins)
                await wire.write(lines)
                continue
            lines, last = self._tail.recent(view, last)
            with self._tail.joined(view, last) as place:
                await wire.write(lines)
                while not place.lost:
                    await wire.write(place.take(self._tail.position))
                    await wire.rest(place.ready)
                last = place.last

    @contextmanager
    def _counting(self, principal: Principal) -> Iterator[None]:
        who = principal.user_id or principal.name
        if self._readers[who] >= MAX_READERS_OF_ONE:
            raise Unavailable(
                f"{principal.name} holds {MAX_READERS_OF_ONE} live feeds open already; "
                "close those that are not read",
                retry_after_s=10,
            )
        self._readers[who] += 1
        self._metrics.feed_readers.inc()
        try:
            with self._tail.held():
                yield
        finally:
            self._metrics.feed_readers.dec()
            self._readers[who] -= 1
            if not self._readers[who]:
                del self._readers[who]

    def _counted(self, serialise: Serialise) -> Serialise:
        def counted(event: events.Event) -> bytes:
            self._metrics.feed_events.inc()
            return serialise(event)

        return counted


class _Over(Exception):
    """A stream has to end."""

    def __init__(self, why: str, text: str) -> None:
        super().__init__(text)
        self.why = why


class _Wire:
    """The way to one reader."""

    def __init__(
        self,
        request: web.Request,
        response: web.StreamResponse,
        timing: Timing,
        still: Callable[[], Awaitable[bool]],
    ) -> None:
        self._request = request
        self._response = response
        self._timing = timing
        self._still = still
        self._loop = asyncio.get_running_loop()
        self._look_at = self._loop.time() + timing.look_s
        self._silent_at = self._loop.time() + timing.heartbeat_s
        if request.transport is not None:
            _narrow(request.transport)

    async def write(self, lines: bytes) -> None:
        """Write when there is anything; raises _Over when the reader takes nothing."""
        if self._loop.time() >= self._look_at:
            await self._look()
        if not lines:
            return
        self._silent_at = self._loop.time() + self._timing.heartbeat_s
        try:
            async with asyncio.timeout(self._timing.stalled_s):
                await self._response.write(lines)
        except TimeoutError:
            if self._request.transport is not None:
                self._request.transport.abort()
            text = f"nothing was taken for {self._timing.stalled_s:g} s"
            raise _Over("stalled", text) from None
        except ConnectionError:
            raise _Over("left", "the reader left") from None

    async def rest(self, ready: asyncio.Event) -> None:
        """Wait until there is something to do; say now and then that the stream lives."""
        while not ready.is_set():
            try:
                async with asyncio.timeout_at(min(self._look_at, self._silent_at)):
                    await ready.wait()
            except TimeoutError:
                silent = self._loop.time() >= self._silent_at
                await self.write(sse.HEARTBEAT if silent else b"")

    async def _look(self) -> None:
        """Raise _Over when the reader is gone or may no longer read."""
        self._look_at = self._loop.time() + self._timing.look_s
        transport = self._request.transport
        if transport is None or transport.is_closing():
            raise _Over("left", "the reader left")
        with contextlib.suppress(Unavailable):  # without the database nothing is told anyway
            if not await self._still():
                raise _Over("rights", "the reader's rights have changed")


def _ask(principal: Principal, still: Still | None) -> Callable[[], Awaitable[bool]]:
    async def unchanged() -> bool:
        return still is None or await still(principal)

    return unchanged


def _narrow(transport: asyncio.Transport) -> None:
    """Have the system hold no more for a reader than it must."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
