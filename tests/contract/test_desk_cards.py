"""What stands on whose desk: calls from recordings of a real Asterisk, on both engines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Update, update

from gateway.calls.model import Doing
from gateway.calls.receiving import CallBook
from gateway.calls.showing import CallFilter, Calls
from gateway.crm.asking import CrmAsking
from gateway.crm.port import Card, CardParty, CardPerson, CardResponsible, Directory
from gateway.desk.cards import Cards
from gateway.desk.lookup import CallerKind, CallerLookup
from gateway.desk.pop import Part
from gateway.desk.texts import Texts
from gateway.history.timeline import Timeline
from gateway.kernel.clock import SystemClock
from gateway.kernel.errors import Forbidden, Invalid, NotFound
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.store import Store
from gateway.parties.book import PartyBook
from gateway.parties.drafts import PartyDraft, PersonDraft, PhoneDraft
from gateway.people.colleagues import Colleagues
from gateway.people.model import RIGHTS, SIGHT, Role
from gateway.people.presence import Presence
from gateway.people.tables import users as users_table
from gateway.people.users import Users
from gateway.templates.book import TemplateBook
from gateway.web.preferences import Language, Pop
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from gateway.web.principal import Principal
from tests.contract.test_calls_store import book_runtime, told

PLAN = NumberingPlan(region="TR")
CUSTOMER = "+902125550150"
PEOPLE = (
    ("defne", Role.SECRETARY, "104"), ("ayse", Role.MANAGER, "101"),
    ("mehmet", Role.MANAGER, "103"),
)  # fmt: skip


class Crm:
    """A CRM that knows one customer."""

    def __init__(self, extension: str) -> None:
        self.extension = extension

    async def find_by_number(self, number: str) -> list[Card]:
        """Return him."""
        return [
            Card(
                party=CardParty(ref="7", name=f"CRM {number}", code="C-7"),
                person=CardPerson(ref="8", name="Ahmet"),
                responsible=CardResponsible(ref="9", name="Ayşe", extension=self.extension),
            )
        ]


@dataclass(frozen=True, slots=True)
class Room:
    """A store with people, a customer and a telephone system's sink."""

    store: Store
    book: CallBook
    people: Mapping[str, Principal]

    def cards(self, **links: Directory) -> Cards:
        """Return the desk, with these CRMs."""
        clock = SystemClock()
        colleagues = Colleagues(self.store, clock, Presence())
        parties = PartyBook(self.store, clock, PLAN)
        lookup = CallerLookup(self.store, PLAN, parties, colleagues, Timeline(self.store))
        return Cards(self.store, Calls(self.store, PLAN), lookup, colleagues, CrmAsking(links))

    async def play(self, name: str, upto: str = "") -> str:
        """Have a call happen, up to a kind of event; return its id."""
        await self.book.calls_changed("office", list(told(name, upto)))
        desk = await self.cards().desk(ROOT)
        if desk.cards:
            return str(desk.cards[0].call["id"])
        page = await Calls(self.store, PLAN).page(ROOT, CallFilter())
        return str(page.items[0]["id"])


@pytest.fixture
async def room(store: Store) -> Room:
    users = Users(store, SystemClock(), PLAN)
    people = {}
    for login, role, extension in PEOPLE:
        user = await users.add(
            ROOT, login=login, name=login.title(), role=role, extension=extension,
            mobile=f"+9053000001{extension[1:]}",
        )  # fmt: skip
        people[login] = Principal(
            user_id=user.id, name=login.title(), permissions=RIGHTS[role], sight=SIGHT[role]
        )
    person = PersonDraft(name="Ahmet Çelik", phones=(PhoneDraft(number=CUSTOMER),))
    await PartyBook(store, SystemClock(), PLAN).create(
        ROOT, PartyDraft(name="Yıldız", responsible="ayse", notes="Gebze", persons=(person,))
    )
    return Room(store, CallBook(store, book_runtime(), PLAN), people)


