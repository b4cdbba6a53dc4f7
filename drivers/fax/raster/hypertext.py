"""An HTML page becomes a PDF; nothing is fetched for it, and no script in it runs."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.sax.saxutils import escape

import plutoprint
from reportlab.pdfbase.ttfonts import TTFont

from drivers.fax.raster import letters
from drivers.fax.raster.refusals import Refused

_MARGIN_PT = 42.0
_MAX_DEPTH = 400
"""The engine lays out by recursion."""
_VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
})  # HTML 13.1.2  # fmt: skip
_UNCLOSED = frozenset({
    "dd", "dt", "li", "option", "optgroup", "p", "rp", "rt", "tbody", "td", "tfoot", "th",
    "thead", "tr",
})  # HTML 13.1.2.4  # fmt: skip
"""Need no end, and lie in each other only with a counted one between."""
_FLAT = _VOID | _UNCLOSED
_UNSHOWN = frozenset({"script", "style", "template", "noscript", "title"})


class _Nothing(plutoprint.ResourceFetcher):
    """Answers every address with an empty resource."""

    def fetch_url(self, url: str) -> plutoprint.ResourceData:
        """Fetch nothing."""
        return plutoprint.ResourceData(b"", "text/plain", "")


class _Words(HTMLParser):
    """Gathers what is shown of a page, and how deep it is nested."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.depth = self._unshown = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Go one deeper."""
        if tag not in _FLAT:
            self.depth += 1
            self._unshown += tag in _UNSHOWN
        if self.depth > _MAX_DEPTH:
            raise Refused(f"is nested more than {_MAX_DEPTH} deep: send it as PDF")

    def handle_endtag(self, tag: str) -> None:
        """Come up again."""
        if tag not in _FLAT:
            self.depth = max(0, self.depth - 1)
            self._unshown = max(0, self._unshown - (tag in _UNSHOWN))

    def handle_data(self, data: str) -> None:
        """Keep what is shown."""
        if not self._unshown:
            self.text.append(data)


def write_pdf(source: Path, into: Path, max_pages: int) -> None:
    """Lay an HTML page out on A4; refuse it when it is longer than allowed."""
    text = letters.read_text(source)
    words = _Words()
    words.feed(text)
    letters.drawable("".join(words.text), TTFont("Roboto", str(letters.FONT)).face.charToGlyph)
    _use_our_font(into.parent)
    margins = plutoprint.PageMargins(*(4 * [_MARGIN_PT]))
    book = plutoprint.Book(plutoprint.PAGE_SIZE_A4, margins, plutoprint.MEDIA_TYPE_PRINT)
    book.custom_resource_fetcher = _Nothing()
    try:
        book.load_html(text, "", "", "")
        pages = book.get_page_count()
        if pages > max_pages:
            raise Refused(f"has more than {max_pages} pages: send it in parts")
        book.write_to_pdf(str(into))
    except plutoprint.Error as error:
        raise Refused(f"cannot be laid out ({_plain(error)}): send it as PDF") from error


def _use_our_font(folder: Path) -> None:
    """Let the layout find our font alone, so that a page looks the same on every machine."""
    fonts = folder / "fonts"
    fonts.mkdir()
    (fonts / "fonts.conf").write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>{escape(str(letters.FONT_FOLDER))}</dir>"
        f"<cachedir>{escape(str(fonts))}</cachedir></fontconfig>",
        encoding="utf-8",
    )
    plutoprint.plutobook_set_fontconfig_path(str(fonts))


def _plain(error: Exception) -> str:
    return re.sub(r"[^\x20-\x7e]+", " ", str(error))[:100]
