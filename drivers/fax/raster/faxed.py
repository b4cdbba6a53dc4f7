"""TIFFs that somebody wants faxed: pages that are fax pages already are taken over dot for dot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from drivers.fax.raster import ink, pictures
from drivers.fax.raster.fax_frames import FaxFrame, frames
from drivers.fax.raster.geometry import Sheet
from drivers.fax.raster.group4 import encode
from drivers.fax.raster.refusals import Refused
from drivers.fax.raster.tiff import FaxPage
from gateway.fax.port import PAGE_WIDTH_PX, Resolution

_DPI_SLACK = 6
_FAX_WIDTHS = {1728, 2048, 2432}  # dots of A4, B4 and A3 (ITU-T T.4)
_LONGEST_SHEETS = 2


def pages(file: Path, sheet: Sheet, max_pages: int, max_pixels: int) -> Iterator[FaxPage]:
    """Return the pages of a TIFF, faxed before or not."""
    with pictures.opened(file, max_pixels) as picture, file.open("rb") as raw:
        count = getattr(picture, "n_frames", 1)
        if count > max_pages:
            raise Refused(f"has {count:,} pages, more than {max_pages}: send it in parts")
        for number, frame in enumerate(frames(raw, max_pages, max_pixels)):
            if frame and _ready(frame, sheet):
                yield FaxPage(strip=frame.strip(raw, lenient=False), height=frame.height)
                continue
            picture.seek(number)
            pictures.refuse_huge(picture, max_pixels)
            yield _drawn(frame, raw, sheet) if frame else pictures.page_of(picture, sheet)


def _ready(frame: FaxFrame, sheet: Sheet) -> bool:
    """Tell whether a page can be sent just as it is."""
    return (
        frame.width == PAGE_WIDTH_PX
        and frame.height <= _LONGEST_SHEETS * sheet.height_px
        and abs(frame.x_dpi - sheet.x_dpi) < _DPI_SLACK
        and abs(frame.y_dpi - sheet.y_dpi) < _DPI_SLACK
    )


def _drawn(frame: FaxFrame, file: BinaryIO, sheet: Sheet) -> FaxPage:
    picture = frame.picture(file, lenient=False)
    if frame.width in _FAX_WIDTHS and abs(frame.x_dpi - sheet.x_dpi) < _DPI_SLACK:
        return _scanned_anew(picture, _true(frame.y_dpi), sheet)
    picture.info["dpi"] = (frame.x_dpi, frame.y_dpi)
    return pictures.page_of(picture, sheet)


def _scanned_anew(picture: Image.Image, y_dpi: float, sheet: Sheet) -> FaxPage:
    """Return a fax at another resolution, or from wider paper: over the whole width again."""
    lines = round(picture.height * sheet.y_dpi / y_dpi * PAGE_WIDTH_PX / picture.width)
    height = max(1, min(lines, _LONGEST_SHEETS * sheet.height_px))
    size = (PAGE_WIDTH_PX, height)
    grey = picture.convert("L")
    drawn = np.asarray(grey.resize(size, pictures.filter_to(grey, *size)))
    return FaxPage(strip=encode(ink.black_dots(drawn, sheet.resolution), height), height=height)


def _true(nominal_dpi: float) -> float:
    """Return the exact resolution behind a nominal one: 98 lines an inch are 97.79."""
    exact = [Sheet(resolution=each).y_dpi for each in Resolution]
    nearest = min(exact, key=lambda dpi: abs(dpi - nominal_dpi))
    return nearest if abs(nearest - nominal_dpi) < _DPI_SLACK else nominal_dpi
