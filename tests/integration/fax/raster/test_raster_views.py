"""What people see of a fax is what is in its file, also of what strangers' machines sent."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from numpy.typing import NDArray
from PIL import Image

from drivers.fax.raster.rasteriser import DocumentRasteriser
from gateway.fax.port import Resolution
from gateway.kernel.errors import Invalid
from tests.integration.fax.raster import papers
from tests.integration.fax.raster.papers import document, dots

LINES = {Resolution.STANDARD: 1143, Resolution.FINE: 2287, Resolution.SUPERFINE: 4574}


def black(image: Image.Image) -> NDArray[np.bool_]:
    return ~np.asarray(image.convert("1"))


def seen(png: bytes) -> NDArray[np.float64]:
    with Image.open(io.BytesIO(png), formats=("PNG",)) as picture:
        assert picture.mode == "L"
        return np.asarray(picture, np.float64)


@pytest.mark.parametrize("resolution", list(Resolution))
async def test_a_fax_is_taken_over_dot_for_dot(
    embedded: DocumentRasteriser, given: Path, made: Path, resolution: Resolution
) -> None:
    pages = [papers.scribble(height=LINES[resolution], seed=seed) for seed in (1, 2)]
    source = document(given, "old.tif", papers.fax(pages, resolution))
    raster = await embedded.raster([source], resolution, made / "a.tif")
    assert raster.pages == 2
    for page, found in zip(pages, dots(raster.file), strict=True):
        assert np.array_equal(found, black(page))


async def test_a_cover_and_a_body_become_one_and_every_dot_is_kept(
    rasteriser: DocumentRasteriser, given: Path, made: Path
) -> None:
    body = await rasteriser.raster(
        [document(given, "body.pdf", papers.pdf([papers.A4] * 2, "Merhaba"))],
        Resolution.FINE, made / "body.tif",
    )  # fmt: skip
    cover = document(given, "cover.pdf", papers.pdf(text="Kapak"))
    whole = await rasteriser.raster(
        [cover, document(given, "body.tif", body.file.read_bytes())],
        Resolution.FINE, made / "whole.tif",
    )  # fmt: skip
    assert whole.pages == 3
    for one, other in zip(dots(body.file), dots(whole.file)[1:], strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
@pytest.mark.parametrize("rows", [None, 100])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("white_is_zero", [False, True])
async def test_every_way_to_code_a_fax_is_understood(
    embedded: DocumentRasteriser, given: Path, made: Path,
    compression: str, rows: int | None, reverse: bool, white_is_zero: bool,
) -> None:  # fmt: skip
    page = papers.scribble(height=1143)
    content = papers.fax(
        [page], Resolution.STANDARD, compression=compression, rows=rows, reverse=reverse,
        white_is_zero=white_is_zero,
    )  # fmt: skip
    source = document(given, "received.tif", content)
    raster = await embedded.raster([source], Resolution.STANDARD, made / "a.tif")
    assert np.array_equal(dots(raster.file)[0], black(page))
    assert await embedded.preview(source.file, 1, 500) == await embedded.preview(
        raster.file, 1, 500
    )


async def test_lines_of_a_coarser_fax_are_doubled_and_nothing_else(
    embedded: DocumentRasteriser, given: Path, made: Path
) -> None:
    page = papers.scribble(height=1143)
    source = document(given, "old.tif", papers.fax([page], Resolution.STANDARD))
    raster = await embedded.raster([source], Resolution.FINE, made / "a.tif")
    found = dots(raster.file)[0]
    assert np.array_equal(found[:2286:2], black(page))
    assert np.array_equal(found[1:2286:2], black(page))


@pytest.mark.parametrize("width", [2048, 2432])
async def test_a_wide_fax_shrinks_to_a4(
    embedded: DocumentRasteriser, given: Path, made: Path, width: int
) -> None:
    source = document(given, "b4.tif", papers.fax([papers.scribble(width, 3000)]))
    raster = await embedded.raster([source], Resolution.FINE, made / "a.tif")
    page = dots(raster.file)[0]
    left, top, right, bottom = papers.box(page)
    assert (right - left) / (bottom - top) == pytest.approx(width / 3000, rel=0.02)
    assert right - left > 1400


@pytest.mark.parametrize("resolution", list(Resolution))
@pytest.mark.parametrize("width_px", [200, 864, 1728])
async def test_a_preview_has_the_proportions_of_paper(
    embedded: DocumentRasteriser, given: Path, made: Path, resolution: Resolution, width_px: int
) -> None:
    source = document(given, "a.pdf", papers.pdf())
    raster = await embedded.raster([source], resolution, made / "a.tif")
    height, width = seen(await embedded.preview(raster.file, 1, width_px)).shape
    assert width == width_px
    assert height / width == pytest.approx(297 / 215, rel=0.01)


@pytest.mark.parametrize("page", [1, 2])
async def test_a_preview_shows_the_very_dots(
    embedded: DocumentRasteriser, given: Path, page: int
) -> None:
    pages = [papers.scribble(height=2352, seed=seed) for seed in (1, 2)]
    source = document(given, "a.tif", papers.fax(pages))
    # At 204 by 196, half as wide means 864 by 1224: blocks of 2 by 1.92 dots.
    shown = seen(await embedded.preview(source.file, page, 864))
    assert shown.shape == (1224, 864)
    exact = pages[page - 1].convert("L").resize((864, 1224), Image.Resampling.BOX)
    assert np.array_equal(shown, np.asarray(exact))
    assert np.count_nonzero((shown > 20) & (shown < 235)) > 0


async def test_a_page_that_is_not_there_is_told(embedded: DocumentRasteriser, given: Path) -> None:
    source = document(given, "a.tif", papers.fax([papers.scribble(height=1143)]))
    with pytest.raises(Invalid, match="has no page 2: it has 1"):
        await embedded.preview(source.file, 2, 600)
    with pytest.raises(Invalid, match="has no page 0"):
        await embedded.preview(source.file, 0, 600)


@pytest.mark.parametrize("reverse", [False, True])
async def test_a_pdf_holds_the_codes_of_the_fax_unchanged(
    embedded: DocumentRasteriser, given: Path, made: Path, reverse: bool
) -> None:
    pages = [papers.scribble(seed=seed) for seed in (1, 2)]
    source = document(given, "a.tif", papers.fax(pages, reverse=reverse))
    await embedded.pdf(source.file, made / "a.pdf")
    with pikepdf.open(made / "a.pdf") as result:
        assert len(result.pages) == 2
        for page, image in zip(pages, result.pages, strict=True):
            (drawn,) = image.get_images().values()
            assert drawn["/Filter"] == pikepdf.Name.CCITTFaxDecode
            assert isinstance(drawn, pikepdf.Stream)
            found = pikepdf.PdfImage(drawn).as_pil_image()
            assert np.array_equal(black(found), black(page))
            across, down = float(image.mediabox[2]), float(image.mediabox[3])
            assert down / across == pytest.approx(2287 / 196 / (1728 / 204), rel=0.001)


async def test_pages_are_counted(embedded: DocumentRasteriser, given: Path) -> None:
    source = document(given, "a.tif", papers.fax([papers.scribble(height=500)] * 7))
    assert await embedded.pages(source.file) == 7


async def test_of_a_fax_that_breaks_off_its_whole_pages_are_there(
    embedded: DocumentRasteriser, given: Path, made: Path
) -> None:
    content = papers.fax([papers.scribble(height=1143, seed=seed) for seed in (1, 2, 3)])
    whole = document(given, "whole.tif", content)
    source = document(given, "cut.tif", content[: len(content) * 2 // 3 + 2000])
    assert await embedded.pages(source.file) == 2
    assert await embedded.preview(source.file, 2, 500) == await embedded.preview(whole.file, 2, 500)
    await embedded.pdf(source.file, made / "a.pdf")
    with pikepdf.open(made / "a.pdf") as result:
        assert len(result.pages) == 2


@pytest.mark.parametrize("compression", ["group3", "group4"])
@pytest.mark.parametrize("rows", [None, 100])
async def test_of_a_page_that_breaks_off_its_beginning_is_seen_and_the_rest_is_white(
    embedded: DocumentRasteriser, given: Path, compression: str, rows: int | None
) -> None:
    page = papers.scribble(height=1143)
    content = bytearray(papers.fax([page], compression=compression, rows=rows))
    # Pillow writes the codes between the header and the directory.
    codes = int.from_bytes(content[4:8], "little")
    content[codes // 2 : codes - 8] = bytes(codes - 8 - codes // 2)
    source = document(given, "torn.tif", bytes(content))
    shown = seen(await embedded.preview(source.file, 1, 1728))
    whole = document(given, "whole.tif", papers.fax([page], compression=compression))
    expected = seen(await embedded.preview(whole.file, 1, 1728))
    third = len(shown) // 3
    assert np.array_equal(shown[:third], expected[:third])
    assert shown[-third:].min() > 200 or compression == "group3"
    assert await embedded.pages(source.file) == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"II*\0", b"II*\0\xff\xff\xff\x7f", b"%PDF-1.4", bytes(5000)],
    ids=["empty", "short", "far", "another", "zeros"],
)
async def test_a_file_without_a_fax_is_told(
    embedded: DocumentRasteriser, given: Path, made: Path, content: bytes
) -> None:
    source = document(given, "x.tif", content)
    with pytest.raises(Invalid, match="no page that can be read"):
        await embedded.pages(source.file)
    with pytest.raises(Invalid, match="no page that can be read"):
        await embedded.preview(source.file, 1, 600)
    with pytest.raises(Invalid, match="no page that can be read"):
        await embedded.pdf(source.file, made / "a.pdf")
    assert list(made.iterdir()) == []
