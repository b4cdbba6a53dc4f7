"""The live tail of the log: nothing waits for the next event, and nobody holds more than he may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, Select

from gateway.kernel.event_feed import EventFeed
from gateway.web import live_tail
from gateway.web.feed_view import View
from gateway.web.live_tail import LiveTail, Place
from gateway.web.principal import Permission
from gateway.web.sse import line_of

T = TypeVar("T")
AT = datetime(2026, 3, 1, tzinfo=UTC)
ALL = View(audiences=None, permissions=frozenset(Permission))


class Log:
    """A store of events only, whose looks last as long as a test wants."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.looking = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    def add(self, text: str = "") -> None:
        number = len(self.events) + 1
        row = ("call.ringing", "s", AT, "everyone", f'{{"text":"{text}"}}', number)
        self.events.append(row)

    async def rows(self, statement: Select[Any], **values: object) -> list[tuple[Any, ...]]:
        if "last_id" not in values:
            return [(len(self.events),)]
        found = self.events[int(str(values["last_id"])) :][: int(str(values["at_most"]))]
        self.looking.set()
        await self.may_answer.wait()
        return found

    async def read(self, query: Callable[[Connection], T]) -> T:
        raise NotImplementedError

    async def write(self, unit: Callable[[Connection], T]) -> T:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError


@asynccontextmanager
async def followed(log: Log) -> AsyncIterator[tuple[LiveTail, EventFeed]]:
    feed = EventFeed(log)
    tail = LiveTail(log, feed, line_of)
    task = asyncio.create_task(tail.run())
    try:
        with tail.held():
            async with asyncio.timeout(5):
                await tail.following.wait()
            yield tail, feed
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def ids(tail: LiveTail, place: Place, count: int) -> list[int]:
    taken = b""
    async with asyncio.timeout(5):
        while taken.count(b"id: ") < count:
            await place.ready.wait()
            taken += place.take(tail.position)
    return [int(line[4:]) for line in taken.split(b"\n") if line.startswith(b"id: ")]


async def test_what_is_written_during_a_look_is_looked_for_at_once() -> None:
    log = Log()
    async with followed(log) as (tail, feed):
        with tail.joined(ALL, 0) as place:
            log.may_answer.clear()
            log.looking.clear()
            log.add()
            feed.wake()
            await log.looking.wait()
            log.add()
            feed.wake()
            log.may_answer.set()
            assert await ids(tail, place, 2) == [1, 2]


async def test_who_takes_nothing_holds_nothing_once_too_much_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_tail, "MAX_WAITING_BYTES", 5_000)
    monkeypatch.setattr(live_tail, "MAX_RECENT_BYTES", 20_000)
    log = Log()
    async with followed(log) as (tail, feed):
        with tail.joined(ALL, 0) as slow, tail.joined(ALL, 0) as quick:
            for number in range(1, 101):
                log.add("x" * 1_000)
                feed.wake()
                assert await ids(tail, quick, 1) == [number]
            assert (slow.lost, slow.last, slow.take(0)) == (True, 0, b"")
            assert tail.begins > 75
            lines, reached = tail.recent(ALL, tail.begins)
            assert (lines.count(b"id: "), reached) == (5, tail.begins + 5)


async def test_who_sees_little_is_not_woken_by_what_is_not_his() -> None:
    log = Log()
    his = View(audiences=("user:m",), permissions=frozenset(Permission))
    async with followed(log) as (tail, feed):
        with tail.joined(his, 0) as foreign, tail.joined(ALL, 0) as place:
            log.add()
            feed.wake()
            assert await ids(tail, place, 1) == [1]
            assert not foreign.ready.is_set()
