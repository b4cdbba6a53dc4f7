"""Pages of TIFFs that fax machines wrote: G3 or G4, in strips, either bit order, broken off."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, ImageChops, ImageFile, TiffImagePlugin

from drivers.fax.raster.group4 import encode
from drivers.fax.raster.refusals import Refused
from drivers.fax.raster.tiff import GROUP_4, NOMINAL_DPI

_CODES = {2, 3, 4}  # of ITU-T: Huffman alone, Group 3, Group 4
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_FINE_FROM = 1500
"""Lines from which a page that does not tell its resolution is taken for a fine one."""
_MAX_SIDE = 60_000
_MAX_STRIPS = 20_000
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, KeyError, EOFError, IndexError,
           struct.error)  # fmt: skip


_BROKEN_OFF = "is a TIFF that breaks off or is damaged: save it anew and send that"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaxFrame:
    """Where one page's codes lie in a file, and how they are to be read."""

    width: int
    height: int
    x_dpi: float
    y_dpi: float
    compression: int
    options: int
    reversed_bits: bool
    """The least significant bit comes first."""
    black_is_zero: bool
    rows_per_strip: int
    strips: tuple[tuple[int, int], ...]
    """Offset and size of each."""

    @property
    def canonical(self) -> bool:
        """Tell whether its one strip is Group 4 as we write it."""
        return (
            self.compression == GROUP_4 and len(self.strips) == 1
            and not self.black_is_zero and not self.options
        )  # fmt: skip

    def strip(self, file: BinaryIO, *, lenient: bool) -> bytes:
        """Return the page as one Group 4 strip, most significant bit first."""
        if not self.canonical:
            dots = ImageChops.invert(self.picture(file, lenient=lenient)).tobytes()
            return encode(dots, self.height, self.width)
        codes = self._codes(file, 0, lenient=lenient)
        return codes.translate(_REVERSED) if self.reversed_bits else codes

    def picture(self, file: BinaryIO, *, lenient: bool) -> Image.Image:
        """Return the page's dots; what cannot be read stays white, or is refused."""
        page = Image.new("1", (self.width, self.height), 1)
        for number in range(len(self.strips)):
            top = number * self.rows_per_strip
            rows = min(self.rows_per_strip, self.height - top)
            if rows < 1:
                break
            codes = self._codes(file, number, lenient=lenient)
            try:
                page.paste(self._decoded(codes, rows), (0, top))
            except _BROKEN as error:
                if not lenient:
                    raise Refused(_BROKEN_OFF) from error
        return page

    def _codes(self, file: BinaryIO, number: int, *, lenient: bool) -> bytes:
        offset, size = self.strips[number]
        file.seek(offset)
        codes = file.read(size)
        if len(codes) < size and not lenient:
            raise Refused(_BROKEN_OFF)
        return codes

    def _decoded(self, codes: bytes, rows: int) -> Image.Image:
        with Image.open(io.BytesIO(self._alone(codes, rows)), formats=("TIFF",)) as picture:
            picture.load()
            return ImageChops.invert(picture) if self.black_is_zero else picture

    def _alone(self, codes: bytes, rows: int) -> bytes:
        """Return a TIFF of one strip, so that a broken one takes no other with it."""
        options = 292 if self.compression != GROUP_4 else 293
        entries = [
            (256, self.width), (257, rows), (258, 1), (259, self.compression), (262, 0),
            (266, 2 if self.reversed_bits else 1), (273, 0), (277, 1), (278, rows),
            (279, len(codes)), (options, self.options),
        ]  # fmt: skip
        start = 8 + 2 + 12 * len(entries) + 4
        coded = struct.pack("<2sHLH", b"II", 42, 8, len(entries))
        for tag, value in entries:
            coded += struct.pack("<HHLL", tag, 4, 1, start if tag == 273 else value)
        return coded + struct.pack("<L", 0) + codes


def read_leniently() -> None:
    """Let the decoder return what it could read of a page that breaks off."""
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    Image.MAX_IMAGE_PIXELS = None  # every reader here looks at the size first


def frames(file: BinaryIO, max_pages: int, max_pixels: int) -> Iterator[FaxFrame | None]:
    """Yield the pages that can be found; None for one that is no fax's."""
    try:
        picture = Image.open(file, formats=("TIFF",))
    except _BROKEN:
        return
    assert isinstance(picture, TiffImagePlugin.TiffImageFile)
    for number in range(max_pages):
        try:
            picture.seek(number)
            tags = picture.tag_v2
            frame = _frame(tags) if tags.get(259) in _CODES else None
        except _BROKEN:
            return
        if frame and frame.width * frame.height > max_pixels:
            return
        yield frame


def readable(path: Path, max_pages: int, max_pixels: int) -> list[FaxFrame]:
    """Return the pages of a fax; refuse a file in which there is none."""
    with path.open("rb") as file:
        found = [one for one in frames(file, max_pages, max_pixels) if one]
    if not found:
        raise Refused("has no page that can be read as a fax: look at the file at its origin")
    return found


def _frame(tags: TiffImagePlugin.ImageFileDirectory_v2) -> FaxFrame:
    width, height = int(tags[256]), int(tags[257])
    rows = max(1, min(int(tags.get(278, height)), height))
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE):
        raise ValueError
    offsets, sizes = tuple(tags[273])[:_MAX_STRIPS], tuple(tags[279])[:_MAX_STRIPS]
    x_dpi, y_dpi = _resolution(tags, height)
    four = tags.get(259) == GROUP_4
    return FaxFrame(
        width=width, height=height, x_dpi=x_dpi, y_dpi=y_dpi, compression=int(tags[259]),
        options=int(tags.get(293 if four else 292, 0)), reversed_bits=tags.get(266, 1) == 2,
        black_is_zero=tags.get(262, 0) == 1, rows_per_strip=rows,
        strips=tuple(zip(map(int, offsets), map(int, sizes), strict=False)),
    )  # fmt: skip


def _resolution(tags: Any, height: int) -> tuple[float, float]:
    unit = 2.54 if tags.get(296) == 3 else 1.0  # centimetres
    try:
        across, down = float(tags[282]) * unit, float(tags[283]) * unit
    except (*_BROKEN, ZeroDivisionError):
        across = down = 0.0
    if 50 <= across <= 1300 and 25 <= down <= 1300:
        return across, down
    return float(NOMINAL_DPI), 196.0 if height > _FINE_FROM else 98.0
