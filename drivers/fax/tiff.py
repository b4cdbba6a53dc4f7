"""What the header of a fax's TIFF says: its pages, whole or not, and what servers wrote into it.

TIFF 6.0 §2; only what a fax server writes is read, from strangers' files: every count is bounded.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAX_PAGES = 10_000
MAX_TAGS = 200
MAX_TEXT = 4000
_STRIP_OFFSETS, _STRIP_BYTES, _DESCRIPTION = 273, 279, 270
_COMPRESSION, _FILL_ORDER = 259, 266
_GROUP_4 = 4
_EOFB = 2 * "000000000001"
_TAIL_BYTES = 16
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8}
"""Bytes of a BYTE, ASCII, SHORT, LONG, RATIONAL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TiffFacts:
    """What a header says."""

    pages: int
    whole: bool
    """Every page's data lies within the file, and a page in Group 4 has its end."""
    description: str
    """ImageDescription of the first page: HylaFAX writes TSI and call ids there, a line each."""


def facts_of(path: Path) -> TiffFacts | None:
    """Return what a TIFF's header says; None when it is no TIFF."""
    with path.open("rb") as file:
        head = file.read(8)
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
        if order is None or len(head) < 8:
            return None
        size = file.seek(0, 2)
        return _walk(file, order, struct.unpack(f"{order}I", head[4:])[0], size)


def _walk(file: BinaryIO, order: str, offset: int, size: int) -> TiffFacts:
    pages, whole, description = 0, True, ""
    seen: set[int] = set()
    while offset and offset not in seen and pages < MAX_PAGES:
        seen.add(offset)
        entries, following = _directory(file, order, offset, size)
        if entries is None:
            whole = False
            break
        pages += 1
        whole = whole and _data_within(file, order, entries, size)
        if pages == 1:
            description = _text(file, entries.get(_DESCRIPTION), size)
        offset = following
    return TiffFacts(pages=pages, whole=whole and pages > 0, description=description)


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: int
    count: int
    raw: bytes
    """The four bytes of value or offset."""
    order: str

    def offset(self) -> int:
        return int(struct.unpack(f"{self.order}I", self.raw)[0])


def _directory(
    file: BinaryIO, order: str, offset: int, size: int
) -> tuple[dict[int, _Entry] | None, int]:
    if offset + 2 > size:
        return None, 0
    file.seek(offset)
    count = struct.unpack(f"{order}H", file.read(2))[0]
    raw = file.read(count * 12 + 4)
    if count > MAX_TAGS or len(raw) < count * 12 + 4:
        return None, 0
    entries = {}
    for place in range(0, count * 12, 12):
        tag, kind, number = struct.unpack_from(f"{order}HHI", raw, place)
        entries[tag] = _Entry(kind, number, raw[place + 8 : place + 12], order)
    return entries, struct.unpack_from(f"{order}I", raw, count * 12)[0]


def _data_within(file: BinaryIO, order: str, entries: dict[int, _Entry], size: int) -> bool:
    places = _numbers(file, order, entries.get(_STRIP_OFFSETS), size)
    lengths = _numbers(file, order, entries.get(_STRIP_BYTES), size)
    if not places or len(places) != len(lengths):
        return False
    if any(place + length > size for place, length in zip(places, lengths, strict=True)):
        return False
    [compression] = _numbers(file, order, entries.get(_COMPRESSION), size) or (0,)
    if compression != _GROUP_4:
        return True
    [bits] = _numbers(file, order, entries.get(_FILL_ORDER), size) or (1,)
    start = max(places[-1], places[-1] + lengths[-1] - _TAIL_BYTES)
    file.seek(start)
    return _ends(file.read(places[-1] + lengths[-1] - start), reversed_bits=bits == 2)


def _ends(tail: bytes, *, reversed_bits: bool) -> bool:
    """Tell whether codes end with EOFB (ITU-T T.6 §2.4.1.1): a call that broke off left none."""
    form = "".join(f"{byte:08b}"[:: -1 if reversed_bits else 1] for byte in tail)
    return form.rstrip("0").endswith(_EOFB)


def _numbers(file: BinaryIO, order: str, entry: _Entry | None, size: int) -> tuple[int, ...]:
    if entry is None or entry.kind not in {3, 4} or not 0 < entry.count <= 100_000:
        return ()
    width = _SIZES[entry.kind]
    raw = entry.raw
    if width * entry.count > 4:
        if entry.offset() + width * entry.count > size:
            return ()
        file.seek(entry.offset())
        raw = file.read(width * entry.count)
    letter = "H" if entry.kind == 3 else "I"
    return struct.unpack(f"{order}{entry.count}{letter}", raw[: width * entry.count])


def _text(file: BinaryIO, entry: _Entry | None, size: int) -> str:
    if entry is None or entry.kind != 2:
        return ""
    length = min(entry.count, MAX_TEXT)
    raw = entry.raw[:length]
    if entry.count > 4:
        if entry.offset() > size:
            return ""
        file.seek(entry.offset())
        raw = file.read(length)
    return raw.split(b"\0")[0].decode("utf-8", "replace")
