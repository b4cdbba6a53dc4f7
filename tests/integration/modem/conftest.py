"""A simulated modem in a thread of its own, the driver on it, and a sink that remembers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drivers.modem.driver import GsmModemDriver
from drivers.modem.timing import Timing
from gateway.calls.model import CallChange, CallChangeKind, CallRecord
from gateway.sms.port import (
    DeliveryReport,
    LateAnswer,
    ModemCondition,
    ModemSettings,
    ModemStatus,
    OutgoingSegment,
    ReceivedSegment,
    Source,
    TextCoding,
    UnreadablePdu,
)
from simulators.modem import views
from simulators.modem.child import ChildModem
from simulators.modem.farm import Farm, FarmConfig

FAST = Timing(
    command_s=1.0,
    slow_command_s=2.0,
    prompt_s=0.5,
    silent_after_s=0.6,
    probe_s=0.4,
    probe_patience_s=2.0,
    resync_probe_s=0.5,
    escape_pause_s=0.02,
    quiet_s=0.05,
    device_watch_s=0.05,
    reopen_pause_s=0.1,
    sim_poll_s=0.05,
    sim_patience_s=5.0,
    registration_poll_s=0.1,
    caller_wait_s=0.2,
    ring_end_s=0.8,
    sink_retry_s=0.05,
)
DEADLINE_S = 20.0


class RecordingSink:
    """Remembers everything; refuses what it is told to refuse."""

    def __init__(self) -> None:
        self.segments: list[ReceivedSegment] = []
        self.reports: list[DeliveryReport] = []
        self.raw: list[UnreadablePdu] = []
        self.freed: list[Source] = []
        self.late: list[LateAnswer] = []
        self.rings: list[tuple[CallChangeKind, CallRecord]] = []
        self.statuses: list[ModemStatus] = []
        self.batches: list[int] = []
        self.failures = 0
        """How many calls are to fail before the next one succeeds."""
        self.refusals = 0
        self._news = asyncio.Event()

    async def received(self, segments: list[ReceivedSegment]) -> None:
        self._check()
        self.batches.append(len(segments))
        self.segments += segments
        self._news.set()

    async def reported(self, reports: list[DeliveryReport]) -> None:
        self._check()
        self.reports += reports
        self._news.set()

    async def unreadable(self, pdus: list[UnreadablePdu]) -> None:
        self._check()
        self.raw += pdus
        self._news.set()

    async def acknowledged(self, sources: list[Source]) -> None:
        self.freed += sources
        self._news.set()

    async def answered_late(self, answer: LateAnswer) -> None:
        self._check()
        self.late.append(answer)
        self._news.set()

    async def calls_changed(
        self, pbx: str, changes: Sequence[tuple[CallChange, CallRecord | None]]
    ) -> None:
        self._check()
        assert pbx == "modem:m1"
        self.rings += [(change.kind, record) for change, record in changes if record]
        self._news.set()

    async def calls_living(self, pbx: str, living: Collection[str]) -> None:
        assert (pbx, list(living)) == ("modem:m1", [])

    def status_changed(self, status: ModemStatus) -> None:
        self.statuses.append(status)
        self._news.set()

    @property
    def texts(self) -> list[str]:
        """The received texts in their order."""
        return [segment.text for segment in self.segments]

    @property
    def conditions(self) -> list[ModemCondition]:
        """The conditions that were told, in their order."""
        return [status.condition for status in self.statuses]

    async def until(self, satisfied: Callable[[], bool], timeout_s: float = DEADLINE_S) -> None:
        """Wait until something is true that a call of the sink makes true."""
        async with asyncio.timeout(timeout_s):
            while not satisfied():
                self._news.clear()
                await self._news.wait()

    def _check(self) -> None:
        if self.failures:
            self.failures -= 1
            self.refusals += 1
            self._news.set()
            raise OSError("the disk is full")


class Rig:
    """A simulated modem and a driver for it."""

    def __init__(self, modem: ChildModem, folder: Path) -> None:
        self.modem = modem
        self.sink = RecordingSink()
        self.timing = FAST
        self.settings = ModemSettings(
            id="m1",
            device=modem.device,
            submit_timeout_s=3.0,
            sweep_interval_s=30.0,
            poll_interval_s=0.5,
        )
        self.folder = folder
        self.driver: GsmModemDriver

    def configure(self, **changes: Any) -> None:
        """Change the modem's settings before it runs."""
        self.settings = replace(self.settings, **changes)

    def configure_timing(self, **changes: Any) -> None:
        """Change the durations before it runs."""
        self.timing = replace(self.timing, **changes)

    @asynccontextmanager
    async def running(self, *, ready: bool = True) -> AsyncIterator[GsmModemDriver]:
        """Run a new driver, ready unless it cannot be, and stop it in the end."""
        self.driver = GsmModemDriver(self.settings, self.sink, calls=self.sink, timing=self.timing)
        task = asyncio.create_task(self.driver.run())
        try:
            if ready:
                await self.until_ready()
            yield self.driver
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def until_ready(self, timeout_s: float = DEADLINE_S) -> None:
        """Wait until the modem can send."""
        async with asyncio.timeout(timeout_s):
            await self.driver.ready()

    async def until_condition(self, condition: ModemCondition) -> None:
        """Wait until the driver is in a condition."""
        await self.sink.until(lambda: self.driver.status.condition is condition)

    async def until_seen(
        self, path: str, satisfied: Callable[[Any], bool], timeout_s: float = DEADLINE_S
    ) -> Any:
        """Look at the simulated modem until what is seen satisfies."""
        async with asyncio.timeout(timeout_s):
            while True:
                seen = await self.get(path)
                if satisfied(seen):
                    return seen
                await asyncio.sleep(0.02)

    async def get(self, path: str) -> Any:
        """GET from the simulated modem."""
        return await asyncio.to_thread(self.modem.get, path)

    async def post(self, path: str, **values: Any) -> Any:
        """POST to the simulated modem."""
        return await asyncio.to_thread(lambda: self.modem.post(path, **values))

    async def receive(self, **values: Any) -> Any:
        """Have messages arrive at the simulated modem."""
        return await asyncio.to_thread(lambda: self.modem.receive(**values))

    async def stored(self) -> int:
        """Count what lies in the simulated modem's memories."""
        return len(await self.get("stored"))

    async def until_empty(self) -> None:
        """Wait until the simulated modem's memories are empty and nothing is held for it."""
        await self.until_seen("stored", lambda stored: not stored)
        await self.until_seen("state", lambda state: not state["held"])

    async def commands(self) -> dict[str, int]:
        """Count the journal's events by kind."""
        counters = (await self.get("state"))["counters"]["journal"]
        return {str(kind): int(count) for kind, count in counters.items()}


