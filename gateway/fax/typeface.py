"""The typeface of cover pages: Latin with Turkish, Cyrillic and Greek, embedded in what is made."""

from __future__ import annotations

import unicodedata
from collections.abc import Container
from functools import cache

import font_roboto
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

PLAIN, BOLD = "Santral Roboto", "Santral Roboto Bold"
_UNKNOWN = "?"
"""In the place of a letter that the typeface lacks; emoji and the like are left out."""
_TAB = 4
_FIRM_BLANK = "\u00a0"
"""Between a number and its unit: no line ends there."""


def drawable(text: str) -> str:
    """Return text of which every character can be drawn; its lines end in a line feed."""
    glyphs = _glyphs()
    lines = (line.expandtabs(_TAB) for line in unicodedata.normalize("NFC", text).splitlines())
    return "\n".join("".join(_drawn(char, glyphs) for char in line) for line in lines)


def width(text: str, font: str, size_pt: float) -> float:
    """Return how wide a line is, in points."""
    _glyphs()
    return float(pdfmetrics.stringWidth(text, font, size_pt))


@cache
def _glyphs() -> frozenset[int]:
    faces = []
    for name, file in ((PLAIN, "Roboto"), (BOLD, "RobotoBold")):
        font = TTFont(name, font_roboto.font_files[file])
        pdfmetrics.registerFont(font)
        faces.append(frozenset(font.face.charToGlyph))
    return faces[0] & faces[1]


def _drawn(char: str, glyphs: Container[int]) -> str:
    if char.isspace():
        return char if char == _FIRM_BLANK else " "
    if ord(char) in glyphs and char.isprintable():
        return char
    return _UNKNOWN if char.isalnum() else ""
