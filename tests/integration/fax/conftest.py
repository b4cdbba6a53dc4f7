"""The drivers' suite: on a simulated fax server and on a real HylaFAX."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from gateway.fax.port import FaxServer, JobReport, OutgoingFax, Removal, Resolution
from gateway.kernel.ids import new_id
from tests.integration.fax.kept import KeptSink
from tests.integration.fax.lab import FaxLab
from tests.integration.fax.raster import papers
from tests.integration.fax.simulated import SimulatedFaxLab
from tests.real.hylafax.lab import HylafaxLab
from tests.real.hylafax.server import installed


@pytest.fixture(scope="module")
def hylafax(need_program: Callable[[str], NoReturn]) -> Iterator[HylafaxLab]:
    """A real HylaFAX, running."""
    missing = installed() or ("root" if os.geteuid() else None)
    if missing is not None:
        need_program(missing)
    laboratory = HylafaxLab()
    try:
        with ThreadPoolExecutor(1) as threads:  # pytest's own loop may be running
            threads.submit(asyncio.run, laboratory.start()).result()
        yield laboratory
    finally:
        laboratory.close()


@pytest.fixture(scope="module")
def simulated() -> Iterator[SimulatedFaxLab]:
    """The simulator, running."""
    laboratory = SimulatedFaxLab()
    try:
        yield laboratory
    finally:
        laboratory.close()


@pytest.fixture(params=["simulated", "hylafax"])
def lab(request: pytest.FixtureRequest) -> FaxLab:
    """A fax server."""
    found: FaxLab = request.getfixturevalue(request.param)
    return found


@dataclass(slots=True)
class Desk:
    """A driver that runs, what it told, and faxes to give it."""

    driver: FaxServer
    sink: KeptSink
    folder: Path

    def fax(self, number: str, *, pages: int = 1, file: Path | None = None) -> OutgoingFax:
        """Return a fax of sparse pages, or of a file."""
        token = new_id()
        if file is None:
            file = self.folder / f"{token}.tif"
            file.write_bytes(papers.fax([papers.sparse(seed) for seed in range(pages)]))
        return OutgoingFax(token=token, number=number, file=file, pages=pages,
                           resolution=Resolution.FINE)  # fmt: skip

    async def send(self, fax: OutgoingFax) -> JobReport:
        """Submit one and wait until it is over."""
        await self.driver.submit(fax)
        return await self.sink.over(fax.token, 150)


Opening = Callable[..., AbstractAsyncContextManager[Desk]]


@pytest.fixture
def opened(lab: FaxLab, tmp_path: Path) -> Opening:
    """Runs a driver beside the server."""

    @asynccontextmanager
    async def open_(received: Removal = Removal.KEEP) -> AsyncIterator[Desk]:
        arriving, kept = tmp_path / "arriving", tmp_path / "kept"
        for folder in (arriving, kept):
            folder.mkdir(exist_ok=True)
        sink = KeptSink(kept)
        driver = lab.driver(sink, arriving, received)
        running = asyncio.create_task(driver.run())
        try:
            async with asyncio.timeout(30):
                await driver.ready()
            yield Desk(driver, sink, tmp_path)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    return open_


@pytest.fixture
async def desk(opened: Opening) -> AsyncIterator[Desk]:
    """A driver that runs beside the server."""
    async with opened() as made:
        yield made
