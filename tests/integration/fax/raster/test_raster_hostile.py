"""Broken and hostile documents are refused with their reason; the service does not feel them."""

from __future__ import annotations

import asyncio
import resource
from pathlib import Path

import pytest

from drivers.fax.raster.limits import RasterLimits
from drivers.fax.raster.rasteriser import DocumentRasteriser, Engine
from gateway.fax.port import Resolution
from gateway.kernel.errors import Invalid
from tests.integration.fax.raster import hostile
from tests.integration.fax.raster.papers import document, dots

HASTY = RasterLimits(wall_s=2.5, cpu_s=4)
_MORE_KB = 30_000
CASES = [
    (engine, trap)
    for trap in hostile.TRAPS
    for engine in (Engine.EMBEDDED, Engine.GHOSTSCRIPT)
    if engine is Engine.EMBEDDED or trap.name.endswith(".pdf")  # the rest never comes so far
]


def _children() -> list[str]:
    """Return the ids of the processes that this one started and that still run."""
    return [
        child
        for task in Path("/proc/self/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


@pytest.mark.parametrize(("engine", "trap"), CASES, indirect=["engine"],
                         ids=[f"{engine}-{trap.name}" for engine, trap in CASES])  # fmt: skip
async def test_it_is_refused_with_its_reason(
    engine: Engine, given: Path, made: Path, trap: hostile.Trap
) -> None:
    rasteriser = DocumentRasteriser(HASTY, engine=engine)
    source = document(given, trap.name, trap.make())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Invalid, match=rf"^{trap.name} (?:{trap.says})") as refusal:
        await rasteriser.raster([source], Resolution.FINE, made / "a.tif")
    assert refusal.value.field == "files"
    assert ": " in str(refusal.value), "the remedy is missing"
    assert list(made.iterdir()) == []
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < _MORE_KB
    assert _children() == []


@pytest.mark.parametrize("name", hostile.HARMLESS)
async def test_of_a_page_that_can_be_faxed_its_hostile_part_is_left_out(
    rasteriser: DocumentRasteriser, given: Path, made: Path, name: str
) -> None:
    source = document(given, name, hostile.HARMLESS[name]())
    raster = await rasteriser.raster([source], Resolution.FINE, made / "a.tif")
    (page,) = dots(raster.file)
    # A square of 200 points is there, 100 from the left and from below.
    assert page[-750:-300, 310:840].mean() > 0.95
    assert not Path("/tmp/launched").exists()


async def test_a_page_that_is_followed_by_itself_is_one_page(
    embedded: DocumentRasteriser, given: Path, made: Path
) -> None:
    source = document(given, "endless.tif", hostile.endless_tiff())
    assert (await embedded.raster([source], Resolution.FINE, made / "a.tif")).pages == 1
    assert await embedded.pages(source.file) == 1


async def test_a_picture_that_unpacks_to_all_the_memory_is_drawn_within_its_limit(
    engine: Engine, given: Path, made: Path
) -> None:
    rasteriser = DocumentRasteriser(RasterLimits(wall_s=20, memory_mb=400), engine=engine)
    source = document(given, "bomb.pdf", hostile.flate_bomb())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    raster = await rasteriser.raster([source], Resolution.FINE, made / "a.tif")
    (page,) = dots(raster.file)
    assert 0 < page.mean() < 0.1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < _MORE_KB


async def test_while_hostile_ones_are_worked_on_another_is_made(given: Path, made: Path) -> None:
    rasteriser = DocumentRasteriser(HASTY, engine=Engine.EMBEDDED)
    slow = document(given, "slow.pdf", hostile.long_computing())
    good = document(given, "good.txt", b"good")
    hostile_one = asyncio.create_task(
        rasteriser.raster([slow], Resolution.FINE, made / "slow.tif")
    )  # fmt: skip
    await asyncio.sleep(0.3)
    raster = await rasteriser.raster([good], Resolution.FINE, made / "good.tif")
    assert raster.pages == 1
    assert not hostile_one.done()
    with pytest.raises(Invalid, match="takes more than"):
        await hostile_one
