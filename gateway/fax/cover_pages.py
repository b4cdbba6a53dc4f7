"""Sets cover pages and letters on A4: large type and lines, nothing grey."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib.enums import TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    HRFlowable,
    Image,
    KeepTogether,
    NextPageTemplate,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)
from reportlab.platypus.doctemplate import LayoutError

from gateway.fax.cover_logo import Logo, read_logo
from gateway.fax.cover_templates import CoverField, CoverTemplate, Language
from gateway.fax.typeface import BOLD, PLAIN, drawable, width
from gateway.kernel.errors import Invalid

_FOOT_PT = 10.0
_LEADING = 1.35
_BIG_PT, _BIG_LEADING = 18.0, 1.17
"""Large type needs less room between its lines, and stands on the line of what is beside it."""
_NUMBER_ROOM = 8 * mm
"""Below the text, for the page's number."""
_HEAD_GAP = 8 * mm
_KEPT_CHARS = 600
"""As long may a letter's last paragraph be that stays beside the signature."""
_LOGO_SHARE = 0.6
_LABEL_SHARE = 0.45
"""Of the line's width, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverFacts:
    """What one page says, in words that can be drawn."""

    name: str
    """Of the template."""
    template: CoverTemplate
    language: Language
    values: dict[CoverField, str]
    """A field without a value has no line."""
    date: str
    """Of a letter: without the time."""
    text: str
    pages: int
    """Of the whole fax, if this is one page of it."""
    logo: Path | None = None


def written(facts: CoverFacts) -> tuple[bytes, int]:
    """Return a PDF and how many pages it has; raises Invalid where the template has no room."""
    template, picture = facts.template, None
    room = A4[0] - 2 * template.margin_mm * mm
    if facts.logo is not None:
        picture = read_logo(facts.logo, template.logo_height_mm * mm, room * _LOGO_SHARE)
    made, own = _set(facts, picture, 1)
    # The text went on over the first page: what it says of the count of pages is wrong.
    return _set(facts, picture, own) if own > 1 else (made, own)


def _set(facts: CoverFacts, picture: Logo | None, own: int) -> tuple[bytes, int]:
    buffer = io.BytesIO()
    document = BaseDocTemplate(
        buffer, pagesize=A4, title=facts.values[CoverField.SUBJECT],
        author=facts.values[CoverField.OUR_COMPANY],
    )  # fmt: skip
    margin = facts.template.margin_mm * mm
    room = A4[0] - 2 * margin
    foot = _foot(facts, room)
    foot_height = sum(line.wrap(room, A4[1])[1] for line in foot)
    bottom = margin + _NUMBER_ROOM
    document.addPageTemplates([
        PageTemplate(
            "first", [_frame(margin, bottom + foot_height)],
            onPage=_rim(facts, own, foot=foot, bottom=bottom),
        ),
        PageTemplate("later", [_frame(margin, bottom)], onPage=_rim(facts, own)),
    ])  # fmt: skip
    head = _head(facts, picture, room)
    body = _cover(facts, own, room) if facts.template.layout == "cover" else _letter(facts)
    try:
        document.build([NextPageTemplate("later"), *head, *body])
    except LayoutError as error:
        raise Invalid(
            f"the cover {facts.name}: one of its lines does not fit on a page; make margin_mm "
            f"({facts.template.margin_mm:g}) or text_pt ({facts.template.text_pt:g}) smaller",
            field="cover",
        ) from error
    return buffer.getvalue(), int(document.page)


def _frame(margin: float, bottom: float) -> Frame:
    height = A4[1] - margin - bottom
    return Frame(
        margin, bottom, A4[0] - 2 * margin, height,
        leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0,
    )  # fmt: skip


def _cover(facts: CoverFacts, own: int, room: float) -> list[Flowable]:
    template = facts.template
    size = template.text_pt
    values = {**facts.values, CoverField.PAGES: str(facts.pages + own - 1)}
    shown = [field for field in template.fields if values[field]]
    rows = [
        [_lines(template.label(field, facts.language), size, bold=True),
         _lines(values[field], size)]
        for field in shown
    ]  # fmt: skip
    story: list[Flowable] = []
    if rows:
        labels = (template.label(field, facts.language) for field in shown)
        widest = max(width(drawable(label), BOLD, size) for label in labels) + 1.5 * size
        first = min(widest, room * _LABEL_SHARE)
        table = Table(rows, colWidths=[first, room - first], hAlign="LEFT")
        table.setStyle([
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.8, "black"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), size * 0.35),
            ("BOTTOMPADDING", (0, 0), (-1, -1), size * 0.5),
        ])  # fmt: skip
        story += [table, Spacer(1, size * 1.8)]
    return [*story, *_paragraphs(facts.text, size)]


def _letter(facts: CoverFacts) -> list[Flowable]:
    template, values = facts.template, facts.values
    size = template.text_pt
    number = values[CoverField.NUMBER]
    label = template.label(CoverField.NUMBER, facts.language)
    address = [values[CoverField.TO], values[CoverField.COMPANY],
               f"{label}: {number}" if number else ""]  # fmt: skip
    story: list[Flowable] = [_lines(line, size) for line in address if line]
    story += [Spacer(1, size), _lines(facts.date, size, right=True), Spacer(1, size * 2)]
    if values[CoverField.SUBJECT]:
        story += [_lines(values[CoverField.SUBJECT], size * 1.1, bold=True), Spacer(1, size * 1.2)]
    body = facts.text.rstrip()
    paragraphs = _paragraphs(body, size)
    # A signature alone on a page would say nothing; a long paragraph would leave half a page empty.
    kept = 1 if len(body.rpartition("\n")[2]) < _KEPT_CHARS else 0
    story += paragraphs[: len(paragraphs) - kept]
    closing = template.said(template.closing, facts.language)
    signed = [
        *paragraphs[len(paragraphs) - kept :],
        Spacer(1, size * 1.5),
        _lines(closing, size),
        Spacer(1, size * 3.5),
        _lines(values[CoverField.FROM], size, bold=True),
    ]
    return [*story, KeepTogether(signed)]


def _head(facts: CoverFacts, picture: Logo | None, room: float) -> list[Flowable]:
    """Return who we are on the left, what this is on the right, and a line below."""
    template = facts.template
    heading, size = template.said(template.heading, facts.language), template.heading_pt
    left, left_width = _ourselves(facts, picture, room)
    right = _contact(facts) if template.layout == "letter" else []
    beside = left_width + width(drawable(heading), BOLD, size) + _HEAD_GAP < room
    below: list[Flowable] = []
    if heading and not right and beside:
        right = [_lines(heading, size, bold=True, right=True)]
    elif heading:
        below = [_lines(heading, size, bold=True), Spacer(1, size * 0.2)]
    rule = HRFlowable(width="100%", thickness=2, color="black", spaceBefore=0, spaceAfter=6 * mm)
    if not left and not right:
        return [*below, rule]
    share = min(max(left_width, room * 0.4), room * 0.7) if right else room
    table = Table([[left, right]], colWidths=[share, room - share], hAlign="LEFT")
    table.setStyle([
        ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 0), ("BOTTOMPADDING", (0, 0), (-1, -1), 3 * mm),
    ])  # fmt: skip
    return [table, *below, rule]


def _ourselves(
    facts: CoverFacts, picture: Logo | None, room: float
) -> tuple[list[Flowable], float]:
    """Return the logo, or the company's name in its place, and how wide it is."""
    if picture is not None:
        shown = Image(
            io.BytesIO(picture.png), width=picture.width_pt, height=picture.height_pt,
            hAlign="LEFT",
        )  # fmt: skip
        return [shown], picture.width_pt
    company, size = facts.values[CoverField.OUR_COMPANY], facts.template.text_pt * 1.5
    if not company:
        return [], 0.0
    name = _lines(company, size, bold=True)
    return [name], min(width(company, BOLD, size) + 1, room * _LOGO_SHARE)


