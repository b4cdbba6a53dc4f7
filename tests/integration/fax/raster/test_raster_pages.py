"""Documents become the pages that are faxed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest
from PIL import Image

from drivers.fax.raster.geometry import DOTS_PER_MM, LINES_PER_MM
from drivers.fax.raster.rasteriser import DocumentRasteriser, Engine
from gateway.fax.port import PAGE_WIDTH_PX, Resolution
from gateway.kernel.errors import ConfigError, Invalid
from tests.integration.fax.raster import papers
from tests.integration.fax.raster.papers import A4, box, document, dots

A5 = (419.53, 595.28)
A3 = (841.89, 1190.55)
TURKISH = "Sayın müşterimiz İĞŞ ığüşöç"
RUSSIAN = "Заказ отправлен, ждите"


@pytest.mark.parametrize("resolution", list(Resolution))
async def test_a_raster_is_as_fax_servers_take_it(
    rasteriser: DocumentRasteriser, given: Path, made: Path, resolution: Resolution
) -> None:
    source = document(given, "offer.pdf", papers.pdf([A4, A4]))
    raster = await rasteriser.raster([source], resolution, made / "a.tif")
    assert (raster.pages, raster.resolution, raster.file) == (2, resolution, made / "a.tif")
    assert raster.size_bytes == raster.file.stat().st_size
    with Image.open(raster.file) as picture:
        for number in range(2):
            picture.seek(number)
            tags = picture.tag_v2  # type: ignore[attr-defined]
            assert picture.size == (PAGE_WIDTH_PX, round(297 * LINES_PER_MM[resolution]))
            assert (tags[259], tags[262], tags[266]) == (4, 0, 1)
            assert (len(tags[273]), tags[278]) == (1, picture.height)
            assert (tags[282], tags[283], tags[296]) == (204, resolution.lines_per_inch, 2)
        with pytest.raises(EOFError):
            picture.seek(2)


@pytest.mark.parametrize(
    ("size", "width_mm", "height_mm"),
    [
        (A4, 210, 297),
        (A5, 148, 210),
        (A5[::-1], 210, 148),
        (A4[::-1], 210, 297),
        (A3, 210, 297),
        (A3[::-1], 210, 297),
        ((226.77, 1700.79), 39.6, 297),
    ],
    ids=["A4", "A5", "A5 landscape", "A4 landscape", "A3", "A3 landscape", "till roll"],
)
async def test_a_page_comes_out_in_its_size_or_as_large_as_it_fits(
    rasteriser: DocumentRasteriser, given: Path, made: Path,
    size: tuple[float, float], width_mm: float, height_mm: float,
) -> None:  # fmt: skip
    source = document(given, "page.pdf", papers.pdf([size]))
    raster = await rasteriser.raster([source], Resolution.FINE, made / "a.tif")
    left, top, right, bottom = box(dots(raster.file)[0])
    # The frame runs 3 points, 1.06 mm, inside the edge.
    assert (right - left) / DOTS_PER_MM == pytest.approx(width_mm - 1.5, abs=1.5)
    assert (bottom - top) / 7.7 == pytest.approx(height_mm - 1.5, abs=1.5)
    assert (left + right) / 2 == pytest.approx(PAGE_WIDTH_PX / 2, abs=4)


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
async def test_both_engines_put_a_turned_page_alike(
    rasteriser: DocumentRasteriser, given: Path, made: Path, turned: int
) -> None:
    source = document(given, "page.pdf", papers.pdf([A5, A4]))
    with pdfium.PdfDocument(source.file) as pages:
        for number in range(2):
            pages[number].set_rotation(turned)
        pages.save(given / "turned.pdf")
    source = document(given, "turned.pdf", (given / "turned.pdf").read_bytes())
    raster = await rasteriser.raster([source], Resolution.STANDARD, made / "a.tif")
    for page, corner in zip(dots(raster.file), _corners(turned), strict=True):
        left, top, right, bottom = box(page)
        near = page[
            slice(top + 6, top + 52) if corner[0] else slice(bottom - 52, bottom - 6),
            slice(left + 20, left + 100) if corner[1] else slice(right - 100, right - 20),
        ]
        assert near.mean() > 0.6


def _corners(turned: int) -> list[tuple[bool, bool]]:
    """Where the square is, at the top and at the left; a lying A4 page is turned once more."""
    place = {0: (True, True), 90: (True, False), 180: (False, False), 270: (False, True)}
    return [place[turned], place[(turned + 90) % 360 if turned in {90, 270} else turned]]


@pytest.mark.parametrize("text", [TURKISH, RUSSIAN])
async def test_a_text_is_the_same_from_every_kind_of_document(
    rasteriser: DocumentRasteriser, given: Path, made: Path, text: str
) -> None:
    sources = {
        "a.txt": text.encode(),
        "b.txt": text.encode("windows-1254" if text is TURKISH else "windows-1251"),
        "c.txt": text.encode("utf-16"),
        "d.html": f"<meta charset=utf-8><p style='font: 11pt Roboto'>{text}</p>".encode(),
    }
    raster = await rasteriser.raster(
        [document(given, name, content) for name, content in sources.items()],
        Resolution.FINE, made / "a.tif",
    )  # fmt: skip
    first, *others = (_cut(page) for page in dots(raster.file))
    assert first.mean() > 0.05
    for other in others:
        assert other.shape == pytest.approx(first.shape, abs=3)
        assert _alike(first, other[:, ::-1]) < 0.7
        assert _alike(first, other) > 0.85


def _cut(page: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> np.ndarray:
    left, top, right, bottom = box(page)
    return page[top : bottom + 1, left : right + 1]


def _alike(one: np.ndarray, other: np.ndarray) -> float:
    """Return how far two cuttings show the same, however a dot falls here and there."""
    size = (one.shape[1] // 6, one.shape[0] // 6)
    small = [
        np.asarray(Image.fromarray(each).convert("L").resize(size, Image.Resampling.BOX), float)
        for each in (one, other)
    ]
    return float(np.corrcoef(small[0].ravel(), small[1].ravel())[0, 1])


async def test_documents_follow_one_another_in_the_order_given(
    rasteriser: DocumentRasteriser, given: Path, made: Path
) -> None:
    sources = [
        document(given, "one.pdf", papers.pdf([A4])),
        document(given, "two.png", papers.picture(Image.new("L", (400, 400)), "PNG")),
        document(given, "three.pdf", papers.pdf([A5, A5])),
        document(given, "four.txt", b"four"),
    ]
    raster = await rasteriser.raster(sources, Resolution.FINE, made / "a.tif")
    assert raster.pages == 5
    widths = [box(page)[2] - box(page)[0] for page in dots(raster.file)]
    assert widths[0] > 1600
    assert widths[1] == pytest.approx(400 / 96 * 25.4 * DOTS_PER_MM, abs=3)
    assert widths[2] == widths[3] == pytest.approx(146 * DOTS_PER_MM, abs=8)
    assert widths[4] < 80


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("JPEG", {"quality": 90}), ("GIF", {}), ("BMP", {}), ("WEBP", {}), ("TIFF", {})],
)
async def test_pictures_of_every_kind_are_as_large_as_they_say(
    embedded: DocumentRasteriser, given: Path, made: Path, kind: str, options: dict[str, object]
) -> None:
    image = papers.photo(600, 300).convert("P" if kind == "GIF" else "RGB")
    source = document(given, "photo", papers.picture(image, kind, dpi=(150, 150), **options))
    raster = await embedded.raster([source], Resolution.FINE, made / "a.tif")
    left, top, right, bottom = box(dots(raster.file)[0])
    dpi = 96 if kind in {"GIF", "WEBP"} else 150  # of those, Pillow writes none
    assert (right - left) / DOTS_PER_MM == pytest.approx(600 / dpi * 25.4, abs=1)
    assert (bottom - top) / 7.7 == pytest.approx(300 / dpi * 25.4, abs=1)


async def test_a_photograph_lies_as_its_camera_was_held(
    embedded: DocumentRasteriser, given: Path, made: Path
) -> None:
    image = Image.new("L", (600, 300), 255)
    image.paste(0, (0, 0, 100, 300))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    content = papers.picture(image, "JPEG", exif=exif, dpi=(150, 150))
    raster = await embedded.raster(
        [document(given, "photo.jpg", content)], Resolution.FINE, made / "a.tif"
    )
    left, top, right, bottom = box(dots(raster.file)[0])
    assert (right - left) / DOTS_PER_MM == pytest.approx(300 / 150 * 25.4, abs=1)
    assert (bottom - top) / 7.7 == pytest.approx(100 / 150 * 25.4, abs=1)
    assert top < 100


async def test_what_is_transparent_is_paper(
    embedded: DocumentRasteriser, given: Path, made: Path
) -> None:
    image = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (100, 100, 200, 200))
    content = papers.picture(image, "PNG", dpi=(100, 100))
    raster = await embedded.raster(
        [document(given, "logo.png", content)], Resolution.FINE, made / "a.tif"
    )
    left, _, right, _ = box(dots(raster.file)[0])
    assert (right - left) / DOTS_PER_MM == pytest.approx(25.4, abs=1)


async def test_sixteen_bits_of_grey_are_not_taken_for_black(
    embedded: DocumentRasteriser, given: Path, made: Path
) -> None:
    grey = np.full((300, 300), 32768, np.uint16)
    content = papers.picture(Image.fromarray(grey), "PNG", dpi=(100, 100))
    raster = await embedded.raster(
        [document(given, "scan.png", content)], Resolution.FINE, made / "a.tif"
    )
    page = dots(raster.file)[0]
    left, top, right, bottom = box(page)
    assert page[top:bottom, left:right].mean() == pytest.approx(0.5, abs=0.03)


async def test_grey_letters_of_a_pdf_are_solid(
    rasteriser: DocumentRasteriser, given: Path, made: Path
) -> None:
    black = papers.pdf([A4], text=TURKISH)
    with pdfium.PdfDocument(black) as pages:
        for thing in pages[0].get_objects():
            pdfium.raw.FPDFPageObj_SetFillColor(thing.raw, 150, 150, 150, 255)
        pages[0].gen_content()
        pages.save(given / "grey.pdf")
    sources = [
        document(given, "black.pdf", black),
        document(given, "grey.pdf", (given / "grey.pdf").read_bytes()),
    ]
    raster = await rasteriser.raster(sources, Resolution.FINE, made / "a.tif")
    solid, faint = (page[150:240, 140:1000] for page in dots(raster.file))
    assert solid.mean() > 0.02
    assert np.count_nonzero(solid & ~faint) / np.count_nonzero(solid) < 0.08


async def test_a_photograph_has_the_dots_of_its_greys(
    rasteriser: DocumentRasteriser, given: Path, made: Path
) -> None:
    image = papers.photo()
    source = document(given, "a.pdf", papers.picture(image, "PDF", resolution=120))
    raster = await rasteriser.raster([source], Resolution.FINE, made / "a.tif")
    page = dots(raster.file)[0]
    left, top, right, bottom = box(page)
    printed = Image.fromarray(~page[top:bottom, left:right]).convert("L").resize((45, 35), 4)
    wanted = image.convert("L").resize((45, 35), Image.Resampling.BOX)
    likeness = np.corrcoef(np.asarray(printed, float).ravel(), np.asarray(wanted, float).ravel())
    assert likeness[0, 1] > 0.97


def test_an_engine_that_is_not_there_is_told_with_the_remedy() -> None:
    with pytest.raises(ConfigError, match="install ghostscript"):
        DocumentRasteriser(engine=Engine.GHOSTSCRIPT, ghostscript="")
    assert DocumentRasteriser(ghostscript="").engine is Engine.EMBEDDED
    assert DocumentRasteriser(ghostscript="/usr/bin/gs").engine is Engine.GHOSTSCRIPT


async def test_what_ghostscript_cannot_draw_the_embedded_engine_does(
    given: Path, made: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "gs"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    source = document(given, "offer.pdf", papers.pdf([A4, A4]))
    automatic = DocumentRasteriser(ghostscript=str(broken))
    assert (await automatic.raster([source], Resolution.FINE, made / "a.tif")).pages == 2
    insisting = DocumentRasteriser(engine=Engine.GHOSTSCRIPT, ghostscript=str(broken))
    with pytest.raises(Invalid, match=r"^offer\.pdf cannot be drawn: print it"):
        await insisting.raster([source], Resolution.FINE, made / "b.tif")
    assert not (made / "b.tif").exists()


async def test_nothing_is_no_fax(embedded: DocumentRasteriser, made: Path) -> None:
    with pytest.raises(Invalid, match="add a document"):
        await embedded.raster([], Resolution.FINE, made / "a.tif")
