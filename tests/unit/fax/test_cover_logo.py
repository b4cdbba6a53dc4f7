"""The logo is black and white, sharp, and of bounded size; what is no logo is told."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image, ImageDraw

from gateway.fax.cover_logo import MAX_LOGO_BYTES, Logo, read_logo
from gateway.kernel.errors import Invalid
from tests.unit.fax.covering import WISH, covers, made, pages

HIGH, WIDE = 60.0, 300.0


def read(path: Path) -> Logo:
    return read_logo(path, HIGH, WIDE)


def levels(logo: Logo) -> list[int]:
    with Image.open(io.BytesIO(logo.png)) as picture:
        counts = picture.histogram()
    return [level for level, count in enumerate(counts) if count]


def square(logo: Logo) -> int:
    """Return the brightness of its middle."""
    with Image.open(io.BytesIO(logo.png)) as picture:
        assert picture.mode == "L"
        return picture.tobytes()[picture.height // 2 * picture.width + picture.width // 2]


def encoded(picture: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("mode", "kind", "ink", "paper"),
    [
        ("RGB", "PNG", (20, 60, 150), (255, 255, 255)),
        ("RGB", "PNG", (255, 210, 0), (255, 255, 255)),
        ("RGB", "JPEG", (200, 30, 30), (255, 255, 255)),
        ("CMYK", "JPEG", (0, 0, 0, 255), (0, 0, 0, 0)),
        ("RGBA", "PNG", (90, 90, 90, 255), (0, 0, 0, 0)),
        ("LA", "PNG", (90, 255), (0, 0)),
        ("L", "PNG", 90, 230),
        ("1", "PNG", 0, 1),
        ("I;16", "PNG", 9000, 65_000),
        ("P", "PNG", 0, 15),
    ],
)
def test_any_ink_on_any_paper_is_black_on_white(
    tmp_path: Path, mode: str, kind: str, ink: int | tuple[int, ...], paper: int | tuple[int, ...]
) -> None:
    picture = Image.new(mode, (90, 60), paper)
    if mode == "P":
        picture.putpalette([0, 40, 90] + [255] * 45)
    picture.paste(ink, (30, 20, 60, 40))
    path = tmp_path / "logo"
    path.write_bytes(encoded(picture, kind))
    found = read(path)
    assert levels(found) == [0, 255]
    assert square(found) == 0


@pytest.mark.parametrize(
    ("size", "wide", "high"),
    [((300, 100), 180, 60), ((2000, 100), 300, 15), ((1, 9000), 60 / 9000, 60), ((9, 9), 60, 60)],
)
def test_it_keeps_its_proportions_and_fits(
    tmp_path: Path, size: tuple[int, int], wide: float, high: float
) -> None:
    path = tmp_path / "logo.png"
    path.write_bytes(encoded(Image.new("L", size), "PNG"))
    found = read(path)
    assert (found.width_pt, found.height_pt) == pytest.approx((wide, high))
    with Image.open(io.BytesIO(found.png)) as picture:
        assert picture.width * picture.height < 2_000_000


def test_slanting_edges_of_a_small_one_are_no_stairs(tmp_path: Path) -> None:
    picture = Image.new("L", (20, 20), 255)
    ImageDraw.Draw(picture).polygon([(0, 0), (19, 19), (0, 19)], fill=0)
    path = tmp_path / "logo.png"
    path.write_bytes(encoded(picture, "PNG"))
    with Image.open(io.BytesIO(read(path).png)) as drawn:
        rows = [drawn.crop((0, row, drawn.width, row + 1)).histogram()[0]
                for row in range(drawn.height)]  # fmt: skip
    assert len(set(rows)) > 100


def _noise() -> Image.Image:
    return Image.effect_noise((300, 100), 90)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"no picture", "save it anew as PNG"),
        (b"", "save it anew as PNG"),
        (encoded(_noise(), "PNG")[:9000], "save it anew as PNG"),
        (encoded(_noise(), "JPEG")[:4000], "save it anew as PNG"),
        (encoded(_noise(), "GIF"), "save it anew as PNG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EOF\n", "save it anew as PNG"),
        (encoded(Image.new("1", (9000, 9000)), "PNG"), "10,000,000 dots; make it smaller"),
        (b"\x89PNG" + bytes(MAX_LOGO_BYTES), "5,000,000 bytes; make it smaller"),
    ],
)
async def test_what_is_no_logo_is_told(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "logo.png"
    path.write_bytes(content)
    with pytest.raises(Invalid, match=says) as refusal:
        await pages(WISH, folder=tmp_path)
    assert str(path) in str(refusal.value)
    assert covers(tmp_path).troubles() == [str(refusal.value)]


@pytest.mark.parametrize("template", ["standard", "letter"])
async def test_it_stands_in_the_place_of_the_name(tmp_path: Path, template: str) -> None:
    (tmp_path / "logo.png").write_bytes(encoded(Image.new("L", (300, 100)), "PNG"))
    (tmp_path / f"{template}.toml").write_text(
        f'layout = "{template.replace("standard", "cover")}"\nmargin_mm = 50\n'
        'logo_height_mm = 80\n[title]\ntr = "x"\n'
    )
    content = await made(replace(WISH, template=template), folder=tmp_path)
    with pdfium.PdfDocument(content) as document:
        things = list(document[0].get_objects())
        logos = [thing for thing in things if thing.type == pdfium.raw.FPDF_PAGEOBJ_IMAGE]
        [(left, bottom, right, top)] = [logo.get_bounds() for logo in logos]
    assert (right - left) / (top - bottom) == pytest.approx(3, abs=0.05)
    assert right - left < 110 * 72 / 25.4
