"""`make screens`: pictures of the desk in each language, theme and width, under docs/screens."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from playwright.async_api import Page

from tests.browser.fax_office import open_fax_desk, some_faxes
from tests.browser.office import AHMET, GUNES, STRANGER, DeskOffice, chromium
from tests.integration.pbx.lab import GROUP, MAIN, TRUNK
from tests.integration.pbx.simulated import SimulatedLab

SCREENS = Path(__file__).parent.parent.parent / "docs" / "screens"
LOCALES = {"tr": "tr-TR", "ru": "ru-RU", "en": "en-GB"}
WIDTHS = (360, 1440)


async def make() -> None:
    """Make them all."""
    SCREENS.mkdir(exist_ok=True)
    lab = SimulatedLab()
    folder = Path(tempfile.mkdtemp())
    try:
        await lab.plug_in()
        async with (
            chromium(shutil.which("chromium") or "chromium") as browser,
            open_fax_desk(folder, browser, lab) as (office, server),
        ):
            await some_faxes(office, server, folder)
            await _faxes(office, folder)
            await _story(office)
            for language, locale in LOCALES.items():
                for theme in ("light", "dark"):
                    await _desk(office, language, locale, theme)
            await _others(office)
    finally:
        lab.close()
        shutil.rmtree(folder, ignore_errors=True)


async def _story(office: DeskOffice) -> None:
    """Have something happened before."""
    for number in (GUNES, AHMET):
        await office.ring(number)
        await office.phone("101").wait("ringing")
        if number == AHMET:
            await office.phone("101").answer()
            await asyncio.sleep(1.2)
        await office.phone(TRUNK).hang_up()
        await asyncio.sleep(0.5)
    day = {"from": "2026-11-01", "until": "2028-06-01", "kind": "vacation"}
    await office.service.post("/absences", {**day, "person": "mehmet", "deputy": "ayse"})


async def _desk(office: DeskOffice, language: str, locale: str, theme: str) -> None:
    context = await office.sign_in("defne", locale=locale, color_scheme=theme)
    await context.grant_permissions(["notifications"], origin=office.service.url)
    page = await office.desk(context)
    await office.ring(AHMET, did=MAIN)
    await page.wait_for_selector("li.card")
    await office.phone("101").answer()
    await page.wait_for_selector('[data-do="ask"]')
    await office.ring(STRANGER, did=GROUP, name="Deniz")
    await page.wait_for_selector("li.card:nth-child(2)")
    await page.wait_for_timeout(1500)
    await _both_widths(page, f"desk-{language}-{theme}")
    await page.keyboard.press("?")
    await page.screenshot(path=SCREENS / f"keys-{language}-{theme}.png")
    await page.keyboard.press("Escape")
    for _ in range(2):
        await office.phone(TRUNK).hang_up()
    await context.close()


async def _faxes(office: DeskOffice, folder: Path) -> None:
    for language, locale in LOCALES.items():
        for theme in ("light", "dark"):
            context = await office.sign_in("defne", locale=locale, color_scheme=theme)
            page = await context.new_page()
            await page.goto("/faxes")
            await page.wait_for_selector("#faxes > li img")
            await page.wait_for_timeout(1200)
            await _both_widths(page, f"faxes-in-{language}-{theme}")
            await page.click('[data-way="out"]')
            await page.wait_for_timeout(700)
            await _both_widths(page, f"faxes-out-{language}-{theme}")
            await page.click("#faxes > li:last-child h2 a")
            await page.wait_for_selector("#page[src]")
            await page.wait_for_timeout(1200)
            await _both_widths(page, f"fax-{language}-{theme}")
            await page.goto("/faxes/new")
            await page.fill("[name=to]", "0212 333 44 55")
            await page.set_input_files("#files", folder / "siparis.txt")
            await page.select_option("#cover", "standard")
            await page.fill("[name=subject]", "Sipariş 4711")
            await page.wait_for_selector("#preview img")
            await page.wait_for_timeout(1500)
            await _both_widths(page, f"fax-new-{language}-{theme}")
            await context.close()


async def _others(office: DeskOffice) -> None:
    context = await office.sign_in("defne", locale="tr-TR")
    page = await office.desk(context)
    for name in ("me", "design", "password"):
        await page.goto(f"/{name}")
        await _both_widths(page, f"{name}-tr-light")
    await page.click("header form button") if await page.query_selector("header form") else None
    await page.goto("/sign-in")
    await _both_widths(page, "sign-in-tr-light")


async def _both_widths(page: Page, name: str) -> None:
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        await page.screenshot(path=SCREENS / f"{name}-{width}.png", full_page=True)


if __name__ == "__main__":
    asyncio.run(make())
