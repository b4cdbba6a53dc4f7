"""Reads tables of delimited text, faulty lines reported one by one."""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from gateway.kernel.errors import Invalid
from gateway.parties.import_columns import HEAD_ROWS, MAX_COLUMNS, Cells

MAX_LINE = 1_000_000
"""Characters; a longer line is no row of a table."""
MAX_RECORD_LINES = 50
"""Lines of one row: a quote that is not closed within them is taken for a fault."""
_DELIMITERS = ";,\t|"
_NAMED_DELIMITER = re.compile(r"sep=([;,|:^~])", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')
_KEPT_AS_TEXT = re.compile(r'="([^"]*)"')
"""How spreadsheets' users keep the zeros in front of a number."""


def read_csv(path: Path, encoding: str) -> Iterator[Cells]:
    """Yield the rows of a file, first line first; raises Invalid when it is no table at all."""
    with path.open(encoding=encoding, errors=_errors(encoding), newline="") as file:
        lines = _Lines(file)
        delimiter = _delimiter(lines)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            lines.begin_record()
            try:
                values = next(reader)
            except StopIteration:
                return
            except (csv.Error, _OpenQuoteError) as error:
                yield Cells(line=lines.first, values=(), fault=_told(error))
                lines.resume_behind_first()
            else:
                yield _cells(lines.first, values, encoding)


class _OpenQuoteError(Exception):
    """A quote is opened and not closed."""


class _Lines:
    """The physical lines of a file, of which a faulty record gives back all but its first."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self._taken) >= MAX_RECORD_LINES:
            raise _OpenQuoteError
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self._taken.append(line)
        self._number += 1
        return line

    def peek(self, count: int) -> list[str]:
        """Return the next lines without taking them."""
        while len(self._again) < count and (line := self._read()):
            self._again.append(line)
        return list(self._again)

    @property
    def first(self) -> int:
        """Return the number of the record's first line."""
        return self._number - len(self._taken) + 1

    def begin_record(self) -> None:
        """Forget the lines of the record that was read."""
        self._taken.clear()

    def resume_behind_first(self) -> None:
        """Give all lines of a faulty record back but the first."""
        rest = self._taken[1:]
        self._again.extendleft(reversed(rest))
        self._number -= len(rest)

    def _read(self) -> str:
        try:
            line = self._file.readline(MAX_LINE)
        except UnicodeError as error:
            raise Invalid(
                f"the text behind line {self._number + len(self._again)} is not "
                f"{self._file.encoding}; give its encoding",
                field="file",
            ) from error
        if len(line) >= MAX_LINE:
            raise Invalid(
                f"line {self._number + len(self._again) + 1} has more than {MAX_LINE} "
                "characters; this is no customers' list",
                field="file",
            )
        return line


def _cells(line: int, values: list[str], encoding: str) -> Cells:
    if len(values) > MAX_COLUMNS and any(values[MAX_COLUMNS:]):
        return Cells(line=line, values=(), fault=f"there are more than {MAX_COLUMNS} cells")
    if _undecoded(values, encoding):
        fault = f"the text is not {encoding}; save the file as UTF-8 or give its encoding"
        return Cells(line=line, values=(), fault=fault)
    texts = [_text(value) for value in values]
    faults = {
        index: f"the cell {text[:40]!r} is a formula; save values"
        for index, text in enumerate(texts)
        if text.startswith("=")
    }
    return Cells(line=line, values=texts, faults=faults)


def _text(value: str) -> str:
    kept = _KEPT_AS_TEXT.fullmatch(value.strip())
    return kept[1] if kept else value


def _delimiter(lines: _Lines) -> str:
    """Return the delimiter that the first lines agree on, or the one they name (`sep=;`)."""
    head = lines.peek(HEAD_ROWS)
    named = _NAMED_DELIMITER.fullmatch(head[0].strip()) if head else None
    if named:
        next(lines)
        return named[1]
    bare = [_QUOTED.sub("", line) for line in head]

    def agreement(delimiter: str) -> int:
        counts = Counter(line.count(delimiter) for line in bare if delimiter in line)
        return max((count * seen for count, seen in counts.items()), default=0)

    return max(_DELIMITERS, key=agreement)


def _told(error: Exception) -> str:
    if isinstance(error, _OpenQuoteError) or "unexpected end" in str(error):
        return "a quote is opened and not closed"
    return f"the quotes are broken ({error})"


def _errors(encoding: str) -> str:
    """Let faulty bytes through, marked, to be told by line; wide texts cannot keep them."""
    return "replace" if _is_wide(encoding) else "surrogateescape"


def _undecoded(values: list[str], encoding: str) -> bool:
    if _is_wide(encoding):
        return any("\ufffd" in value for value in values)
    return any("\udc80" <= char <= "\udcff" for value in values for char in value)


def _is_wide(encoding: str) -> bool:
    return encoding.startswith(("utf-16", "utf-32"))
