"""Pictures become pages: PNG, JPEG, GIF, BMP, WebP, and TIFFs that are no faxes yet."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from drivers.fax.raster import ink, paper
from drivers.fax.raster.geometry import Sheet, place
from drivers.fax.raster.group4 import encode
from drivers.fax.raster.refusals import Refused
from drivers.fax.raster.tiff import FaxPage
from gateway.fax.port import PAGE_WIDTH_PX

_ORIENTATION = 0x0112  # Exif 2.3, 4.6.4
_LYING = frozenset({5, 6, 7, 8})
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")
_MARGIN_MM = 10.0
_USUAL_DPI = 96.0
_BELIEVED_DPI = (50.0, 2400.0)
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, KeyError, EOFError, IndexError)
"""What Pillow's readers raise for damaged files, besides its own."""


@contextmanager
def opened(file: Path, max_pixels: int) -> Iterator[Image.Image]:
    """Open a picture; nothing is decoded before its size was looked at."""
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # the limit here is ours
    try:
        with Image.open(file, formats=_FORMATS) as picture:
            refuse_huge(picture, max_pixels)
            yield picture
    except Refused:
        raise
    except (UnidentifiedImageError, *_BROKEN) as error:
        raise Refused("is a damaged picture: save it anew and send that") from error


def refuse_huge(picture: Image.Image, max_pixels: int) -> None:
    """Refuse a picture that would unpack to more than allowed."""
    if picture.width * picture.height > max_pixels:
        raise Refused(
            f"has {picture.width:,} by {picture.height:,} dots, more than {max_pixels:,} in all:"
            " make it smaller"
        )


def page_of(picture: Image.Image, sheet: Sheet) -> FaxPage:
    """Put a picture on a sheet, in its true size when it fits."""
    across, down = _dpi(picture)
    width_mm, height_mm = picture.width / across * 25.4, picture.height / down * 25.4
    if picture.getexif().get(_ORIENTATION, 1) in _LYING:
        width_mm, height_mm = height_mm, width_mm
    grey = _grey(picture, sheet)
    where = place(sheet, width_mm, height_mm, margin_mm=_MARGIN_MM)
    if where.turned:
        grey = grey.transpose(Image.Transpose.ROTATE_270)
    drawn = grey.resize((where.width, where.height), filter_to(grey, where.width, where.height))
    page = np.full((sheet.height_px, PAGE_WIDTH_PX), 255, np.uint8)
    rows = slice(where.top, where.top + where.height)
    page[rows, where.left : where.left + where.width] = paper.whitened(np.asarray(drawn))
    dots = ink.black_dots(page, sheet.resolution)
    return FaxPage(strip=encode(dots, len(page)), height=len(page))


def _dpi(picture: Image.Image) -> tuple[float, float]:
    low, high = _BELIEVED_DPI
    try:
        across, down = (float(value) for value in picture.info.get("dpi", (0, 0)))
    except (TypeError, ValueError, ZeroDivisionError):
        return _USUAL_DPI, _USUAL_DPI
    if low <= across <= high and low <= down <= high:
        return across, down
    return _USUAL_DPI, _USUAL_DPI


def _grey(picture: Image.Image, sheet: Sheet) -> Image.Image:
    """Return it upright, on white paper and without colours, decoded no larger than needed."""
    picture.draft("L", (2 * PAGE_WIDTH_PX, 2 * sheet.height_px))
    if picture.mode.startswith("I") or picture.mode == "F":
        picture = _narrowed(picture)
    upright = ImageOps.exif_transpose(picture)
    if upright.has_transparency_data:
        coloured = upright.convert("RGBA")
        under = Image.new("RGBA", coloured.size, "white")
        upright = Image.alpha_composite(under, coloured)
    return upright.convert("L")


def _narrowed(picture: Image.Image) -> Image.Image:
    """Return 16 or 32 bits of grey as 8."""
    values = np.asarray(picture, np.float32)
    top = max(float(np.nanmax(values)), 1.0)
    scale = 255.0 / (65535.0 if picture.mode.startswith("I;16") or top > 255 else 255.0)
    return Image.fromarray(np.clip(np.nan_to_num(values) * scale, 0, 255).astype(np.uint8))


def filter_to(picture: Image.Image, width: int, height: int) -> Image.Resampling:
    """Return how a picture is brought to a size."""
    whole = width % picture.width == 0 and height % picture.height == 0
    # Dots that are doubled stay dots: a fax at another resolution loses nothing.
    return Image.Resampling.NEAREST if whole else Image.Resampling.LANCZOS
