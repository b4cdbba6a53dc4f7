"""Letters of Turkish and Russian texts are read right, in whatever code they come."""

from __future__ import annotations

from pathlib import Path

import pytest
from reportlab.pdfbase.ttfonts import TTFont

from drivers.fax.raster import letters, plain_text
from drivers.fax.raster.refusals import Refused

TURKISH = "Sayın müşterimiz, İĞÜŞÖÇ ığüşöç: faturanız ektedir."
RUSSIAN = "Здравствуйте! Ваш заказ № 4711 отправлен, ждите до полудня. Ёё"
GLYPHS = TTFont("Roboto", str(letters.FONT)).face.charToGlyph


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [TURKISH, RUSSIAN])
def test_unicode_is_read_with_and_without_a_mark(tmp_path: Path, text: str, code: str) -> None:
    file = tmp_path / "a"
    file.write_bytes(text.encode(code))
    assert letters.read_text(file) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (TURKISH, "windows-1254"),
        ("ığüşöç", "windows-1254"),
        (RUSSIAN, "windows-1251"),
        ("Invoice 4711: оплачено", "windows-1251"),
        ("Plain", "ascii"),
    ],
)
def test_older_codes_are_guessed(tmp_path: Path, text: str, code: str) -> None:
    file = tmp_path / "a"
    file.write_bytes(text.encode(code))
    assert letters.read_text(file) == text


def test_a_page_that_declares_its_code_is_believed(tmp_path: Path) -> None:
    page = '<html><meta charset="koi8-r"><p>Заказ отправлен'
    file = tmp_path / "a"
    file.write_bytes(page.encode("koi8-r"))
    assert letters.read_text(file) == page


@pytest.mark.parametrize("text", [TURKISH, RUSSIAN, "Ελληνικά", "Ґґ Її Єє", "— “a” … № € ₺ ₽"])
def test_the_font_has_our_letters(text: str) -> None:
    assert letters.drawable(text, GLYPHS) == text


def test_letters_apart_from_their_accents_are_put_together() -> None:
    assert letters.drawable("I\u0307g\u0306", GLYPHS) == "İğ"


def test_letters_that_cannot_be_drawn_are_never_left_out_silently() -> None:
    with pytest.raises(Refused, match=r"letters that cannot be drawn here \(中 文\).*PDF"):
        letters.drawable("price 中文", GLYPHS)


def test_a_sign_that_cannot_be_drawn_becomes_a_box() -> None:
    assert letters.drawable("thanks 🙏", GLYPHS) == "thanks □"


def test_a_text_of_megabytes_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"a" * 4_000_001)
    with pytest.raises(Refused, match="more than 4 MB"):
        letters.read_text(file)


def test_a_text_is_refused_before_it_makes_too_many_pages(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"\f" * 50)
    with pytest.raises(Refused, match="more than 10 pages"):
        plain_text.write_pdf(file, tmp_path / "a.pdf", 10)
