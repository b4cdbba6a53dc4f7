"""A customer rings, the card stands there, one key, and his manager's telephone rings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.office import AHMET, GUNES, DeskOffice, open_desk
from tests.integration.pbx.lab import LOCAL_GROUP, TRUNK, Lab
from tests.waiting import until

TABS = 12


@pytest.fixture
async def real_office(lab: Lab, browser: Browser, tmp_path: Path) -> AsyncIterator[DeskOffice]:
    """An office on each telephone system in turn."""
    async with open_desk(tmp_path, browser, lab) as opened:
        yield opened


async def shows_ahmet(page: Page) -> None:
    """See that the card tells who it is and who is responsible."""
    card = page.locator("li.card")
    await expect(card).to_have_count(1)
    await expect(card).to_contain_text("Ahmet Çelik")
    await expect(card).to_contain_text("Yıldız Mobilya A.Ş.")
    await expect(card).to_contain_text("Ayşe Yılmaz")
    await expect(card.locator('[data-do="transfer"]')).to_have_count(1)


async def test_one_key_brings_the_call_to_the_manager(real_office: DeskOffice) -> None:
    office = real_office
    page = await office.desk(await office.sign_in("defne"))
    await office.ring()
    await shows_ahmet(page)
    await page.keyboard.press("t")
    await office.phone("102").wait("ringing")
    await expect(page.locator("li.card")).to_contain_text("Çalıyor: Ayşe Yılmaz")
    await office.phone("102").answer()
    await expect(page.locator("li.card")).to_contain_text("Yanıtlayan: Ayşe Yılmaz")
    await expect(page.locator("li.card")).to_have_count(0, timeout=10_000)
    await office.phone(TRUNK).hang_up()

    async def written() -> bool:
        found = await office.service.get("/directory/lookup", number=f"+{AHMET}")
        last = found["items"][0]["last"]
        return bool(last and last[0]["ended_at"] and last[0]["outcome"] == "answered")

    await until(written)
    (call,) = (await office.service.get("/calls"))["items"]
    assert call["answered_by"] == "102"
    assert [one["kind"] for one in call["transfers"]] == ["redirect"]


async def test_twelve_tabs_show_it_over_one_feed(real_office: DeskOffice) -> None:
    office = real_office
    context = await office.sign_in("defne")
    pages = [await office.desk(context) for _ in range(TABS)]
    await office.ring()
    for page in pages:
        await shows_ahmet(page)
    metrics = await pages[0].request.get("/metrics")
    assert "santral_feed_readers 1.0" in await metrics.text()
    await pages[-1].bring_to_front()
    await pages[-1].keyboard.press("t")
    await office.phone("102").wait("ringing")
    for page in pages:
        await expect(page.locator("li.card")).to_contain_text("Çalıyor: Ayşe Yılmaz")


async def test_the_gateway_is_restarted_while_it_rings(real_office: DeskOffice) -> None:
    office = real_office
    page = await office.desk(await office.sign_in("defne"))
    card = page.locator("li.card")
    await office.ring(GUNES, did=LOCAL_GROUP)  # rings longest, and not at Mehmet
    await expect(card).to_contain_text("Güneş Tekstil")
    await office.service.kill()
    await expect(page.locator("#link")).to_have_attribute("data-up", "false")
    await office.service.start()
    await expect(page.locator("#link")).to_have_attribute("data-up", "true", timeout=15_000)
    await office.until_ready()
    await expect(card).to_have_count(1)
    await expect(card).to_contain_text("Güneş Tekstil")
    await expect(card.locator('[data-do="transfer"]')).to_contain_text("Mehmet Demir")
    await page.keyboard.press("t")
    await office.phone("103").wait("ringing")
    await expect(card).to_contain_text("Çalıyor: Mehmet Demir")
