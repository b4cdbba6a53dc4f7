"""Who calls, and who is to ring, from directory, people and rules, on both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.calls.routing import Routing
from gateway.calls.routing_port import CallerAdvice, CallerQuestion, RouteStep
from gateway.calls.routing_rules import LineRule, RoutingRules, StandIn
from gateway.kernel.clock import SystemClock
from gateway.kernel.errors import Forbidden, Invalid
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.store import Store
from gateway.parties.book import PartyBook
from gateway.parties.drafts import ContactPersonDraft, PartyDraft, PhoneDraft
from gateway.people.absences import AbsenceBook, AbsenceDraft
from gateway.people.colleagues import Colleagues
from gateway.people.model import RIGHTS, PresenceState, Role
from gateway.people.presence import Presence
from gateway.people.users import Users
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from gateway.web.principal import Principal

PLAN = NumberingPlan(region="TR", own=("+9021255501",))
DID, CUSTOMER, OTHER = "902125550170", "+905321234567", "+905327654321"
RULE = LineRule(did="02125550170", route=True, fallback="600")
GROUP = RouteStep(extension="600", seconds=20)


class Office:
    """Manager ayse (102), her standing deputy ali (103), veli (104), and a customer of ayse's."""

    def __init__(self, store: Store) -> None:
        self.clock, self.presence = SystemClock(), Presence()
        self.parties = PartyBook(store, self.clock, PLAN)
        self.users = Users(store, self.clock, PLAN)
        self.store = store
        colleagues = Colleagues(store, self.clock, self.presence)
        self.routing = Routing(store, self.clock, PLAN, self.parties, colleagues)

    async def open(self, *rules: LineRule) -> None:
        """Add people, a customer and rules."""
        for login, extension in (("ayse", "102"), ("ali", "103"), ("veli", "104")):
            await self.users.add(
                ROOT, login=login, name=login, role=Role.MANAGER, extension=extension,
                mobile=f"+90530000{extension}0",
            )  # fmt: skip
        await self.customer("Yıldız Mobilya A.Ş.", CUSTOMER, "ayse")
        self.telephones(t102="free", t103="free", t104="free")
        stand_ins = (StandIn(login="ayse", deputy="ali"),)
        await self.routing.decide(
            ROOT, RoutingRules(lines=rules or (RULE,), stand_ins=stand_ins)
        )

    async def customer(self, name: str, number: str, responsible: str = "") -> None:
        """Add a customer."""
        draft = PartyDraft(
            name=name, responsible=responsible,
            persons=(ContactPersonDraft(name="Ahmet", phones=(PhoneDraft(number=number),)),),
        )  # fmt: skip
        await self.parties.create(ROOT, draft)

    async def absent(self, login: str, deputy: str = "") -> None:
        """Note that somebody is absent now."""
        book = AbsenceBook(self.store, self.clock, PLAN_ZONE)
        now = self.clock.now()
        await book.add(
            ROOT, login,
            AbsenceDraft(begins=now - timedelta(hours=1), ends=now + timedelta(hours=1),
                         deputy=deputy),
        )  # fmt: skip

    def telephones(self, **states: str) -> None:
        """Say what telephones do."""
        told = {name.removeprefix("t"): PresenceState(state) for name, state in states.items()}
        self.presence.telephones_are("office", told)

    async def ask(self, number: str = CUSTOMER, did: str = DID) -> CallerAdvice:
        """Ask as a dialplan does."""
        return await self.routing.advise(CallerQuestion(number=number, did=did))

    async def rings(self, number: str = CUSTOMER, did: str = DID) -> list[str]:
        """Return which extensions are to ring."""
        return [step.extension for step in (await self.ask(number, did)).route]
