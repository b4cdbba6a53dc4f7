"""The encoding of a customers' list is told from its bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kernel.errors import Invalid
from gateway.parties.import_encoding import encoding_of, guess

TURKISH = "Ünvan;Adres\nIşığı Söndürme Ltd. Şti.;Çağlayan Mah. Gümüşsuyu Sok.\n"
RUSSIAN = "Наименование;Адрес\nООО «Ромашка»;г. Москва, ул. Тверская\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (TURKISH, "utf-8"),
        (RUSSIAN, "utf-8"),
        (TURKISH, "windows-1254"),
        (RUSSIAN, "windows-1251"),
        ("name;mobile\nDeniz;1\n", "utf-8"),
        (TURKISH, "utf-16-le"),
        (TURKISH, "utf-16-be"),
    ],
)
def test_a_text_without_a_mark_is_recognised(text: str, encoding: str) -> None:
    assert text.encode(encoding).decode(guess(text.encode(encoding))) == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_mark_decides(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(TURKISH.encode(encoding))
    assert path.read_text(encoding_of(path)) == TURKISH


def test_western_letters_read_the_same_in_the_turkish_encoding() -> None:
    text = "Société Générale;Café Zürich\n"
    assert text.encode("windows-1252").decode(guess(text.encode("windows-1252"))) == text


def test_control_bytes_that_windows_leaves_out_mean_latin_five() -> None:
    assert guess("Şirket\x8d".encode("iso-8859-9")) == "iso-8859-9"


def test_a_given_encoding_wins(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(RUSSIAN.encode("windows-1251"))
    assert encoding_of(path, "cp1251") == "cp1251"
    path.write_bytes(RUSSIAN.encode("utf-8-sig"))
    assert path.read_text(encoding_of(path, "UTF-8")) == RUSSIAN


@pytest.mark.parametrize("name", ["klingon", "rot13", "a\x00b"])
def test_an_unknown_encoding_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"name\n")
    with pytest.raises(Invalid, match="encoding"):
        encoding_of(path, name)


@given(st.binary(max_size=300))
def test_any_bytes_get_a_codec(sample: bytes) -> None:
    sample.decode(guess(sample), errors="replace")


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_utf8_is_never_taken_for_a_one_byte_encoding(text: str) -> None:
    sample = text.encode()
    if b"\x00" not in sample:
        assert guess(sample) == "utf-8"
