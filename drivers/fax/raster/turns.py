"""Whose turn it is: so many at once, so many that wait, and no longer than that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from drivers.fax.raster.limits import RasterLimits
from gateway.kernel.errors import Temporary

_RETRY_S = 30.0


class Turns:
    """Bounds what is worked on at once. Overflow: refused, to be tried again."""

    def __init__(self, limits: RasterLimits) -> None:
        self._places = asyncio.Semaphore(limits.at_once)
        self._limits = limits
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold a place; raises Temporary when there is none in time."""
        await self._take()
        try:
            yield
        finally:
            self._places.release()

    async def _take(self) -> None:
        if self._waiting >= self._limits.waiting:
            raise _busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._limits.wait_s):
                await self._places.acquire()
        except TimeoutError as error:
            raise _busy() from error
        finally:
            self._waiting -= 1


def _busy() -> Temporary:
    return Temporary(
        "this machine is busy with the pages of other faxes: try again in a minute",
        retry_after_s=_RETRY_S,
    )
