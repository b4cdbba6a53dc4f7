"""TIFF files of faxed pages: Group 4, one strip a page, min-is-white."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from gateway.fax.port import PAGE_WIDTH_PX, Resolution

GROUP_3, GROUP_4 = 3, 4
_SHORT, _LONG, _RATIONAL = 3, 4, 5
NOMINAL_DPI = 204


@dataclass(frozen=True, slots=True, kw_only=True)
class FaxPage:
    """One page, ready to be sent."""

    strip: bytes
    """Group 4."""
    height: int


class FaxWriter:
    """Writes pages one after the other into a file that is at its beginning."""

    def __init__(self, file: BinaryIO, resolution: Resolution) -> None:
        self._file = file
        self._lines_per_inch = resolution.lines_per_inch
        self._link = 4
        self.pages = 0
        file.write(struct.pack("<2sHL", b"II", 42, 0))

    def add(self, page: FaxPage) -> None:
        """Append a page."""
        strip_at = self._file.tell()
        self._file.write(page.strip + b"\0" * (len(page.strip) & 1))
        directory_at = self._file.tell()
        self._file.write(self._directory(page, strip_at, directory_at))
        end = self._file.tell()
        self._file.seek(self._link)
        self._file.write(struct.pack("<L", directory_at))
        self._file.seek(end)
        self._link = end - 4 - 16
        self.pages += 1

    def _directory(self, page: FaxPage, strip_at: int, directory_at: int) -> bytes:
        entries = [
            (254, _LONG, 2),  # a page of several
            (256, _SHORT, PAGE_WIDTH_PX),
            (257, _LONG, page.height),
            (258, _SHORT, 1),
            (259, _SHORT, GROUP_4),
            (262, _SHORT, 0),  # min-is-white
            (266, _SHORT, 1),  # most significant bit first
            (273, _LONG, strip_at),
            (274, _SHORT, 1),
            (277, _SHORT, 1),
            (278, _LONG, page.height),
            (279, _LONG, len(page.strip)),
            (282, _RATIONAL, 0),
            (283, _RATIONAL, 8),
            (284, _SHORT, 1),
            (293, _LONG, 0),
            (296, _SHORT, 2),  # inches
            (297, _SHORT, self.pages),  # of how many is not told
        ]
        values_at = directory_at + 2 + 12 * len(entries) + 4
        coded = struct.pack("<H", len(entries))
        for tag, kind, value in entries:
            number = value + values_at if kind == _RATIONAL else value
            coded += struct.pack("<HHLL", tag, kind, 2 if tag == 297 else 1, number)
        return coded + struct.pack("<LLLLL", 0, NOMINAL_DPI, 1, self._lines_per_inch, 1)


def plain_pages(file: BinaryIO) -> Iterator[FaxPage]:
    """Yield the pages of a file that a program of ours wrote, with one Group 4 strip each."""
    file.seek(0)
    order, _, directory_at = struct.unpack("<2sHL", file.read(8))
    if order != b"II":
        raise ValueError
    while directory_at:
        file.seek(directory_at)
        (count,) = struct.unpack("<H", file.read(2))
        coded = file.read(12 * count + 4)
        (directory_at,) = struct.unpack_from("<L", coded, 12 * count)
        tags = dict(_entry(coded, 12 * number) for number in range(count))
        if (tags[256], tags[259], tags[262]) != (PAGE_WIDTH_PX, GROUP_4, 0) or tags[278] < tags[
            257
        ]:
            raise ValueError
        file.seek(tags[273])
        yield FaxPage(strip=file.read(tags[279]), height=tags[257])


def _entry(coded: bytes, at: int) -> tuple[int, int]:
    tag, kind = struct.unpack_from("<HH", coded, at)
    (value,) = struct.unpack_from("<H" if kind == _SHORT else "<L", coded, at + 8)
    return tag, value
