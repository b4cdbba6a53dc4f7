"""Keeps one courier running for each webhook that is switched on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

import aiohttp

from gateway.kernel.clock import Clock
from gateway.kernel.event_feed import EventFeed
from gateway.kernel.secrets import SecretBox
from gateway.kernel.store import Store
from gateway.kernel.supervisor import Supervisor
from gateway.webhooks.book import WebhookBook
from gateway.webhooks.delivery import Answer, Courier, Describe

TIMEOUT_S = 10.0
MAX_ANSWER = 4096
"""Bytes of an answer that are read; a receiver's answer says nothing but its status."""


class Couriers:
    """Starts and stops couriers as the webhooks change."""

    def __init__(
        self,
        book: WebhookBook,
        store: Store,
        clock: Clock,
        feed: EventFeed,
        *,
        box: SecretBox,
        supervisor: Supervisor,
        describe: Mapping[str, Describe],
    ) -> None:
        self._book = book
        self._store = store
        self._clock = clock
        self._feed = feed
        self._box = box
        self._supervisor = supervisor
        self._describe = describe
        self._running: set[str] = set()
        self._changing = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None

    async def apply(self) -> None:
        """Bring what runs in line with what is stored."""
        async with self._changing:
            if self._session is None:
                self._session = aiohttp.ClientSession(
                    timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)
                )
            wanted = set(await self._book.active())
            for webhook_id in self._running - wanted:
                await self._supervisor.stop(_name(webhook_id))
            for webhook_id in wanted - self._running:
                courier = Courier(
                    webhook_id,
                    self._store,
                    self._clock,
                    self._feed,
                    box=self._box,
                    post=partial(_post, self._session),
                    describe=self._describe,
                )
                self._supervisor.start(_name(webhook_id), courier.run)
            self._running = wanted

    async def close(self) -> None:
        """Let go of the connections; the tasks end with their supervisor."""
        if self._session is not None:
            await self._session.close()


def _name(webhook_id: str) -> str:
    return f"webhook {webhook_id}"


async def _post(
    session: aiohttp.ClientSession, url: str, body: bytes, headers: Mapping[str, str]
) -> Answer:
    try:
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            await answer.content.read(MAX_ANSWER)
            return Answer(status=answer.status)
    except TimeoutError:
        return Answer(status=None, said=f"no answer within {TIMEOUT_S:.0f} s")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Answer(status=None, said=str(error) or type(error).__name__)
