"""The engine that is always there: PDFium draws in grey, dots are chosen from that."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from drivers.fax.raster import ink, paper, pdf_document
from drivers.fax.raster.geometry import Sheet
from drivers.fax.raster.group4 import encode
from drivers.fax.raster.refusals import Refused
from drivers.fax.raster.tiff import FaxPage
from gateway.fax.port import PAGE_WIDTH_PX

_WHITE = 0xFFFFFFFF
_FLAGS = pdfium_c.FPDF_ANNOT | pdfium_c.FPDF_PRINTING


def pages(file: Path, sheet: Sheet, max_pages: int) -> Iterator[FaxPage]:
    """Draw a PDF's pages, straight at the dots of a fax."""
    document = pdf_document.opened(file, max_pages)
    if document.get_formtype() != pdfium_c.FORMTYPE_NONE:
        document.init_forms()
    canvas = _Canvas(sheet)
    for index in range(len(document)):
        grey = canvas.draw(document, index)
        yield FaxPage(
            strip=encode(ink.black_dots(paper.whitened(grey), sheet.resolution), len(grey)),
            height=len(grey),
        )


class _Canvas:
    """One sheet in grey that every page is drawn on anew."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._grey = np.empty((sheet.height_px, PAGE_WIDTH_PX), np.uint8)
        self._bitmap = pdfium_c.FPDFBitmap_CreateEx(
            PAGE_WIDTH_PX, sheet.height_px, pdfium_c.FPDFBitmap_Gray,
            self._grey.ctypes.data_as(ctypes.c_void_p), PAGE_WIDTH_PX,
        )  # fmt: skip
        if not self._bitmap:
            raise MemoryError

    def draw(self, document: pdfium.PdfDocument, index: int) -> ink.Grey:
        where = pdf_document.place_of(document, index, self._sheet)
        page = pdfium_c.FPDF_LoadPage(document.raw, index)
        if not page:
            raise Refused(f"has a page {index + 1} that cannot be read: print it to a new PDF")
        pdfium_c.FPDFBitmap_FillRect(
            self._bitmap, 0, 0, PAGE_WIDTH_PX, self._sheet.height_px, _WHITE
        )
        box = (where.left, where.top, where.width, where.height, int(where.turned), _FLAGS)
        pdfium_c.FPDF_RenderPageBitmap(self._bitmap, page, *box)
        if document.formenv is not None:
            pdfium_c.FPDF_FFLDraw(document.formenv.raw, self._bitmap, page, *box)
        pdfium_c.FPDF_ClosePage(page)
        return self._grey
