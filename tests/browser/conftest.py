"""Pages in a real Chromium, on a simulated telephone system and on a real Asterisk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browser.office import DeskOffice, chromium, open_desk
from tests.integration.pbx.conftest import asterisk, lab, simulated
from tests.integration.pbx.simulated import SimulatedLab

__all__ = ["asterisk", "lab", "simulated"]


@pytest.fixture
async def browser(program: Callable[[str], str]) -> AsyncIterator[Browser]:
    """A headless browser."""
    async with chromium(program("chromium")) as opened:
        yield opened


@pytest.fixture
async def office(
    simulated: SimulatedLab, browser: Browser, tmp_path: Path
) -> AsyncIterator[DeskOffice]:
    """An office on the simulated telephone system, with fresh telephones."""
    await simulated.plug_in()
    try:
        async with open_desk(tmp_path, browser, simulated) as opened:
            yield opened
    finally:
        await simulated.unplug()
