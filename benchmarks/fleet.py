"""Sixty-four modems that take three seconds for each message: how much of it they spend idle.

A modem is busy while it submits. What is counted at the simulator is the time from one submit to
the next, in all modems; what exceeds the submit itself, the modem waited for us.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.processes import cpu_s
from benchmarks.sms import posted
from simulators.modem import journal
from simulators.modem.child import ChildModem, ModemProcess
from simulators.modem.journal import Event
from tests.service import ServiceProcess

MODEMS = 64
SUBMIT_S = 3.0
EACH = 11
FLOOR = 0.99


async def main() -> None:
    """Measure and print."""
    with (
        ModemProcess(["--submit-delay", str(SUBMIT_S)], MODEMS) as simulator,
        tempfile.TemporaryDirectory(prefix="santral-bench-") as name,
    ):
        service = ServiceProcess(Path(name), simulator.modems)
        async with service:
            await service.until_ready(MODEMS, timeout_s=120)
            assert service.process is not None
            before = cpu_s([service.process.pid])
            await posted(service, MODEMS * EACH)
            while (sent := sum(len(_submits(modem)) for modem in simulator.modems)) < MODEMS * EACH:
                await asyncio.sleep(1)
            cpu = cpu_s([service.process.pid]) - before
    shares = [share for modem in simulator.modems if (share := _busy(_submits(modem)))]
    busy = sum(shares) / len(shares)
    print(f"{sent} messages over {MODEMS} modems at {SUBMIT_S:g} s each: busy {busy:.2%} of the "
          f"time, the least busy modem {min(shares):.2%}; {cpu / sent * 1e3:.2f} ms CPU each, "
          "reading reports and asking the modems' state included")  # fmt: skip
    print(f"asked for at least {FLOOR:.0%}: idle {(1 - busy) / (1 - FLOOR):.2f} times what is "
          "allowed")  # fmt: skip


def _submits(modem: ChildModem) -> list[float]:
    entries = journal.read(modem.journal)
    return [entry.time_s for entry in entries if entry.event is Event.SUBMITTED]


def _busy(times: Sequence[float]) -> float:
    return (len(times) - 1) * SUBMIT_S / (times[-1] - times[0]) if len(times) > 1 else 0.0
