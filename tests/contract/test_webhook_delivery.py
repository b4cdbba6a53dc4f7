"""Webhooks: signed, in order per subject, at least once, and a dead receiver costs nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from gateway.kernel import events
from gateway.kernel.event_feed import EventFeed
from gateway.kernel.health import Health
from gateway.kernel.secrets import SecretBox, new_key
from gateway.kernel.supervisor import Supervisor
from gateway.web.principal import LOCAL_ADMINISTRATOR
from gateway.webhooks.book import WebhookBook
from gateway.webhooks.couriers import Couriers
from gateway.webhooks.model import signature
from tests.contract.sms_desk import Desk, open_desk
from tests.waiting import until


class Receiver:
    """An HTTP server that remembers what it was told, and answers what it is told to."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.raw: list[bytes] = []
        self.status: Callable[[dict[str, Any]], int] = lambda _event: 200
        self.attempts = 0

    async def handle(self, request: web.Request) -> web.Response:
        self.attempts += 1
        body = await request.read()
        event = json.loads(body)
        status = self.status(event)
        if status == 200:
            self.told.append(event)
            self.raw.append(body)
            self.headers.append(dict(request.headers))
        return web.Response(status=status)

    def subjects(self) -> list[tuple[str, int]]:
        """Return subject and number of each event, in the order of arrival."""
        return [(event["subject"], event["data"]["n"]) for event in self.told]


