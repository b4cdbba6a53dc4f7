"""Telephone numbers: made once at the border, compared as text keys ever after."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import phonenumbers

from gateway.kernel.errors import Invalid

MAX_RAW_LENGTH = 64
_SEPARATORS = re.compile(r"[\s\-./()\u00a0\u2010-\u2015\u2212]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DIALLABLE = re.compile(r"\+?[0-9]+")
_SHORT = re.compile(r"[0-9*#]{2,6}")
_WITHHELD = frozenset(
    {"", "anonymous", "private", "unknown", "restricted", "unavailable", "withheld"}
)


class NumberKind(StrEnum):
    """What a number is, decided before it is parsed."""

    E164 = "e164"
    SHORT = "short"
    """A service number such as 4444 or *123#: dialled as it stands."""
    NAME = "name"
    """An alphanumeric sender such as BANKA."""
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number after the border; `key` is what look-ups compare."""

    key: str
    kind: NumberKind

    def __str__(self) -> str:
        return self.key

    @property
    def masked(self) -> str:
        """Return a form for logs that names no one: +90532***22."""
        return mask(self.key)


WITHHELD = PhoneNumber("", NumberKind.WITHHELD)


def mask(key: str) -> str:
    """Hide the middle of a number for logs."""
    return key if len(key) < 8 else f"{key[:6]}***{key[-2:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberingPlan:
    """How numbers are written at this site: `region` is ISO 3166, `area` the local area code."""

    region: str = "TR"
    area: str = ""
    own: tuple[str, ...] = ()
    """Beginnings of the company's own numbers, in international form."""

    def is_own(self, key: str) -> bool:
        """Tell whether a number key is one of the company's own lines."""
        return bool(self.own) and key.startswith(self.own)

    def parse(self, raw: str, *, field: str = "number") -> PhoneNumber:
        """Return the number that a person wrote; raises Invalid with what is wrong with it."""
        return PhoneNumber(raw, NumberKind.E164) if _is_canonical(raw) else self._read(raw, field)

    def _read(self, raw: str, field: str) -> PhoneNumber:
        if len(raw) > MAX_RAW_LENGTH:
            raise Invalid(f"the number is longer than {MAX_RAW_LENGTH} characters", field=field)
        if _CONTROL.search(raw):
            raise Invalid("the number holds a line break or control character", field=field)
        text = _SEPARATORS.sub("", raw)
        if not text:
            raise Invalid("the number is empty; write it as +905321234567", field=field)
        if not text.isascii():
            text = _to_ascii_digits(text)
        if _is_canonical(text):
            return PhoneNumber(text, NumberKind.E164)
        if _SHORT.fullmatch(text):
            return PhoneNumber(text, NumberKind.SHORT)
        if not _DIALLABLE.fullmatch(text):
            raise Invalid(
                f"{raw!r} is no telephone number: only digits, spaces, dashes and a leading + "
                "are allowed, as in +905321234567",
                field=field,
            )
        return self._international(text, raw, field)

    def _international(self, text: str, raw: str, field: str) -> PhoneNumber:
        try:
            number = phonenumbers.parse(text, self.region)
            if self.area and text[0] not in "+0" and not phonenumbers.is_valid_number(number):
                number = phonenumbers.parse(self.area + text, self.region)
        except phonenumbers.NumberParseException as error:
            raise Invalid(f"{raw!r} is no telephone number: {error}", field=field) from error
        if not _complete(number):
            raise Invalid(
                f"{raw!r} has too many or too few digits for a number; write it with its country "
                "code, as in +905321234567",
                field=field,
            )
        significant = phonenumbers.national_significant_number(number)
        return PhoneNumber(f"+{number.country_code}{significant}", NumberKind.E164)

    def from_network(self, raw: str, *, alphanumeric: bool = False) -> PhoneNumber:
        """Return the number that a network reported; never raises, since networks say anything."""
        text = raw.strip()[:MAX_RAW_LENGTH]
        if alphanumeric:
            return PhoneNumber(text, NumberKind.NAME) if text else WITHHELD
        if text.casefold() in _WITHHELD:
            return WITHHELD
        try:
            return self.parse(text)
        except Invalid:
            return PhoneNumber(text, NumberKind.NAME)

    def national(self, number: PhoneNumber) -> str:
        """Return the number as people here write it."""
        if number.kind is not NumberKind.E164:
            return number.key
        parsed = phonenumbers.parse(number.key)
        code = phonenumbers.country_code_for_region(self.region)
        form = (
            phonenumbers.PhoneNumberFormat.NATIONAL
            if parsed.country_code == code
            else phonenumbers.PhoneNumberFormat.INTERNATIONAL
        )
        return phonenumbers.format_number(parsed, form)


def _complete(number: phonenumbers.PhoneNumber) -> bool:
    """Tell whether a number can be dialled from anywhere, not just from its own town."""
    reason = phonenumbers.is_possible_number_with_reason(number)
    return bool(reason == phonenumbers.ValidationResult.IS_POSSIBLE)


_CANONICAL = re.compile(r"\+[1-9][0-9]{5,15}")


def _is_canonical(text: str) -> bool:
    """Tell whether parsing would find a complete number and leave it as it is written.

    True only where it certainly would: in a mailing almost every number is, and this costs a fifth
    of parsing it. The rules are the library's, from its own tables.
    """
    if not _CANONICAL.fullmatch(text):
        return False
    for digits in (1, 2, 3):
        scheme = _scheme(int(text[1 : 1 + digits]))
        if scheme is not None:
            national = text[1 + digits :]
            return (
                len(national) in scheme.lengths
                and national[0] != "0"
                and (scheme.prefix is None or scheme.prefix.match(national) is None)
            )
    return False


@dataclass(frozen=True, slots=True)
class _Scheme:
    """What a country's complete numbers look like."""

    lengths: frozenset[int]
    prefix: re.Pattern[str] | None
    """What would be stripped from a number's beginning."""


@cache
def _scheme(country_code: int) -> _Scheme | None:
    region = phonenumbers.region_code_for_country_code(country_code)
    metadata = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(country_code, region)
    if metadata is None or metadata.general_desc is None:
        return None
    prefix = metadata.national_prefix_for_parsing
    return _Scheme(
        lengths=frozenset(metadata.general_desc.possible_length),
        prefix=re.compile(prefix) if prefix else None,
    )


def _to_ascii_digits(text: str) -> str:
    return "".join(str(int(char)) if char.isdecimal() else char for char in text)
