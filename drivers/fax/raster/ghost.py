"""The engine that is used where Ghostscript is installed; it reads and draws PDFs faster."""

from __future__ import annotations

import resource
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pypdfium2.raw as pdfium_c
from pypdfium2 import PdfDocument

from drivers.fax.raster import pdf_document, screen
from drivers.fax.raster.geometry import DOTS_PER_MM, POINT_MM, SHEET_MM, Place, Sheet
from drivers.fax.raster.tiff import FaxPage, plain_pages
from gateway.fax.port import PAGE_WIDTH_PX

_SHEET_PT = (SHEET_MM[0] / POINT_MM, SHEET_MM[1] / POINT_MM)
_LETTERS_BLACK_BELOW = 0xD8
"""Of 255: letters are never screened; what is no nearly white letter becomes black."""
_AREA_TONES = (0.25, 0.97)
"""Darker than the first is black, so that thin rules hold together; lighter than the last white."""
_PICTURE_TONES = (0.12, 0.92)


class CannotDraw(Exception):
    """Ghostscript gave up on a document that was read well before."""


def pages(
    program: str, file: Path, sheet: Sheet, folder: Path, max_pages: int
) -> Iterator[FaxPage]:
    """Let Ghostscript draw a PDF; its strips are taken over as they are."""
    document = pdf_document.opened(file, max_pages)
    count = len(document)
    placed = _laid_out(document, sheet, folder / "placed.pdf") or file
    prologue, drawn = folder / "screen.ps", folder / "drawn.tif"
    prologue.write_text(_prologue(), encoding="ascii")
    command = [
        program, "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=tiffg4",
        f"-r{sheet.x_dpi:.4f}x{sheet.y_dpi:.4f}", f"-g{PAGE_WIDTH_PX}x{sheet.height_px}",
        "-dFIXEDMEDIA", "-dUseCropBox", "-dMaxStripSize=0", "-dFillOrder=1",
        f"-sOutputFile={drawn}", str(prologue), "-f", str(placed),
    ]  # fmt: skip
    done = subprocess.run(  # noqa: S603
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=_alone, check=False,
    )  # fmt: skip
    if done.returncode or not drawn.is_file():
        raise CannotDraw
    yield from _taken(drawn, count)


def _alone() -> None:
    """Let the process that is about to become Ghostscript start no other."""
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def _taken(drawn: Path, count: int) -> list[FaxPage]:
    """Return all pages or none: the embedded engine may have to begin anew."""
    try:
        with drawn.open("rb") as file:
            found = list(plain_pages(file))
    except (ValueError, KeyError, struct.error) as error:
        raise CannotDraw from error
    if len(found) != count:
        raise CannotDraw
    return found


def _laid_out(document: PdfDocument, sheet: Sheet, into: Path) -> Path | None:
    """Write the PDF anew with pages of A4's proportions; None when all its pages are A4."""
    places = [pdf_document.place_of(document, index, sheet) for index in range(len(document))]
    if all(_is_sheet(place, sheet) for place in places):
        return None
    for index, place in enumerate(places):
        if not _is_sheet(place, sheet):
            _put(document, index, place)
    document.save(into)
    return into


def _is_sheet(place: Place, sheet: Sheet) -> bool:
    whole = round(SHEET_MM[0] / SHEET_MM[1] * sheet.height_px * sheet.x_dpi / sheet.y_dpi)
    return (
        not place.turned and place.scale > 0.998
        and abs(place.width - whole) < 8 and abs(place.height - sheet.height_px) < 8
    )  # fmt: skip


def _put(document: PdfDocument, index: int, place: Place) -> None:
    """Draw a page anew on upright A4; what its own paper cut off stays cut off."""
    page = document[index]
    box = page.get_bbox()
    turned = (page.get_rotation() + 90 * place.turned) % 360
    size = box[2] - box[0], box[3] - box[1]
    width, height = (place.scale * side for side in (size if turned % 180 == 0 else size[::-1]))
    left, bottom = (_SHEET_PT[0] - width) / 2, _SHEET_PT[1] - height
    matrix = _matrix(turned, box, place.scale, left, bottom)
    clip = pdfium_c.FS_RECTF(left, bottom + height, left + width, bottom)
    pdfium_c.FPDFPage_TransFormWithClip(page.raw, matrix, clip)
    pdfium_c.FPDFPage_TransformAnnots(
        page.raw, matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f
    )
    page.set_rotation(0)
    for set_box in (page.set_mediabox, page.set_cropbox):
        set_box(0, 0, *_SHEET_PT)
    page.close()


def _matrix(
    turned: int, box: tuple[float, float, float, float], scale: float, left: float, bottom: float
) -> pdfium_c.FS_MATRIX:
    """Return how a point of the page moves: turned clockwise, shrunk, put in its place."""
    west, south, east, north = box
    a, b, c, d, e, f = {
        0: (1, 0, 0, 1, -west, -south),
        90: (0, -1, 1, 0, -south, east),
        180: (-1, 0, 0, -1, east, north),
        270: (0, 1, -1, 0, north, -west),
    }[turned]
    return pdfium_c.FS_MATRIX(
        a * scale, b * scale, c * scale, d * scale, e * scale + left, f * scale + bottom
    )


def _prologue() -> str:
    """Return what is told to Ghostscript first: how letters, areas and pictures become dots."""
    margin = (PAGE_WIDTH_PX / DOTS_PER_MM - SHEET_MM[0]) / 2 / POINT_MM
    return f"""%!
/letters << /HalftoneType 3 /Width 1 /Height 1 /Thresholds <{_LETTERS_BLACK_BELOW:02x}> >> def
/areas {_halftone(*_AREA_TONES)} def
/pictures {_halftone(*_PICTURE_TONES)} def
systemdict /.setobjtypeHT known {{
  letters sethalftone /Text .setobjtypeHT
  areas sethalftone /Vector .setobjtypeHT
  pictures sethalftone /Image .setobjtypeHT
}} {{ areas sethalftone }} ifelse
<< /HalftoneMode 1 >> setuserparams
<< /PageOffset [{margin:.3f} 0] >> setpagedevice
"""


def _halftone(black: float, white: float) -> str:
    """Return blue noise that screens the tones between two, and leaves the others plain."""
    scaled = bytes(round(level * (white - black) + 255 * black) for level in range(256))
    side, levels = screen.SIDE, screen.thresholds().translate(scaled).hex()
    return f"<< /HalftoneType 3 /Width {side} /Height {side} /Thresholds <{levels}> >>"