class Rig:
    """A desk, a receiver and the couriers between them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.receiver = Receiver()
        self.box = SecretBox(new_key())
        self.book = WebhookBook(desk.service.store, desk.clock, self.box)
        self.url = ""

    @asynccontextmanager
    async def delivering(self) -> AsyncIterator[None]:
        """Run couriers, as the service does."""
        store, clock = self.desk.service.store, self.desk.clock
        supervisor, feed = Supervisor(Health(), clock), EventFeed(store)
        couriers = Couriers(
            self.book, store, clock, feed, box=self.box, supervisor=supervisor, describe={}
        )
        looking = asyncio.create_task(feed.run())
        await couriers.apply()
        try:
            yield
        finally:
            await supervisor.close()
            await couriers.close()
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking

    async def happen(self, *subjects: str) -> None:
        """Have events happen; each tells the how manyth it is."""
        now = self.desk.clock.now()
        await self.desk.service.store.write(
            lambda connection: events.append(
                connection,
                *(
                    events.Event(
                        kind="test.happened", subject=subject, at=now, audience="everyone",
                        data={"n": number},
                    )
                    for number, subject in enumerate(subjects)
                ),
            )
        )  # fmt: skip


@pytest.fixture
async def rig(database_url: str, tmp_path: Path) -> AsyncIterator[Rig]:
    async with open_desk(database_url, tmp_path) as desk:
        made = Rig(desk)
        app = web.Application()
        app.router.add_post("/hook", made.receiver.handle)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        yield made
        await runner.cleanup()


async def test_events_are_told_signed_and_in_order(rig: Rig) -> None:
    webhook = await rig.book.add(LOCAL_ADMINISTRATOR, rig.url, ["test.*"])
    async with rig.delivering():
        await rig.happen(*["a", "b"] * 40)
        await until(lambda: len(rig.receiver.told) == 80)
    for subject in ("a", "b"):
        numbers = [number for name, number in rig.receiver.subjects() if name == subject]
        assert numbers == sorted(numbers)
    expected = signature(webhook.secret, rig.desk.clock.now(), rig.receiver.raw[0])
    assert rig.receiver.headers[0]["Santral-Signature"] == expected
    assert rig.receiver.headers[0]["Santral-Event-Id"] == str(rig.receiver.told[0]["id"])


async def test_only_the_kinds_that_are_wanted_from_the_start_on(rig: Rig) -> None:
    await rig.happen("before")
    await rig.book.add(LOCAL_ADMINISTRATOR, rig.url, ["sms.queued"])
    async with rig.delivering():
        await rig.happen("x")
        message = await rig.desk.send("gizli")
        await until(lambda: bool(rig.receiver.told))
    assert [event["subject"] for event in rig.receiver.told] == [message]


async def test_what_is_refused_holds_up_its_own_subject_only(rig: Rig) -> None:
    await rig.book.add(LOCAL_ADMINISTRATOR, rig.url, [])
    rig.receiver.status = lambda event: 500 if event["subject"] == "a" else 200
    async with rig.delivering():
        await rig.happen("a", "b", "a", "b")
        await until(lambda: len(rig.receiver.told) == 2)
        assert rig.receiver.subjects() == [("b", 1), ("b", 3)]
        await rig.happen("a", "b")
        await until(lambda: len(rig.receiver.told) == 3)
        rig.receiver.status = lambda _event: 200
        rig.desk.later(minutes=11)
        await rig.happen("c")
        await until(lambda: len(rig.receiver.told) == 7)

        async def noted() -> bool:
            (listed,) = await rig.book.listed(LOCAL_ADMINISTRATOR)
            return (listed.refused, listed.behind, listed.webhook.failure) == (0, 0, "")

        await until(noted)
    assert [n for name, n in rig.receiver.subjects() if name == "a"] == [0, 2, 0]


async def test_a_dead_receiver_is_left_alone_for_a_growing_while_and_loses_nothing(
    rig: Rig,
) -> None:
    await rig.book.add(LOCAL_ADMINISTRATOR, rig.url, [])
    rig.receiver.status = lambda _event: 503
    async with rig.delivering():
        await rig.happen(*(f"s{number}" for number in range(300)))
        await until(lambda: rig.receiver.attempts > 0)
        await asyncio.sleep(0.5)
        assert rig.receiver.attempts <= 16
        (listed,) = await rig.book.listed(LOCAL_ADMINISTRATOR)
        assert "503" in listed.webhook.failure
        rig.receiver.status = lambda _event: 200
        await until(lambda: len(rig.receiver.told) >= 300)
    assert {event["subject"] for event in rig.receiver.told} == {f"s{n}" for n in range(300)}


async def test_what_cannot_be_told_for_a_day_is_given_up_and_counted(rig: Rig) -> None:
    await rig.book.add(LOCAL_ADMINISTRATOR, rig.url, [])
    rig.receiver.status = lambda event: 400 if event["subject"] == "a" else 200
    async with rig.delivering():
        await rig.happen("a")

        async def refused() -> bool:
            (listed,) = await rig.book.listed(LOCAL_ADMINISTRATOR)
            return listed.refused == 1

        await until(refused)
        rig.desk.clock.moment += timedelta(days=1, minutes=1)
        await rig.happen("b")

        async def given_up() -> bool:
            (listed,) = await rig.book.listed(LOCAL_ADMINISTRATOR)
            return listed.webhook.dropped == 1 and listed.refused == 0

        await until(given_up)
        await until(lambda: len(rig.receiver.told) > 0)
    assert [event["subject"] for event in rig.receiver.told] == ["b"]


async def test_a_restart_goes_on_where_it_was(rig: Rig) -> None:
    await rig.book.add(LOCAL_ADMINISTRATOR, rig.url, [])
    async with rig.delivering():
        await rig.happen("a")
        await until(lambda: len(rig.receiver.told) == 1)

        async def noted() -> bool:
            (listed,) = await rig.book.listed(LOCAL_ADMINISTRATOR)
            return listed.behind == 0

        await until(noted)
    await rig.happen("b")
    async with rig.delivering():
        await until(lambda: len(rig.receiver.told) == 2)
    assert [event["subject"] for event in rig.receiver.told] == ["a", "b"]


async def test_a_removed_webhook_is_told_nothing_more(rig: Rig) -> None:
    webhook = await rig.book.add(LOCAL_ADMINISTRATOR, rig.url, [])
    rig.receiver.status = lambda _event: 500
    async with rig.delivering():
        await rig.happen("a")
        await until(lambda: rig.receiver.attempts > 0)
        await rig.book.remove(LOCAL_ADMINISTRATOR, webhook.id)
    async with rig.delivering():
        before = rig.receiver.attempts
        await rig.happen("b")
        await asyncio.sleep(0.4)
        assert rig.receiver.attempts == before
