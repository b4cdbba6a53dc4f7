"""Waiting for something that another process does."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable

LOOK_S = 0.05


async def until(seen: Callable[[], bool | Awaitable[bool]], *, timeout_s: float = 40.0) -> None:
    """Look until it is seen; TimeoutError when it never is."""
    async with asyncio.timeout(timeout_s):
        while True:
            result = seen()
            if inspect.isawaitable(result):
                result = await result
            if result:
                return
            await asyncio.sleep(LOOK_S)
