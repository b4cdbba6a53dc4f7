"""Crashed tasks come back, and say so."""

from __future__ import annotations

import asyncio

import pytest

from gateway.kernel import supervisor as module
from gateway.kernel.clock import SystemClock
from gateway.kernel.health import Health, Level
from gateway.kernel.supervisor import Supervisor


async def test_a_task_that_fell_starts_again_and_is_shown_as_degraded(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.0)
    health = Health()
    supervisor = Supervisor(health, SystemClock())
    starts = 0
    again = asyncio.Event()

    async def work() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            raise RuntimeError("tripped")
        again.set()
        await asyncio.Event().wait()

    supervisor.start("work", work)
    async with asyncio.timeout(5):
        await again.wait()
    condition = health.conditions()["task:work"]
    await supervisor.close()
    assert condition.level is Level.DEGRADED
    assert "tripped" in condition.detail
    assert "tripped" in caplog.text
    assert health.conditions() == {}


async def test_a_name_is_used_once() -> None:
    supervisor = Supervisor(Health(), SystemClock())

    async def work() -> None:
        await asyncio.Event().wait()

    supervisor.start("work", work)
    with pytest.raises(ValueError, match="runs already"):
        supervisor.start("work", work)
    await supervisor.close()
