"""What the tests of cover pages have in common: an office, a recipient, and reading a page."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pypdfium2 as pdfium

from gateway.fax.composing import Addressee, CoverWish
from gateway.fax.cover_templates import CoverTemplates
from gateway.fax.covers import Covers, Sender

AT = datetime(2026, 3, 1, 22, 30, tzinfo=UTC)
"""Already the next day in Istanbul."""
PAGES = 4
SENDER = Sender(
    company="Örnek İnşaat A.Ş.", number="+90 212 555 01 00", email="info@ornek.example",
    language="tr", zone=ZoneInfo("Europe/Istanbul"),
)  # fmt: skip
TO = Addressee(number="+902125550150", name="Ayşe Yılmaz", company="Güneş Tekstil")
WISH = CoverWish(
    template="standard", subject="Fiyat teklifi", note="Sayın müşterimiz,\n\nek ğüşıöç"
)


def covers(folder: Path | None = None, sender: Sender = SENDER) -> Covers:
    """Return what makes the covers of an office."""
    return Covers(CoverTemplates(folder), sender)


async def made(wish: CoverWish, to: Addressee = TO, folder: Path | None = None) -> bytes:
    """Return a cover before three pages."""
    return await covers(folder).pdf(wish, to, "Mehmet Öztürk", PAGES, AT)


async def pages(wish: CoverWish, to: Addressee = TO, folder: Path | None = None) -> list[str]:
    """Return what stands on each page of a cover."""
    return texts(await made(wish, to, folder))


def texts(pdf: bytes) -> list[str]:
    """Return what stands on each page."""
    with pdfium.PdfDocument(pdf) as document:
        return [page.get_textpage().get_text_bounded().replace("\r\n", "\n") for page in document]
