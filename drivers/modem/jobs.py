"""What callers want of a modem, in the order they asked."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from drivers.modem.pdu import SubmitPdu
from gateway.kernel.errors import GatewayError, Temporary

MAX_JOBS = 1000
"""More than that waiting at one modem is refused; the durable queue is the caller's."""


@dataclass(slots=True, kw_only=True, eq=False)
class SubmitJob:
    """A segment to be submitted."""

    pdu: SubmitPdu
    token: str
    done: asyncio.Future[int] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


@dataclass(slots=True, kw_only=True, eq=False)
class CommandJob:
    """A command whose information nobody needs, as for USSD."""

    line: str
    done: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def __post_init__(self) -> None:
        # Nobody may be waiting, as for the end of a USSD session.
        self.done.add_done_callback(lambda done: done.cancelled() or done.exception())


Job = SubmitJob | CommandJob


class Jobs:
    """The bounded queue of one modem; refuses what does not fit."""

    def __init__(self) -> None:
        self._waiting: deque[Job] = deque()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, job: Job) -> None:
        """Queue a job; raises Temporary when the queue is full."""
        if len(self._waiting) >= MAX_JOBS:
            raise Temporary("too much waits at this modem", code="busy", retry_after_s=5)
        self._waiting.append(job)

    def take(self) -> Job | None:
        """Return the next job that somebody still waits for."""
        while self._waiting:
            job = self._waiting.popleft()
            if not job.done.done():
                return job
        return None

    def refuse_all(self, reason: Callable[[], GatewayError]) -> None:
        """Tell everyone who waits that it cannot be done now."""
        while (job := self.take()) is not None:
            job.done.set_exception(reason())
