"""Who calls, and who is to ring, from directory, people and rules, on both engines."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from gateway.calls.routing import Routing
from gateway.calls.routing_port import CallerAdvice, CallerQuestion, RouteStep
from gateway.calls.routing_rules import LineRule, RoutingRules, StandIn
from gateway.kernel.clock import SystemClock
from gateway.kernel.errors import Forbidden, Invalid
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.store import Store
from gateway.parties.book import PartyBook
from gateway.parties.drafts import PartyDraft, PersonDraft, PhoneDraft
from gateway.people.absences import AbsenceBook, AbsenceDraft
from gateway.people.colleagues import Colleagues
from gateway.people.model import RIGHTS, PresenceState, Role
from gateway.people.presence import Presence
from gateway.people.users import Users
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from gateway.web.principal import Principal

ZONE = ZoneInfo("Europe/Istanbul")
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
        await self.routing.decide(ROOT, RoutingRules(lines=rules or (RULE,), stand_ins=stand_ins))

    async def customer(self, name: str, number: str, responsible: str = "") -> None:
        """Add a customer."""
        person = PersonDraft(name="Ahmet", phones=(PhoneDraft(number=number),))
        await self.parties.create(
            ROOT, PartyDraft(name=name, responsible=responsible, persons=(person,))
        )

    async def absent(self, login: str, deputy: str = "") -> None:
        """Note that somebody is absent today."""
        today = self.clock.now().astimezone(ZONE).date().isoformat()
        draft = AbsenceDraft(person=login, begins=today, ends=today, deputy=deputy)
        await AbsenceBook(self.store, self.clock, ZONE).note(ROOT, draft)

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


@pytest.fixture
async def office(store: Store) -> Office:
    """Return an office in which everybody is free."""
    office = Office(store)
    await office.open()
    return office


async def test_a_known_customer_goes_to_his_manager_then_the_deputy_then_the_group(
    office: Office,
) -> None:
    advice = await office.ask()
    assert advice.name == "Yıldız Mobilya A.Ş."
    assert advice.route == (
        RouteStep(extension="102", seconds=15), RouteStep(extension="103", seconds=15), GROUP,
    )  # fmt: skip
    office.telephones(t102="busy")
    assert await office.rings() == ["103", "600"]
    office.telephones(t103="away")
    assert await office.rings() == ["600"]
    assert await office.rings("05321234567") == ["600"]


async def test_an_absent_manager_is_stood_in_for_by_whom_his_absence_names(office: Office) -> None:
    await office.absent("ayse", deputy="veli")
    assert await office.rings() == ["104", "600"]
    await office.absent("veli")
    assert await office.rings() == ["103", "600"]
    await office.absent("ali", deputy="ayse")
    assert await office.rings() == ["600"]


async def test_without_a_rule_the_name_is_told_and_nobody_is_rung(store: Store) -> None:
    office = Office(store)
    assert (await office.ask()).route == ()
    await office.open(LineRule(did="+902125550171", route=True, names=False))
    assert await office.ask() == CallerAdvice(name="Yıldız Mobilya A.Ş.", why="not routed here")
    other = await office.ask(did="02125550171")
    assert (other.name, len(other.route)) == ("", 2)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "anonymous",
        OTHER,
        "102",
        "+905300001020",
        "+902125550150",
        "4444",
        "x" * 500,
        "1234567",
        "+495321234567",
    ],
)
async def test_who_is_no_customer_is_neither_named_nor_routed(office: Office, number: str) -> None:
    for ours in ("+905300001020", "+902125550150"):
        await office.customer("Also a colleague's or our own", ours, "ayse")
    advice = await office.ask(number)
    assert (advice.name, advice.route) == ("", ())


async def test_several_customers_of_one_number(office: Office) -> None:
    await office.customer("Ay Ticaret", CUSTOMER, "ayse")
    advice = await office.ask()
    assert (advice.name, advice.route[0].extension) == ("", "102")
    await office.customer("Güneş Ltd", CUSTOMER, "ali")
    assert await office.rings() == []
    await office.customer("Deniz Ltd", OTHER, "ayse")
    await office.customer("DENİZ LTD", OTHER)
    advice = await office.ask(OTHER)
    assert (advice.name.casefold()[:4], advice.route) == ("deni", ())


async def test_a_customer_of_nobody_and_of_who_left(office: Office) -> None:
    await office.customer("Ay Ticaret", OTHER)
    assert await office.ask(OTHER) == CallerAdvice(name="Ay Ticaret", why="nobody is responsible")
    await office.users.disable(ROOT, "ayse")
    assert await office.rings() == ["600"]


async def test_rules_are_kept_by_the_key_of_their_line(office: Office) -> None:
    kept = await office.routing.rules()
    assert [rule.did for rule in kept.lines] == ["+902125550170"]
    assert kept.stand_ins == (StandIn(login="ayse", deputy="ali"),)


@pytest.mark.parametrize(
    ("rules", "wrong"),
    [
        (RoutingRules(lines=(RULE, LineRule(did="+902125550170"))), "two rules"),
        (RoutingRules(stand_ins=(StandIn(login="ayse", deputy="nobody"),)), "'nobody'"),
        (RoutingRules(stand_ins=(StandIn(login="ayse", deputy="ayse"),)), "for himself"),
        (
            RoutingRules(stand_ins=(StandIn(login="ayse", deputy="ali"),
                                    StandIn(login="ayse", deputy="veli"))),
            "two standing",
        ),
    ],
)  # fmt: skip
async def test_rules_that_contradict_themselves_or_name_nobody_are_refused(
    office: Office, rules: RoutingRules, wrong: str
) -> None:
    before = await office.routing.rules()
    with pytest.raises(Invalid, match=wrong):
        await office.routing.decide(ROOT, rules)
    assert await office.routing.rules() == before


async def test_only_who_manages_settings_decides(office: Office) -> None:
    manager = Principal(user_id="x", name="A", permissions=RIGHTS[Role.MANAGER])
    with pytest.raises(Forbidden):
        await office.routing.decide(manager, RoutingRules())