def segment(text: str = "Merhaba", **changes: Any) -> OutgoingSegment:
    """Return a short message to be sent."""
    plain = OutgoingSegment(
        recipient="+905321112233", text=text, coding=TextCoding.GSM7, report=False
    )
    return replace(plain, **changes)


class ModemThread:
    """A simulated modem in an event loop of its own; a process would take half a second to start.

    It shares nothing with the driver but the pseudo-terminal.
    """

    def __init__(self, config: FarmConfig) -> None:
        self._config = config
        self._stop = asyncio.Event()
        self._announced: Future[tuple[asyncio.AbstractEventLoop, ChildModem]] = Future()

    @contextmanager
    def running(self) -> Iterator[ChildModem]:
        """Hold the modem."""
        thread = threading.Thread(target=asyncio.run, args=(self._serve(),), name="modem")
        thread.start()
        loop, modem = self._announced.result(timeout=DEADLINE_S)
        try:
            yield modem
        finally:
            loop.call_soon_threadsafe(self._stop.set)
            thread.join(DEADLINE_S)

    async def _serve(self) -> None:
        try:
            async with Farm(self._config) as farm:
                [modem] = farm.modems
                told = views.modem_view(modem) | {"control": farm.control_url(modem)}
                self._announced.set_result((asyncio.get_running_loop(), ChildModem(told)))
                await self._stop.wait()
        finally:
            self._announced.cancel()


@pytest.fixture
def simulated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ChildModem]:
    """A simulated modem; parametrize indirectly with further settings of `FarmConfig`."""
    plain = FarmConfig(link=tmp_path / "ttyModem", journal=tmp_path / "journal")
    with ModemThread(replace(plain, **getattr(request, "param", {}))).running() as modem:
        yield modem


@pytest.fixture
def rig(simulated: ChildModem, tmp_path: Path) -> Rig:
    """A simulated modem and a driver for it."""
    return Rig(simulated, tmp_path)


@pytest.fixture
def make_segment() -> Callable[..., OutgoingSegment]:
    """Return a maker of messages to be sent."""
    return segment
