"""Workbooks are read within limits."""

from __future__ import annotations

import contextlib
import io
import re
import zipfile
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from gateway.kernel.errors import Invalid
from gateway.parties import import_xlsx
from gateway.parties.import_columns import Cells
from gateway.parties.import_xlsx import read_xlsx, rows_of_xlsx


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a test puts its workbook."""
    return tmp_path / "a.xlsx"


def _read(path: Path, *rows: list[object]) -> list[Cells]:
    book = Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    book.save(path)
    return list(read_xlsx(path))


def _repacked(path: Path, name: str, content: bytes) -> None:
    """Replace one part of a workbook."""
    parts = {}
    with zipfile.ZipFile(path) as packed:
        parts = {part: packed.read(part) for part in packed.namelist()}
    parts[name] = content
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for part, data in parts.items():
            packed.writestr(part, data)


def test_values_of_all_types_become_text(path: Path) -> None:
    head, row = _read(
        path, ["Firma", "Tel"], ["Işık", 905321234567, 5321234567.0, 1.5, None, date(2026, 3, 1)]
    )
    assert (head.line, row.line) == (1, 2)
    assert list(row.values) == [
        "Işık", "905321234567", "5321234567", "1.5", "", "2026-03-01T00:00:00",
    ]  # fmt: skip


def test_formulas_and_errors_are_told_by_cell(path: Path) -> None:
    (row,) = _read(path, ["A", "=1+1", "#REF!"])
    assert sorted(row.faults) == [1, 2]
    assert "B1" in row.faults[1]


def test_the_first_visible_sheet_is_read(path: Path) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.sheet_state = "hidden"
    book.active.append(["secret"])
    book.create_sheet("b").append(["Firma"])
    book.save(path)
    assert [list(cells.values) for cells in read_xlsx(path)] == [["Firma"]]
    assert rows_of_xlsx(path) == 1


def test_rows_far_below_keep_their_numbers(path: Path) -> None:
    book = Workbook()
    assert book.active is not None
    book.active["A1"] = "Firma"
    book.active["A5000"] = "Deniz"
    book.save(path)
    assert [cells.line for cells in read_xlsx(path) if cells] == [1, 5000]


def test_too_many_cells_are_told(path: Path) -> None:
    _, row = _read(path, ["Firma"], ["x"] * 300)
    assert "256" in row.fault


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no .xlsx"),
        (b"PK\x03\x04garbage", "no .xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old .xls"),
        (b"Firma;Tel\n", "no .xlsx"),
    ],
)
def test_what_is_no_workbook_is_refused(path: Path, content: bytes, told: str) -> None:
    path.write_bytes(content)
    with pytest.raises(Invalid, match=told):
        list(read_xlsx(path))


def test_a_zip_without_a_workbook_is_refused(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.txt", "x")
    with pytest.raises(Invalid):
        list(read_xlsx(path))


def test_a_zip_bomb_is_refused_unopened(path: Path) -> None:
    _read(path, ["Firma"])
    _repacked(path, "xl/worksheets/sheet1.xml", bytes(64 * 1024 * 1024))
    with pytest.raises(Invalid, match="no customers' list"):
        list(read_xlsx(path))


def test_shared_texts_that_fill_the_memory_are_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _read(path, ["Firma"])
    monkeypatch.setattr(import_xlsx, "MAX_IN_MEMORY_BYTES", 50)
    with pytest.raises(Invalid, match="no customers' list"):
        list(read_xlsx(path))


def test_a_size_that_lies_does_not_help_a_bomb(path: Path) -> None:
    _read(path, ["Firma"])
    _repacked(path, "xl/worksheets/sheet1.xml", b"<worksheet>" + b" " * 1_000_000)
    raw = path.read_bytes()
    size = (1_000_011).to_bytes(4, "little")
    assert raw.count(size) == 2
    path.write_bytes(raw.replace(size, (100).to_bytes(4, "little")))
    with pytest.raises(Invalid):
        list(read_xlsx(path))


def test_xml_entities_are_refused(path: Path) -> None:
    _read(path, ["Firma"])
    entity = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet>&a;</worksheet>'
    _repacked(path, "xl/worksheets/sheet1.xml", entity)
    with pytest.raises(Invalid, match="entities"):
        list(read_xlsx(path))


def test_a_damaged_sheet_is_told(path: Path) -> None:
    _read(path, ["Firma"], ["Deniz"])
    _repacked(path, "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row><c>")
    with pytest.raises(Invalid, match="damaged"):
        list(read_xlsx(path))


def test_a_sheet_that_claims_to_be_endless_is_read_as_it_is(path: Path) -> None:
    _read(path, ["Firma"])
    with zipfile.ZipFile(path) as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml")
    claimed, changed = re.subn(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD9999999"', sheet)
    assert changed
    _repacked(path, "xl/worksheets/sheet1.xml", claimed)
    assert [list(cells.values) for cells in read_xlsx(path)] == [["Firma"]]
    assert rows_of_xlsx(path) is None


def test_every_cut_of_a_workbook_is_refused_cleanly(path: Path) -> None:
    _read(path, ["Firma"], ["Deniz"])
    whole = path.read_bytes()
    for size in range(0, len(whole) - 1, 97):
        path.write_bytes(whole[:size])
        with pytest.raises(Invalid):
            list(read_xlsx(path))


def test_flipped_bytes_are_read_or_refused_cleanly(path: Path) -> None:
    _read(path, ["Firma"], ["Deniz"])
    whole = path.read_bytes()
    for at in range(0, len(whole), 41):
        damaged = io.BytesIO(whole)
        damaged.seek(at)
        damaged.write(bytes([whole[at] ^ 0x55]))
        path.write_bytes(damaged.getvalue())
        with contextlib.suppress(Invalid):
            list(read_xlsx(path))
