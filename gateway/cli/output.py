"""What commands print: tables that stay readable, safe whatever a device or sender wrote."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return left-aligned columns, two blanks apart."""
    cells = [[plain(str(cell)) for cell in row] for row in (headings, *rows)]
    widths = [max(_width(row[column]) for row in cells) for column in range(len(headings))]
    lines = [
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        )
        for row in cells
    ]
    return "\n".join(line.rstrip() for line in lines)


def fields(pairs: Sequence[tuple[str, object]]) -> str:
    """Return `name  value` lines, empty values left out."""
    shown = [(name, plain(str(value))) for name, value in pairs if value not in (None, "")]
    width = max((len(name) for name, _ in shown), default=0)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in shown)


def plain(text: str) -> str:
    """Return a text without control characters, so that it cannot steer the terminal."""
    return "".join(
        char
        if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co") or char == "\u200d"
        else "\ufffd"
        for char in text.replace("\n", " ⏎ ").replace("\t", " ")
    )


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )
