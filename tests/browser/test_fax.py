"""Faxes in the browser: written with their pages in sight, followed, looked at, by keyboard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from simulators.fax.child import FaxProcess
from tests.browser.fax_office import LETTER, open_fax_desk, some_faxes
from tests.browser.office import GUNES, DeskOffice
from tests.browser.test_accessible import violations
from tests.integration.pbx.simulated import SimulatedLab


@pytest.fixture
async def faxes(
    simulated: SimulatedLab, browser: Browser, tmp_path: Path
) -> AsyncIterator[tuple[DeskOffice, FaxProcess]]:
    """An office with a fax server."""
    await simulated.plug_in()
    folder = tmp_path / "service"
    folder.mkdir()
    try:
        async with open_fax_desk(folder, browser, simulated) as opened:
            yield opened
    finally:
        await simulated.unplug()


async def test_a_fax_is_written_sent_and_followed_by_keyboard(
    faxes: tuple[DeskOffice, FaxProcess], tmp_path: Path
) -> None:
    office, server = faxes
    context = await office.sign_in("defne")
    page = await context.new_page()
    await page.goto("/faxes")
    await expect(page.locator("#none")).to_be_visible()
    await page.keyboard.press("n")
    await page.wait_for_url("**/faxes/new")
    await page.focus("#to")
    await page.keyboard.type("0212 333 44 55")
    letter = tmp_path / "siparis.txt"
    letter.write_text(LETTER)
    await page.set_input_files("#files", letter)
    await expect(page.locator("#preview img")).to_have_count(1)
    await page.focus("#cover")
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#preview img")).to_have_count(2)
    await expect(page.locator("#count")).to_have_text("2 sayfa")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_url("**/faxes#out")
    row = page.locator("#faxes > li")
    await expect(row).to_have_count(1)
    await expect(row).to_contain_text("Güneş Tekstil")
    await expect(row.locator("[data-slot=state]")).to_have_text("iletildi", timeout=20_000)
    [sent] = await asyncio.to_thread(server.get, "/sent")
    assert (sent["number"], sent["pages"]) == (f"+{GUNES}", 2)


async def test_a_fax_that_comes_in_appears_is_read_and_assigned(
    faxes: tuple[DeskOffice, FaxProcess], tmp_path: Path
) -> None:
    office, server = faxes
    await some_faxes(office, server, tmp_path)
    context = await office.sign_in("defne")
    page = await context.new_page()
    await page.goto("/faxes")
    await expect(page.locator("#unread")).to_have_text("2")
    known, unknown = (
        page.locator("#faxes > li", has_text="Güneş"),
        page.locator("#faxes > li", has_text="+90 224 555 11 22"),
    )
    await expect(known).to_have_count(1)
    await unknown.locator("[data-slot=open]").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/faxes/*")
    await expect(page.locator("#place")).to_have_text("1 / 3")
    for key, place in (("ArrowRight", "2 / 3"), ("End", "3 / 3"), ("ArrowRight", "3 / 3"),
                       ("Home", "1 / 3")):  # fmt: skip
        await page.keyboard.press(key)
        await expect(page.locator("#place")).to_have_text(place)
    await _larger_and_turned(page)
    await page.keyboard.press("Escape")
    await page.wait_for_url("**/faxes")
    await expect(page.locator("#unread")).to_have_text("1")
    await unknown.get_by_role("button", name="Ata").press("Enter")
    await page.keyboard.type("Yıldız")
    await expect(page.locator("#assign-found button")).to_have_count(1)
    await page.locator("#assign-found button").press("Enter")
    await page.locator("#assign-save").press("Enter")
    await expect(page.locator("#faxes > li", has_text="Yıldız Mobilya")).to_have_count(1)
    parties = (await office.service.get("/parties", q="Yıldız"))["items"]
    assert "+902245551122" in {phone["number"] for phone in parties[0]["phones"]}


async def _larger_and_turned(page: Page) -> None:
    width = await page.locator("#page").evaluate("image => image.clientWidth")
    await page.keyboard.press("+")
    assert await page.locator("#page").evaluate("image => image.clientWidth") > width
    await page.keyboard.press("r")
    await expect(page.locator("#room")).to_have_attribute("data-turn", "1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_the_pages_of_faxes(
    faxes: tuple[DeskOffice, FaxProcess], tmp_path: Path, scheme: str
) -> None:
    office, server = faxes
    await some_faxes(office, server, tmp_path)
    context = await office.sign_in("defne", color_scheme=scheme, bypass_csp=True,
                                   viewport={"width": 360, "height": 740})  # fmt: skip
    page = await context.new_page()
    for path in ("/faxes", "/faxes#out", "/faxes/new"):
        await page.goto(path)
        if "new" not in path:
            await expect(page.locator("#faxes > li")).to_have_count(2)
        assert await violations(page) == [], path
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path
    await page.goto("/faxes")
    await page.locator("#faxes > li h2 a").first.click()
    await expect(page.locator("#place")).to_have_text("1 / 3")
    assert await violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    await page.get_by_role("button", name="Ata").click()
    await expect(page.locator("#assign")).to_be_visible()
    assert await violations(page) == []
