"""Which encoding and segments a text gets, and why (3GPP 23.038)."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from gateway.kernel.errors import Invalid
from gateway.sms.alphabet import LOCKING_LANGUAGES, NationalLanguage, characters, escaped, septets
from gateway.sms.port import TextCoding
from gateway.sms.text_layout import (
    Layout,
    Spelling,
    Tables,
    most_characters,
    septet_cost,
    septet_layout,
    ucs2_layout,
)

_MOST_SEGMENTS: Final = 255  # the number of parts is one octet
_SHOWN_CHARACTERS: Final = 8

_DEFAULT: Final = NationalLanguage.DEFAULT
_DEFAULT_CHARACTERS: Final = characters()
_EVERY_7BIT_CHARACTER: Final = frozenset[str]().union(
    *(characters(locking, single) for locking in NationalLanguage for single in NationalLanguage)
)


class ReasonCode(StrEnum):
    """Why a text got its encoding."""

    DEFAULT = "default"
    """Every character is in the GSM alphabet."""
    NATIONAL = "national"
    """Some characters need a national table, which the route allows."""
    SHORTER = "shorter"
    """The GSM alphabet would do, but a national table saves a segment."""
    NOT_ALLOWED = "not_allowed"
    """Some characters are in national tables only, which the route does not allow."""
    TOGETHER = "together"
    """Each character is in an allowed table, but no two tables hold them all."""
    UNKNOWN = "unknown"
    """Some characters are in no 7-bit table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a text got its encoding, and the characters that forced it, in order of appearance."""

    code: ReasonCode
    characters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPlan:
    """How a text goes out; `segments` joined are the text, character for character."""

    coding: TextCoding
    locking: NationalLanguage
    single: NationalLanguage
    segments: tuple[str, ...]
    units_per_segment: int
    """How many units (septets, or UTF-16 code units) each of the segments can hold."""
    units_used: int
    """How many units the last segment holds."""
    reason: Reason

    @property
    def units_left(self) -> int:
        """Return how many units are free in the last segment."""
        return self.units_per_segment - self.units_used

    @property
    def explanation(self) -> str:
        """Return the reason as an English sentence."""
        return _explanation(self.reason, self.locking, self.single)


def plan(
    text: str,
    *,
    languages: Collection[NationalLanguage] = (),
    wide_reference: bool = False,
    max_segments: int = _MOST_SEGMENTS,
) -> TextPlan:
    """Choose the cheapest encoding that keeps the text exact; raises Invalid if there is none.

    Fewest segments win. Among equals the default alphabet wins, because every handset reads it,
    then the fewest units, then the simplest tables: single shift, locking shift, both. UCS-2
    never takes fewer segments than 7 bits, so it is for what no allowed tables hold.
    """
    most = min(max_segments, _MOST_SEGMENTS)
    if not text:
        raise Invalid("the text is empty: write something", field="text")
    if len(text) > most_characters(most, wide=wide_reference):
        raise _too_long(f"has {len(text)} characters", most)
    used = frozenset(text)
    if not used <= _DEFAULT_CHARACTERS:
        _refuse_unsendable(used)
    layout = _cheapest(text, used, languages, wide_reference)
    if len(layout.segments) > most:
        raise _too_long(f"needs {len(layout.segments)} segments", most)
    return TextPlan(
        coding=layout.coding,
        locking=layout.tables.locking,
        single=layout.tables.single,
        segments=layout.segments,
        units_per_segment=layout.capacity,
        units_used=layout.units_used,
        reason=_reason(text, used, layout, languages),
    )


def joined_text(parts: Iterable[tuple[str, bytes]]) -> str:
    """Return the text of received parts in their order, surrogate pairs made whole again.

    A part is a segment's text with its UCS-2 octets where it was cut through a pair, else none.
    """
    pieces: list[str] = []
    octets = b""
    for text, data in parts:
        if data:
            octets += data[: len(data) // 2 * 2]
            continue
        pieces += (_from_octets(octets), text)
        octets = b""
    return "".join((*pieces, _from_octets(octets)))


def _from_octets(octets: bytes) -> str:
    return octets.decode("utf-16-be", "replace").replace("\x00", "\ufffd")


def _too_long(what: str, most: int) -> Invalid:
    allowed = "1 segment is" if most == 1 else f"{most} segments are"
    return Invalid(
        f"the text {what}, but at most {allowed} allowed: shorten it or send several messages",
        field="text",
    )


def _refuse_unsendable(used: frozenset[str]) -> None:
    if "\x00" in used:
        raise Invalid("the text holds the character U+0000: remove it", field="text")
    torn = next((c for c in used if "\ud800" <= c <= "\udfff"), None)
    if torn is not None:
        raise Invalid(
            f"the text holds half a character (surrogate U+{ord(torn):04X}): "
            "send it whole, as valid UTF-8",
            field="text",
        )


def _cheapest(
    text: str, used: frozenset[str], languages: Collection[NationalLanguage], wide: bool
) -> Layout:
    spellings = _spellings(used, frozenset(languages))
    if not spellings:
        return ucs2_layout(text, wide)
    first = spellings[0]
    if first.tables.count == 0:
        plain = septet_layout(text, first, wide)
        if len(plain.segments) == 1 or not languages:
            return plain
    best = first
    if len(spellings) > 1:
        best = min(spellings, key=lambda spelling: septet_cost(text, spelling, wide))
    return septet_layout(text, best, wide)


@lru_cache(maxsize=1024)
def _spellings(
    used: frozenset[str], languages: frozenset[NationalLanguage]
) -> tuple[Spelling, ...]:
    """Return for each locking table the simplest single shift table with which it holds the text.

    All single shift tables cost the same, since what is in none of them is in the locking table.
    """
    return tuple(
        Spelling(tables=tables, escaped=escaped(used, tables.locking, tables.single))
        for tables in _pairs(used, sorted(languages - {_DEFAULT}))
    )


def _pairs(used: frozenset[str], allowed: list[NationalLanguage]) -> Iterator[Tables]:
    for locking in (_DEFAULT, *(one for one in LOCKING_LANGUAGES if one in allowed)):
        own = [locking] if locking in allowed else []
        for single in (_DEFAULT, *own, *allowed):
            if used <= characters(locking, single):
                yield Tables(locking=locking, single=single)
                break


def _reason(
    text: str, used: frozenset[str], layout: Layout, languages: Collection[NationalLanguage]
) -> Reason:
    national = used - _DEFAULT_CHARACTERS
    if layout.coding is TextCoding.GSM7:
        if not layout.tables.count:
            return Reason(code=ReasonCode.DEFAULT)
        if not national:
            return Reason(code=ReasonCode.SHORTER, characters=_escaped_by_default(text, layout))
        return Reason(code=ReasonCode.NATIONAL, characters=_in_order(text, national))
    unknown = national - _EVERY_7BIT_CHARACTER
    if unknown:
        return Reason(code=ReasonCode.UNKNOWN, characters=_in_order(text, unknown))
    forbidden = national.difference(*(characters(one, one) for one in languages))
    if forbidden:
        return Reason(code=ReasonCode.NOT_ALLOWED, characters=_in_order(text, forbidden))
    return Reason(code=ReasonCode.TOGETHER, characters=_in_order(text, national))


def _escaped_by_default(text: str, layout: Layout) -> tuple[str, ...]:
    locking = layout.tables.locking
    return tuple(
        one
        for one in dict.fromkeys(text)
        if len(septets(one) or b"") > len(septets(one, locking) or b"")
    )


def _in_order(text: str, wanted: frozenset[str]) -> tuple[str, ...]:
    if len(wanted) == 1:
        return tuple(wanted)
    return tuple(dict.fromkeys(filter(wanted.__contains__, text)))


@lru_cache(maxsize=1024)
def _explanation(reason: Reason, locking: NationalLanguage, single: NationalLanguage) -> str:
    listed = _listed(reason.characters)
    one = len(reason.characters) == 1
    tables = _table_names(locking, single)
    match reason.code:
        case ReasonCode.DEFAULT:
            return "every character is in the GSM alphabet"
        case ReasonCode.NATIONAL:
            return f"{listed} {'needs' if one else 'need'} {tables}"
        case ReasonCode.SHORTER:
            return f"{tables} saves a segment, because {listed} takes half the room there"
        case ReasonCode.NOT_ALLOWED:
            where = "is in a national table" if one else "are in national tables"
            return f"{listed} {where} that this route does not allow, so UCS-2"
        case ReasonCode.TOGETHER:
            return f"{listed} are not in one pair of 7-bit tables together, so UCS-2"
        case ReasonCode.UNKNOWN:
            return f"{listed} {'is' if one else 'are'} in no 7-bit table, so UCS-2"


def _table_names(locking: NationalLanguage, single: NationalLanguage) -> str:
    names = [one.name.title() for one in (locking, single) if one]
    noun = "table" if len(set(names)) == 1 else "tables"
    return f"the {' and '.join(dict.fromkeys(names))} shift {noun}"


def _listed(shown: tuple[str, ...]) -> str:
    more = len(shown) - _SHOWN_CHARACTERS
    return ", ".join(map(_named, shown[:_SHOWN_CHARACTERS])) + (f" and {more} more" * (more > 0))


def _named(character: str) -> str:
    """Return a character as a person can see it, by its name where it is invisible."""
    visible = character.isprintable() and not character.isspace()
    if visible and not unicodedata.combining(character):
        return character
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()
