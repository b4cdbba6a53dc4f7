"""HylaFAX's formats of listings: a field, its width, how much of it: `%-12.12e` (faxstat(1))."""

from __future__ import annotations

import re
from collections.abc import Mapping

JOBS = "%-4j %3i %1a %6.6o %-12.12e %5P %5D %7z %.25s"
RECEIVED = "%-7m %4p%1z %-8.8o %14.14s %7t %f"
MODEMS = "Modem %m (%n): %s"
FILES = "%-7p %3l %8o %8s %-12.12m %.48f"
_FIELD = re.compile(r"%(-?)(\d*)(?:\.(\d+))?([A-Za-z%])")


def render(form: str, values: Mapping[str, str]) -> str:
    """Return a line; a letter that says nothing here is an empty field."""

    def field(found: re.Match[str]) -> str:
        left, width, most, letter = found.groups()
        if letter == "%":
            return "%"
        text = values.get(letter, "")
        text = text[: int(most)] if most else text
        size = int(width or 0)
        return text.ljust(size) if left else text.rjust(size)

    return _FIELD.sub(field, form)


def pair(done: int, of: int) -> str:
    """Return a count of another, as %P and %D show it."""
    return f"{done:2d}:{of:<2d}"
