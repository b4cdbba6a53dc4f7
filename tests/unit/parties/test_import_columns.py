"""Headings in three languages tell what the columns hold."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kernel.errors import Invalid
from gateway.parties.import_columns import Cells, rows_of
from gateway.parties.import_headings import HEADINGS, UNSURE
from gateway.parties.import_rows import ImportField, ImportRow, RowResult


def _rows(
    *lines: list[str], columns: Mapping[str, str] | None = None
) -> list[ImportRow | RowResult]:
    table = [Cells(line=number, values=values) for number, values in enumerate(lines, 1)]
    return list(rows_of(table, columns or {}))


@pytest.mark.parametrize(
    ("headings", "values", "row"),
    [
        (
            ["Cari Kodu", "CARİ ÜNVANI", "Yetkili Kişi", "GSM No:", "İş Tel."],
            ["1", "Deniz", "Ece", "05", "02"],
            ImportRow(line=2, code="1", name="Deniz", person="Ece", mobile=("05",), work=("02",)),
        ),
        (
            ["Наименование", "ИНН", "Моб. телефон", "Эл. почта", "Менеджер"],
            ["Ромашка", "77", "+7", "a@b", "Иванов"],
            ImportRow(
                line=2, name="Ромашка", tax_number="77", mobile=("+7",), email="a@b",
                responsible="Иванов",
            ),
        ),
        (
            ["Company", "Name", "Phone 1", "Phone 2"],
            ["Deniz", "Ece", "1", "2"],
            ImportRow(line=2, name="Deniz", person="Ece", phone=("1", "2")),
        ),
        (["Name", "Tel"], ["Deniz", "1"], ImportRow(line=2, name="Deniz", phone=("1",))),
        (
            ["Adı", "Soyadı", "Cep"],
            ["Ece", "Işık", "05"],
            ImportRow(line=2, person="Ece Işık", mobile=("05",)),
        ),
        (
            ["Firma", "Ad Soyad", "Ünvan"],
            ["Deniz", "Ece Işık", "Müdür"],
            ImportRow(line=2, name="Deniz", person="Ece Işık", position="Müdür"),
        ),
        (
            ["Фамилия", "Имя", "Отчество", "Телефон"],
            ["Иванов", "Пётр", "Ильич", "1"],
            ImportRow(line=2, person="Иванов Пётр Ильич", phone=("1",)),
        ),
        (["Firma", "İlçe", "İl"], ["A", "B", "C"], ImportRow(line=2, name="A", address="B, C")),
        (["Müşteri"], ["Deniz"], ImportRow(line=2, name="Deniz")),
    ],
)  # fmt: skip
def test_headings_are_understood(headings: list[str], values: list[str], row: ImportRow) -> None:
    assert _rows(headings, values) == [row]


def test_titles_and_blank_rows_above_the_headings_are_passed_over() -> None:
    found = _rows(["Müşteri listesi 2026"], ["", ""], ["Firma", "Tel"], [], ["Deniz", "1"])
    assert found == [ImportRow(line=5, name="Deniz", phone=("1",))]


def test_a_mapping_names_columns_and_leaves_others_out() -> None:
    columns = {"sütun a": "name", "Tel": "mobile", "Faks": "-"}
    (row,) = _rows(["Sütun A", "Tel", "Faks", "Not"], ["Deniz", "1", "2", "x"], columns=columns)
    assert row == ImportRow(line=2, name="Deniz", mobile=("1",), notes="x")


@pytest.mark.parametrize(
    "columns", [{"Firma": "nonsense"}, {"Yok": "name"}, {"Firma": "name", "Yok": "phone"}]
)
def test_a_mapping_that_fits_nothing_is_refused(columns: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        _rows(["Firma", "Tel"], ["Deniz", "1"], columns=columns)


def test_a_table_without_known_headings_is_refused_with_what_it_holds() -> None:
    with pytest.raises(Invalid, match="'foo'"):
        _rows(["foo", "bar"], ["1", "2"])
    with pytest.raises(Invalid, match="nothing"):
        _rows()


def test_a_row_with_more_cells_than_headings_is_rejected() -> None:
    good, bad = _rows(["Firma", "Tel"], ["A", "1", " "], ["B", "1", "2"])
    assert isinstance(good, ImportRow)
    assert isinstance(bad, RowResult)
    assert (bad.line, "delimiter" in bad.reason) == (3, True)


def test_a_fault_in_a_column_that_is_not_taken_does_no_harm() -> None:
    head = Cells(line=1, values=["Firma", "Tel", "Toplam"])
    harmless = Cells(line=2, values=["Deniz", "1", "=A1"], faults={2: "formula"})
    harmful = Cells(line=3, values=["=A1", "1", "5"], faults={0: "formula"})
    taken, refused = rows_of([head, harmless, harmful], {})
    assert taken == ImportRow(line=2, name="Deniz", phone=("1",))
    assert isinstance(refused, RowResult)
    assert refused.reason == "formula"


def test_every_heading_has_one_meaning() -> None:
    assert not set(HEADINGS) & set(UNSURE)
    assert set(HEADINGS.values()) == set(ImportField)


@given(st.lists(st.lists(st.text(max_size=20), max_size=5), max_size=8))
def test_any_table_is_read_or_refused(lines: list[list[str]]) -> None:
    try:
        found = _rows(["Firma", "Tel"], *lines)
    except Invalid:
        return
    assert len(found) == sum(any(value.strip() for value in line) for line in lines)
