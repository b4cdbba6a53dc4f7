"""The live feed gives each reader what he may see, at once, and what he missed, on both engines."""

from __future__ import annotations

import asyncio
import json
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import aiohttp
import pytest

from gateway.kernel import events
from gateway.kernel.event_feed import EventFeed
from gateway.kernel.health import Health
from gateway.kernel.metrics import Metrics
from gateway.kernel.store import Store
from gateway.web import event_stream, live_tail, log_pages, sse
from gateway.web.event_stream import EventStream, Timing
from gateway.web.principal import Permission, Principal, Sight
from gateway.web.server import Server
from tests.waiting import until

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
READERS = {
    "head": Principal(user_id="h", name="head", permissions=frozenset(Permission)),
    "manager": Principal(
        user_id="m", name="manager", permissions=frozenset(Permission), sight=Sight.OWN
    ),
    "robot": Principal(user_id="r", name="robot", permissions=frozenset({Permission.SMS_READ})),
}


QUICK = Timing(heartbeat_s=0.1, look_s=0.05, stalled_s=0.3)


class Tokens:
    """Knows the readers by name."""

    def __init__(self) -> None:
        self.known: dict[str, Principal] = dict(READERS)

    async def principal_of(self, bearer_token: str) -> Principal | None:
        """Return whose token it is."""
        return self.known.get(bearer_token)


class Counting:
    """Writes events as they are sent, and counts."""

    def __init__(self) -> None:
        self.written: Counter[int] = Counter()

    def __call__(self, event: events.Event) -> bytes:
        self.written[event.id] += 1
        return sse.line_of(event)


