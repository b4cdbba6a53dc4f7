"""Delivers the event log to webhooks: in order per subject, at least once, tried for a day.

The log itself is the queue: each webhook has a mark in it. What a receiver refuses is put aside
with everything later about the same subject, so that nothing else waits. A receiver that is dead
is left alone for a growing while; it costs nothing but its own task.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from gateway.kernel.clock import Clock
from gateway.kernel.event_feed import EventFeed
from gateway.kernel.events import Event, events
from gateway.kernel.secrets import SecretBox
from gateway.kernel.store import Store
from gateway.webhooks.book import webhook_of
from gateway.webhooks.model import (
    TRIED_FOR,
    Verdict,
    Webhook,
    pause_after,
    signature,
    verdict_of,
)
from gateway.webhooks.tables import backlog, webhooks

logger = logging.getLogger(__name__)

AT_ONCE = 64
"""Events in one round; so many may be delivered a second time after a crash."""
CONNECTIONS = 8
LOOK_S = 30.0
"""How often a webhook is looked at although nothing happened."""

Post = Callable[[str, bytes, Mapping[str, str]], Awaitable["Answer"]]
"""Sends a body to an address."""
Describe = Callable[[Connection, str], Mapping[str, Any] | None]
"""Returns the object that an event is about, as its API shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a receiver answered; no status when it did not."""

    status: int | None
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parked:
    event: Event
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    webhook: Webhook
    due: list[_Parked]
    fresh: list[Event]
    parked_subjects: frozenset[str]
    objects: Mapping[int, Mapping[str, Any] | None]
    next_due: datetime | None
    newest: int


@dataclass(slots=True)
class _Outcome:
    done: list[Event] = field(default_factory=list)
    """Taken by the receiver, or given up."""
    untried: list[tuple[Event, int]] = field(default_factory=list)
    """To be tried (again) later, with the number of attempts before."""
    refused: dict[int, int] = field(default_factory=dict)
    """Attempts, by event, of those that the receiver refused."""
    taken: int = 0
    dropped: int = 0
    dead: bool = False
    failure: str = ""


class Courier:
    """Delivers to one webhook until it is switched off or removed."""

    def __init__(
        self,
        webhook_id: str,
        store: Store,
        clock: Clock,
        feed: EventFeed,
        *,
        box: SecretBox,
        post: Post,
        describe: Mapping[str, Describe],
    ) -> None:
        self._id = webhook_id
        self._store = store
        self._clock = clock
        self._feed = feed
        self._box = box
        self._post = post
        self._describe = describe
        self._failures = 0

    async def run(self) -> None:
        """Deliver; returns when the webhook is gone."""
        async with self._feed.subscribe() as woken:
            while await self._round(woken):
                pass

    async def _round(self, woken: asyncio.Event) -> bool:
        woken.clear()
        now = self._clock.now()
        work = await self._store.read(lambda connection: self._load(connection, now))
        if work is None:
            return False
        outcome = await self._deliver(work, now)
        later = self._clock.now()
        await self._store.write(lambda connection: _note(connection, work, outcome, later))
        await self._rest(work, outcome, woken)
        return True

    def _load(self, connection: Connection, now: datetime) -> _Work | None:
        query = select(webhooks).where(webhooks.c.id == self._id, webhooks.c.active.is_(True))
        row = connection.execute(query).first()
        if row is None:
            return None
        webhook = webhook_of(row)
        behind = (
            select(events).where(events.c.id > webhook.after_event)
            .order_by(events.c.id).limit(AT_ONCE)
        )  # fmt: skip
        fresh = [Event(**found._mapping) for found in connection.execute(behind)]  # noqa: SLF001
        waiting = _heads(connection, self._id)
        due = [
            _Parked(
                event=Event(
                    id=head.id, kind=head.kind, subject=head.subject, at=head.at,
                    audience=head.audience, data=head.data,
                ),
                attempts=head.attempts,
            )
            for head in waiting
            if head.next_at <= now
        ][:AT_ONCE]  # fmt: skip
        wanted = [event for event in fresh if webhook.wants(event.kind)]
        return _Work(
            webhook=webhook,
            due=due,
            fresh=wanted,
            parked_subjects=frozenset(head.subject for head in waiting),
            objects={
                event.id: self._object(connection, event)
                for event in (*wanted, *(parked.event for parked in due))
            },
            next_due=min((head.next_at for head in waiting), default=None),
            newest=fresh[-1].id if fresh else webhook.after_event,
        )

    def _object(self, connection: Connection, event: Event) -> Mapping[str, Any] | None:
        describe = self._describe.get(event.kind.partition(".")[0])
        return describe(connection, event.subject) if describe else None

    async def _deliver(self, work: _Work, now: datetime) -> _Outcome:
        """Try what is due: chains of one subject in order, several chains at once."""
        outcome = _Outcome()
        secret = self._box.open(work.webhook.secret)
        free = asyncio.Semaphore(CONNECTIONS)

        async def follow(chain: list[tuple[Event, int]]) -> None:
            async with free:
                while chain and await self._link(work, chain[0], outcome, secret, now):
                    chain.pop(0)
            outcome.untried += chain

        async with asyncio.TaskGroup() as group:
            for chain in _chains(work, outcome):
                group.create_task(follow(chain))
        return outcome

    async def _link(
        self,
        work: _Work,
        link: tuple[Event, int],
        outcome: _Outcome,
        secret: str,
        now: datetime,
    ) -> bool:
        """Try one event; tell whether the next one of its subject may follow."""
        event, attempts = link
        if outcome.dead:
            return False
        if now - event.at > TRIED_FOR and (attempts or work.webhook.failure):
            outcome.dropped += 1
            outcome.done.append(event)
            return True
        verdict = await self._try(work, event, secret, outcome)
        if verdict is Verdict.TAKEN:
            outcome.taken += 1
            outcome.done.append(event)
        elif verdict is Verdict.REFUSED:
            outcome.refused[event.id] = attempts + 1
        else:
            outcome.dead = True
        return verdict is Verdict.TAKEN

    async def _try(self, work: _Work, event: Event, secret: str, outcome: _Outcome) -> Verdict:
        body = json.dumps(
            {
                "id": event.id,
                "kind": event.kind,
                "at": event.at.isoformat(),
                "subject": event.subject,
                "data": event.data,
                "object": work.objects.get(event.id),
            },
            ensure_ascii=False,
            default=str,
        ).encode()
        headers = {
            "Content-Type": "application/json",
            "Santral-Event": event.kind,
            "Santral-Event-Id": str(event.id),
            "Santral-Signature": signature(secret, self._clock.now(), body),
        }
        answer = await self._post(work.webhook.url, body, headers)
        verdict = verdict_of(answer.status)
        if verdict is not Verdict.TAKEN:
            outcome.failure = answer.said or f"the receiver answered {answer.status}"
        return verdict

    async def _rest(self, work: _Work, outcome: _Outcome, woken: asyncio.Event) -> None:
        if outcome.dead:
            self._failures += 1
            pause_s = pause_after(self._failures).total_seconds()
            logger.warning("webhook %s: %s; next try in %.0f s", self._id, outcome.failure, pause_s)
            await asyncio.sleep(pause_s)
            return
        self._failures = 0
        if work.newest > work.webhook.after_event or outcome.done:
            return
        pause_s = LOOK_S
        if work.next_due is not None:
            pause_s = min(pause_s, max((work.next_due - self._clock.now()).total_seconds(), 0.05))
        try:
            async with asyncio.timeout(pause_s):
                await woken.wait()
        except TimeoutError:
            return


def _heads(connection: Connection, webhook_id: str) -> Sequence[Row[Any]]:
    """Return the oldest event of each subject in the backlog, the next due first."""
    heads = (
        select(backlog.c.subject, func.min(backlog.c.event_id).label("head"))
        .where(backlog.c.webhook_id == webhook_id)
        .group_by(backlog.c.subject)
        .subquery()
    )
    query: Select[Any] = (
        select(backlog.c.attempts, backlog.c.next_at, events)
        .join(heads, heads.c.head == backlog.c.event_id)
        .join(events, events.c.id == backlog.c.event_id)
        .where(backlog.c.webhook_id == webhook_id)
        .order_by(backlog.c.next_at)
    )
    return connection.execute(query).all()


def _chains(work: _Work, outcome: _Outcome) -> list[list[tuple[Event, int]]]:
    """Return the events to be tried, by subject; those behind a refused one only join it."""
    chains = {parked.event.subject: [(parked.event, parked.attempts)] for parked in work.due}
    for event in work.fresh:
        if event.subject in work.parked_subjects:
            outcome.untried.append((event, 0))
        else:
            chains.setdefault(event.subject, []).append((event, 0))
    return list(chains.values())


def _note(connection: Connection, work: _Work, outcome: _Outcome, now: datetime) -> None:
    """Write what became of a round: the mark moves behind what was taken, given up or put aside."""
    webhook = work.webhook
    mark = work.newest
    if outcome.dead:
        seen = [event.id for event in outcome.done]
        mark = max([webhook.after_event, *seen, *outcome.refused])
    _forget(connection, webhook.id, [event.id for event in outcome.done])
    parked = {item.event.id for item in work.due}
    for event, before in outcome.untried:
        attempts = outcome.refused.get(event.id, before)
        next_at = now + pause_after(attempts) if attempts else now
        if event.id in parked:
            _retry_later(connection, webhook.id, event.id, attempts, next_at)
        elif event.id <= mark:
            connection.execute(
                insert(backlog).values(
                    webhook_id=webhook.id, event_id=event.id, subject=event.subject,
                    attempts=attempts, next_at=next_at,
                )
            )  # fmt: skip
    values: dict[str, Any] = {"after_event": mark}
    if outcome.taken:
        values |= {"delivered_at": now, "failure": ""}
    if outcome.failure:
        values |= {"failed_at": now, "failure": outcome.failure[:500]}
    if outcome.dropped:
        values["dropped"] = webhooks.c.dropped + outcome.dropped
    connection.execute(update(webhooks).where(webhooks.c.id == webhook.id).values(values))


def _forget(connection: Connection, webhook_id: str, event_ids: Sequence[int]) -> None:
    if event_ids:
        connection.execute(
            delete(backlog).where(
                backlog.c.webhook_id == webhook_id, backlog.c.event_id.in_(event_ids)
            )
        )


def _retry_later(
    connection: Connection, webhook_id: str, event_id: int, attempts: int, next_at: datetime
) -> None:
    connection.execute(
        update(backlog)
        .where(backlog.c.webhook_id == webhook_id, backlog.c.event_id == event_id)
        .values(attempts=attempts, next_at=next_at)
    )
