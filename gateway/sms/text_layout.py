"""How a text is cut into segments that fit (3GPP 23.040 §9.2.3.24)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

from gateway.sms.alphabet import NationalLanguage, septets
from gateway.sms.port import TextCoding

_USER_DATA_OCTETS: Final = 140
_HEADER_LENGTH_OCTETS: Final = 1
_CONCATENATION_OCTETS: Final = 5  # with an 8-bit reference; a 16-bit one takes one more
_LANGUAGE_OCTETS: Final = 3  # each for a locking and a single shift table
_CLUSTER_CHARACTERS: Final = 16  # how far a cut moves back to keep a compound character whole

_ESC: Final = 0x1B
_ZERO_WIDTH_JOINER: Final = "\u200d"
_DEFAULT: Final = NationalLanguage.DEFAULT


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The shift tables that a 7-bit text is written with."""

    locking: NationalLanguage = _DEFAULT
    single: NationalLanguage = _DEFAULT

    @property
    def count(self) -> int:
        """Return how many tables the header must name."""
        return (self.locking is not _DEFAULT) + (self.single is not _DEFAULT)


@dataclass(frozen=True, kw_only=True)
class Spelling:
    """Tables that hold all of a text's characters, and those that take two septets there."""

    tables: Tables
    escaped: frozenset[str]

    def units(self, text: str) -> int:
        """Return how many septets the text takes."""
        return len(text) + sum(map(text.count, self.escaped))

    @cached_property
    def weight(self) -> tuple[int, int, int]:
        """Return how many tables must be named, how little is to be expected of a handset, room.

        Room is how many septets a lone segment holds.
        """
        locking, single = self.tables.locking is not _DEFAULT, self.tables.single is not _DEFAULT
        tables = locking + single
        return tables, 2 * locking + single, _septet_capacity(tables, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A text cut into segments of one encoding."""

    coding: TextCoding
    tables: Tables
    segments: tuple[str, ...]
    capacity: int
    units_used: int


PLAIN: Final = Tables()


def most_characters(most_segments: int, *, wide: bool) -> int:
    """Return how many characters can fit into so many segments in the densest encoding."""
    if most_segments == 1:
        return _septet_capacity(0, 0)
    return most_segments * _septet_capacity(0, _concatenation_octets(wide))


Cost = tuple[int, bool, int, int]
"""Segments, whether a table is needed, bits on the air, simplicity: the least is the best."""


def septet_cost(text: str, spelling: Spelling, wide: bool) -> Cost:
    """Return what a text costs when it is written so."""
    units = spelling.units(text)
    tables, simplicity, room = spelling.weight
    segments = 1 if units <= room else len(septet_layout(text, spelling, wide).segments)
    return segments, tables > 0, units * 7 + segments * tables * _LANGUAGE_OCTETS * 8, simplicity


def septet_layout(text: str, spelling: Spelling, wide: bool) -> Layout:
    """Cut a text that the tables hold; an escape stays with the septet behind it."""
    units, tables = spelling.units(text), spelling.tables
    count, _, capacity = spelling.weight
    segments: list[str] = [text]
    start = 0
    if units > capacity:
        coded = septets(text, tables.locking, tables.single)
        assert coded is not None
        capacity = _septet_capacity(count, _concatenation_octets(wide))
        segments = []
        position = 0
        for start, end in _septet_cuts(coded, capacity):
            following = position + end - start - coded.count(_ESC, start, end)
            segments.append(text[position:following])
            position = following
    return Layout(
        coding=TextCoding.GSM7,
        tables=tables,
        segments=tuple(segments),
        capacity=capacity,
        units_used=units - start,
    )


def ucs2_layout(text: str, wide: bool) -> Layout:
    """Cut a text by UTF-16 code units; compound characters stay whole if that costs nothing."""
    units = _utf16_units(text)
    capacity = _USER_DATA_OCTETS // 2
    segments: tuple[str, ...] = (text,)
    if units > capacity:
        header = _concatenation_octets(wide) + _HEADER_LENGTH_OCTETS
        capacity = (_USER_DATA_OCTETS - header) // 2
        segments = tuple(_ucs2_cuts(text, capacity, whole=True))
        tight = tuple(_ucs2_cuts(text, capacity, whole=False))
        if len(tight) < len(segments):
            segments = tight
    return Layout(
        coding=TextCoding.UCS2,
        tables=PLAIN,
        segments=segments,
        capacity=capacity,
        units_used=_utf16_units(segments[-1]),
    )


def _concatenation_octets(wide: bool) -> int:
    return _CONCATENATION_OCTETS + wide


@cache
def _septet_capacity(tables: int, concatenation_octets: int) -> int:
    elements = concatenation_octets + tables * _LANGUAGE_OCTETS
    header = elements + _HEADER_LENGTH_OCTETS if elements else 0
    return (_USER_DATA_OCTETS - header) * 8 // 7


def _septet_cuts(coded: bytes, capacity: int) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(coded):
        end = min(start + capacity, len(coded))
        if coded[end - 1] == _ESC:
            end -= 1
        yield start, end
        start = end


def _utf16_units(text: str) -> int:
    return len(text.encode("utf-16-be")) // 2


def _ucs2_cuts(text: str, capacity: int, *, whole: bool) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = min(start + capacity, len(text))
        excess = _utf16_units(text[start:end]) - capacity
        while excess > 0:
            end -= 1
            excess -= 2 if text[end] > "\uffff" else 1
        if whole and end < len(text):
            end = _cluster_start(text, end, max(start + 1, end - _CLUSTER_CHARACTERS))
        yield text[start:end]
        start = end


def _cluster_start(text: str, end: int, lowest: int) -> int:
    """Return the last place up to `end` where no compound character is cut, or `end`."""
    for place in range(end, lowest - 1, -1):
        if text[place - 1] != _ZERO_WIDTH_JOINER and not _continues(text[place]):
            return place
    return end


def _continues(character: str) -> bool:
    """Tell whether a character belongs to the one before: accents, joiners, skin tones."""
    return (
        character == _ZERO_WIDTH_JOINER
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or unicodedata.category(character) in ("Mn", "Me")
    )
