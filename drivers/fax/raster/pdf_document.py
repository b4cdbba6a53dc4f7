"""A PDF that was looked at before pages are made of it."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from drivers.fax.raster.geometry import POINT_MM, Place, Sheet, place
from drivers.fax.raster.refusals import Refused

_REASONS = {
    pdfium_c.FPDF_ERR_PASSWORD: "is encrypted: remove its password and send it again",
    pdfium_c.FPDF_ERR_SECURITY: "is encrypted in an unknown way: print it to a new PDF",
}
_DAMAGED = "is damaged and cannot be read as PDF: print it to a new PDF and send that"
_SMALLEST_PT = 1.0


def opened(file: Path, max_pages: int) -> pdfium.PdfDocument:
    """Open a PDF with at least one page and no more than allowed."""
    try:
        document = pdfium.PdfDocument(file)
    except pdfium.PdfiumError as error:
        raise Refused(_REASONS.get(error.err_code or 0, _DAMAGED)) from error
    pages = len(document)
    if not pages:
        raise Refused("has no pages: send a document with something in it")
    if pages > max_pages:
        raise Refused(f"has {pages:,} pages, more than {max_pages}: send it in parts")
    return document


def place_of(document: pdfium.PdfDocument, index: int, sheet: Sheet) -> Place:
    """Tell where a page comes to lie; its own turning is taken into account."""
    size = pdfium_c.FS_SIZEF()
    if not pdfium_c.FPDF_GetPageSizeByIndexF(document.raw, index, ctypes.byref(size)):
        raise Refused(f"has a page {index + 1} that cannot be read: print it to a new PDF")
    width, height = max(size.width, _SMALLEST_PT), max(size.height, _SMALLEST_PT)
    return place(sheet, width * POINT_MM, height * POINT_MM)
