"""Which letters a file's bytes are, and which of them the font can draw."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Container
from pathlib import Path

import font_roboto

from drivers.fax.raster.kinds import wide_text
from drivers.fax.raster.refusals import Refused

FONT = Path(font_roboto.font_files["Roboto"])
FONT_FOLDER = FONT.parent
_MAX_TEXT_MB = 4
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_TURKISH = bytes("ğüşıöçĞÜŞİÖÇâîû", "windows-1254")
_LETTERS_FROM = 0xC0  # in windows-1251 and windows-1254 alike
_TURKISH_SHARE = 0.8
"""Of the letters beyond ASCII; in Russian one in six has the number of a Turkish one."""
_CHARSET = re.compile(rb"(?i)charset\s*=\s*[\"']?([a-z0-9_-]{2,20})")
_KNOWN = {"windows-1251", "windows-1254", "iso-8859-9", "iso-8859-5", "koi8-r", "windows-1252"}
_MENDED = {"\u00a0": " ", "\u2011": "-", "\u00ad": "", "\u200b": "", "\ufeff": ""}
_SHOWN = 5


def read_text(file: Path) -> str:
    """Return a text, whatever it was written in."""
    raw = file.read_bytes()
    if len(raw) > _MAX_TEXT_MB * 1_000_000:
        raise Refused(f"is a text of more than {_MAX_TEXT_MB} MB: send a part of it")
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw[len(mark) :].decode(encoding, "replace")
    if wide := wide_text(raw[:4096]):
        return raw.decode(wide, "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode(_declared(raw) or _guessed(raw), "replace")


def _declared(raw: bytes) -> str:
    named = _CHARSET.search(raw[:2048])
    name = named.group(1).decode("ascii").lower() if named else ""
    return name if name in _KNOWN else ""


def _guessed(raw: bytes) -> str:
    beyond = [byte for byte in raw[:100_000] if byte >= _LETTERS_FROM]
    turkish = sum(byte in _TURKISH for byte in beyond)
    return "windows-1254" if turkish >= _TURKISH_SHARE * len(beyond) else "windows-1251"


def drawable(text: str, glyphs: Container[int]) -> str:
    """Return the text with signs the font lacks as boxes; refuse it for letters that it lacks."""
    for odd, plain in _MENDED.items():
        text = text.replace(odd, plain)
    text = unicodedata.normalize("NFC", text)
    lacking = {letter for letter in set(text) if letter >= " " and ord(letter) not in glyphs}
    letters = sorted(one for one in lacking if unicodedata.category(one)[0] in "LN")
    if letters:
        shown = " ".join(letters[:_SHOWN])
        raise Refused(f"has letters that cannot be drawn here ({shown}): send it as PDF")
    return text.translate({ord(sign): "\u25a1" for sign in lacking})
