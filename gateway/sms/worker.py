"""One modem's worker: takes messages from the queue and has the modem submit them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection

from gateway.kernel.clock import Clock
from gateway.kernel.errors import Permanent, Temporary, Unavailable, Uncertain
from gateway.kernel.metrics import Metrics
from gateway.kernel.store import Store
from gateway.sms import queue
from gateway.sms.model import Claimed, MessageState, Segment
from gateway.sms.port import Modem

logger = logging.getLogger(__name__)

T = TypeVar("T")

STORE_PAUSE_S = 1.0
"""How long a worker waits before it tells a database again that does not work."""
IDLE_LOOK_S = 30.0
"""How often an idle worker looks at the queue although nothing woke it."""
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
        self, modem_id: str, modem: Modem, store: Store, clock: Clock, wake: Wake, metrics: Metrics
    ) -> None:
        self._modem_id = modem_id
        self._modem = modem
        self._store = store
        self._clock = clock
        self._wake = wake
        self._metrics = metrics
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
                while claimed is not None:
                    claimed = await self._send(claimed)
                self._idle.set()
        finally:
            self._wake.unsubscribe(woken)

    async def drain(self) -> None:
        """Take no further message; return when the one in hand is done with."""
        self._draining = True
        await self._idle.wait()

    async def _rest(self, woken: asyncio.Event) -> None:
        self._idle.set()
        due = await self._store.read(lambda connection: queue.next_due(connection, self._modem_id))
        pause_s = IDLE_LOOK_S
        if due is not None:
            pause_s = min(pause_s, max((due - self._clock.now()).total_seconds(), 0.05))
        try:
            async with asyncio.timeout(pause_s):
                await woken.wait()
        except TimeoutError:
            return

    async def _claim(self) -> Claimed | None:
        self._idle.clear()
        now = self._clock.now()
        return await self._stored(lambda connection: queue.claim(connection, self._modem_id, now))

    async def _send(self, claimed: Claimed) -> Claimed | None:
        """Submit what waits of a message; returns the next message when this one is through."""
        waiting = claimed.waiting
        for segment, following in zip(waiting, (*waiting[1:], None), strict=True):
            try:
                receipt = await self._modem.submit(
                    claimed.outgoing(segment), queue.token_of(segment)
                )
            except (Temporary, Permanent, Uncertain) as error:
                await self._store_error(segment, error)
                return None
            self._count("sent")
            next_message = await self._store_sent(segment, receipt.reference, following)
        return next_message

    async def _store_sent(
        self, segment: Segment, reference: int, following: Segment | None
    ) -> Claimed | None:
        now = self._clock.now()
        go_on = following is None and not self._draining and self._modem.status.ready

        def unit(connection: Connection) -> Claimed | None:
            queue.sent(connection, segment, self._modem_id, reference, now, following=following)
            return queue.claim(connection, self._modem_id, now) if go_on else None

        return await self._stored(unit)

    async def _store_error(
        self, segment: Segment, error: Temporary | Permanent | Uncertain
    ) -> None:
        now = self._clock.now()

        def unit(connection: Connection) -> MessageState:
            if isinstance(error, Uncertain):
                return queue.uncertain(connection, segment, now, str(error))
            if isinstance(error, Permanent):
                return queue.failed(connection, segment, now, code=error.code, text=str(error))
            counts = error.code != NOT_READY
            return queue.refused(
                connection, segment, now, code=error.code, text=str(error), counts=counts
            )

        state = await self._stored(unit)
        self._count(state.value)
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

    def _count(self, outcome: str) -> None:
        self._metrics.sms_submitted.labels(self._modem_id, outcome).inc()
