"""Reads the first sheet of a workbook, within limits that a hostile file cannot pass."""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError  # only the name of the error: openpyxl parses

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from gateway.kernel.errors import Invalid
from gateway.parties.import_columns import MAX_COLUMNS, Cells

MAX_PARTS = 2_000
MAX_UNPACKED_BYTES = 1024 * 1024 * 1024
MAX_IN_MEMORY_BYTES = 128 * 1024 * 1024
"""Unpacked size of each part but the sheets, which openpyxl keeps as a whole."""
MAX_RATIO = 300
"""A sheet of one repeated row packs about this well; a bomb packs a thousandfold."""
MIN_SUSPICIOUS_BYTES = 16 * 1024 * 1024
MAX_ROWS = 1_048_576
"""Rows of a sheet by the format's own definition."""
_HEAD_BYTES = 64 * 1024
_NO_VALUES = frozenset({"f", "e"})
"""openpyxl's types of cells with a formula and with an error."""
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    OSError,
    NotImplementedError,
)
"""What zipfile and openpyxl let out when a workbook is damaged."""


def read_xlsx(path: Path) -> Iterator[Cells]:
    """Yield the rows of the first visible sheet; raises Invalid for what is no workbook."""
    with _guarded(), _first_sheet(path) as sheet:
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(), 1):
            yield _cells(number, row)


def rows_of_xlsx(path: Path) -> int | None:
    """Return how many rows the first visible sheet says it has."""
    with _guarded(), _first_sheet(path) as sheet:
        rows = sheet.max_row
        return rows if rows and rows <= MAX_ROWS else None


@contextmanager
def _guarded() -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise Invalid(f"the workbook is damaged: {error}", field="file") from error


@contextmanager
def _first_sheet(path: Path) -> Iterator[Any]:
    _inspect(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        workbook = load_workbook(path, read_only=True, keep_links=False, rich_text=False)
    try:
        sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
        if not sheets:
            raise Invalid("the workbook has no visible sheet", field="file")
        yield sheets[0]
    finally:
        workbook.close()


def _inspect(path: Path) -> None:
    """Refuse what would fill the memory, by the sizes that zipfile then enforces."""
    with path.open("rb") as file:
        if file.read(len(_OLD_OFFICE)) == _OLD_OFFICE:
            raise Invalid(
                "the workbook is of the old .xls format or has a password; "
                "save it as .xlsx without one",
                field="file",
            )
    try:
        with zipfile.ZipFile(path) as packed:
            parts = packed.infolist()
            unpacked_bytes = sum(part.file_size for part in parts)
            if len(parts) > MAX_PARTS or unpacked_bytes > MAX_UNPACKED_BYTES:
                raise Invalid(
                    f"the workbook unpacks to {len(parts)} parts of {unpacked_bytes} bytes; "
                    "it is no customers' list",
                    field="file",
                )
            for part in parts:
                _inspect_part(packed, part)
    except _BROKEN as error:
        raise Invalid(f"the file is no .xlsx workbook: {error}", field="file") from error


def _inspect_part(packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    is_sheet = part.filename.startswith("xl/worksheets/")
    ratio = part.file_size / max(part.compress_size, 1)
    if (part.file_size > MAX_IN_MEMORY_BYTES and not is_sheet) or (
        part.file_size > MIN_SUSPICIOUS_BYTES and ratio > MAX_RATIO
    ):
        raise Invalid(
            f"the workbook's part {part.filename[:80]!r} unpacks to {part.file_size} bytes; "
            "it is no customers' list",
            field="file",
        )
    if part.filename.endswith((".xml", ".rels")):
        with packed.open(part) as stream:
            if b"<!DOCTYPE" in stream.read(_HEAD_BYTES).upper():
                raise Invalid("the workbook defines XML entities; it is hostile", field="file")


def _cells(number: int, row: Sequence[Any]) -> Cells:
    if len(row) > MAX_COLUMNS and any(cell.value is not None for cell in row[MAX_COLUMNS:]):
        return Cells(line=number, values=(), fault=f"there are more than {MAX_COLUMNS} cells")
    faults = {index: _told(cell) for index, cell in enumerate(row) if cell.data_type in _NO_VALUES}
    values = [_text(cell.value) for cell in row[:MAX_COLUMNS]]
    return Cells(line=number, values=values, faults=faults)


def _told(cell: Any) -> str:
    if cell.data_type == "f":
        return f"the cell {cell.coordinate} is a formula; paste it as a value"
    return f"the cell {cell.coordinate} holds the error {cell.value}"


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)
