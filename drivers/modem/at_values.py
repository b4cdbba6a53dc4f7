"""Values on their way into and out of AT command lines (V.250 §5.4)."""

from __future__ import annotations

import re

from gateway.kernel.errors import Permanent

_PIN = re.compile(r"[0-9]{4,8}")
_NUMBER = re.compile(r"\+?[0-9]{3,20}")
_USSD = re.compile(r"[0-9*#]{1,160}")
_NAME = re.compile(r"[A-Z0-9_]{2,4}")
_FIELD = re.compile(r'\s*(?:"([^"]*)"?|([^,]*))\s*(?:,|$)')


def pin(text: str) -> str:
    """Return a PIN in quotes; raises Permanent for anything but 4 to 8 digits."""
    return _quoted(_PIN, text, "the PIN must have 4 to 8 digits")


def service_centre(number: str) -> str:
    """Return a number in quotes with its type; raises Permanent for what is no number."""
    quoted = _quoted(_NUMBER, number, "the service centre's number must be + and digits")
    return f"{quoted},{145 if number.startswith('+') else 129}"


def ussd_code(text: str) -> str:
    """Return a USSD code as it is; raises Permanent unless it is digits, * and #."""
    return _quoted(_USSD, text, "a USSD code has digits, * and # only, at most 160")[1:-1]


def memory(name: str) -> str:
    """Return a memory's name in quotes; raises Permanent for what cannot be one."""
    return _quoted(_NAME, name, f"{name!r} is no name of a memory")


def fields(line: str) -> list[str]:
    """Return the values of an answer such as `+CPMS: "SM",3,30`, without quotes."""
    rest = line.partition(":")[2].strip()
    values: list[str] = []
    place = 0
    while place < len(rest):
        found = _FIELD.match(rest, place)
        if found is None or found.end() == place:
            break
        values.append((found.group(1) if found.group(1) is not None else found.group(2)).strip())
        place = found.end()
    return values


def number(text: str) -> int | None:
    """Return a decimal number, or None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def numbers(line: str) -> list[int | None]:
    """Return the values of an answer as numbers; None for what is none."""
    return [number(value) for value in fields(line)]


def _quoted(pattern: re.Pattern[str], text: str, complaint: str) -> str:
    if not pattern.fullmatch(text):
        raise Permanent(complaint, code="invalid_value")
    return f'"{text}"'
