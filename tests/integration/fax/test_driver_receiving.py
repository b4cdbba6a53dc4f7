"""What comes in at a fax server is fetched whole, told truly, and only then removed there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from gateway.fax.port import ReceivedFax, Removal
from gateway.kernel.errors import Temporary
from tests.integration.fax.conftest import Opening
from tests.integration.fax.lab import FaxLab
from tests.integration.fax.raster import papers
from tests.integration.fax.raster.papers import dots
from tests.integration.fax.simulated import SimulatedFaxLab
from tests.integration.fax.test_driver_sending import HEADER_ROWS

pytestmark = pytest.mark.timeout(240)
OURS = "5551002"


def document(folder: Path, pages: int = 2) -> Path:
    file = folder / "arrives.tif"
    file.write_bytes(papers.fax([papers.sparse(seed) for seed in range(pages)]))
    return file


async def test_a_fax_that_came_in_is_told_with_its_sender(
    opened: Opening, lab: FaxLab, tmp_path: Path
) -> None:
    async with opened(Removal.REMOVE) as desk:
        sent = document(tmp_path)
        known = set(await lab.waiting())
        await lab.arrive(sent, called=OURS)
        fax = await desk.sink.until(
            lambda: next((one for one in desk.sink.faxes if one.source.name not in known), None), 90
        )
        assert (fax.pages, fax.complete, fax.problem) == (2, True, "")
        assert (fax.station_id, fax.caller) in lab.senders
        assert fax.called == OURS
        kept = desk.folder / "kept" / f"{desk.sink.faxes.index(fax)}.tif"
        for there, here in zip(dots(kept), dots(sent), strict=True):
            assert np.array_equal(there[HEADER_ROWS:], here[HEADER_ROWS:])
        async with asyncio.timeout(30):
            while fax.source.name in await lab.waiting():
                await asyncio.sleep(0.1)
        assert list((desk.folder / "arriving").iterdir()) == []


async def test_one_that_broke_off_is_told_as_incomplete(
    opened: Opening, lab: FaxLab, tmp_path: Path
) -> None:
    async with opened() as desk:
        pages = [papers.sparse(0), papers.scribble(), papers.sparse(1)]
        file = tmp_path / "breaks.tif"
        file.write_bytes(papers.fax(pages))
        await lab.arrive_broken(file)
        fax = await desk.sink.until(
            lambda: next((one for one in desk.sink.faxes if not one.complete), None), 90
        )
        assert fax.problem
        # Kept there, it is not told twice.
        await asyncio.sleep(3)
        assert [one.source for one in desk.sink.faxes].count(fax.source) == 1


async def test_what_came_in_while_nobody_looked_is_fetched_afterwards(
    opened: Opening, lab: FaxLab, tmp_path: Path
) -> None:
    known = set(await lab.waiting())
    await lab.arrive(document(tmp_path), called=OURS)
    async with asyncio.timeout(90):
        while not set(await lab.waiting()) - known:
            await asyncio.sleep(0.2)
    async with opened(Removal.REMOVE) as desk:
        await desk.sink.until(
            lambda: next((one for one in desk.sink.faxes if one.source.name not in known), None), 60
        )


async def test_one_that_is_still_arriving_is_left_alone(
    simulated: SimulatedFaxLab, tmp_path: Path
) -> None:
    name = await asyncio.to_thread(
        lambda: simulated.process.receive(document(tmp_path), station="SLOW", arriving="yes")
    )
    sink = _Refusing()
    driver = simulated.driver(sink, tmp_path, Removal.REMOVE)
    running = asyncio.create_task(driver.run())
    await driver.ready()
    await asyncio.sleep(1.5)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert name not in sink.told
    assert name in await simulated.waiting()


async def test_what_is_not_committed_stays_at_the_server(
    simulated: SimulatedFaxLab, tmp_path: Path
) -> None:
    sink = _Refusing()
    driver = simulated.driver(sink, tmp_path, Removal.REMOVE)
    running = asyncio.create_task(driver.run())
    await driver.ready()
    name = await asyncio.to_thread(lambda: simulated.process.receive(document(tmp_path)))
    async with asyncio.timeout(20):
        while sink.told.count(name) < 2:
            await asyncio.sleep(0.05)
    assert name in await simulated.waiting()
    assert "not taken over" in driver.status.detail
    sink.takes = True
    async with asyncio.timeout(20):
        while name in await simulated.waiting():
            await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


class _Refusing:
    """A sink whose disk is full, until it takes."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.takes = False

    async def progressed(self, report: object) -> None:
        """Take no notice."""

    async def knows(self, source: object) -> bool:
        """Know nothing."""
        return False

    async def received(self, fax: ReceivedFax) -> None:
        """Refuse, as a full disk does."""
        self.told.append(fax.source.name)
        if not self.takes:
            raise Temporary("our disk does not take the fax", code="disk")

    def status_changed(self, status: object) -> None:
        """Take no notice."""
