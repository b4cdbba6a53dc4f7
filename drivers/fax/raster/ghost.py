"""The engine that is used where Ghostscript is installed; it reads and draws PDFs faster."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pypdfium2.raw as pdfium_c
from pypdfium2 import PdfDocument

from drivers.fax.raster import pdf_document, screen
from drivers.fax.raster.fax_frames import frames
from drivers.fax.raster.geometry import POINT_MM, SHEET_MM, Place, Sheet
from drivers.fax.raster.tiff import FaxPage
from gateway.fax.port import PAGE_WIDTH_PX

_LETTERS_BLACK_BELOW = 0xD8
"""Of 255: letters are never screened; what is no nearly white letter becomes black."""
_AREA_TONES = (0.25, 0.97)
"""Darker than the first is black, so that thin rules hold together; lighter than the last white."""
_PICTURE_TONES = (0.12, 0.92)
_MAX_PIXELS = PAGE_WIDTH_PX * 5000


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
        "-dFIXEDMEDIA", "-dPDFFitPage", "-dMaxStripSize=0", "-dFillOrder=1",
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


def _taken(drawn: Path, count: int) -> Iterator[FaxPage]:
    with drawn.open("rb") as file:
        found = [frame for frame in frames(file, count + 1, _MAX_PIXELS) if frame]
        if len(found) != count or not all(frame.canonical for frame in found):
            raise CannotDraw
        for frame in found:
            yield FaxPage(strip=frame.strip(file, lenient=False), height=frame.height)


def _laid_out(document: PdfDocument, sheet: Sheet, into: Path) -> Path | None:
    """Write the PDF anew with pages of A4's proportions; None when all its pages are A4."""
    places = [pdf_document.place_of(document, index, sheet) for index in range(len(document))]
    if all(_is_sheet(place, sheet) for place in places):
        return None
    for index, place in enumerate(places):
        if not _is_sheet(place, sheet):
            _widen(document, index, place)
    document.save(into)
    return into


def _is_sheet(place: Place, sheet: Sheet) -> bool:
    whole = round(SHEET_MM[0] / SHEET_MM[1] * sheet.height_px * sheet.x_dpi / sheet.y_dpi)
    return (
        not place.turned and place.scale > 0.998
        and abs(place.width - whole) < 8 and abs(place.height - sheet.height_px) < 8
    )  # fmt: skip


def _widen(document: PdfDocument, index: int, place: Place) -> None:
    """Put a page on paper that becomes A4 when it is shrunk, its own content unchanged."""
    page = document[index]
    left, bottom, right, top = page.get_bbox()
    clip = pdfium_c.FS_RECTF(left, top, right, bottom)
    pdfium_c.FPDFPage_TransFormWithClip(page.raw, None, clip)
    if place.turned:
        page.set_rotation((page.get_rotation() + 90) % 360)
    paper = [side / POINT_MM / place.scale for side in SHEET_MM]
    size = (paper[1], paper[0]) if page.get_rotation() % 180 else (paper[0], paper[1])
    box = _box(page.get_rotation(), (left, bottom, right, top), size)
    page.set_mediabox(*box)
    page.set_cropbox(*box)
    page.close()


def _box(
    rotation: int, old: tuple[float, float, float, float], size: tuple[float, float]
) -> tuple[float, float, float, float]:
    """Return the paper's box: the page lies at its top, as it is seen, and in its middle."""
    left, bottom, right, top = old
    across, down = size
    if rotation % 180:
        centre = (bottom + top) / 2
        start = left if rotation == 90 else right - across
        return start, centre - down / 2, start + across, centre + down / 2
    middle = (left + right) / 2
    start = top - down if rotation == 0 else bottom
    return middle - across / 2, start, middle + across / 2, start + down


def _prologue() -> str:
    """Return what is told to Ghostscript first: how letters, areas and pictures become dots."""
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
"""


def _halftone(black: float, white: float) -> str:
    """Return blue noise that screens the tones between two, and leaves the others plain."""
    square = screen.thresholds().astype(np.float32) * (white - black) + 255 * black
    side, levels = screen.SIDE, np.round(square).astype(np.uint8).tobytes().hex()
    return f"<< /HalftoneType 3 /Width {side} /Height {side} /Thresholds <{levels}> >>"