def _contact(facts: CoverFacts) -> list[Flowable]:
    """Return the lines of a letterhead beside the logo, or beside the company's name."""
    values, template = facts.values, facts.template
    company = values[CoverField.OUR_COMPANY] if facts.logo is not None else ""
    number, email = values[CoverField.OUR_NUMBER], values[CoverField.OUR_EMAIL]
    label = template.label(CoverField.NUMBER, facts.language)
    lines = (company, f"{label}: {number}" if number else "", email)
    return [_lines(line, template.text_pt * 0.9, right=True) for line in lines if line]


def _foot(facts: CoverFacts, room: float) -> list[Flowable]:
    said = facts.template.said(facts.template.footer, facts.language)
    if not said:
        return []
    words = _lines(said, _FOOT_PT)
    rule = HRFlowable(width="100%", thickness=0.8, color="black", spaceBefore=0, spaceAfter=0)
    return [Spacer(room, 4 * mm), rule, Spacer(room, 2 * mm), words]


def _rim(
    facts: CoverFacts, own: int, *, foot: Sequence[Flowable] = (), bottom: float = 0.0
) -> Callable[[Canvas, BaseDocTemplate], None]:
    """Return what draws on a page outside of its text: the foot and the page's number."""
    margin = facts.template.margin_mm * mm
    room = A4[0] - 2 * margin
    letter = facts.template.layout == "letter"
    total = own if letter else facts.pages + own - 1

    def draw(canvas: Canvas, document: BaseDocTemplate) -> None:
        above = bottom
        for line in reversed(foot):
            _, height = line.wrap(room, A4[1])
            line.drawOn(canvas, margin, above)
            above += height
        if document.page > 1 or (letter and own > 1):
            canvas.setFont(PLAIN, _FOOT_PT)
            canvas.drawRightString(margin + room, margin, f"{document.page}/{total}")

    return draw


def _paragraphs(text: str, size: float) -> list[Flowable]:
    """Return a paragraph for each line; an empty one makes room between two."""
    return [
        _lines(line, size) if line.strip() else Spacer(1, size * 0.9) for line in text.split("\n")
    ]


def _lines(text: str, size: float, *, bold: bool = False, right: bool = False) -> Paragraph:
    """Return text as it stands: nothing in it is markup, and what begins with blanks keeps them."""
    lines = []
    for line in drawable(text).split("\n"):
        words = line.lstrip(" ")
        lines.append("\u00a0" * (len(line) - len(words)) + escape(words))
    style = ParagraphStyle(
        f"{size} {bold} {right}", fontName=BOLD if bold else PLAIN, fontSize=size,
        leading=size * (_LEADING if size < _BIG_PT else _BIG_LEADING), splitLongWords=1,
        alignment=TA_RIGHT if right else TA_LEFT, allowWidows=0,
    )  # fmt: skip
    return Paragraph("<br/>".join(lines), style)
