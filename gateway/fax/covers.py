"""Cover pages and letters as PDF, in the recipient's language."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import phonenumbers
from babel.dates import format_date, format_datetime

from gateway.fax.composing import Addressee, CoverWish
from gateway.fax.cover_logo import read_logo
from gateway.fax.cover_pages import CoverFacts, written
from gateway.fax.cover_templates import CoverField, CoverTemplates, language_of
from gateway.fax.typeface import drawable
from gateway.kernel.errors import Invalid

MAX_NOTE = 20_000
MAX_NOTE_LINES = 700
"""As many as ten pages hold in the smallest type; looked at before anything is set."""
MAX_LINE = 200
MAX_PAGES = 10
_TRIED_PT = (60.0, 300.0)
"""As large is a logo drawn to see whether it can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who we are on a cover page."""

    company: str
    number: str
    email: str = ""
    language: str
    zone: ZoneInfo


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
                template = self._templates.find(name)
            except Invalid:
                continue
            found.append((name, template.said(template.title, language_of(language)) or name))
        return found

    def troubles(self) -> list[str]:
        """Return what is wrong with the folder, the templates and logos, for who can mend it."""
        missing = self._templates.missing()
        if missing is not None:
            return [f"the folder of covers {missing} is not there; make it, or mend `covers` in "
                    "[fax]"]  # fmt: skip
        found: dict[str, None] = {}
        for name in self._templates.names():
            try:
                path = self._templates.logo(self._templates.find(name))
                if path is not None:
                    read_logo(path, *_TRIED_PT)
            except Invalid as error:
                found[str(error)] = None
        return list(found)

    async def pdf(
        self, wish: CoverWish, to: Addressee, sender: str, pages: int, at: datetime
    ) -> bytes:
        """Return a cover page as PDF, whatever it needs of A4 pages; raises Invalid."""
        return await asyncio.to_thread(self._pdf, wish, to, sender, pages, at)

    def _pdf(self, wish: CoverWish, to: Addressee, sender: str, pages: int, at: datetime) -> bytes:
        if len(wish.note) > MAX_NOTE or len(wish.note.splitlines()) > MAX_NOTE_LINES:
            raise Invalid(
                f"the note has more than {MAX_NOTE:,} characters or {MAX_NOTE_LINES} lines; send "
                "it as a document", field="note",
            )  # fmt: skip
        made, own = written(self._facts(wish, to, sender, pages, at))
        if own > MAX_PAGES:
            raise Invalid(f"the note fills more than {MAX_PAGES} pages; send it as a document",
                          field="note")  # fmt: skip
        return made

    def _facts(
        self, wish: CoverWish, to: Addressee, sender: str, pages: int, at: datetime
    ) -> CoverFacts:
        template, office = self._templates.find(wish.template), self._sender
        language = language_of(wish.language or office.language)
        local = at.astimezone(office.zone)
        values = {
            CoverField.TO: to.name or to.company,
            CoverField.COMPANY: to.company if to.name else "",
            CoverField.NUMBER: _readable(to.number),
            CoverField.FROM: sender,
            CoverField.OUR_COMPANY: office.company,
            CoverField.OUR_NUMBER: office.number,
            CoverField.OUR_EMAIL: office.email,
            CoverField.DATE: format_datetime(local, "d MMMM yyyy, HH:mm", locale=language),
            CoverField.SUBJECT: wish.subject,
        }
        return CoverFacts(
            name=wish.template, template=template, language=language,
            values={field: _one_line(value) for field, value in values.items()},
            date=format_date(local, "long", locale=language), text=drawable(wish.note), pages=pages,
            logo=self._templates.logo(template),
        )  # fmt: skip


def _one_line(text: str) -> str:
    return " ".join(drawable(text[:MAX_LINE]).split())


def _readable(number: str) -> str:
    """Return a number with blanks between its parts; one that is none stays as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
