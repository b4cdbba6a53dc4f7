"""One modem's worker: takes messages from the queue and has the modem submit them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from gateway.kernel.clock import Clock
from gateway.kernel.errors import Permanent, Temporary, Unavailable, Uncertain
from gateway.kernel.metrics import Metrics
from gateway.kernel.store import Store
from gateway.sending import quotas
from gateway.sending.states import SendState
from gateway.sms import queue
from gateway.sms.dispatch import Dispatch
from gateway.sms.model import Claimed, Message, Segment
from gateway.sms.port import Modem
from gateway.sms.queue import Retry
from gateway.sms.terms import Terms

logger = logging.getLogger(__name__)

T = TypeVar("T")

STORE_PAUSE_S = 1.0
"""How long a worker waits before it tells a database again that does not work."""
IDLE_LOOK_S = 30.0
"""How often an idle worker looks at the queue although nothing woke it."""
SHORTEST_LOOK_S = 0.05
NOT_READY = "not_ready"
"""Code of a refusal that says nothing about the message: another modem may take it at once."""


@dataclass(slots=True)
class Wake:
    """Wakes every worker when something was queued."""

    _waiting: set[asyncio.Event]

    @classmethod
    def new(cls) -> Wake:
        """Return one that nobody waits on."""
        return cls(set())

    def all(self) -> None:
        """Wake everyone."""
        for event in self._waiting:
            event.set()

    def subscribe(self) -> asyncio.Event:
        """Return an event that `all` sets; give it back with `unsubscribe`."""
        event = asyncio.Event()
        self._waiting.add(event)
        return event

    def unsubscribe(self, event: asyncio.Event) -> None:
        """Stop waking."""
        self._waiting.discard(event)


class Worker:
    """Submits message after message by one modem, and stores what became of each."""

    def __init__(
        self, modem_id: str, modem: Modem, store: Store, clock: Clock, dispatch: Dispatch, *,
        wake: Wake, metrics: Metrics,
    ) -> None:  # fmt: skip
        self._modem_id = modem_id
        self._modem = modem
        self._store = store
        self._clock = clock
        self._dispatch = dispatch
        self._wake = wake
        self._metrics = metrics
        self._terms: Terms | None = None
        """The terms on which what is in hand was taken."""
        self._draining = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self) -> None:
        """Work until cancelled."""
        woken = self._wake.subscribe()
        try:
            await self._stored(
                lambda connection: queue.recover(
                    connection, self._clock.now(), modem_id=self._modem_id
                )
            )
            while True:
                await self._modem.ready()
                woken.clear()
                claimed = None if self._draining else await self._claim()
                if claimed is None:
                    await self._rest(woken)
                    continue
                if self._dispatch.rest(self._modem_id, idle=False):
                    self._wake.all()
                while claimed is not None:
                    claimed = await self._send(claimed)
                self._idle.set()
        finally:
            self._dispatch.rest(self._modem_id, idle=False)
            self._wake.unsubscribe(woken)

    async def drain(self) -> None:
        """Take no further message; return when the one in hand is done with."""
        self._draining = True
        await self._idle.wait()

    async def _rest(self, woken: asyncio.Event) -> None:
        self._idle.set()
        now = self._clock.now()
        terms = self._dispatch.terms(self._modem_id)

        def look(connection: Connection) -> tuple[datetime | None, quotas.Room]:
            room = quotas.room(connection, terms.sender, terms.quota, now, terms.zone)
            return queue.next_due(connection, self._modem_id, now), room

        due, room = await self._store.read(look)
        full_until = room.until if room.left == 0 else None
        self._dispatch.rest(self._modem_id, idle=full_until is None, full_until=full_until)
        moments = [moment for moment in (due, room.until) if moment is not None]
        pause_s = IDLE_LOOK_S
        if moments:
            pause_s = min(pause_s, max((min(moments) - now).total_seconds(), SHORTEST_LOOK_S))
        if terms.choice.later:
            pause_s = min(pause_s, max(terms.patience.total_seconds(), SHORTEST_LOOK_S))
        try:
            async with asyncio.timeout(pause_s):
                await woken.wait()
        except TimeoutError:
            return

    async def _claim(self) -> Claimed | None:
        self._idle.clear()
        now, terms = self._clock.now(), self._dispatch.terms(self._modem_id)
        self._terms = terms
        return await self._stored(
            lambda connection: queue.claim(connection, self._modem_id, terms, now)
        )

    async def _send(self, claimed: Claimed) -> Claimed | None:
        """Submit what waits of a message; returns the next message when this one is through."""
        waiting = claimed.waiting
        next_message = None
        for segment, following in zip(waiting, (*waiting[1:], None), strict=True):
            outgoing = claimed.outgoing(segment, self._clock.now())
            try:
                receipt = await self._modem.submit(outgoing, queue.token_of(segment))
            except (Temporary, Permanent, Uncertain) as error:
                await self._store_error(segment, error)
                return None
            self._count_sent(claimed.message.recipient)
            next_message = await self._store_sent(
                claimed.message, segment, receipt.reference, following
            )
        return next_message

    async def _store_sent(
        self, message: Message, segment: Segment, reference: int, following: Segment | None
    ) -> Claimed | None:
        now, terms = self._clock.now(), self._dispatch.terms(self._modem_id)
        go_on = following is None and not self._draining and self._modem.status.ready
        self._terms = terms

        def unit(connection: Connection) -> Claimed | None:
            if following is not None:
                queue.begin(
                    connection, following, self._modem_id, terms, now, recipient=message.recipient
                )
            queue.sent(connection, message, segment, reference, now)
            return queue.claim(connection, self._modem_id, terms, now) if go_on else None

        return await self._stored(unit)

    async def _store_error(
        self, segment: Segment, error: Temporary | Permanent | Uncertain
    ) -> None:
        now = self._clock.now()
        others = tuple(self._dispatch.terms(self._modem_id).others)

        def unit(connection: Connection) -> SendState:
            if isinstance(error, Uncertain):
                return queue.uncertain(connection, segment, now, str(error))
            if isinstance(error, Permanent) and error.of_sender:
                return queue.refused_for_sender(
                    connection, segment, now, code=error.code, text=str(error), others=others
                )
            if isinstance(error, Permanent):
                return queue.failed(connection, segment, now, code=error.code, text=str(error))
            retry = Retry(
                counts=error.code != NOT_READY,
                others=others,
                at_least=timedelta(seconds=error.retry_after_s),
            )
            return queue.refused(connection, segment, now, retry, code=error.code, text=str(error))

        state = await self._stored(unit)
        self._count(state.value)
        cause = "uncertain" if isinstance(error, Uncertain) else error.code
        self._metrics.sms_refused.labels(self._modem_id, self._sim, cause).inc()
        logger.warning(
            "message %s by modem %s is %s: %s", segment.message_id, self._modem_id, state, error
        )
        self._wake.all()

    async def _stored(self, unit: Callable[[Connection], T]) -> T:
        """Write; while the database does not work, hold what is known and try again."""
        while True:
            try:
                return await self._store.write(unit)
            except Unavailable as error:
                logger.warning("modem %s waits: %s", self._modem_id, error)
                await asyncio.sleep(STORE_PAUSE_S)

    @property
    def _sim(self) -> str:
        return self._terms.sender if self._terms else ""

    def _count(self, outcome: str) -> None:
        self._metrics.sms_submitted.labels(self._modem_id, self._sim, outcome).inc()

    def _count_sent(self, recipient: str) -> None:
        self._count("sent")
        cost = self._terms.tariff.cost(recipient) if self._terms else None
        if cost:
            self._metrics.sms_cost.labels(self._modem_id, self._sim).inc(cost)
