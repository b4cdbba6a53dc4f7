"""A simulated modem in the test's own event loop, and a client on its device."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from simulators.modem.client import PtyClient
from simulators.modem.farm import Farm, FarmConfig
from simulators.modem.modem import Modem

Start = Callable[..., Coroutine[Any, Any, Modem]]


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


@pytest.fixture
def start_farm(stack: AsyncExitStack, tmp_path: Path) -> Callable[..., Coroutine[Any, Any, Farm]]:
    """Starts simulated modems; they end with the test."""

    async def start(**options: Any) -> Farm:
        options.setdefault("journal", tmp_path / "journal")
        return await stack.enter_async_context(Farm(FarmConfig(**options)))

    return start


@pytest.fixture
async def start_modem(start_farm: Callable[..., Coroutine[Any, Any, Farm]]) -> Start:
    """Starts one simulated modem."""

    async def start(**options: Any) -> Modem:
        farm = await start_farm(**options)
        return farm.modems[0]

    return start


@pytest.fixture
def connect(stack: AsyncExitStack) -> Callable[..., Coroutine[Any, Any, PtyClient]]:
    """Opens a modem's device and runs the commands given, echo off first."""

    async def opened(modem: Modem, *commands: str, echo: bool = False) -> PtyClient:
        client = await stack.enter_async_context(PtyClient(modem.device.name))
        if not echo:
            await client.ask("ATE0")
        for command in commands:
            answer = await client.ask(command)
            assert answer.endswith("\r\nOK\r\n"), answer
        return client

    return opened


@pytest.fixture
async def modem(start_modem: Start) -> Modem:
    """A modem of the default profile."""
    return await start_modem()


@pytest.fixture
async def client(modem: Modem, connect: Callable[..., Coroutine[Any, Any, PtyClient]]) -> PtyClient:
    """A client of `modem` without echo, with detailed errors."""
    return await connect(modem, "AT+CMEE=1")
