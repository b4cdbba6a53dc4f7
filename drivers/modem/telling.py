"""Tells the sink what happens beside messages: calls that ring, answers that came late."""

from __future__ import annotations

import asyncio
import logging
from collections import deque

from drivers.modem.handover import succeeds
from drivers.modem.timing import Timing
from drivers.modem.voice import Change, RingTracker
from gateway.calls.port import MODEM, CallSink
from gateway.kernel.clock import Clock
from gateway.sms.port import LateAnswer, ModemSink

logger = logging.getLogger(__name__)

_MAX_WAITING = 1000
"""Events kept while the sink takes none; beyond, the oldest is dropped."""

Event = LateAnswer | Change


class Teller:
    """Keeps events in their order until the sinks have them; touches no device."""

    def __init__(
        self,
        modem_id: str,
        sink: ModemSink,
        calls: CallSink | None,
        clock: Clock,
        timing: Timing,
    ) -> None:
        self._line = f"{MODEM}{modem_id}"
        self._sink = sink
        self._calls = calls
        self._clock = clock
        self._timing = timing
        self._waiting: deque[Event] = deque(maxlen=_MAX_WAITING)
        self._woken = asyncio.Event()
        self._rings = RingTracker(
            modem_id, caller_wait_s=timing.caller_wait_s, ring_end_s=timing.ring_end_s
        )

    def tell(self, event: Event) -> None:
        """Have the sink told."""
        self._waiting.append(event)
        self._woken.set()

    def heard(self, line: str, call_ended: tuple[str, ...]) -> None:
        """Take an unsolicited result that may be about a voice call."""
        ringing = self._rings.due_s is not None
        for event in self._rings.feed(line, call_ended, self._clock.monotonic(), self._clock.now()):
            self.tell(event)
        if not ringing and self._rings.due_s is not None:
            self._woken.set()

    async def run(self) -> None:
        """Tell until cancelled."""
        # The store has no event for being there again.
        while not await succeeds(self._forget_calls(), "the modem's calls before"):  # noqa: ASYNC110
            await asyncio.sleep(self._timing.sink_retry_s)
        while True:
            await self._wait()
            for event in self._rings.tick(self._clock.monotonic(), self._clock.now()):
                self._waiting.append(event)
            while self._waiting:
                if await succeeds(self._hand_over(self._waiting[0]), "an event of the modem"):
                    self._waiting.popleft()
                else:
                    await asyncio.sleep(self._timing.sink_retry_s)

    async def _wait(self) -> None:
        if self._waiting:
            return
        self._woken.clear()
        due_s = self._rings.due_s
        wait_s = None if due_s is None else max(due_s - self._clock.monotonic(), 0.0)
        try:
            async with asyncio.timeout(wait_s):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _hand_over(self, event: Event) -> None:
        if isinstance(event, LateAnswer):
            await self._sink.answered_late(event)
        elif self._calls is not None:
            await self._calls.calls_changed(self._line, [event])

    async def _forget_calls(self) -> None:
        """End what rang when somebody listened last."""
        if self._calls is not None:
            await self._calls.calls_living(self._line, ())