@dataclass
class Office:
    """A server and its log."""

    store: Store
    feed: EventFeed
    server: Server
    port: int
    tokens: Tokens
    metrics: Metrics
    stream: EventStream
    serialised: Counter[int]
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def log(
        self, *kinds: str, audience: str = events.EVERYONE, data: Mapping[str, Any] | None = None
    ) -> None:
        """Write events."""
        told = data or {"text": "a\nb"}
        written = [events.Event(kind, "s", AT, audience, told) for kind in kinds]
        await self.store.write(lambda connection: events.append(connection, *written))
        self.feed.wake()

    def shown(self, name: str) -> float:
        """Return a metric's value."""
        return self.metrics.registry.get_sample_value(name) or 0.0

    @asynccontextmanager
    async def reading(
        self, who: str, last: str = "", query: str = ""
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Hold a stream; it has begun when this returns."""
        headers = {"Authorization": f"Bearer {who}"} | ({"Last-Event-ID": last} if last else {})
        async with (
            aiohttp.ClientSession(self.url) as session,
            session.get(f"/api/v1/events{query}", headers=headers) as answer,
        ):
            if answer.status == 200:
                assert await answer.content.readuntil(b"\n\n") == b"retry: 2000\n\n"
            yield answer

    @asynccontextmanager
    async def stalling(self, who: str) -> AsyncIterator[socket.socket]:
        """Hold a stream of which nothing is read."""
        loop = asyncio.get_running_loop()
        with socket.socket() as connection:
            connection.setblocking(False)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            await loop.sock_connect(connection, ("127.0.0.1", self.port))
            head = f"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {who}\r\n\r\n"
            before = self.shown("santral_feed_readers")
            await loop.sock_sendall(connection, head.encode())
            await until(lambda: self.shown("santral_feed_readers") > before)
            yield connection


@asynccontextmanager
async def office_of(store: Store, timing: Timing | None = None) -> AsyncIterator[Office]:
    """Hold a server on a log."""
    feed, tokens, metrics, counting = EventFeed(store), Tokens(), Metrics(), Counting()
    stream = EventStream(store, feed, metrics=metrics, serialise=counting, timing=timing)
    server = Server(
        [], authenticator=tokens, health=Health(), metrics=metrics, version="1",
        event_stream=stream,
    )  # fmt: skip
    port = await server.start_tcp("127.0.0.1", 0)
    running = [asyncio.create_task(feed.run()), asyncio.create_task(stream.run())]
    yield Office(store, feed, server, port, tokens, metrics, stream, counting.written, running)
    async with asyncio.timeout(3):
        await server.close()
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


@pytest.fixture
async def office(store: Store) -> AsyncIterator[Office]:
    async with office_of(store) as made:
        yield made


@pytest.fixture
async def quick_office(store: Store) -> AsyncIterator[Office]:
    """One that looks after its readers many times a second."""
    async with office_of(store, QUICK) as made:
        yield made


async def one(answer: aiohttp.ClientResponse) -> tuple[int, str, dict[str, Any]]:
    """Return the next event; beats are none."""
    block = ""
    while not block.startswith("id: "):
        async with asyncio.timeout(10):
            block = (await answer.content.readuntil(b"\n\n")).decode()
    number, kind, data = (line.partition(": ")[2] for line in block.strip().split("\n"))
    return int(number), kind, json.loads(data)


async def test_events_come_as_they_are_written(office: Office) -> None:
    await office.log("call.ended")
    async with office.reading("head") as answer:
        assert answer.content_type == "text/event-stream"
        await office.log("call.ringing", "sms.sent")
        number, kind, data = await one(answer)
        assert (kind, data["text"], data["subject"]) == ("call.ringing", "a\nb", "s")
        assert (await one(answer))[:2] == (number + 1, "sms.sent")


async def test_who_was_away_is_given_what_he_missed(office: Office) -> None:
    await office.log(*[f"call.{number}" for number in range(1200)])
    async with office.reading("head", last="1") as answer:
        kinds = [(await one(answer))[1] for _ in range(1199)]
    assert kinds == [f"call.{number}" for number in range(1, 1200)]
    async with office.reading("head", query="?after=1199") as answer:
        assert (await one(answer))[1] == "call.1199"


async def test_each_reader_sees_what_is_his(office: Office) -> None:
    async with office.reading("manager") as manager, office.reading("robot") as robot:
        await office.log("call.foreign", audience="user:x")
        await office.log("call.own", audience="user:m")
        await office.log("secret.kind", "sms.sent")
        assert [(await one(manager))[1] for _ in range(3)] == [
            "call.own",
            "secret.kind",
            "sms.sent",
        ]
        assert (await one(robot))[1] == "sms.sent"


async def test_what_is_written_while_the_log_is_read_comes_once(office: Office) -> None:
    count = 400
    async with office.reading("manager") as manager:
        for number in range(count):
            await office.log(f"call.{number}")
        await office.log("call.last")
        kinds = [(await one(manager))[1] for _ in range(count + 1)]
    assert kinds == [*(f"call.{number}" for number in range(count)), "call.last"]


async def test_kinds_narrow(office: Office) -> None:
    async with office.reading("head", query="?kinds=call.&kinds=party.") as answer:
        await office.log("sms.sent", "party.created", "call.ended")
        assert [(await one(answer))[1] for _ in range(2)] == ["party.created", "call.ended"]


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 30, "0" * 5000, "٣"])
async def test_what_is_no_events_id_is_refused(office: Office, last: str) -> None:
    async with office.reading("head", query=f"?after={last}") as answer:
        assert answer.status == 422
        assert "Last-Event-ID" in await answer.text()


async def test_a_stranger_is_told_nothing(office: Office) -> None:
    async with office.reading("stranger") as answer:
        assert answer.status == 401


async def test_a_stop_does_not_wait_for_readers(office: Office) -> None:
    async with office.reading("head"), asyncio.timeout(3):
        await office.server.close()


async def test_an_event_is_written_as_bytes_once_for_all_readers(office: Office) -> None:
    async with AsyncExitStack() as stack:
        heads = [await stack.enter_async_context(office.reading("head")) for _ in range(20)]
        for number in range(30):
            await office.log(f"call.{number}", f"sms.{number}")
        for answer in heads:
            assert [(await one(answer))[1] for _ in range(60)][-1] == "sms.29"
    assert set(office.serialised.values()) == {1}
    assert len(office.serialised) == 60


async def test_while_nobody_reads_the_log_is_not_looked_at(quick_office: Office) -> None:
    async with quick_office.reading("head") as answer:
        await quick_office.log("call.first")
        number, _, _ = await one(answer)
    await until(lambda: quick_office.shown("santral_feed_readers") == 0)
    await quick_office.log(*[f"call.{number}" for number in range(50)])
    async with quick_office.reading("head", last=str(number + 49)) as answer:
        await quick_office.log("call.last")
        assert [(await one(answer))[1] for _ in range(2)] == ["call.49", "call.last"]
    assert sum(quick_office.serialised.values()) == 3


async def test_who_comes_back_after_a_moment_costs_no_look_into_the_log(office: Office) -> None:
    async with office.reading("head") as stays:
        await office.log(*[f"call.{number}" for number in range(50)])
        numbers = [(await one(stays))[0] for _ in range(50)]
        async with office.reading("manager", last=str(numbers[9])) as answer:
            assert [(await one(answer))[0] for _ in range(40)] == numbers[10:]
    assert set(office.serialised.values()) == {1}


async def test_who_joins_while_much_is_written_is_given_each_event_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers come with ids old and new, some seeing all and some their own, while the tail holds
    little and a reader may let little wait."""
    monkeypatch.setattr(live_tail, "MAX_RECENT", 20)
    monkeypatch.setattr(live_tail, "MAX_WAITING", 15)
    monkeypatch.setattr(live_tail, "AT_ONCE", 7)
    monkeypatch.setattr(log_pages, "AT_ONCE", 11)
    monkeypatch.setattr(log_pages, "SPAN", 23)
    rng = random.Random(7)
    audiences = (events.EVERYONE, "user:m", "user:x", "user:m user:x", events.NOBODY)
    whose: dict[int, str] = {}
    count = 400

    async def write() -> None:
        for number in range(count):
            audience = rng.choice(audiences)
            whose[number + 1] = audience
            await office.log(f"call.{number}", audience=audience)

    def grown(to: int) -> bool:
        return len(whose) >= min(to, count)

    async def read(who: str) -> None:
        last = rng.randrange(max(len(whose), 1))
        first = min(last, len(whose)) + 1
        async with office.reading(who, last=str(last)) as answer:
            seen = [0]
            while seen[-1] != count + 1:
                seen.append((await one(answer))[0])
        mine = (events.EVERYONE, "user:m")
        assert seen[1:-1] == [
            number
            for number in range(first, count + 1)
            if who == "head" or any(one in mine for one in whose[number].split(" "))
        ]

    async with asyncio.TaskGroup() as group:
        writing = group.create_task(write())
        for _ in range(12):
            group.create_task(read("head"))
            group.create_task(read("manager"))
            await until(partial(grown, len(whose) + 20))
        await writing
        await office.log("call.last")


async def test_who_lets_too_much_wait_is_given_all_from_the_log_in_order(office: Office) -> None:
    text = {"text": "x" * 10_000}
    async with office.stalling("head") as slow, office.reading("head") as quick:
        for number in range(200):
            await office.log(f"call.{number}", data=text)
            assert (await one(quick))[1] == f"call.{number}"
        reader, writer = await asyncio.open_connection(sock=slow.dup())
        kinds: list[str] = []
        while len(kinds) < 200:
            async with asyncio.timeout(10):
                line = await reader.readline()
            if line.startswith(b"event: "):
                kinds.append(line.decode().split()[1])
        assert kinds == [f"call.{number}" for number in range(200)]
        await office.log("call.live")
        async with asyncio.timeout(10):
            while await reader.readline() != b"event: call.live\n":
                pass
        writer.close()
        assert office.shown("santral_feed_fell_behind_total") > 0


async def test_who_takes_nothing_is_disconnected_and_costs_others_nothing(
    quick_office: Office,
) -> None:
    text = {"text": "x" * 10_000}
    async with quick_office.stalling("head"), quick_office.reading("head") as quick:
        for number in range(200):
            await quick_office.log(f"call.{number}", data=text)
            assert (await one(quick))[1] == f"call.{number}"
        await until(lambda: quick_office.shown("santral_feed_readers") == 1)
    assert (
        quick_office.metrics.registry.get_sample_value(
            "santral_feed_ended_total", {"cause": "stalled"}
        )
        == 1
    )


async def test_a_silent_stream_says_that_it_lives(quick_office: Office) -> None:
    async with quick_office.reading("head") as answer, asyncio.timeout(10):
        assert await answer.content.readuntil(b"\n\n") == b"event: beat\ndata: {}\n\n"


async def test_a_stream_ends_when_its_reader_may_no_longer_sign_in(quick_office: Office) -> None:
    async with quick_office.reading("head") as stays, quick_office.reading("manager") as answer:
        del quick_office.tokens.known["manager"]
        async with asyncio.timeout(5):
            assert b"id:" not in await answer.read()
        await quick_office.log("call.later")
        assert (await one(stays))[1] == "call.later"


async def test_a_busy_stream_ends_when_its_readers_rights_change(quick_office: Office) -> None:
    async with quick_office.reading("head") as answer:
        quick_office.tokens.known["head"] = READERS["manager"]
        async with asyncio.timeout(5):
            while not answer.content.at_eof():
                await quick_office.log("call.busy")
                await answer.content.readany()


async def test_who_leaves_is_noticed_though_nothing_is_written_to_him(store: Store) -> None:
    async with office_of(store, Timing(heartbeat_s=60.0, look_s=0.05)) as office:
        async with office.reading("head"):
            assert office.shown("santral_feed_readers") == 1
        await until(lambda: office.shown("santral_feed_readers") == 0)


async def test_who_begins_while_the_feed_is_behind_is_not_told_what_was_before(
    office: Office,
) -> None:
    async with office.reading("head") as stays:
        office.tasks[0].cancel()
        old = events.Event("call.old", "s", AT, events.EVERYONE, {})
        await office.store.write(lambda connection: events.append(connection, old))
        async with office.reading("head") as late:
            await office.log("call.new")
            assert (await one(late))[1] == "call.new"
        assert [(await one(stays))[1] for _ in range(2)] == ["call.old", "call.new"]


async def test_the_feed_goes_on_where_it_was_when_its_task_fell(office: Office) -> None:
    async with office.reading("head") as answer:
        await office.log("call.before")
        assert (await one(answer))[1] == "call.before"
        for task in office.tasks:
            task.cancel()
        await asyncio.gather(*office.tasks, return_exceptions=True)
        await office.log("call.meanwhile")
        office.tasks[:] = [asyncio.create_task(office.stream.run())]
        await office.log("call.after")
        assert [(await one(answer))[1] for _ in range(2)] == ["call.meanwhile", "call.after"]


async def test_an_id_of_another_log_begins_now(office: Office) -> None:
    await office.log("call.old")
    async with office.reading("head", last="9" * 19) as answer:
        await office.log("call.new")
        assert [(await one(answer))[1] for _ in range(2)] == ["reset", "call.new"]


async def test_one_user_may_not_take_all_streams(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "MAX_READERS_OF_ONE", 1)
    async with office.reading("head"):
        async with office.reading("head") as second:
            assert (second.status, second.headers["Retry-After"]) == (503, "10")
        async with office.reading("manager") as other:
            assert other.status == 200
