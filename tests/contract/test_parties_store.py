"""The directory keeps and finds customers on both engines."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import select

from gateway.kernel import events
from gateway.kernel.clock import SystemClock
from gateway.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.store import Store, metadata
from gateway.parties.book import PartyBook
from gateway.parties.drafts import PartyChange, PartyDraft, PersonDraft, PhoneDraft
from gateway.parties.lookup import Owner, by_number
from gateway.parties.model import Certainty, Found, PartyKind, PhoneKind
from gateway.people.model import Role, User
from gateway.people.tables import audit_trail
from gateway.people.users import Users
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from gateway.web.principal import Permission, Principal, Sight

PLAN = NumberingPlan(region="TR")


@pytest.fixture
async def store(store: Store) -> Store:  # TEMPORARY

    await store.write(metadata.create_all)
    return store


@pytest.fixture
def book(store: Store) -> PartyBook:
    """Return the directory."""
    return PartyBook(store, SystemClock(), PLAN)


@pytest.fixture
async def ayse(store: Store) -> User:
    """Return a manager."""
    return await _user(store, "ayse", "Ayşe Yılmaz", "101", "+905551112233")


@pytest.fixture
async def mehmet(store: Store) -> User:
    """Return another manager."""
    return await _user(store, "mehmet", "Mehmet Demir", "102", "")


async def _user(store: Store, login: str, name: str, extension: str, mobile: str) -> User:
    users = Users(store, SystemClock(), PLAN)
    return await users.add(
        ROOT, login=login, name=name, role=Role.MANAGER, extension=extension, mobile=mobile
    )


def _own(user: User) -> Principal:
    return Principal(
        user_id=user.id, name=user.name, permissions=frozenset(Permission), sight=Sight.OWN
    )


def _company(name: str, *numbers: str, code: str = "", responsible: str = "") -> PartyDraft:
    return PartyDraft(
        name=name,
        code=code,
        responsible=responsible,
        phones=tuple(PhoneDraft(number=number, kind=PhoneKind.WORK) for number in numbers),
    )


def _with_person(name: str, person: str, number: str) -> PartyDraft:
    phones = (PhoneDraft(number=number, kind=PhoneKind.MOBILE),)
    return PartyDraft(name=name, persons=(PersonDraft(name=person, phones=phones),))


def _names(found: Found) -> list[str]:
    return [match.party_name for match in found.matches]


async def test_a_created_party_is_shown_as_it_was_given(book: PartyBook, ayse: User) -> None:
    draft = PartyDraft(
        kind=PartyKind.COMPANY,
        name="  Işık   Gıda A.Ş. ",
        code="C-1",
        tax_number="1234567890",
        responsible="ayse",
        email="info@isik.example",
        address="Atatürk Cad. 5\nİzmir",
        notes="Дорогой клиент",
        phones=(PhoneDraft(number="0232 444 55 66", kind=PhoneKind.FAX),),
        persons=(
            PersonDraft(
                name="Пётр Иванов",
                position="Директор",
                email="p@isik.example",
                phones=(PhoneDraft(number="+7 916 123-45-67", kind=PhoneKind.MOBILE),),
            ),
        ),
    )
    created = await book.create(ROOT, draft)
    shown = await book.show(ROOT, created.id)
    assert shown == created
    assert shown.name == "Işık Gıda A.Ş."
    assert shown.responsible is not None
    assert (shown.responsible.name, shown.responsible.extension) == ("Ayşe Yılmaz", "101")
    assert [(phone.key, phone.kind) for phone in shown.phones] == [("+902324445566", PhoneKind.FAX)]
    (person,) = shown.persons
    assert (person.name, person.phones[0].key) == ("Пётр Иванов", "+79161234567")
    assert person.phones[0].written == "+7 916 123-45-67"


async def test_a_change_touches_only_what_it_names(book: PartyBook, ayse: User) -> None:
    party = await book.create(ROOT, _company("Deniz", "0212 4445566", responsible="ayse"))
    changed = await book.update(ROOT, party.id, PartyChange(notes="ara"))
    assert (changed.notes, changed.version) == ("ara", 2)
    assert (changed.name, changed.phones) == (party.name, party.phones)
    assert changed.responsible_id == ayse.id
    assert await book.show(ROOT, party.id) == changed


async def test_a_change_that_changes_nothing_leaves_the_version(book: PartyBook) -> None:
    party = await book.create(ROOT, _company("Deniz"))
    assert await book.update(ROOT, party.id, PartyChange(name="Deniz")) == party


async def test_a_change_of_an_outdated_version_is_refused(book: PartyBook) -> None:
    party = await book.create(ROOT, _company("Deniz"))
    await book.update(ROOT, party.id, PartyChange(notes="a", version=1))
    with pytest.raises(Conflict, match="version 2"):
        await book.update(ROOT, party.id, PartyChange(notes="b", version=1))


async def test_a_list_of_persons_replaces_the_list_and_keeps_who_stays(book: PartyBook) -> None:
    draft = PartyDraft(name="Deniz", persons=(PersonDraft(name="Ece"), PersonDraft(name="Can")))
    party = await book.create(ROOT, draft)
    ece = party.persons[0]
    wanted = (
        PersonDraft(name="Ece Ak", id=ece.id, phones=(PhoneDraft(number="05321234567"),)),
        PersonDraft(name="Naz"),
    )
    changed = await book.update(ROOT, party.id, PartyChange(persons=wanted))
    assert [person.name for person in changed.persons] == ["Ece Ak", "Naz"]
    assert changed.persons[0].id == ece.id
    assert await book.show(ROOT, party.id) == changed
    without = await book.update(ROOT, party.id, PartyChange(persons=()))
    assert without.persons == ()
    assert (await book.lookup(ROOT, "05321234567")).matches == ()


async def test_a_responsible_user_is_taken_away_with_nothing(book: PartyBook, ayse: User) -> None:
    party = await book.create(ROOT, _company("Deniz", responsible=ayse.id))
    assert party.responsible_id == ayse.id
    changed = await book.update(ROOT, party.id, PartyChange(responsible=""))
    assert changed.responsible is None


async def test_a_code_belongs_to_one_party(book: PartyBook) -> None:
    await book.create(ROOT, _company("Deniz", code="C-1"))
    other = await book.create(ROOT, _company("Kara"))
    with pytest.raises(Conflict, match="C-1"):
        await book.create(ROOT, _company("Ada", code="C-1"))
    with pytest.raises(Conflict, match="C-1"):
        await book.update(ROOT, other.id, PartyChange(code="C-1"))


async def test_many_parties_may_have_no_code(book: PartyBook) -> None:
    await book.create(ROOT, _company("Deniz"))
    await book.create(ROOT, _company("Deniz"))
    assert len((await book.page(ROOT)).items) == 2


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (PartyDraft(name=" "), "name"),
        (PartyDraft(name="a\x00b"), "name"),
        (PartyDraft(name="a" * 201), "name"),
        (PartyDraft(name="a", email="nobody"), "email"),
        (PartyDraft(name="a", responsible="ghost"), "responsible"),
        (PartyDraft(name="a", phones=(PhoneDraft(number="4444"),)), "phones.0.number"),
        (PartyDraft(name="a", persons=(PersonDraft(name=""),)), "persons.0.name"),
        (_with_person("a", "b", "no"), "persons.0.phones.0.number"),
    ],
)
async def test_bad_values_are_refused_by_name(
    book: PartyBook, draft: PartyDraft, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await book.create(ROOT, draft)
    assert refused.value.field == field
    assert (await book.page(ROOT)).items == ()


async def test_a_write_is_told_and_noted(book: PartyBook, store: Store, ayse: User) -> None:
    party = await book.create(ROOT, _company("Deniz", responsible="ayse"))
    await book.update(ROOT, party.id, PartyChange(responsible="", name="Deniz Ltd."))
    told = await store.read(lambda c: events.after(c, 0, audiences=None))
    assert [(event.kind, event.audience) for event in told if event.subject == party.id] == [
        ("party.created", f"user:{ayse.id}"),
        ("party.changed", "everyone"),
        ("party.changed", f"user:{ayse.id}"),
    ]
    query = (
        select(audit_trail).where(audit_trail.c.object_id == party.id).order_by(audit_trail.c.id)
    )
    trail = await store.read(lambda c: c.execute(query).all())
    assert [row.action for row in trail] == ["create", "update"]
    assert trail[1].changes == {
        "name": ["Deniz", "Deniz Ltd."],
        "responsible_id": [ayse.id, None],
    }


async def test_pages_follow_one_another_without_gap_or_repeat(book: PartyBook) -> None:
    names = ["Çınar", "Şahin", "Ada", "İnci", "Ada", "Яблоко", "öz"]
    for name in names:
        await book.create(ROOT, _company(name))
    seen: list[str] = []
    cursor = ""
    while True:
        page = await book.page(ROOT, cursor=cursor, limit=2)
        seen += [party.name for party in page.items]
        cursor = page.next_cursor
        if not cursor:
            break
    assert seen == ["Ada", "Ada", "Çınar", "İnci", "öz", "Şahin", "Яблоко"]


@pytest.mark.parametrize(
    "cursor", ["x", "!!!!", "W10", "WzEsMl0", "WyJhIl0", "WyJcdWQ4MDAiLCJhIl0"]
)
async def test_a_made_up_cursor_is_refused(book: PartyBook, cursor: str) -> None:
    with pytest.raises(Invalid, match="cursor"):
        await book.page(ROOT, cursor=cursor)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("yild", ["Yıldız Mobilya"]),
        ("MOBİLYA YIL", ["Yıldız Mobilya"]),
        ("çelik", ["Yıldız Mobilya"]),
        ("C-10", ["Güneş Tekstil", "Yıldız Mobilya"]),
        ("4445566", ["Yıldız Mobilya"]),
        ("0 (212) 444-55", []),
        ("+90 212 444 55 66", ["Yıldız Mobilya"]),
        ("ромашк", ["Ромашка"]),
        ("%", []),
        ("_ld", []),
        ("", ["Güneş Tekstil", "Yıldız Mobilya", "Ромашка"]),
    ],
)
async def test_a_search_finds_words_codes_and_number_ends(
    book: PartyBook, typed: str, found: list[str]
) -> None:
    yildiz = _with_person("Yıldız Mobilya", "Ahmet Çelik", "0212 444 55 66")
    created = await book.create(ROOT, yildiz)
    await book.update(ROOT, created.id, PartyChange(code="C-1001"))
    await book.create(ROOT, _company("Güneş Tekstil", code="C-1002"))
    await book.create(ROOT, _company("Ромашка"))
    assert [party.name for party in (await book.page(ROOT, search_text=typed)).items] == found


async def test_a_renamed_party_is_found_by_its_new_name_only(book: PartyBook) -> None:
    party = await book.create(ROOT, _company("Eski Ad"))
    await book.update(ROOT, party.id, PartyChange(name="Yeni Ad"))
    assert (await book.page(ROOT, search_text="eski")).items == ()
    assert [one.id for one in (await book.page(ROOT, search_text="yeni")).items] == [party.id]


async def test_who_sees_his_own_sees_nobody_elses(
    book: PartyBook, ayse: User, mehmet: User
) -> None:
    await book.create(ROOT, _company("Ayşenin", responsible="ayse"))
    other = await book.create(ROOT, _company("Mehmetin", responsible="mehmet"))
    await book.create(ROOT, _company("Kimsenin"))
    seen = await book.page(_own(ayse))
    assert [party.name for party in seen.items] == ["Ayşenin", "Kimsenin"]
    assert (await book.page(_own(ayse), search_text="mehmetin")).items == ()
    with pytest.raises(NotFound):
        await book.show(_own(ayse), other.id)
    with pytest.raises(NotFound):
        await book.update(_own(ayse), other.id, PartyChange(name="x"))


async def test_permissions_are_demanded(book: PartyBook) -> None:
    nobody = Principal(user_id=None, name="x", permissions=frozenset())
    with pytest.raises(Forbidden):
        await book.page(nobody)
    with pytest.raises(Forbidden):
        await book.lookup(nobody, "05321234567")
    with pytest.raises(Forbidden):
        await book.create(nobody, _company("x"))


@pytest.mark.parametrize("party_id", ["0" * 32, "", "\x00", "şş", "a" * 500])
async def test_an_unknown_party_is_not_found(book: PartyBook, party_id: str) -> None:
    with pytest.raises(NotFound):
        await book.show(ROOT, party_id)


async def test_a_caller_is_shown_with_person_and_responsible(book: PartyBook, ayse: User) -> None:
    draft = _with_person("Yıldız", "Ahmet Çelik", "0532 123 45 67")
    party = await book.create(ROOT, draft)
    await book.update(ROOT, party.id, PartyChange(responsible="ayse"))
    (match,) = (await book.lookup(ROOT, "+905321234567")).matches
    assert (match.party_name, match.certainty) == ("Yıldız", Certainty.EXACT)
    assert match.phone_kind is PhoneKind.MOBILE
    assert match.person is not None
    assert match.person.name == "Ahmet Çelik"
    assert match.responsible is not None
    assert match.responsible == (await book.show(ROOT, party.id)).responsible
    assert (match.responsible.extension, match.responsible.mobile) == ("101", "+905551112233")


@pytest.mark.parametrize(
    ("caller", "certainty"),
    [
        ("+902164649201", Certainty.EXACT),
        ("0216 464 92 01", Certainty.EXACT),
        ("2164649201", Certainty.EXACT),
        ("902164649201", Certainty.EXACT),
        ("4649201", Certainty.PROBABLE),
        ("002164649201", Certainty.PROBABLE),
        ("+72164649201", Certainty.PROBABLE),
    ],
)
async def test_a_number_is_known_in_every_way_it_is_signalled(
    book: PartyBook, caller: str, certainty: Certainty
) -> None:
    await book.create(ROOT, _company("Deniz", "0216 464 92 01"))
    (match,) = (await book.lookup(ROOT, caller)).matches
    assert match.certainty is certainty


@pytest.mark.parametrize(
    "caller",
    ["", "anonymous", "4444", "649201", "BANKA", "+902174649201", "+3544649201", "4649201abc",
     "21646492011", "x" * 64, "\x00", "+", "0000000", "1" * 64],
)  # fmt: skip
async def test_strangers_withheld_and_short_numbers_are_nobody(
    book: PartyBook, caller: str
) -> None:
    await book.create(ROOT, _company("Deniz", "0216 464 92 01"))
    assert (await book.lookup(ROOT, caller)).matches == ()


async def test_an_end_that_several_share_gives_a_choice(book: PartyBook) -> None:
    await book.create(ROOT, _company("İstanbul", "0216 464 92 01"))
    await book.create(ROOT, _company("Ankara", "0312 464 92 01"))
    assert sorted(_names(await book.lookup(ROOT, "4649201"))) == ["Ankara", "İstanbul"]
    assert _names(await book.lookup(ROOT, "+903124649201")) == ["Ankara"]


async def test_an_exact_number_hides_those_that_end_alike(book: PartyBook) -> None:
    await book.create(ROOT, _company("Türk", "+90 532 123 45 67"))
    await book.create(ROOT, _company("Rus", "+7 532 123 45 67"))
    assert _names(await book.lookup(ROOT, "+75321234567")) == ["Rus"]


async def test_a_number_of_two_customers_gives_a_choice(book: PartyBook) -> None:
    await book.create(ROOT, _company("Bir", "05321234567"))
    await book.create(ROOT, _company("İki", "05321234567"))
    assert sorted(_names(await book.lookup(ROOT, "05321234567"))) == ["Bir", "İki"]


async def test_a_party_and_its_only_person_with_the_number_are_one(book: PartyBook) -> None:
    draft = _with_person("Deniz", "Ece", "05321234567")
    party = await book.create(ROOT, draft)
    phones = (PhoneDraft(number="05321234567"),)
    await book.update(ROOT, party.id, PartyChange(phones=phones))
    (match,) = (await book.lookup(ROOT, "05321234567")).matches
    assert match.person is not None


async def test_a_switchboard_of_several_persons_is_the_company(book: PartyBook) -> None:
    phones = (PhoneDraft(number="02124445566"),)
    persons = tuple(PersonDraft(name=name, phones=phones) for name in ("Ece", "Can"))
    await book.create(ROOT, PartyDraft(name="Deniz", persons=persons))
    (match,) = (await book.lookup(ROOT, "02124445566")).matches
    assert (match.party_name, match.person) == ("Deniz", None)


async def test_a_person_and_his_company_are_one(book: PartyBook) -> None:
    phones = (PhoneDraft(number="05321234567"),)
    await book.create(ROOT, PartyDraft(kind=PartyKind.PERSON, name="ECE Işık", phones=phones))
    await book.create(ROOT, _with_person("Deniz", "Ece Işık", "05321234567"))
    (match,) = (await book.lookup(ROOT, "05321234567")).matches
    assert match.party_name == "Deniz"
    assert match.person is not None


async def test_another_managers_customer_shows_name_and_responsible_only(
    book: PartyBook, ayse: User, mehmet: User
) -> None:
    draft = _with_person("Gizli", "Ece", "05321234567")
    party = await book.create(ROOT, draft)
    await book.update(ROOT, party.id, PartyChange(responsible="mehmet", code="C-9"))
    (match,) = (await book.lookup(_own(ayse), "05321234567")).matches
    assert (match.party_name, match.code, match.person) == ("Gizli", "", None)
    assert match.restricted
    assert match.responsible is not None
    assert match.responsible.extension == "102"


async def test_a_responsible_who_left_is_marked(book: PartyBook, store: Store, ayse: User) -> None:
    await book.create(ROOT, _company("Deniz", "05321234567", responsible="ayse"))
    await Users(store, SystemClock(), PLAN).disable(ROOT, "ayse")
    (match,) = (await book.lookup(ROOT, "05321234567")).matches
    assert match.responsible is not None
    assert not match.responsible.active


async def test_a_choice_is_never_endless(book: PartyBook) -> None:
    for number in range(25):
        await book.create(ROOT, _company(f"Firma {number}", "05321234567"))
    assert len((await book.lookup(ROOT, "05321234567")).matches) == 20


async def test_the_owner_of_a_number_is_found_inside_a_unit(
    book: PartyBook, store: Store, ayse: User
) -> None:
    party = await book.create(ROOT, _with_person("Deniz", "Ece", "05321234567"))
    await book.update(ROOT, party.id, PartyChange(responsible="ayse"))
    owner = await store.write(lambda c: by_number(c, "+905321234567"))
    assert owner == Owner(party_id=party.id, person_id=party.persons[0].id, responsible_id=ayse.id)
    for stranger in ("", "BANKA", "4444", "+905321234568", "5321234567"):
        assert await store.write(partial(by_number, key=stranger)) is None


async def test_what_two_parties_own_has_no_owner(book: PartyBook, store: Store) -> None:
    await book.create(ROOT, _company("Bir", "05321234567"))
    await book.create(ROOT, _company("İki", "05321234567"))
    assert await store.write(lambda c: by_number(c, "+905321234567")) is None


async def test_times_are_those_of_the_clock(store: Store) -> None:
    class Stopped(SystemClock):
        def now(self) -> datetime:
            return datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    book = PartyBook(store, Stopped(), PLAN)
    party = await book.create(ROOT, _company("Deniz"))
    assert (await book.show(ROOT, party.id)).created_at == Stopped().now()
