"""Every page can be used with a screen reader, in light and dark: axe finds nothing."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.browser.office import GUNES, STRANGER, DeskOffice
from tests.integration.pbx.lab import GROUP, TRUNK
from tests.waiting import until

DIALOGS = (("?", "help"), ("o", "targets"), ("n", "note"), ("w", "customer"), ("e", "attach"))


async def violations(page: Page) -> list[str]:
    """Return what axe finds, a line each."""
    found = (await Axe().run(page)).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {[node['html'] for node in one['nodes']][:3]}"
        for one in found
    ]


async def opened_by(page: Page, key: str, dialog: str) -> None:
    """Open a dialog by its key, which waits for a moment after the mark has moved by itself."""

    async def seen() -> bool:
        if not await page.locator(f"#{dialog}").is_visible():
            await page.keyboard.press(key)
        return await page.locator(f"#{dialog}").is_visible()

    await until(seen)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(office: DeskOffice, scheme: str) -> None:
    context = await office.sign_in("defne", color_scheme=scheme, bypass_csp=True)
    page = await office.desk(context)
    assert await violations(page) == []
    await office.ring()
    await office.phone("101").wait("ringing")
    await office.phone("101").answer()
    await expect(page.locator("li.card")).to_contain_text("Görüşmede")
    await office.phone(TRUNK).hang_up()
    await office.ring(GUNES)
    await expect(page.locator("li.card")).to_have_count(2)
    await office.phone(TRUNK).hang_up()
    await expect(page.locator("#missed > li")).to_have_count(1)
    await office.ring(STRANGER, did=GROUP)
    await expect(page.locator("li.card")).to_have_count(3)
    assert await violations(page) == []
    for key, dialog in DIALOGS:
        await opened_by(page, key, dialog)
        assert await violations(page) == [], dialog
        await page.keyboard.press("Escape")
        await expect(page.locator(f"#{dialog}")).to_be_hidden()
    for path in ("/me", "/design", "/password"):
        await page.goto(path)
        assert await violations(page) == [], path
    await page.goto("/desk")
    await page.click("header form button")
    await page.wait_for_url("**/sign-in*")
    assert await violations(page) == []


async def test_it_can_be_used_at_360_pixels(office: DeskOffice) -> None:
    context = await office.sign_in("defne", viewport={"width": 360, "height": 740})
    page = await office.desk(context)
    await office.ring()
    await expect(page.locator("li.card")).to_have_count(1)
    for path in ("/desk", "/me", "/design", "/password"):
        if path != "/desk":
            await page.goto(path)
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, path
