"""Documents as people send them, made on the spot."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from drivers.fax.raster.letters import FONT
from gateway.fax.port import Resolution, SourceDocument

A4 = (595.28, 841.89)
FONT_NAME = "Roboto"
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def document(folder: Path, name: str, content: bytes) -> SourceDocument:
    file = folder / f"{len(list(folder.iterdir()))}.bin"
    file.write_bytes(content)
    return SourceDocument(name=name, file=file)


def pdf(pages: Sequence[tuple[float, float]] = (A4,), text: str = "") -> bytes:
    """Pages with a frame along their edges, a black square in the corner at the top left."""
    pdfmetrics.registerFont(TTFont(FONT_NAME, str(FONT)))
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    for width, height in pages:
        canvas.setPageSize((width, height))
        canvas.rect(3, 3, width - 6, height - 6)
        canvas.rect(10, height - 40, 30, 30, fill=1)
        canvas.setFont(FONT_NAME, 14)
        canvas.drawString(60, height - 80, text)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def photo(width: int = 900, height: int = 700) -> Image.Image:
    down, across = np.mgrid[0:height, 0:width]
    grey = 120 + 70 * np.sin(down / 60) * np.cos(across / 90) + 40 * np.sin(across * down / 30000)
    return Image.fromarray(grey.clip(0, 255).astype(np.uint8)).convert("RGB")


def picture(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def scribble(width: int = 1728, height: int = 2287, seed: int = 4711) -> Image.Image:
    """A page of dots as they come from a fax machine: blobs, lines, and grain."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    smooth = Image.fromarray(noise).filter(ImageFilter.GaussianBlur(6))
    return Image.fromarray(np.asarray(smooth) > 128)


def sparse(seed: int = 0, height: int = 1143) -> Image.Image:
    """A page with little on it, that is sent soon; no other seed's is the same."""
    page = Image.new("1", (1728, height), 1)
    for place in range(3 + seed % 5):
        page.paste(0, (200 + 90 * seed, 200 + 40 * place, 700 + 90 * seed, 220 + 40 * place))
    return page


def fax(
    pages: Sequence[Image.Image],
    resolution: Resolution = Resolution.FINE,
    *,
    compression: str = "group4",
    rows: int | None = None,
    reverse: bool = False,
    white_is_zero: bool = True,
) -> bytes:
    """A TIFF as a fax server writes it."""
    buffer = io.BytesIO()
    first, *others = (_coded(page, white_is_zero=white_is_zero) for page in pages)
    first.save(
        buffer, "TIFF", compression=compression, save_all=True, append_images=others,
        dpi=(204, resolution.lines_per_inch),
        tiffinfo={278: rows or first.height, 266: 1},
    )  # fmt: skip
    content = bytearray(buffer.getvalue())
    for entry, tags in _directories(bytes(content)):
        if white_is_zero:
            content[entry[262] + 8] = 0
        if reverse:
            content[entry[266] + 8] = 2
            for start, size in zip(tags[273], tags[279], strict=True):
                content[start : start + size] = content[start : start + size].translate(REVERSED)
    return bytes(content)


def _coded(page: Image.Image, *, white_is_zero: bool) -> Image.Image:
    # The encoder codes Pillow's set bits, which it calls white, as black.
    return Image.fromarray(~np.asarray(page)) if white_is_zero else page


def _directories(content: bytes) -> list[tuple[dict[int, int], dict[int, tuple[int, ...]]]]:
    """Where each tag's entry lies, and what it says, for every page."""
    found = []
    at = int.from_bytes(content[4:8], "little")
    with Image.open(io.BytesIO(content)) as picture:
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            count = int.from_bytes(content[at : at + 2], "little")
            entries = {
                int.from_bytes(content[entry : entry + 2], "little"): entry
                for entry in range(at + 2, at + 2 + 12 * count, 12)
            }
            tags = {tag: tuple(picture.tag_v2[tag]) for tag in (273, 279)}  # type: ignore[attr-defined]
            found.append((entries, tags))
            at = int.from_bytes(content[at + 2 + 12 * count :][:4], "little")
    return found


def dots(file: Path) -> list[NDArray[np.bool_]]:
    """Read every page of a raster: where it is black."""
    pages = []
    with Image.open(file) as picture:
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            pages.append(~np.asarray(picture.convert("1")))
    return pages


def box(page: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of what is black."""
    rows, columns = np.flatnonzero(page.any(axis=1)), np.flatnonzero(page.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])
