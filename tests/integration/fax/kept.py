"""A sink that remembers what it was told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from gateway.fax.port import FaxSource, JobReport, ReceivedFax, ServerStatus

T = TypeVar("T")


class KeptSink:
    """Takes what a driver tells; `until` waits for something of it."""

    def __init__(self, folder: Path) -> None:
        self.reports: list[JobReport] = []
        self.faxes: list[ReceivedFax] = []
        self.statuses: list[ServerStatus] = []
        self._folder = folder
        self._told = asyncio.Event()

    async def progressed(self, report: JobReport) -> None:
        """Remember a report."""
        self.reports.append(report)
        self._told.set()

    async def knows(self, source: FaxSource) -> bool:
        """Tell whether that fax was taken."""
        return any(fax.source == source for fax in self.faxes)

    async def received(self, fax: ReceivedFax) -> None:
        """Take a fax and its file."""
        fax.file.rename(self._folder / f"{len(self.faxes)}.tif")
        self.faxes.append(fax)
        self._told.set()

    def status_changed(self, status: ServerStatus) -> None:
        """Remember a status."""
        self.statuses.append(status)
        self._told.set()

    def of(self, token: str) -> list[JobReport]:
        """Return what was told of a job."""
        return [report for report in self.reports if report.token == token]

    async def until(self, found: Callable[[], T | None], within_s: float = 60.0) -> T:
        """Wait until something was told."""
        async with asyncio.timeout(within_s):
            while not (result := found()):
                self._told.clear()
                await self._told.wait()
        return result

    async def over(self, token: str, within_s: float = 60.0) -> JobReport:
        """Wait until a job is over; return its last report."""
        return await self.until(
            lambda: next((one for one in self.of(token) if one.phase.over), None), within_s
        )
