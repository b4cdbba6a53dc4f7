"""vCards of all versions are read one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.kernel.errors import Invalid
from gateway.parties.import_rows import ImportRow, RowResult
from gateway.parties.import_vcard import MAX_CARD, MAX_LINE, cards_of, read_vcards

DATA = Path(__file__).parents[2] / "data" / "import"


def _read(path: Path, text: str) -> list[ImportRow | RowResult]:
    path.write_text(text, encoding="utf-8", newline="")
    return list(read_vcards(path, "utf-8"))


def test_version_2_1_with_its_own_charsets() -> None:
    company, person = read_vcards(DATA / "contacts_21.vcf", "utf-8")
    assert company == ImportRow(
        line=1,
        name="Deniz A.;S.",
        kind="company",
        person="Ayşe Yılmaz",
        mobile=("0532 123 45 67",),
        fax=("0212 444 55 67",),
    )
    assert person == ImportRow(line=14, kind="person", person="Пётр Иванов", home=("+74951234567",))


def test_version_3_0_with_a_broken_and_an_open_card() -> None:
    good, broken, unclosed, last = read_vcards(DATA / "contacts_30.vcf", "utf-8")
    assert good == ImportRow(
        line=1,
        name="ООО Ромашка",
        kind="company",
        person="Пётр Иванов",
        position="Директор",
        email="petr@romashka.example",
        address="Тверская 1, оф. 5, Москва, 101000, Россия",
        notes="первая строка\nвторая",
        mobile=("+7 916 123-45-67",),
        phone=("8 495 123 45 67",),
    )
    assert isinstance(broken, RowResult)
    assert (broken.line, "no property" in broken.reason) == (14, True)
    assert isinstance(unclosed, RowResult)
    assert (unclosed.line, "not closed" in unclosed.reason) == (19, True)
    assert isinstance(last, ImportRow)
    assert last.person == "Ece Işık"


def test_version_4_0_with_uris() -> None:
    company, person = read_vcards(DATA / "contacts_40.vcf", "utf-8")
    assert company == ImportRow(
        line=1,
        name="Deniz Ltd.",
        kind="company",
        email="info@deniz.example",
        work=("+90-212-444-55-66",),
    )
    assert isinstance(person, ImportRow)
    assert person.mobile == ("+90-532-123-45-67",)


def test_cards_are_counted() -> None:
    assert cards_of(DATA / "contacts_30.vcf", "utf-8") == 4


def test_a_file_without_cards_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no vCard"):
        _read(tmp_path / "a.vcf", "name;tel\n")


def test_an_endless_line_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.vcf"
    with path.open("wb") as file:
        file.truncate(50 * MAX_LINE)
    with pytest.raises(Invalid, match="line 1 has more"):
        list(read_vcards(path, "utf-8"))


def test_a_huge_card_costs_itself_only(tmp_path: Path) -> None:
    note = "NOTE:x\n" * (MAX_CARD // 5)
    text = f"BEGIN:VCARD\nFN:A\n{note}END:VCARD\nBEGIN:VCARD\nVERSION:3.0\nFN:B\nEND:VCARD\n"
    huge, good = _read(tmp_path / "a.vcf", text)
    assert isinstance(huge, RowResult)
    assert isinstance(good, ImportRow)
    assert good.person == "B"


def test_bytes_of_another_encoding_cost_their_card_only(tmp_path: Path) -> None:
    path = tmp_path / "a.vcf"
    card = "BEGIN:VCARD\nVERSION:3.0\nFN:{}\nEND:VCARD\n"
    path.write_bytes(card.format("Işık").encode("iso-8859-9") + card.format("Ece").encode())
    bad, good = read_vcards(path, "utf-8")
    assert isinstance(bad, RowResult)
    assert "encoding" in bad.reason
    assert isinstance(good, ImportRow)


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            ["BEGIN:VCARD", "END:VCARD", "VERSION:2.1", "VERSION:3.0", "N:;;;;", "ORG:;", "TEL:",
             "TEL;TYPE=:1", "FN;ENCODING=QUOTED-PRINTABLE:=ZZ=", "FN;CHARSET=no;ENCODING=Q:x",
             "PHOTO;ENCODING=b:!!", "BEGIN:VEVENT", "END:VEVENT", "X;ENCODING=BASE64:a", " fold",
             "ADR:;", "KIND:org", "item1.TEL;:", "NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=x:=41",
             "PROFILE:VCARD", "\x00"]
        ),
        st.text(max_size=15),
    ),
    max_size=8,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(LINES)
@example(["FN;ENCODING=QUOTED-PRINTABLE;CHARSET=utf-8:=FF"])
@example(["NOTE;ENCODING=BASE64:a"])
def test_any_card_is_read_or_rejected(tmp_path: Path, lines: list[str]) -> None:
    text = "\n".join(["BEGIN:VCARD", *lines, "END:VCARD", ""])
    path = tmp_path / "a.vcf"
    path.write_text(text, encoding="utf-8", errors="replace", newline="")
    assert list(read_vcards(path, "utf-8"))