async def test_it_stands_before_the_secretary_and_whose_telephone_rings(room: Room) -> None:
    call_id = await room.play("a16-in_answered", "DialEnd")
    for login, part in (("defne", Part.NONE), ("ayse", Part.RINGS)):
        desk = await room.cards().desk(room.people[login])
        assert [(card.call["id"], card.part, card.pops) for card in desk.cards] == [
            (call_id, part, True)
        ], login
        assert desk.me is not None
        assert desk.event_id > 0
        [known] = desk.cards[0].caller.cards
        assert (known.match.party_name, known.notes) == ("Yıldız", "Gebze")
    assert not (await room.cards().desk(room.people["mehmet"])).cards
    with pytest.raises(NotFound):
        await room.cards().one(room.people["mehmet"], call_id)


async def test_what_each_one_does_is_told_from_ring_to_end(room: Room) -> None:
    seen = []
    for upto in ("DialEnd", "BridgeLeave", ""):
        call_id = await room.play("a16-in_answered", upto)
        call = (await room.cards().one(ROOT, call_id)).call
        seen.append({one["party"]: one["doing"] for one in call["parties"]})
    ours = [one["101"] for one in seen]
    assert ours == [Doing.RINGING, Doing.TALKING, Doing.GONE]
    assert set(seen[-1].values()) == {Doing.GONE}


async def test_who_wants_no_cards_is_shown_none(room: Room) -> None:
    await room.play("a16-in_answered", "DialEnd")
    for choice, count in ((Pop.NONE, 0), (Pop.ANSWER, 0), (Pop.RING, 1)):
        chosen = update(users_table).values(preferences={"pop": choice.value})
        await room.store.write(partial(_execute, chosen))
        assert len((await room.cards().desk(room.people["defne"])).cards) == count, choice


async def test_a_crm_is_asked_and_tells_a_manager_of_his_own_customers_only(room: Room) -> None:
    call_id = await room.play("a16-in_answered", "DialEnd")
    own, foreign = room.cards(crm=Crm("101")), room.cards(crm=Crm("103"))
    for login, cards, person in (
        ("defne", foreign, True), ("ayse", own, True), ("ayse", foreign, False),
    ):  # fmt: skip
        card = await cards.asked(room.people[login], call_id)
        [answer] = card.crm
        assert answer.cards[0].party.name == f"CRM {CUSTOMER}"
        assert (answer.cards[0].person is not None) is person
        assert bool(answer.cards[0].party.code) is person
    assert (await own.desk(room.people["defne"])).crm_links == ("crm",)


async def test_texts_are_ready_for_the_customer_and_who_is_responsible(room: Room) -> None:
    call_id = await room.play("a16-in_noanswer")
    templates = TemplateBook(room.store, SystemClock())
    texts = Texts(room.cards(), templates, PLAN, ZoneInfo("Europe/Istanbul"))
    ready = await texts.of(room.people["defne"], call_id, Language.TURKISH)
    # the customer called from a fixed line: nobody would read a text there
    assert [(one.template, one.recipient, one.number) for one in ready] == [
        ("call_customer_back", "Ayse", "+905300000101")
    ]
    assert ready[0].text.startswith("Ahmet Çelik (Yıldız) saat ")
    with pytest.raises(Forbidden):
        await templates.change(room.people["defne"], "call_customer_back", {})
    with pytest.raises(NotFound):
        await templates.change(ROOT, "nothing", {})
    with pytest.raises(Invalid):
        await templates.change(ROOT, "call_customer_back", {Language.TURKISH: "{password}"})
    await templates.change(ROOT, "call_customer_back", {Language.TURKISH: "Ara: {number}"})
    ready = await texts.of(room.people["defne"], call_id, Language.TURKISH)
    assert ready[0].text == f"Ara: {CUSTOMER}"
    await templates.change(ROOT, "call_customer_back", {Language.TURKISH: " "})
    ready = await texts.of(room.people["defne"], call_id, Language.TURKISH)
    assert "geri arar mısınız" in ready[0].text


async def test_a_withheld_number_is_nobodys(room: Room) -> None:
    [change] = [one for one in told("a16-in_noanswer") if one[0].kind == "ended"]
    record = change[1]
    assert record is not None
    hidden = replace(record, caller="")
    await room.book.calls_changed("office", [(change[0], hidden)])
    page = await Calls(room.store, PLAN).page(ROOT, CallFilter())
    card = await room.cards().one(ROOT, str(page.items[0]["id"]))
    assert card.caller.kind is CallerKind.WITHHELD


def _execute(statement: Update, connection: Connection) -> None:
    connection.execute(statement)
