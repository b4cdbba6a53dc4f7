"""An administrator's templates come before ours; a broken one is told, and harms no other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pypdfium2 as pdfium
import pytest

from gateway.kernel.errors import Invalid
from tests.unit.fax.covering import TO, WISH, covers, made, pages

OURS = [("standard", "Kapak sayfası"), ("letter", "Mektup"), ("short", "Kısa kapak")]
GUIDE = Path(__file__).parents[3] / "docs" / "fax-covers.md"
PLAIN = 'layout = "cover"\n[title]\ntr = "x"\n'


async def test_an_administrators_template_comes_before_ours(tmp_path: Path) -> None:
    (tmp_path / "standard.toml").write_text(
        'layout = "cover"\nfields = ["pages", "to"]\n[title]\ntr = "Bizim"\n'
        '[heading]\ntr = "MERHABA <b>"\n[labels.to]\ntr = "Sayın"\n'
        '[footer]\ntr = "Bir & sokak\\nİki"\n'
    )
    [text] = await pages(WISH, folder=tmp_path)
    order = ["MERHABA <b>", "Sayfa sayısı", "Sayın", "ek ğüşıöç"]
    places = [text.index(word) for word in order]
    assert places == sorted(places)
    assert "Bir & sokak\nİki" in text
    assert "Kimden" not in text
    assert covers(tmp_path).choices("tr") == [("standard", "Bizim"), *OURS[1:]]


async def test_a_template_of_theirs_is_added(tmp_path: Path) -> None:
    (tmp_path / "bayi.toml").write_text(PLAIN.replace('"x"', '"Bayi"'))
    assert covers(tmp_path).choices("ru") == [
        ("standard", "Титульный лист"), ("bayi", "Bayi"), ("letter", "Письмо"),
        ("short", "Краткий титульный лист"),
    ]  # fmt: skip


async def test_a_text_that_is_lacking_in_a_language_is_said_in_another(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(PLAIN + '[heading]\ntr = "BİR"\nen = "ONE"\n')
    wish = replace(WISH, template="ours")
    assert "ONE" in (await pages(replace(wish, language="ru"), folder=tmp_path))[0]
    assert "BİR" in (await pages(wish, folder=tmp_path))[0]


async def test_a_file_of_the_windows_editor_is_read(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(PLAIN.replace("\n", "\r\n"), "utf-8-sig")
    assert ("ours", "x") in covers(tmp_path).choices("tr")


def test_what_is_no_template_of_theirs_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "gone.toml").symlink_to(tmp_path / "nowhere")
    (tmp_path / ".standard.toml").write_text("half an edit")
    assert covers(tmp_path).choices("tr") == OURS
    assert covers(tmp_path).troubles() == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("layout = ", "is no TOML"),
        ('layout = "poster"\n[title]\ntr = "x"', "layout: "),
        ('layout = "cover"', "title: "),
        ('layout = "cover"\nfields = ["price"]\n[title]\ntr = "x"', r"fields\.0: "),
        ('layout = "cover"\ncolour = 1\n[title]\ntr = "x"', "colour: "),
        ('layout = "cover"\nmargin_mm = nan\n[title]\ntr = "x"', "margin_mm: "),
        ('layout = "cover"\ntext_pt = 400\n[title]\ntr = "x"', "text_pt: "),
        ('layout = "cover"\n[title]\nde = "x"', r"title\.de"),
        (PLAIN + '[footer]\ntr = "' + "x" * 1001 + '"', r"footer\.tr: "),
        (PLAIN + '[labels.to]\ntr = "' + "x" * 81 + '"', r"labels\.to\.tr: "),
        ("# " + "x" * 64_000, "has more than 64,000 bytes"),
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
    assert covers(tmp_path).troubles() == [str(refusal.value)]
    assert await pages(WISH, folder=tmp_path) == await pages(WISH)


async def test_a_template_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Invalid, match=r"ours\.toml cannot be read"):
        await pages(replace(WISH, template="ours"), folder=tmp_path)
    assert covers(tmp_path).choices("tr") == OURS


async def test_lines_that_do_not_fit_on_a_page_are_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(
        'layout = "cover"\nmargin_mm = 50\ntext_pt = 24\nheading_pt = 96\n'
        f'fields = ["subject"]\n[title]\ntr = "x"\n[footer]\ntr = "{"uzun söz " * 110}"\n'
    )
    wish = replace(WISH, template="ours", subject="W" * 200)
    with pytest.raises(Invalid, match=r"the cover ours: .*margin_mm \(50\) or text_pt \(24\)"):
        await pages(wish, folder=tmp_path)


async def test_a_long_foot_does_not_lie_over_the_text(tmp_path: Path) -> None:
    foot = "Kuşkusuz. " * 90
    (tmp_path / "ours.toml").write_text(PLAIN + f'[footer]\ntr = "{foot}"\n')
    content = await made(replace(WISH, template="ours", note="satır\n" * 60), folder=tmp_path)
    with pdfium.PdfDocument(content) as document:
        page = document[0].get_textpage()
        first, _ = page.search("Kuşkusuz").get_next()
        top = page.get_charbox(first)[3]
        search, lowest = page.search("satır"), 1000.0
        while (found := search.get_next()) is not None:
            lowest = min(lowest, page.get_charbox(found[0])[1])
    assert lowest > top


async def test_a_cover_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(Invalid, match="there are standard, letter, short"):
        await pages(replace(WISH, template="../standard"), TO)


def test_a_folder_that_is_not_there_is_told_and_ours_work(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert covers(gone).choices("tr") == OURS
    assert [str(gone) in trouble for trouble in covers(gone).troubles()] == [True]


async def test_the_guides_template_is_one(tmp_path: Path) -> None:
    blocks = GUIDE.read_text("utf-8").split("\n    layout = ")
    assert len(blocks) == 2
    lines = ("    layout = " + blocks[1]).split("\n")
    end = next(place for place, line in enumerate(lines) if line and not line.startswith("    "))
    content = dedent("\n".join(lines[:end])).replace('logo = "dealer.png"', "")
    (tmp_path / "dealers.toml").write_text(content, "utf-8")
    [text] = await pages(replace(WISH, template="dealers"), folder=tmp_path)
    assert [word for word in ("Sayın", "Örnek Sokak 1", "Ticaret sicil") if word in text] == [
        "Sayın", "Örnek Sokak 1", "Ticaret sicil",
    ]  # fmt: skip
