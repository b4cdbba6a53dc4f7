"""Keeps named long-running tasks alive: a crash is logged, shown in health, and retried."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from gateway.kernel.clock import Clock
from gateway.kernel.health import Condition, Health, Level

logger = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
CALM_AFTER_S = 60.0
"""A task that ran this long before it fell starts again with the first pause."""


class Supervisor:
    """Owns tasks; restarts those that raise, with a growing pause. Not for tasks that end."""

    def __init__(self, health: Health, clock: Clock) -> None:
        self._health = health
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Start a named task; `work` is called anew after each crash."""
        if name in self._tasks:
            msg = f"task {name} runs already"
            raise ValueError(msg)
        self._tasks[name] = asyncio.create_task(self._keep(name, work), name=name)

    async def stop(self, name: str) -> None:
        """Cancel a task and wait for its end."""
        task = self._tasks.pop(name, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._health.forget(f"task:{name}")

    async def close(self) -> None:
        """Cancel every task, the youngest first."""
        for name in reversed(list(self._tasks)):
            await self.stop(name)

    async def _keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            began = self._clock.monotonic()
            try:
                await work()
                self._health.forget(f"task:{name}")
                return
            except Exception as error:
                logger.exception("task %s fell; it starts again in %.1f s", name, pause_s)
                detail = f"{type(error).__name__}: {error}"
                self._health.report(
                    f"task:{name}",
                    Condition(level=Level.DEGRADED, detail=detail, remedy="see the log"),
                )
            if self._clock.monotonic() - began > CALM_AFTER_S:
                pause_s = FIRST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
