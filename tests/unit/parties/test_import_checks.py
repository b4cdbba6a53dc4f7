"""Rows of an import are checked value by value."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kernel.errors import Invalid
from gateway.kernel.numbers import NumberingPlan
from gateway.parties.import_checks import check
from gateway.parties.import_rows import NUMBER_FIELDS, ImportField, ImportRow
from gateway.parties.model import PartyKind, PhoneKind

PLAN = NumberingPlan(region="TR")


@pytest.mark.parametrize(
    ("cell", "keys"),
    [
        ("0532 123 45 67", ["+905321234567"]),
        ("0532/123 45 67", ["+905321234567"]),
        ("0532 123 45 67 / 0216 333 22 11", ["+905321234567", "+902163332211"]),
        ("0532 1234567; 0216 3332211", ["+905321234567", "+902163332211"]),
        ("0532 1234567\n0216 3332211", ["+905321234567", "+902163332211"]),
        ("05321234567, 05321234567", ["+905321234567"]),
        ("0212 444 55 66 dahili 12", ["+902124445566"]),
        ("+7 (495) 123-45-67, доб. 12", ["+74951234567"]),
        ("74951234567", ["+74951234567"]),
        ("905321234567", ["+905321234567"]),
        ("  ", []),
    ],
)
def test_numbers_are_read_as_people_write_them(cell: str, keys: list[str]) -> None:
    row = check(ImportRow(line=2, name="Deniz", phone=(cell,)), PLAN)
    assert [phone.key for phone in row.party_phones] == keys


def test_a_number_keeps_how_it_was_written() -> None:
    row = check(ImportRow(line=2, name="Deniz", work=("0212 444 55 66  dahili 12",)), PLAN)
    assert row.own_phones[0].written == "0212 444 55 66 dahili 12"
    assert row.own_phones[0].kind is PhoneKind.WORK


@pytest.mark.parametrize(
    ("row", "field", "told"),
    [
        (ImportRow(line=2), "name", "missing"),
        (ImportRow(line=2, name="\u0301"), "name", "missing"),
        (ImportRow(line=2, name="a", mobile=("5,32123E+09",)), "mobile", "rounded"),
        (ImportRow(line=2, name="a", mobile=("4444",)), "mobile", "service number"),
        (ImportRow(line=2, name="a", fax=("yok",)), "fax", "yok"),
        (ImportRow(line=2, name="a", kind="alien"), "kind", "alien"),
        (ImportRow(line=2, name="a", email="a at b"), "email", "e-mail"),
        (ImportRow(line=2, name="a", code="c" * 65), "code", "longer"),
        (ImportRow(line=2, name="a", notes="a\x07"), "notes", "control"),
        (ImportRow(line=2, name="a\ud800"), "name", "control"),
    ],
)
def test_bad_values_are_refused_by_name(row: ImportRow, field: str, told: str) -> None:
    with pytest.raises(Invalid, match=told) as refused:
        check(row, PLAN)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("Firma", PartyKind.COMPANY), ("ŞAHIS", PartyKind.PERSON), ("Физ. лицо", PartyKind.PERSON),
     ("", None)],
)  # fmt: skip
def test_kinds_are_understood(kind: str, expected: PartyKind | None) -> None:
    assert check(ImportRow(line=2, name="a", kind=kind), PLAN).kind is expected


def test_a_person_without_a_company_is_the_party() -> None:
    row = check(ImportRow(line=2, person="Ece Işık"), PLAN)
    assert (row.name, row.person, row.kind) == ("Ece Işık", "", PartyKind.PERSON)


def test_a_person_named_as_the_party_is_the_party() -> None:
    assert check(ImportRow(line=2, name="Ece Işık", person="ECE IŞIK"), PLAN).person == ""


TEXT = st.text(max_size=30)
ROWS = st.builds(
    ImportRow,
    line=st.integers(1, 100),
    **{one.value: st.tuples(TEXT) if one in NUMBER_FIELDS else TEXT for one in ImportField},
)


@given(ROWS)
def test_any_row_is_checked_or_refused(row: ImportRow) -> None:
    try:
        checked = check(row, PLAN)
    except Invalid:
        return
    assert checked.name
    for value in dataclasses.astuple(checked):
        if isinstance(value, str):
            assert "\x00" not in value
            value.encode()
