"""A desk with faxes: some went out, one is on its way, some came in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from playwright.async_api import Browser

from simulators.fax.child import FaxProcess
from tests.browser.office import GUNES, DeskOffice, open_desk
from tests.integration.fax.raster import papers
from tests.integration.pbx.lab import Lab
from tests.waiting import until

LETTER = """Sayın Ayşe Hanım,

4711 numaralı siparişiniz bugün depomuzdan çıktı; yarın öğleye kadar elinizde olacak.
Ödeme koşulları önceki siparişlerinizdeki gibidir.

Saygılarımızla
"""


@asynccontextmanager
async def open_fax_desk(
    folder: Path, browser: Browser, lab: Lab
) -> AsyncIterator[tuple[DeskOffice, FaxProcess]]:
    """Hold the office and its fax server."""
    with FaxProcess(["--dial-s=0.2", "--page-s=0.3", "--lines=2"]) as server:
        async with open_desk(folder, browser, lab, fax=server.port) as office:
            yield office, server


async def some_faxes(office: DeskOffice, server: FaxProcess, folder: Path) -> None:
    """Have faxes sent and received, and one that cannot get through."""
    letter = folder / "siparis.txt"
    letter.write_text(LETTER)
    photo = folder / "depo.jpg"
    photo.write_bytes(papers.picture(papers.photo(), "JPEG"))
    page = folder / "fatura.tif"
    page.write_bytes(papers.fax([papers.sparse(seed, 2287) for seed in range(3)]))
    for facts in (
        {"station": "GUNES TEKSTIL", "caller": GUNES, "called": "902125550100"},
        {"station": "+90 224 555 11 22", "caller": "902245551122", "called": "902125550100"},
    ):
        await asyncio.to_thread(lambda facts=facts: server.receive(page, **facts))  # type: ignore[misc]
    sends = (
        (f"+{GUNES}", letter, {"subject": "Sipariş 4711", "cover": "standard"}),
        ("+902125559901", photo, {"subject": "Depo fotoğrafı", "name": "Deniz Ak"}),
    )
    for to, file, more in sends:
        form = aiohttp.FormData({"to": to, **more})
        form.add_field("file", file.read_bytes(), filename=file.name)
        await office.service.ask("POST", "/faxes", data=form)

    async def there() -> bool:
        out = (await office.service.get("/faxes", direction="out"))["items"]
        came = (await office.service.get("/faxes", direction="in"))["items"]
        return len(came) == 2 and any(one["state"] == "delivered" for one in out)

    await until(there, timeout_s=30)
