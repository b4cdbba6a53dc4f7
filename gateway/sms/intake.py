"""Joins messages that are accepted at the same moment into one unit of work.

Fifty clients that each post one message cost the store little more than one who posts fifty.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from gateway.kernel.errors import GatewayError
from gateway.sms.accepting import Draft
from gateway.sms.model import Message

AT_ONCE = 500
"""Messages in one unit, so that others are not held up."""
Result = Message | GatewayError
Accept = Callable[[Sequence[Draft]], Awaitable[list[Result]]]


class Intake:
    """Gathers while a unit is being committed what comes meanwhile, for the next one."""

    def __init__(self, accept: Accept) -> None:
        self._accept = accept
        self._waiting: list[tuple[Draft, asyncio.Future[Result]]] = []
        self._working: asyncio.Task[None] | None = None

    async def take(self, draft: Draft) -> Result:
        """Return what became of a draft, once that is on disk."""
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((draft, done))
        if self._working is None:
            self._working = asyncio.create_task(self._work(), name="sms intake")
        return await done

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch = self._waiting[:AT_ONCE]
                del self._waiting[:AT_ONCE]
                await self._settle(batch)
        finally:
            self._working = None

    async def _settle(self, batch: Sequence[tuple[Draft, asyncio.Future[Result]]]) -> None:
        try:
            results: Sequence[Result | Exception] = await self._accept([one for one, _ in batch])
        except Exception as error:  # noqa: BLE001 - it belongs to whose message caused it
            if len(batch) > 1 and not isinstance(error, GatewayError):
                for one in batch:
                    await self._settle([one])
                return
            results = [error] * len(batch)
        for (_, done), result in zip(batch, results, strict=True):
            if done.done():
                continue
            if isinstance(result, Exception) and not isinstance(result, GatewayError):
                done.set_exception(result)
            else:
                done.set_result(result)
