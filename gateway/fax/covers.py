"""Cover pages and letters as PDF, in the recipient's language; drawn for black and white."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import font_roboto
from babel.dates import format_date, format_datetime
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    HRFlowable,
    Image,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
)

from gateway.fax.composing import Addressee, CoverWish
from gateway.fax.cover_templates import (
    CoverField,
    CoverTemplate,
    CoverTemplates,
    Language,
    language_of,
)
from gateway.kernel.errors import Invalid

PLAIN, BOLD = "Santral Roboto", "Santral Roboto Bold"
MAX_NOTE = 20_000
MAX_LINE = 200
MAX_PAGES = 10
MAX_LOGO_PIXELS = 20_000_000
_FRAME_PT = 6
"""Room that the library leaves at both sides of what it sets."""
_UNKNOWN = "?"
"""In the place of a letter that the font lacks; emoji and the like are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who we are on a cover page."""

    company: str
    number: str
    language: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What one page says, in words."""

    template: CoverTemplate
    language: Language
    values: dict[CoverField, str]
    subject: str
    note: str
    signer: str
    company: str
    number: str
    date: str
    logo: Path | None


class Covers:
    """Makes cover pages of templates. Implements the fax feature's `CoverMaker`."""

    def __init__(self, templates: CoverTemplates, sender: Sender) -> None:
        self._templates = templates
        self._sender = sender

    def choices(self, language: str) -> list[tuple[str, str]]:
        """Return the names of the templates that are whole, each with its title."""
        found = []
        for name in self._templates.names():
            try:
                title = self._templates.find(name).title
            except Invalid:
                continue
            found.append(
                (name, title.get(language_of(language)) or next(iter(title.values()), name))
            )
        return found

    async def pdf(
        self, wish: CoverWish, to: Addressee, sender: str, pages: int, at: datetime
    ) -> bytes:
        """Return a cover page as PDF, whatever it needs of A4 pages; raises Invalid."""
        return await asyncio.to_thread(self._pdf, wish, to, sender, pages, at)

    def _pdf(self, wish: CoverWish, to: Addressee, sender: str, pages: int, at: datetime) -> bytes:
        if len(wish.note) > MAX_NOTE:
            raise Invalid(f"the note has more than {MAX_NOTE:,} characters; send it as a document",
                          field="note")  # fmt: skip
        _register()
        facts = self._facts(wish, to, sender, pages, at)
        made, own = _written(facts)
        if own > MAX_PAGES:
            raise Invalid("the note fills more than ten pages; send it as a document", field="note")
        if own > 1:  # the note went on over the first page: the count of pages is another
            facts.values[CoverField.PAGES] = str(pages + own - 1)
            made, _ = _written(facts)
        return made

    def _facts(
        self, wish: CoverWish, to: Addressee, sender: str, pages: int, at: datetime
    ) -> _Facts:
        template, office = self._templates.find(wish.template), self._sender
        language = language_of(wish.language or office.language)
        local = at.astimezone(office.zone)
        values = {
            CoverField.TO: to.name or to.company,
            CoverField.COMPANY: to.company if to.name else "",
            CoverField.NUMBER: to.number,
            CoverField.FROM: sender,
            CoverField.OUR_COMPANY: office.company,
            CoverField.OUR_NUMBER: office.number,
            CoverField.DATE: format_datetime(local, "d MMMM yyyy, HH:mm", locale=language),
            CoverField.PAGES: str(pages),
            CoverField.SUBJECT: wish.subject,
        }
        return _Facts(
            template=template, language=language,
            values={field: _drawable(value[:MAX_LINE]) for field, value in values.items()},
            subject=_drawable(wish.subject[:MAX_LINE]), note=_drawable(wish.note),
            signer=_drawable(sender[:MAX_LINE]), company=_drawable(office.company[:MAX_LINE]),
            number=office.number, date=format_date(local, "long", locale=language),
            logo=self._templates.logo(template),
        )  # fmt: skip


@cache
def _register() -> None:
    for name, file in ((PLAIN, "Roboto"), (BOLD, "RobotoBold")):
        pdfmetrics.registerFont(TTFont(name, font_roboto.font_files[file]))


def _drawable(text: str) -> str:
    """Return text of which every character can be drawn."""
    glyphs = pdfmetrics.getFont(PLAIN).face.charToGlyph
    return "".join(_drawn(char, glyphs) for char in "\n".join(text.splitlines()))


def _drawn(char: str, glyphs: Container[int]) -> str:
    if ord(char) in glyphs or char == "\n":
        return char
    if char.isspace():
        return " "
    return _UNKNOWN if char.isalnum() else ""


def _style(size: float, *, bold: bool = False, right: bool = False) -> ParagraphStyle:
    return ParagraphStyle(
        f"{size} {bold} {right}", fontName=BOLD if bold else PLAIN, fontSize=size,
        leading=size * 1.35, splitLongWords=1, alignment=TA_RIGHT if right else 0,
    )  # fmt: skip


def _written(facts: _Facts) -> tuple[bytes, int]:
    """Return the PDF and how many pages it has."""
    buffer, template = io.BytesIO(), facts.template
    margin = template.margin_mm * mm
    document = SimpleDocTemplate(
        buffer, pagesize=A4, leftMargin=margin, rightMargin=margin, topMargin=margin,
        bottomMargin=margin + 8 * mm, title=facts.subject, author=facts.company,
    )  # fmt: skip
    story = _cover(facts, document.width) if template.layout == "cover" else _letter(facts)
    foot = _foot(facts)
    document.build(story, onFirstPage=foot, onLaterPages=foot)
    return buffer.getvalue(), int(document.page)


