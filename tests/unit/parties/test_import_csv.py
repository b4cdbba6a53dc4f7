"""Delimited text is read row by row, whatever stands in it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.kernel.errors import Invalid
from gateway.parties.import_columns import Cells
from gateway.parties.import_csv import MAX_LINE, MAX_RECORD_LINES, read_csv


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a test puts its file."""
    return tmp_path / "a.csv"


def _read(path: Path, content: str | bytes, encoding: str = "utf-8") -> list[Cells]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return list(read_csv(path, encoding))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_told_from_the_first_lines(path: Path, delimiter: str) -> None:
    text = f'name{delimiter}tel\n"A{delimiter} B"{delimiter}1\nC{delimiter}2\n'
    assert [list(cells.values) for cells in _read(path, text)] == [
        ["name", "tel"], [f"A{delimiter} B", "1"], ["C", "2"],
    ]  # fmt: skip


def test_commas_in_names_do_not_hide_the_semicolon(path: Path) -> None:
    text = "Müşteri listesi, 2026\nname;tel\nA, B, C;1\nD, E;2\n"
    assert [len(cells.values) for cells in _read(path, text)] == [1, 2, 2, 2]


def test_a_spreadsheets_own_mark_names_the_delimiter(path: Path) -> None:
    cells = _read(path, "sep=|\nname|tel;x\n")
    assert [(one.line, list(one.values)) for one in cells] == [(2, ["name", "tel;x"])]


def test_lines_are_counted_through_cells_of_several_lines(path: Path) -> None:
    cells = _read(path, 'name;note\r\nA;"one\r\ntwo"\r\nB;x\r\n')
    assert [one.line for one in cells] == [1, 2, 4]


def test_broken_quotes_cost_their_own_line_only(path: Path) -> None:
    cells = _read(path, 'name;tel\n"A"x;1\nB;2\n"open;3\nC;4\n')
    assert [(one.line, bool(one.fault)) for one in cells] == [
        (1, False), (2, True), (3, False), (4, True), (5, False),
    ]  # fmt: skip
    assert "not closed" in cells[3].fault


def test_an_open_quote_far_from_the_end_costs_its_own_line_only(path: Path) -> None:
    rest = "".join(f"R{number};1\n" for number in range(3 * MAX_RECORD_LINES))
    cells = _read(path, f'name;tel\n"open;3\n{rest}')
    assert [one.line for one in cells if one.fault] == [2]
    assert len(cells) == 2 + 3 * MAX_RECORD_LINES
    assert cells[-1].line == len(cells)


@pytest.mark.parametrize(
    ("encoding", "broken"), [("utf-8", b"B\xff;2\n"), ("windows-1254", b"B\x8d;2\n")]
)
def test_bytes_of_another_encoding_cost_their_own_line_only(
    path: Path, encoding: str, broken: bytes
) -> None:
    cells = _read(path, b"name;tel\nA;1\n" + broken + b"C;3\n", encoding)
    assert [one.line for one in cells if one.fault] == [3]
    assert encoding in cells[2].fault


def test_broken_wide_text_is_told(path: Path) -> None:
    content = "name;tel\nA;1\n".encode("utf-16-le") + b"\x00\xd8" + ";2\nB;3\n".encode("utf-16-le")
    cells = _read(path, content, "utf-16-le")
    assert [one.line for one in cells if one.fault] == [3]


def test_an_endless_line_is_refused_in_bounded_memory(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(50 * MAX_LINE)
    with pytest.raises(Invalid, match="line 1 has more"):
        next(read_csv(path, "utf-8"))


def test_too_many_cells_are_told(path: Path) -> None:
    cells = _read(path, "name;tel\n" + "x;" * 300 + "\nB;1\n")
    assert [one.line for one in cells if one.fault] == [2]


def test_formulas_are_told_and_texts_kept_as_text_are_taken(path: Path) -> None:
    _, kept, formula = _read(path, 'name;tel\nA;"=""05321234567"""\n=cmd|calc;1\n')
    assert list(kept.values) == ["A", "05321234567"]
    assert not kept.faults
    assert list(formula.faults) == [0]


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00=\r\n"), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=6))
def test_what_a_spreadsheet_writes_is_read_back(path: Path, rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL).writerows(rows)
    assert [list(cells.values) for cells in _read(path, out.getvalue())] == rows


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.sampled_from(["utf-8", "windows-1254", "utf-16"]))
def test_any_bytes_are_read_or_refused(path: Path, content: bytes, encoding: str) -> None:
    try:
        for cells in _read(path, content, encoding):
            assert cells.line >= 1
    except Invalid:
        pass
