"""The gateway's part that telephones concern, running on a telephone system under test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from drivers.asterisk.driver import AsteriskDriver
from gateway.calls.acting import CallActions
from gateway.calls.dialling import Dialling, DialRequest, System
from gateway.calls.model import Dial, DialState
from gateway.calls.port import PbxCondition
from gateway.calls.receiving import CallBook
from gateway.calls.showing import CallFilter, Calls
from gateway.kernel.clock import SystemClock
from gateway.kernel.health import Health
from gateway.kernel.metrics import Metrics
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.runtime import Runtime
from gateway.kernel.store import Store, open_store
from gateway.kernel.supervisor import Supervisor
from gateway.people.model import PresenceState, Role
from gateway.people.presence import Presence
from gateway.people.users import Users
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from tests.integration.pbx.lab import Lab
from tests.integration.pbx.relay import Relay

PLAN = NumberingPlan(region="TR")
Call = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Desk:
    """Store, driver and what people can do."""

    lab: Lab
    store: Store
    driver: AsteriskDriver
    actions: CallActions
    dialling: Dialling
    wire: Relay
    presence: Presence

    @classmethod
    @asynccontextmanager
    async def open(
        cls, lab: Lab, folder: Path, channel: str = "PJSIP/{extension}"
    ) -> AsyncIterator[Desk]:
        """Connect with the telephone system; `channel` is how a user's telephone is rung."""
        clock, health = SystemClock(), Health()
        store = await open_store(f"sqlite:///{folder / 'calls.db'}")
        runtime = Runtime(clock, health, Metrics(), Supervisor(health, clock))
        wire = Relay(lab.settings.port)
        await wire.open()
        settings = replace(lab.settings, port=wire.port, channel=channel)
        presence = Presence()
        driver = AsteriskDriver(settings, CallBook(store, runtime, PLAN, presence=presence))
        dialling = Dialling(store, clock, PLAN, lambda: {"office": System(driver, settings)})
        for extension in ("101", "102", "103"):
            await Users(store, clock, PLAN).add(
                ROOT, login=f"user{extension}", name=extension, role=Role.SECRETARY,
                extension=extension,
            )  # fmt: skip
        actions = CallActions(Calls(store, PLAN), lambda: {"office": driver}, store, clock)
        running = asyncio.create_task(driver.run())
        desk = cls(lab, store, driver, actions, dialling, wire, presence)
        try:
            await desk.until(lambda: driver.status.condition is PbxCondition.READY)
            yield desk
        finally:
            await dialling.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await wire.close()
            await store.close()

    async def calls(self, *, live: bool = False) -> list[Call]:
        """Return the calls in the store, newest first."""
        page = await Calls(self.store, PLAN).page(ROOT, CallFilter(live=live))
        return [dict(call) for call in page.items]

    async def call(
        self, wanted: Callable[[Call], bool] = lambda call: True, within_s: float = 5.0
    ) -> Call:
        """Wait until the newest call is as wanted."""
        found: list[Call] = []
        try:
            async with asyncio.timeout(within_s):
                while not ((found := await self.calls()) and wanted(found[0])):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            message = f"the newest call does not become as wanted: {found}"
            raise AssertionError(message) from None
        return found[0]

    async def until_none_lives(self, within_s: float = 5.0) -> None:
        """Wait until no call lives."""
        async with asyncio.timeout(within_s):
            while await self.calls(live=True):
                await asyncio.sleep(0.02)

    async def ended(self) -> Call:
        """Wait until nobody speaks any more; return the only call."""
        call = await self.call(lambda call: call["state"] == "ended")
        assert await self.calls(live=True) == []
        return call

    async def reaches(self, **states: PresenceState) -> None:
        """Wait until telephones are in states: `reaches(t101=…)`."""
        wanted = {name.removeprefix("t"): state for name, state in states.items()}
        await self.until(lambda: {one: self.presence.of(one) for one in wanted} == wanted)

    async def until(self, holds: Callable[[], bool], within_s: float = 10.0) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(within_s):
            while not holds():
                await asyncio.sleep(0.02)

    async def dial(self, to: str, extension: str = "101") -> Dial:
        """Dial for a user."""
        return await self.dialling.dial(ROOT, DialRequest(to=to, extension=extension))

    async def settled(self, dial: Dial, within_s: float = 20.0) -> Dial:
        """Wait until it is known what became of a dial."""
        async with asyncio.timeout(within_s):
            while (now := await self.dialling.show(ROOT, dial.id)).state is DialState.ASKED:
                await asyncio.sleep(0.02)
        return now
