"""Plain text becomes a PDF: lines are broken at words, a form feed begins a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from drivers.fax.raster import letters
from drivers.fax.raster.refusals import Refused

_FONT, _SIZE, _LEADING = "Roboto", 11.0, 14.0
_A4 = (595.28, 841.89)  # points
_MARGIN = 48.0  # points: 17 mm, which no fax machine cuts off
_LINES = int((_A4[1] - 2 * _MARGIN) / _LEADING)
_TAB = 8
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")


def write_pdf(source: Path, into: Path, max_pages: int) -> None:
    """Set a text; refuse it when it is longer than allowed."""
    font = TTFont(_FONT, str(letters.FONT))
    pdfmetrics.registerFont(font)
    text = letters.drawable(letters.read_text(source), font.face.charToGlyph)
    canvas = Canvas(str(into), pagesize=_A4)
    for number, lines in enumerate(_pages(text, font)):
        if number >= max_pages:
            raise Refused(f"has more than {max_pages} pages: send it in parts")
        block = canvas.beginText(_MARGIN, _A4[1] - _MARGIN - _SIZE)
        block.setFont(_FONT, _SIZE, _LEADING)
        for line in lines:
            block.textLine(line)
        canvas.drawText(block)
        canvas.showPage()
    canvas.save()


def _pages(text: str, font: TTFont) -> Iterator[list[str]]:
    for sheet in text.replace("\r\n", "\n").replace("\r", "\n").split("\f"):
        page: list[str] = []
        for line in sheet.rstrip("\n").split("\n"):
            for piece in _broken(_CONTROLS.sub("", line.expandtabs(_TAB)), font):
                if len(page) == _LINES:
                    yield page
                    page = []
                page.append(piece)
        yield page


def _broken(line: str, font: TTFont) -> Iterator[str]:
    """Break one line at its blanks, or anywhere in a word that is too long."""
    widths, default = font.face.charWidths, font.face.defaultWidth
    room = (_A4[0] - 2 * _MARGIN) / _SIZE * 1000
    start, blank, used = 0, -1, 0.0
    at = 0
    while at < len(line):
        used += widths.get(ord(line[at]), default)
        if used > room and at > start:
            end = blank if blank > start else at
            yield line[start:end]
            start = at = end + 1 if line[end] == " " else end
            blank, used = -1, 0.0
            continue
        if line[at] == " ":
            blank = at
        at += 1
    yield line[start:]
