"""The event log is kept for its days, and for who has not read it yet, on both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, insert, select

from gateway.app.tasks import LOG_READERS
from gateway.kernel import event_marks, events
from gateway.kernel.event_pruning import AT_ONCE, EventPruner
from gateway.kernel.secrets import SecretBox, new_key
from gateway.kernel.store import Store
from gateway.tasks.following import READER
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from gateway.webhooks.book import WebhookBook
from gateway.webhooks.tables import backlog
from tests.contract.sms_desk import SetClock

WEEK = timedelta(days=7)


class Log:
    """A log, its clock and its pruner."""

    def __init__(self, store: Store) -> None:
        self.store, self.clock = store, SetClock()
        self.webhooks = WebhookBook(store, self.clock, SecretBox(new_key()))
        self.pruner = EventPruner(store, self.clock, WEEK, LOG_READERS)

    async def happen(self, count: int) -> None:
        """Write events."""
        at = self.clock.now()
        written = [events.Event("sms.sent", "s", at, events.EVERYONE, {}) for _ in range(count)]
        await self.store.write(lambda connection: events.append(connection, *written))

    async def read_by_tasks(self, upto: int) -> None:
        """Note that the follower of tasks has come so far."""
        await self.store.write(lambda connection: event_marks.move_mark(connection, READER, upto))

    def pass_days(self, days: float) -> None:
        """Set the clock forward."""
        self.clock.moment += timedelta(days=days)

    async def kept(self) -> tuple[int, int]:
        """Prune; return the oldest and the newest event that are there."""
        await self.pruner.prune()

        def read(connection: Connection) -> tuple[int, int]:
            return events.oldest(connection), events.newest(connection)

        return await self.store.read(read)


@pytest.fixture
def log(store: Store) -> Log:
    """Return an empty log."""
    return Log(store)


async def test_old_events_go_and_the_newest_stays(log: Log) -> None:
    assert await log.kept() == (0, 0)
    await log.happen(2 * AT_ONCE + 5)
    await log.read_by_tasks(5 * AT_ONCE)
    log.pass_days(6.9)
    await log.happen(3)
    assert await log.kept() == (1, 2 * AT_ONCE + 8)
    log.pass_days(0.2)
    assert await log.kept() == (2 * AT_ONCE + 6, 2 * AT_ONCE + 8)
    log.pass_days(30)
    assert await log.kept() == (2 * AT_ONCE + 8, 2 * AT_ONCE + 8)


async def test_what_tasks_have_not_read_stays(log: Log) -> None:
    await log.happen(10)
    log.pass_days(30)
    assert await log.kept() == (1, 10)
    await log.read_by_tasks(4)
    assert await log.kept() == (5, 10)


async def test_what_a_webhook_has_not_read_stays(log: Log) -> None:
    await log.happen(4)
    await log.read_by_tasks(100)
    webhook = await log.webhooks.add(ROOT, "http://127.0.0.1/", [])
    await log.happen(6)
    log.pass_days(30)
    assert await log.kept() == (5, 10)
    await log.webhooks.change(ROOT, webhook.id, {"active": False})
    assert await log.kept() == (10, 10)


async def test_what_a_receiver_refused_stays_until_its_webhook_is_switched_off(log: Log) -> None:
    await log.happen(10)
    await log.read_by_tasks(100)
    webhook = await log.webhooks.add(ROOT, "http://127.0.0.1/", [])
    refused = insert(backlog).values(
        webhook_id=webhook.id, event_id=3, subject="s", attempts=1, next_at=log.clock.now()
    )
    await log.store.write(lambda connection: connection.execute(refused))
    log.pass_days(30)
    assert await log.kept() == (3, 10)
    await log.webhooks.change(ROOT, webhook.id, {"active": False})
    assert await log.kept() == (10, 10)
    left = await log.store.read(lambda c: c.execute(select(backlog)).all())
    assert left == []
