"""Telephone numbers: made once at the border, compared as text keys ever after."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers

from gateway.kernel.errors import Invalid

MAX_RAW_LENGTH = 64
_SEPARATORS = re.compile(r"[\s\-./()\u00a0\u2010-\u2015\u2212]+")
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

    def parse(self, raw: str, *, field: str = "number") -> PhoneNumber:
        """Return the number that a person wrote; raises Invalid with what is wrong with it."""
        if len(raw) > MAX_RAW_LENGTH:
            raise Invalid(f"the number is longer than {MAX_RAW_LENGTH} characters", field=field)
        if any(ord(char) < 32 or ord(char) == 127 for char in raw):
            raise Invalid("the number holds a line break or control character", field=field)
        text = _SEPARATORS.sub("", raw)
        if not text:
            raise Invalid("the number is empty; write it as +905321234567", field=field)
        text = _to_ascii_digits(text)
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
        key = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        return PhoneNumber(key, NumberKind.E164)

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


def _to_ascii_digits(text: str) -> str:
    return "".join(str(int(char)) if char.isdecimal() else char for char in text)
