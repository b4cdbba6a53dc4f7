"""The live feed gives each reader what he may see, at once, and what he missed, on both engines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from gateway.kernel import events
from gateway.kernel.event_feed import EventFeed
from gateway.kernel.health import Health
from gateway.kernel.metrics import Metrics
from gateway.kernel.store import Store
from gateway.web.event_stream import EventStream
from gateway.web.principal import Permission, Principal, Sight
from gateway.web.server import Server

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
READERS = {
    "head": Principal(user_id="h", name="head", permissions=frozenset(Permission)),
    "manager": Principal(
        user_id="m", name="manager", permissions=frozenset(Permission), sight=Sight.OWN
    ),
    "robot": Principal(user_id="r", name="robot", permissions=frozenset({Permission.SMS_READ})),
}


class Tokens:
    """Knows the readers by name."""

    async def principal_of(self, bearer_token: str) -> Principal | None:
        """Return whose token it is."""
        return READERS.get(bearer_token)


@dataclass
class Office:
    """A server and its log."""

    store: Store
    feed: EventFeed
    server: Server
    url: str

    async def log(self, *kinds: str, audience: str = events.EVERYONE) -> None:
        """Write events."""
        written = [events.Event(kind, "s", AT, audience, {"text": "a\nb"}) for kind in kinds]
        await self.store.write(lambda connection: events.append(connection, *written))
        self.feed.wake()

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


@pytest.fixture
async def office(store: Store) -> AsyncIterator[Office]:
    feed = EventFeed(store)
    stream = EventStream(store, feed)
    running = asyncio.gather(feed.run(), stream.run())
    server = Server(
        [], authenticator=Tokens(), health=Health(), metrics=Metrics(), version="1",
        event_stream=stream,
    )  # fmt: skip
    port = await server.start_tcp("127.0.0.1", 0)
    yield Office(store, feed, server, f"http://127.0.0.1:{port}")
    async with asyncio.timeout(3):
        await server.close()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def one(answer: aiohttp.ClientResponse) -> tuple[int, str, dict[str, Any]]:
    """Return the next event."""
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


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 30, "٣"])
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
