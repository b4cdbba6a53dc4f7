"""Cover pages and letters say what they must, in three languages, whatever they are given."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pypdfium2 as pdfium
import pytest
from PIL import Image

from gateway.fax.composing import Addressee, CoverWish
from gateway.fax.cover_templates import CoverTemplates
from gateway.fax.covers import MAX_NOTE, Covers, Sender
from gateway.kernel.errors import Invalid

AT = datetime(2026, 3, 1, 22, 30, tzinfo=UTC)
SENDER = Sender(
    company="Örnek İnşaat A.Ş.", number="+90 212 555 01 00", language="tr",
    zone=ZoneInfo("Europe/Istanbul"),
)  # fmt: skip
TO = Addressee(number="+902125550150", name="Ayşe Yılmaz", company="Güneş Tekstil")
WISH = CoverWish(
    template="standard", subject="Fiyat teklifi", note="Sayın müşterimiz,\n\nek ğüşıöç"
)


def covers(folder: Path | None = None) -> Covers:
    return Covers(CoverTemplates(folder), SENDER)


async def pages(wish: CoverWish, to: Addressee = TO, folder: Path | None = None) -> list[str]:
    made = await covers(folder).pdf(wish, to, "Mehmet Öztürk", 4, AT)
    with pdfium.PdfDocument(made) as document:
        return [page.get_textpage().get_text_bounded().replace("\r\n", "\n") for page in document]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("tr", ["FAKS", "Kime", "Sayfa (kapak dahil)", "2 Mart 2026, 01:30", "yok edin"]),
        ("ru", ["ФАКС", "Кому", "Страниц (с титулом)", "2 марта 2026, 01:30", "уничтожьте"]),
        ("en", ["FAX", "To", "Pages (with this one)", "2 March 2026, 01:30", "destroy"]),
        ("", ["FAKS", "Kime"]),
        ("de", ["FAX", "Subject"]),
    ],
)
async def test_a_cover_speaks_the_recipients_language(language: str, words: list[str]) -> None:
    [text] = await pages(replace(WISH, language=language))
    said = ["Ayşe Yılmaz", "Güneş Tekstil", "+902125550150", "Mehmet Öztürk", "Örnek İnşaat A.Ş.",
            "Fiyat teklifi", "ek ğüşıöç"]  # fmt: skip
    assert [word for word in [*words, *said] if word not in text] == []
    assert "\n4" in text.replace(" 4", "\n4")


async def test_a_letter_has_its_address_date_subject_text_and_signature() -> None:
    wish = replace(WISH, template="letter", language="ru", note="Высылаем предложение.\n" * 3)
    [text] = await pages(wish)
    order = ["Ayşe Yılmaz", "2 марта 2026", "Fiyat teklifi", "Высылаем", "С уважением", "Mehmet"]
    places = [text.index(word) for word in order]
    assert places == sorted(places)


@pytest.mark.parametrize("template", ["standard", "short", "letter"])
async def test_markup_and_what_cannot_be_drawn_do_no_harm(template: str) -> None:
    nasty = "<b>x</b> & <img src='file:///etc/passwd'/> \x00\x1b 漢 😀 " + "w" * 300
    wish = CoverWish(template=template, subject=nasty, note=nasty)
    text = "".join(await pages(wish, Addressee(number=nasty, name=nasty, company=nasty)))
    assert "<b>x</b> & <img src" in text.replace("\n", "")
    assert "?" in text
    assert "\x1b" not in text


async def test_a_long_note_goes_on_and_the_count_of_pages_knows_it() -> None:
    first, *others = await pages(replace(WISH, note="Bir satır daha.\n" * 80, language="en"))
    assert 1 <= len(others) <= 3
    assert "with this one)" in first
    assert str(4 + len(others)) in first.split("with this one)")[1][:6]
    assert others[0].startswith("2\n")


@pytest.mark.parametrize("note", ["x" * (MAX_NOTE + 1), "\n".join("x" * 9000)])
async def test_a_note_without_end_is_refused(note: str) -> None:
    with pytest.raises(Invalid, match="send it as a document"):
        await pages(replace(WISH, note=note))


async def test_an_administrators_template_comes_before_ours(tmp_path: Path) -> None:
    (tmp_path / "standard.toml").write_text(
        'layout = "cover"\nfields = ["to"]\n[title]\ntr = "Bizim"\n[heading]\ntr = "MERHABA"\n'
        '[labels.to]\ntr = "Sayın"\n'
    )
    (tmp_path / "broken.toml").write_text("layout = ")
    [text] = await pages(WISH, folder=tmp_path)
    assert "MERHABA" in text
    assert "Sayın" in text
    assert "Kimden" not in text
    assert covers(tmp_path).choices("tr") == [
        ("standard", "Bizim"), ("letter", "Mektup"), ("short", "Kısa kapak"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("layout = ", "is no TOML"),
        ('layout = "poster"\n[title]\ntr = "x"', "layout: "),
        ('layout = "cover"\nfields = ["price"]\n[title]\ntr = "x"', "fields.0: "),
        ('layout = "cover"\ncolour = 1\n[title]\ntr = "x"', "colour: "),
        ('layout = "cover"\nlogo = "../../etc/passwd"\n[title]\ntr = "x"', "logo: "),
        ('layout = "cover"\nlogo = "none.png"\n[title]\ntr = "x"', "none.png is not there"),
    ],
)
async def test_a_broken_template_is_told_with_its_file_and_key(
    tmp_path: Path, content: str, says: str
) -> None:
    (tmp_path / "ours.toml").write_text(content)
    with pytest.raises(Invalid, match=says) as refusal:
        await pages(replace(WISH, template="ours"), folder=tmp_path)
    assert str(tmp_path) in str(refusal.value)


async def test_a_cover_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(Invalid, match="there are standard, letter, short"):
        await pages(replace(WISH, template="../standard"))


async def test_the_logo_stands_in_the_place_of_the_name(tmp_path: Path) -> None:
    Image.new("L", (300, 100)).save(tmp_path / "logo.png")
    made = await covers(tmp_path).pdf(WISH, TO, "Mehmet", 1, AT)
    with pdfium.PdfDocument(made) as document:
        kinds = [thing.type for thing in document[0].get_objects()]
    assert pdfium.raw.FPDF_PAGEOBJ_IMAGE in kinds
    (tmp_path / "logo.png").write_bytes(b"no picture")
    with pytest.raises(Invalid, match="save it anew as PNG"):
        await pages(WISH, folder=tmp_path)
    Image.new("1", (9000, 9000)).save(tmp_path / "logo.png")
    with pytest.raises(Invalid, match="make it smaller"):
        await pages(WISH, folder=tmp_path)
