"""The pages of documents that are handed in, as far as a fax server must know them."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path

import pypdfium2 as pdfium
from PIL import Image, ImageSequence

_MAX_PAGES = 1000
_PAGES = re.compile(rb"^%%Pages: (\d{1,6})", re.MULTILINE)
"""What a PostScript document says of itself, at its beginning or end (Adobe 5001)."""


class Unreadable(Exception):
    """The document is broken: a server sees it when it converts it, before it dials."""


def images_of(file: Path, lines_per_inch: int) -> list[Image.Image]:
    """Return the pages of a document; none for what is no document at all."""
    content = file.read_bytes()
    if content.startswith((b"II*\0", b"MM\0*")):
        return _of_tiff(content)
    if content.startswith(b"%PDF"):
        return _of_pdf(content, lines_per_inch)
    if content.startswith(b"%!"):
        told = _PAGES.search(content)
        count = min(int(told[1]), _MAX_PAGES) if told else 1
        return [Image.new("1", (1728, 1143), 1) for _ in range(count)]
    return []


def _of_tiff(content: bytes) -> list[Image.Image]:
    try:
        with Image.open(io.BytesIO(content)) as picture:
            return [frame.copy() for frame in ImageSequence.Iterator(picture)]
    except (OSError, ValueError, SyntaxError) as error:
        raise Unreadable from error


def _of_pdf(content: bytes, lines_per_inch: int) -> list[Image.Image]:
    try:
        with pdfium.PdfDocument(content) as document:
            return [
                page.render(scale=204 / 72, grayscale=True).to_pil()
                .resize((1728, round(297 / 25.4 * lines_per_inch))).convert("1")
                for page in document
            ]  # fmt: skip
    except pdfium.PdfiumError as error:
        raise Unreadable from error


def write_tiff(
    pages: Sequence[Image.Image], into: Path, lines_per_inch: int, description: str = ""
) -> None:
    """Write pages as fax servers do: Group 4, one strip each."""
    if not pages:
        into.write_bytes(b"")
        return
    first, *others = (page.convert("1") for page in pages)
    tags: dict[int, int | str] = {278: max(page.height for page in pages)}
    if description:
        tags[270] = description
    first.save(
        into, "TIFF", compression="group4", save_all=True, append_images=others,
        dpi=(204, lines_per_inch), tiffinfo=tags,
    )  # fmt: skip
