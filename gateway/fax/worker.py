"""One fax server's worker: takes faxes from the queue and hands them to the server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from gateway.fax import queue
from gateway.fax.model import Claimed
from gateway.fax.port import OutgoingFax
from gateway.fax.servers import FaxServers
from gateway.kernel.clock import Clock
from gateway.kernel.errors import Permanent, Temporary, Unavailable, Uncertain
from gateway.kernel.store import Store
from gateway.sending.priority import Priority

logger = logging.getLogger(__name__)
T = TypeVar("T")

STORE_PAUSE_S = 1.0
"""How long a worker waits before it tells a database again that does not work."""
IDLE_LOOK_S = 15.0
"""How often an idle worker looks at the queue although nothing woke it."""
SHORTEST_LOOK_S = 0.05


class FaxWorker:
    """Keeps one server supplied with faxes, a few more than it has lines."""

    def __init__(
        self, server_id: str, servers: FaxServers, store: Store, clock: Clock, folder: Path
    ) -> None:
        self._id = server_id
        self._servers = servers
        self._server = servers.by_id[server_id]
        self._store = store
        self._clock = clock
        self._folder = folder

    async def run(self) -> None:
        """Work until cancelled."""
        woken = self._servers.subscribe()
        try:
            while True:
                # What a dead predecessor, or this worker before a mishap, was submitting.
                doubtful = await self._stored(
                    lambda connection: queue.recover(connection, self._id, self._clock.now())
                )
                if doubtful:
                    logger.warning("%d faxes are asked for at fax server %s", doubtful, self._id)
                await self._server.ready()
                woken.clear()
                claimed = await self._claim()
                if claimed is None:
                    await self._rest(woken)
                else:
                    await self._hand_over(claimed)
        finally:
            self._servers.unsubscribe(woken)

    async def _claim(self) -> Claimed | None:
        now, terms = self._clock.now(), self._servers.terms(self._id)
        capacity = self._servers.capacity(self._id)

        def unit(connection: Connection) -> Claimed | None:
            if queue.held(connection, self._id) >= capacity:
                return None
            return queue.claim(connection, self._id, terms, now)

        return await self._stored(unit)

    async def _hand_over(self, claimed: Claimed) -> None:
        token = claimed.token
        try:
            job_id = await self._server.submit(self._outgoing(claimed))
        except (Temporary, Permanent) as refusal:
            await self._refused(token, refusal)
        except Uncertain as error:
            words = str(error)
            await self._stored(lambda c: queue.doubted(c, token, words, self._clock.now()))
            logger.warning("fax %s at server %s is uncertain: %s", claimed.fax.id, self._id, error)
        else:
            now = self._clock.now()
            unwanted = await self._stored(lambda c: queue.handed_over(c, token, job_id, now))
            if unwanted:
                await self._cancel(job_id)

    async def _refused(self, token: str, refusal: Temporary | Permanent) -> None:
        now, terms = self._clock.now(), self._servers.terms(self._id)
        state = await self._stored(lambda c: queue.not_taken(c, token, refusal, terms, now))
        logger.warning("fax server %s did not take a fax, which is %s: %s", self._id, state,
                       refusal)  # fmt: skip
        self._servers.wake()

    async def _cancel(self, job_id: str) -> None:
        try:
            await self._server.cancel(job_id)
        except (Temporary, Permanent, Uncertain) as error:
            logger.warning("fax server %s does not take back job %s yet: %s", self._id, job_id,
                           error)  # fmt: skip

    def _outgoing(self, claimed: Claimed) -> OutgoingFax:
        fax = claimed.fax
        return OutgoingFax(
            token=claimed.token,
            number=fax.recipient,
            file=self._folder / claimed.path,
            pages=fax.pages,
            resolution=fax.resolution,
            header=fax.header,
            recipient_name=fax.recipient_name,
            recipient_company=fax.recipient_company,
            subject=fax.subject,
            urgent=fax.priority is Priority.HIGH,
        )

    async def _rest(self, woken: asyncio.Event) -> None:
        now = self._clock.now()
        due = await self._store.read(lambda connection: queue.next_due(connection, now))
        try:
            async with asyncio.timeout(_pause_s(due, now)):
                await woken.wait()
        except TimeoutError:
            return

    async def _stored(self, unit: Callable[[Connection], T]) -> T:
        """Write; while the database does not work, hold what is known and try again."""
        while True:
            try:
                return await self._store.write(unit)
            except Unavailable as error:
                logger.warning("fax server %s waits: %s", self._id, error)
                await asyncio.sleep(STORE_PAUSE_S)


def _pause_s(due: datetime | None, now: datetime) -> float:
    if due is None:
        return IDLE_LOOK_S
    return min(IDLE_LOOK_S, max((due - now).total_seconds(), SHORTEST_LOOK_S))
