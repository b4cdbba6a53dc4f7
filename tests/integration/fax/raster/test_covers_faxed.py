"""Cover pages as the recipient's machine prints them: as many pages, and nothing grey in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drivers.fax.raster.rasteriser import DocumentRasteriser
from gateway.fax.port import Resolution
from tests.integration.fax.raster.papers import document, dots
from tests.unit.fax import covering

MARGIN_MM, LOGO_MM = 20, 20


@pytest.mark.parametrize("resolution", [Resolution.STANDARD, Resolution.FINE])
async def test_a_coloured_logo_is_faxed_as_solid_black_on_white(
    rasteriser: DocumentRasteriser, given: Path, made: Path, tmp_path: Path, resolution: Resolution
) -> None:
    logo = Image.new("RGB", (600, 200), "white")
    logo.paste((0, 120, 200), (200, 0, 400, 200))
    logo.save(tmp_path / "logo.png")
    (tmp_path / "ours.toml").write_text(
        f'layout = "cover"\nmargin_mm = {MARGIN_MM}\nlogo_height_mm = {LOGO_MM}\n'
        '[title]\ntr = "x"\n'
    )
    wish = replace(covering.WISH, template="ours")
    content = await covering.made(wish, folder=tmp_path)
    raster = await rasteriser.raster(
        [document(given, "cover.pdf", content)], resolution, made / "a.tif"
    )
    [page] = dots(raster.file)

    def share(left_mm: float, right_mm: float) -> float:
        """Return how much is black between two places in the middle of the logo's height."""
        across, down = 204 / 25.4, resolution.lines_per_inch / 25.4
        rows = slice(round((MARGIN_MM + 5) * down), round((MARGIN_MM + LOGO_MM - 5) * down))
        columns = slice(round(left_mm * across), round(right_mm * across))
        return float(np.mean(page[rows, columns]))

    # A fax's line is 5 mm wider than A4, which stands in its middle.
    assert share(MARGIN_MM + 25, MARGIN_MM + 37) == 1
    assert share(MARGIN_MM + 5, MARGIN_MM + 17) == 0


async def test_a_long_cover_has_as_many_pages_as_it_says(
    rasteriser: DocumentRasteriser, given: Path, made: Path
) -> None:
    content = await covering.made(replace(covering.WISH, note="Bir satır daha.\n" * 80))
    said = len(covering.texts(content))
    raster = await rasteriser.raster(
        [document(given, "cover.pdf", content)], Resolution.FINE, made / "a.tif"
    )
    assert (raster.pages, said) == (3, 3)
