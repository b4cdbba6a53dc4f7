"""Both engines, and a folder in which nothing may be left over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.fax.raster.rasteriser import DocumentRasteriser, Engine


@pytest.fixture(params=[Engine.EMBEDDED, Engine.GHOSTSCRIPT])
def engine(request: pytest.FixtureRequest, program: Callable[[str], str]) -> Engine:
    """An engine; Ghostscript is skipped by its name where it is not installed."""
    chosen: Engine = request.param
    if chosen is Engine.GHOSTSCRIPT:
        program("gs")
    return chosen


@pytest.fixture
def rasteriser(engine: Engine) -> DocumentRasteriser:
    """One with that engine and the usual limits."""
    return DocumentRasteriser(engine=engine)


@pytest.fixture
def embedded() -> DocumentRasteriser:
    """One of the embedded engine, for what does not depend on it."""
    return DocumentRasteriser(engine=Engine.EMBEDDED)


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """A folder for what is handed in."""
    folder = tmp_path / "given"
    folder.mkdir()
    return folder


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Path]:
    """A folder for results; afterwards there is nothing in it but results."""
    folder = tmp_path / "made"
    folder.mkdir()
    yield folder
    assert [each.name for each in folder.iterdir() if each.name.startswith(".")] == []
