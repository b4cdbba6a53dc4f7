"""Cover pages and letters say what they must, in three languages, whatever they are given."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.fax.composing import Addressee, CoverWish
from gateway.fax.covers import MAX_NOTE, MAX_NOTE_LINES
from gateway.kernel.errors import Invalid
from tests.unit.fax.covering import AT, PAGES, SENDER, TO, WISH, covers, made, pages, texts

TEMPLATES = ["standard", "short", "letter"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("tr", ["FAKS", "Kime", "Sayfa sayısı (kapak dahil) 4", "2 Mart 2026, 01:30", "yok edin"]),
        ("ru", ["ФАКС", "Кому", "Страниц (включая эту) 4", "2 марта 2026, 01:30", "уничтожьте"]),
        ("en", ["FAX", "To", "Pages (including cover) 4", "2 March 2026, 01:30", "destroy"]),
        ("", ["FAKS", "Kime"]),
        ("de", ["FAX", "Subject"]),
    ],
)
async def test_a_cover_speaks_the_recipients_language(language: str, words: list[str]) -> None:
    [text] = await pages(replace(WISH, language=language))
    said = ["Ayşe Yılmaz", "Güneş Tekstil", "+90 212 555 01 50", "Mehmet Öztürk",
            "Örnek İnşaat A.Ş.", "+90 212 555 01 00", "info@ornek.example", "Fiyat teklifi",
            "ek ğüşıöç"]  # fmt: skip
    there = " ".join(text.split())
    assert [word for word in [*words, *said] if word not in there] == []


@pytest.mark.parametrize("template", TEMPLATES)
async def test_turkish_russian_and_greek_letters_are_drawn(template: str) -> None:
    letters = "ğüşıöçĞÜŞİÖÇâîû щъыэюяЁё іїєґ αβγδΩ €№–«»“”’"
    [text] = await pages(replace(WISH, template=template, note=letters, language="ru"))
    assert letters in text


async def test_the_typeface_is_in_the_file() -> None:
    content = await made(WISH)
    assert content.count(b"/BaseFont /AAAAAA+Roboto-") == content.count(b"/FontFile2") == 2


async def test_a_line_with_nothing_to_say_is_left_out() -> None:
    [text] = await pages(replace(WISH, subject=""), Addressee(company="Güneş Tekstil"))
    assert "Kime" in text
    assert "Güneş Tekstil" in text
    assert [word for word in ("Firma", "Faks\n", "Konu") if word in text] == []


@pytest.mark.parametrize("number", ["4444", "", "no number"])
async def test_a_number_that_is_none_stays_as_it_is(number: str) -> None:
    [text] = await pages(WISH, replace(TO, number=number))
    assert number in text


async def test_a_letter_has_its_address_date_subject_text_and_signature() -> None:
    wish = replace(WISH, template="letter", language="ru", note="Высылаем предложение.\n" * 3)
    [text] = await pages(wish)
    order = ["Örnek İnşaat", "info@ornek.example", "Ayşe Yılmaz", "Güneş",
             "Факс: +90 212 555 01 50", "2 марта 2026", "Fiyat teklifi", "Высылаем",
             "С уважением,", "Mehmet"]  # fmt: skip
    places = [text.index(word) for word in order]
    assert places == sorted(places)
    assert "1/1" not in text


async def test_the_pages_of_a_letter_are_numbered_among_themselves() -> None:
    found = await pages(replace(WISH, template="letter", note="Bir satır daha.\n" * 110))
    assert len(found) == 3
    for number, text in enumerate(found, 1):
        assert text.count(f"{number}/3") == 1


@pytest.mark.parametrize("lines", range(28, 44))
async def test_a_signature_never_stands_alone_on_a_page(lines: int) -> None:
    found = await pages(replace(WISH, template="letter", note="Bir satır daha.\n" * lines))
    assert "Bir satır daha.\nSaygılarımızla," in found[-1]
    assert "".join(found).count("Bir satır daha.") == lines


@pytest.mark.parametrize("template", TEMPLATES)
async def test_markup_and_what_cannot_be_drawn_do_no_harm(template: str) -> None:
    nasty = "<b>x</b> & &amp; <img src='file:///etc/passwd'/> \x00\x1b\u202e 漢 😀 " + "w" * 100
    wish = CoverWish(template=template, subject=nasty, note=nasty)
    hurt = replace(SENDER, company=nasty, email=nasty)
    content = await covers(sender=hurt).pdf(
        wish, Addressee(number=nasty, name=nasty, company=nasty), nasty, 1, AT
    )
    text = "".join(texts(content)).replace("\n", "")
    shown = "<b>x</b> & &amp; <img src='file:///etc/passwd'/>"
    drawn = {"standard": 9, "short": 5, "letter": 8}
    assert text.replace(" ", "").count(shown.replace(" ", "")) == drawn[template]
    assert "?" in text
    assert [char for char in "\x00\x1b\u202e漢😀" if char in text] == []


async def test_a_line_feed_in_a_name_makes_no_line() -> None:
    [text] = await pages(WISH, replace(TO, name="Ayşe\r\nKonu\n\nBaşka"))
    assert "Ayşe Konu Başka" in text


async def test_a_list_keeps_its_indent() -> None:
    content = await made(replace(WISH, note="Liste:\n    madde\n\tmadde\nson"))
    with pdfium.PdfDocument(content) as document:
        page = document[0].get_textpage()
        lefts = {}
        for word in ("Liste", "madde", "son"):
            index, _ = page.search(word).get_next()
            lefts[word] = page.get_charbox(index)[0]
    assert lefts["madde"] > lefts["Liste"] + 8
    assert abs(lefts["son"] - lefts["Liste"]) < 2


async def test_a_long_note_goes_on_and_the_count_of_pages_knows_it() -> None:
    found = await pages(replace(WISH, note="Bir satır daha.\n" * 80, language="en"))
    count = PAGES + len(found) - 1
    assert len(found) == 3
    assert f"(including cover) {count}" in " ".join(found[0].split())
    assert [f"{number}/{count}" in text for number, text in enumerate(found, 1)] == [
        False, True, True,
    ]  # fmt: skip
    assert "".join(found).count("Bir satır daha.") == 80


@pytest.mark.parametrize(
    "note", ["x" * (MAX_NOTE + 1), "\n" * (MAX_NOTE_LINES + 1), "x\n" * MAX_NOTE_LINES]
)
async def test_a_note_without_end_is_refused(note: str) -> None:
    with pytest.raises(Invalid, match="send it as a document") as refusal:
        await pages(replace(WISH, note=note))
    assert refusal.value.field == "note"


@given(
    st.sampled_from(TEMPLATES), st.text(max_size=300), st.text(max_size=300), st.text(max_size=8)
)
@settings(max_examples=60, deadline=None)
def test_any_text_makes_a_cover(template: str, line: str, note: str, language: str) -> None:
    wish = CoverWish(template=template, language=language, subject=line, note=note)
    to = Addressee(number=line, name=note, company=line)
    content = asyncio.run(covers().pdf(wish, to, line, 1, AT))
    assert re.match(rb"%PDF-1\.\d", content)
    assert 1 <= len(texts(content)) <= 3


async def test_covers_made_at_once_do_not_mix() -> None:
    maker = covers()
    names = [f"Müşteri{number:03}" for number in range(24)]
    found = await asyncio.gather(
        *(
            maker.pdf(
                replace(WISH, template=TEMPLATES[index % 3], note=f"{name} " * 200),
                replace(TO, name=name), name, 1, AT,
            )
            for index, name in enumerate(names)
        )
    )  # fmt: skip
    said = [set(re.findall(r"Müşteri\d+", "\n".join(texts(content)))) for content in found]
    assert said == [{name} for name in names]
