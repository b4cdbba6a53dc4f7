"""The driver of telephone systems in a small office: on a simulated one and on a real Asterisk."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import pytest

from tests.integration.pbx.desk import Desk
from tests.integration.pbx.lab import Lab
from tests.integration.pbx.simulated import SimulatedLab
from tests.real.asterisk.office import AsteriskLab
from tests.real.asterisk.server import installed


@pytest.fixture(scope="module")
def asterisk(need_program: Callable[[str], NoReturn]) -> Iterator[AsteriskLab]:
    """A real Asterisk, running."""
    root = installed()
    if root is None or os.geteuid() != 0:
        need_program("asterisk")
    laboratory = AsteriskLab(root)
    try:
        with ThreadPoolExecutor(1) as threads:  # pytest's own loop may be running
            threads.submit(asyncio.run, laboratory.start()).result()
        yield laboratory
    finally:
        laboratory.close()


@pytest.fixture(scope="module")
def simulated() -> Iterator[SimulatedLab]:
    """The simulator, running."""
    laboratory = SimulatedLab()
    try:
        yield laboratory
    finally:
        laboratory.close()


@pytest.fixture(params=["simulated", "asterisk"])
async def lab(request: pytest.FixtureRequest) -> AsyncIterator[Lab]:
    """A telephone system with fresh telephones."""
    laboratory: AsteriskLab | SimulatedLab = request.getfixturevalue(request.param)
    await laboratory.plug_in()
    try:
        yield laboratory
    finally:
        await laboratory.unplug()
        await asyncio.sleep(0.3)


@pytest.fixture
async def desk(lab: Lab, tmp_path: Path) -> AsyncIterator[Desk]:
    """The gateway beside it: driver, store, actions."""
    async with Desk.open(lab, tmp_path) as opened:
        yield opened