def _cover(facts: _Facts, width: float) -> list[Flowable]:
    template, language = facts.template, facts.language
    size = template.text_pt
    rows = [
        [Paragraph(escape(template.label(field, language)), _style(size, bold=True)),
         Paragraph(escape(facts.values[field]), _style(size))]
        for field in template.fields
        if facts.values[field]
    ]  # fmt: skip
    story = [*_head(facts, template.heading.get(language, ""))]
    if rows:
        table = Table(rows, colWidths=[width * 0.32, width * 0.68 - 2 * _FRAME_PT], hAlign="LEFT")
        table.setStyle([
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.8, "black"),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), size * 0.35),
            ("BOTTOMPADDING", (0, 0), (-1, -1), size * 0.5),
        ])  # fmt: skip
        story += [table, Spacer(1, size * 1.6)]
    return [*story, *_text(facts.note, size)]


def _letter(facts: _Facts) -> list[Flowable]:
    size = facts.template.text_pt
    address = [facts.values[field] for field in (CoverField.TO, CoverField.COMPANY)]
    story = _head(facts, "")
    story += [Paragraph(escape(line), _style(size)) for line in address if line]
    if facts.values[CoverField.NUMBER]:
        label = facts.template.label(CoverField.NUMBER, facts.language)
        line = f"{label} {facts.values[CoverField.NUMBER]}"
        story.append(Paragraph(escape(line), _style(size)))
    story += [Spacer(1, size), Paragraph(escape(facts.date), _style(size, right=True)),
              Spacer(1, size * 2)]  # fmt: skip
    if facts.subject:
        story += [Paragraph(escape(facts.subject), _style(size * 1.1, bold=True)),
                  Spacer(1, size * 1.2)]  # fmt: skip
    story += _text(facts.note, size)
    closing = facts.template.closing.get(facts.language, "")
    signed: list[Flowable] = [
        Spacer(1, size * 1.5),
        Paragraph(escape(closing), _style(size)),
        Spacer(1, size * 3.5),
        Paragraph(escape(facts.signer), _style(size, bold=True)),
    ]
    return [*story, KeepTogether(signed)]


def _head(facts: _Facts, heading: str) -> list[Flowable]:
    """Return the logo, or the company's name in its place, and the heading."""
    story: list[Flowable] = []
    if facts.logo is not None:
        story += [_logo(facts.logo, facts.template.logo_height_mm * mm), Spacer(1, 6 * mm)]
    elif facts.company:
        name = Paragraph(escape(facts.company), _style(facts.template.text_pt * 1.5, bold=True))
        story += [name, Spacer(1, 2 * mm)]
    if facts.template.layout == "letter" and (facts.number or facts.company):
        line = "  ·  ".join(part for part in (facts.company if facts.logo else "", facts.number)
                            if part)  # fmt: skip
        story.append(Paragraph(escape(line), _style(facts.template.text_pt * 0.9)))
    if heading:
        story.append(Paragraph(escape(heading), _style(facts.template.heading_pt, bold=True)))
        story.append(Spacer(1, facts.template.heading_pt * 0.3))
    story.append(HRFlowable(width="100%", thickness=2, color="black", spaceAfter=6 * mm))
    return story


def _logo(path: Path, height: float) -> Image:
    """Return a picture of bounded size; raises Invalid for what is none."""
    try:
        reader = ImageReader(str(path))
        width_px, height_px = reader.getSize()
    except Exception as error:  # the library raises whatever its decoders raise
        raise Invalid(
            f"the logo {path} cannot be read; save it anew as PNG", field="cover"
        ) from error
    if width_px * height_px > MAX_LOGO_PIXELS:
        raise Invalid(f"the logo {path} has more than {MAX_LOGO_PIXELS:,} dots; make it smaller",
                      field="cover")  # fmt: skip
    width = min(height * width_px / height_px, A4[0] * 0.6)
    picture = Image(str(path), width=width, height=width * height_px / width_px)
    picture.hAlign = "LEFT"
    return picture


def _text(note: str, size: float) -> Sequence[Flowable]:
    """Return paragraphs; an empty line makes more room between two."""
    style = _style(size)
    return [
        Paragraph(escape(line), style) if line.strip() else Spacer(1, size * 0.9)
        for line in note.split("\n")
    ]


def _foot(facts: _Facts) -> Callable[[Canvas, SimpleDocTemplate], None]:
    footer = facts.template.footer.get(facts.language, "")

    def draw(canvas: Canvas, document: SimpleDocTemplate) -> None:
        left, room = document.leftMargin, document.width
        if footer and document.page == 1:
            words = Paragraph(escape(footer), _style(9))
            _, height = words.wrap(room, 40 * mm)
            words.drawOn(canvas, left, max(document.bottomMargin - height - 2 * mm, 6 * mm))
        elif document.page > 1:
            canvas.setFont(PLAIN, 9)
            canvas.drawRightString(left + room, document.bottomMargin - 6 * mm, str(document.page))

    return draw
