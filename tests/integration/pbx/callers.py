"""An office in which known customers find their manager, on a real Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from drivers.asterisk.agi import AgiServer
from gateway.calls.routing import Routing
from gateway.calls.routing_port import AgiSettings
from gateway.calls.routing_rules import LineRule, RoutingRules, StandIn
from gateway.kernel.clock import SystemClock
from gateway.parties.book import PartyBook
from gateway.parties.drafts import PartyDraft, PhoneDraft
from gateway.people.absences import AbsenceBook, AbsenceDraft
from gateway.people.colleagues import Colleagues
from gateway.people.model import PresenceState
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from tests.integration.pbx.desk import PLAN, Desk
from tests.integration.pbx.lab import CUSTOMER, OTHER, TRUNK
from tests.real.asterisk.office import AsteriskLab

KNOWN = "902125550170"
"""The line that asks who calls; nobody told otherwise, the secretary (101) is rung."""
NAME, ORIGINAL = "Yıldız, Mobilya A.Ş.", "0212 STRANGER"
ZONE = ZoneInfo("Europe/Istanbul")
RULE = LineRule(did=KNOWN, route=True, ring_s=3, deputy_ring_s=3, fallback="600")
FREE = PresenceState.FREE


@dataclass(frozen=True, slots=True)
class Callers:
    """A customer of 102's; 103 stands in for him, 600 is the group of 101 and 103."""

    lab: AsteriskLab
    desk: Desk
    routing: Routing

    @classmethod
    @asynccontextmanager
    async def open(cls, lab: AsteriskLab, folder: Path) -> AsyncIterator[Callers]:
        """Plug telephones in, follow the telephone system, and listen for its questions."""
        await lab.plug_in()
        try:
            async with Desk.open(lab, folder) as desk, asyncio.TaskGroup() as tasks:
                made = cls(lab, desk, _routing(desk))
                agi = AgiServer(_settings(lab), made.routing)
                task = tasks.create_task(agi.run(), name="agi")
                await agi.listening.wait()
                await made.prepare()
                yield made
                task.cancel()
        finally:
            await lab.unplug()
            await asyncio.sleep(0.3)

    async def prepare(self) -> None:
        """Add the customer and the rules; wait until all are free and nobody picks up."""
        parties = PartyBook(self.desk.store, SystemClock(), PLAN)
        draft = PartyDraft(name=NAME, responsible="user102", phones=(PhoneDraft(number=CUSTOMER),))
        await parties.create(ROOT, draft)
        await self.decide(RULE)
        for extension in ("101", "102", "103"):
            self.lab.phones[extension].behave("ring")
        await self.desk.reaches(t101=FREE, t102=FREE, t103=FREE)

    async def decide(self, rule: LineRule) -> None:
        """Set the line's rule."""
        stand_ins = (StandIn(login="user102", deputy="user103"),)
        await self.routing.decide(ROOT, RoutingRules(lines=(rule,), stand_ins=stand_ins))

    async def absent(self, login: str, deputy: str = "") -> None:
        """Note that somebody is absent today."""
        clock = SystemClock()
        today = clock.now().astimezone(ZONE).date().isoformat()
        draft = AbsenceDraft(person=login, begins=today, ends=today, deputy=deputy)
        await AbsenceBook(self.desk.store, clock, ZONE).note(ROOT, draft)

    async def occupy(self, extension: str) -> None:
        """Have somebody speak with somebody outside."""
        await self.lab.phones[extension].dial(f"0{OTHER}")
        await self.lab.phones[extension].wait("up")
        await self.desk.until(lambda: self.desk.presence.of(extension) is PresenceState.BUSY)

    async def call(self, caller: str = CUSTOMER) -> None:
        """Have somebody call the line."""
        await self.lab.phones[TRUNK].dial(KNOWN, caller=caller, name=ORIGINAL)

    async def first(self) -> str:
        """Have the customer call; return who is rung first."""
        await self.call()
        return await rung(self.lab)


def _routing(desk: Desk) -> Routing:
    clock = SystemClock()
    parties = PartyBook(desk.store, clock, PLAN)
    return Routing(desk.store, clock, PLAN, parties, Colleagues(desk.store, clock, desk.presence))


def _settings(lab: AsteriskLab) -> AgiSettings:
    return AgiSettings(
        pbx="office", bind="127.0.0.1", port=lab.agi_port, peers=frozenset({"127.0.0.1"})
    )


async def rung(lab: AsteriskLab) -> str:
    """Wait until a telephone rings; return whose."""
    async with asyncio.timeout(10):
        while True:
            for extension in ("101", "102", "103"):
                if lab.phones[extension].ringing:
                    return extension
            await asyncio.sleep(0.01)


async def ring_s(lab: AsteriskLab, extension: str) -> float:
    """Return how long it took from the caller's dialling until a telephone rang."""
    await lab.phones[extension].wait("ringing")
    return lab.phones[extension].at("ringing") - lab.phones[TRUNK].at("calling")
