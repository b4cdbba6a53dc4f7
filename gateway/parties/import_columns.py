"""Tells which column of a customers' list holds what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from gateway.kernel.errors import Invalid
from gateway.kernel.text_folding import fold
from gateway.parties.import_headings import FAMILY_NAMES, GIVEN_NAMES, HEADINGS, UNSURE
from gateway.parties.import_rows import (
    MAX_CELL,
    NUMBER_FIELDS,
    ImportField,
    ImportRow,
    RowResult,
    rejected,
)

MAX_COLUMNS = 256
HEAD_ROWS = 20
"""Rows from the top among which the headings are looked for."""
IGNORED = "-"
"""The field of a column that an explicit mapping leaves out."""
_BETWEEN = {ImportField.ADDRESS: ", ", ImportField.NOTES: "\n"}
_JOINED = {ImportField.NAME, ImportField.PERSON, ImportField.ADDRESS, ImportField.NOTES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """One row of a table as it stands in a file, first line first."""

    line: int
    values: Sequence[str]
    fault: str = ""
    """Why the row cannot be read, where it cannot."""
    faults: Mapping[int, str] = field(default_factory=dict)
    """The same for single cells, which matter only where a field is taken from them."""

    def __bool__(self) -> bool:
        return bool(self.fault) or any(value.strip() for value in self.values)


Columns = dict[int, ImportField]
"""The field of each column that has one."""


def rows_of(table: Iterable[Cells], explicit: Mapping[str, str]) -> Iterator[ImportRow | RowResult]:
    """Yield a table's rows below its headings; raises Invalid when it has none that are known."""
    filled = (cells for cells in table if cells)
    head = list(islice(filled, HEAD_ROWS))
    for index, cells in enumerate(head):
        columns = {} if cells.fault else _columns(cells.values, explicit)
        if columns:
            yield from _rows(chain(head[index + 1 :], filled), columns, len(cells.values))
            return
    raise Invalid(_no_headings(head, explicit), field="columns")


def _rows(table: Iterable[Cells], columns: Columns, width: int) -> Iterator[ImportRow | RowResult]:
    for cells in table:
        faults = (cells.faults[index] for index in columns if index in cells.faults)
        fault = cells.fault or next(faults, "") or _fault(cells.values, width)
        yield rejected(cells.line, fault) if fault else _row(cells, columns)


def _fault(values: Sequence[str], width: int) -> str:
    if any(value.strip() for value in values[width:]):
        return (
            f"there are {len(values)} cells below {width} headings; "
            "a cell that holds the delimiter must stand in quotes"
        )
    for value in values:
        if len(value) > MAX_CELL:
            return f"a cell is longer than {MAX_CELL} characters"
        if "\x00" in value:
            return "a cell holds a NUL character; the file is damaged or of another encoding"
    return ""


def _row(cells: Cells, columns: Columns) -> ImportRow:
    texts: dict[ImportField, list[str]] = {}
    for index, holds in columns.items():
        value = cells.values[index].strip() if index < len(cells.values) else ""
        if value:
            texts.setdefault(holds, []).append(value)
    return row_of_texts(cells.line, texts)


def row_of_texts(line: int, texts: Mapping[ImportField, Sequence[str]]) -> ImportRow:
    """Return a row from what was found for each field."""
    given: dict[str, str] = {}
    numbers: dict[str, tuple[str, ...]] = {}
    for holds, values in texts.items():
        if holds in NUMBER_FIELDS:
            numbers[holds.value] = tuple(values)
        elif holds in _JOINED:
            given[holds.value] = _BETWEEN.get(holds, " ").join(values)
        else:
            given[holds.value] = values[0]
    return ImportRow(line=line, **given, **numbers)  # type: ignore[arg-type]


def _columns(headings: Sequence[str], explicit: Mapping[str, str]) -> Columns:
    """Return what each column holds; nothing when this is no row of headings."""
    if len(headings) > MAX_COLUMNS:
        raise Invalid(f"the file has more than {MAX_COLUMNS} columns", field="file")
    keys = [heading_key(heading) for heading in headings]
    wanted = {heading_key(heading): _field(text) for heading, text in explicit.items()}
    if not wanted.keys() <= set(keys):
        return {}
    columns: Columns = {}
    for index, key in enumerate(keys):
        field = wanted[key] if key in wanted else _definite(key)
        if field is not None:
            columns[index] = field
    has_family_name = any(key in FAMILY_NAMES for key in keys)
    for index, key in enumerate(keys):
        if key in wanted or index in columns:
            continue
        if field := _best(key, set(columns.values()), has_family_name=has_family_name):
            columns[index] = field
    named = {ImportField.NAME, ImportField.PERSON} & set(columns.values())
    enough = named and (len(columns) > 1 or len(headings) == 1 or wanted)
    return dict(sorted(columns.items())) if enough else {}


def _field(text: str) -> ImportField | None:
    if text == IGNORED:
        return None
    try:
        return ImportField(text)
    except ValueError:
        fields = ", ".join(ImportField)
        raise Invalid(f"there is no field {text!r}; there are {fields}", field="columns") from None


def _definite(key: str) -> ImportField | None:
    return HEADINGS.get(key)


def _best(key: str, taken: set[ImportField], *, has_family_name: bool) -> ImportField | None:
    if has_family_name and key in GIVEN_NAMES:
        return ImportField.PERSON
    alternatives = UNSURE.get(key, ())
    return next((field for field in alternatives if field not in taken), None)


def heading_key(heading: str) -> str:
    """Return what headings are compared by: `Cep Tel. (2)` is `cep tel`."""
    letters = re.sub(r"[\W_]+", " ", fold(heading)).strip()
    return re.sub(r"\s*\d+$", "", letters) or letters


def _no_headings(head: Sequence[Cells], explicit: Mapping[str, str]) -> str:
    faulty = next((cells for cells in head if cells.fault), None)
    if faulty is not None:
        return f"no headings were found, and line {faulty.line} cannot be read: {faulty.fault}"
    seen = ", ".join(repr(value[:40]) for value in (head[0].values[:12] if head else ()))
    if explicit:
        named = ", ".join(repr(heading[:40]) for heading in explicit)
        return f"no row holds the headings {named}; the first row holds: {seen or 'nothing'}"
    return (
        "no row of headings with a customer's name was found; name the columns, as in "
        f'{{"Firma": "name", "Cep": "mobile"}}. The first row holds: {seen or "nothing"}'
    )
