"""The demonstration: one command, and a visitor passes a call on."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

START_S = 90.0


@pytest.fixture
async def demo() -> AsyncIterator[tuple[str, str]]:
    """The demonstration's address and password; its end is clean."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators.cli", "demo", "--port", "0",
        stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    found = None
    try:
        async with asyncio.timeout(START_S):
            while found is None:
                line = (await process.stdout.readline()).decode()
                assert line, "the demonstration ended"
                found = re.search(r"Open (http://\S+)/desk .* password `([^`]+)`", line)
        yield found[1], found[2]
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        _, _ = await process.communicate()
    assert process.returncode == 0


async def test_a_visitor_passes_a_call_on(demo: tuple[str, str], browser: Browser) -> None:
    url, password = demo
    context = await browser.new_context(base_url=url, locale="tr-TR")
    page = await context.new_page()
    await page.goto("/")
    await page.fill("[name=login]", "defne")
    await page.fill("[name=password]", password)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/desk")
    card = page.locator("li.card", has_text="Ahmet Çelik")
    await expect(card).to_have_count(1, timeout=30_000)
    await page.keyboard.press("t")
    await expect(card).to_contain_text("Ayşe Yılmaz")
    await expect(card).to_contain_text(re.compile("Yanıtlayan: Ayşe Yılmaz"), timeout=10_000)
