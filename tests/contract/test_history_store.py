"""The contact history keeps each interaction once, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from gateway.history import tables as history
from gateway.history.model import Direction, Interaction, InteractionKind
from gateway.history.timeline import Page, Timeline
from gateway.kernel.clock import SystemClock
from gateway.kernel.errors import Forbidden, Invalid, NotFound
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.store import Store
from gateway.parties.book import PartyBook
from gateway.parties.drafts import PartyChange, PartyDraft, PersonDraft, PhoneDraft
from gateway.parties.import_rows import ImportRow
from gateway.parties.importing import Importer
from gateway.parties.model import Party
from gateway.people.model import Role
from gateway.people.users import Users
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from gateway.web.principal import Permission, Principal, Sight

PLAN = NumberingPlan(region="TR")
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEY = "+905321234567"


@pytest.fixture
def book(store: Store) -> PartyBook:
    """Return a directory that tells the history of new numbers."""
    return PartyBook(store, SystemClock(), PLAN, number_attached=[history.attach])


@pytest.fixture
async def party(book: PartyBook) -> Party:
    """Return a customer without a number."""
    return await book.create(ROOT, PartyDraft(name="Deniz"))


def _sms(ref: str, party_id: str | None = None, at: datetime = AT) -> Interaction:
    return Interaction(
        kind=InteractionKind.SMS,
        direction=Direction.IN,
        ref=ref,
        number=KEY,
        line="office1",
        party_id=party_id,
        started_at=at,
        outcome="received",
        text="Merhaba 🙂",
    )


async def _record(store: Store, *items: Interaction) -> None:
    def unit(connection: object) -> None:
        for item in items:
            history.record(connection, item)  # type: ignore[arg-type]

    await store.write(unit)


def _refs(page: Page) -> list[str]:
    return [entry.interaction.ref for entry in page.items]


async def test_an_interaction_is_shown_as_it_was_recorded(store: Store, party: Party) -> None:
    item = replace(_sms("m1", party.id), ended_at=AT, document="d/1.pdf")
    await _record(store, item)
    (entry,) = (await Timeline(store).of_party(ROOT, party.id)).items
    assert entry.interaction == item


async def test_the_same_interaction_again_is_one_line_that_knows_more(
    store: Store, party: Party
) -> None:
    await _record(store, _sms("m1", party.id), replace(_sms("m1"), outcome="read", text="x"))
    (entry,) = (await Timeline(store).of_party(ROOT, party.id)).items
    assert (entry.interaction.outcome, entry.interaction.text) == ("read", "x")
    assert entry.interaction.party_id == party.id


async def test_the_same_ref_of_another_kind_is_another_line(store: Store, party: Party) -> None:
    call = replace(_sms("m1", party.id), kind=InteractionKind.CALL)
    await _record(store, _sms("m1", party.id), call)
    assert len((await Timeline(store).of_party(ROOT, party.id)).items) == 2


async def test_an_interaction_is_settled_and_amended(store: Store, party: Party) -> None:
    await _record(store, _sms("m1", party.id), _sms("m2", party.id))
    later = AT + timedelta(seconds=5)
    await store.write(lambda c: history.settle(c, "sms", "m1", "delivered", later))
    await store.write(
        lambda c: history.amend(
            c, InteractionKind.SMS, "m2", outcome="received", text="bütün", at=later
        )
    )
    found = {
        entry.interaction.ref: entry.interaction
        for entry in (await Timeline(store).of_party(ROOT, party.id)).items
    }
    assert (found["m1"].outcome, found["m1"].ended_at) == ("delivered", later)
    assert found["m1"].text == "Merhaba 🙂"
    assert (found["m2"].text, found["m2"].ended_at) == ("bütün", None)


async def test_settling_what_is_not_there_does_nothing(store: Store) -> None:
    await store.write(lambda c: history.settle(c, "sms", "ghost", "delivered", AT))
    count = select(func.count()).select_from(history.interactions)
    assert await store.read(lambda c: c.execute(count).scalar_one()) == 0


async def test_pages_go_from_new_to_old_without_gap_or_repeat(store: Store, party: Party) -> None:
    times = [AT + timedelta(seconds=second) for second in (0, 1, 1, 1, 2, 2, 3)]
    await _record(store, *(_sms(f"m{n}", party.id, at) for n, at in enumerate(times)))
    timeline, seen, cursor = Timeline(store), list[str](), ""
    while True:
        page = await timeline.of_party(ROOT, party.id, cursor=cursor, limit=2)
        seen += _refs(page)
        cursor = page.next_cursor
        if not cursor:
            break
    assert [times[int(ref[1:])] for ref in seen] == sorted(times, reverse=True)
    assert sorted(seen) == [f"m{n}" for n in range(7)]


async def test_kinds_are_chosen(store: Store, party: Party) -> None:
    call = replace(_sms("c1", party.id), kind=InteractionKind.CALL)
    await _record(store, _sms("m1", party.id), call)
    page = await Timeline(store).of_party(ROOT, party.id, kinds=[InteractionKind.CALL])
    assert _refs(page) == ["c1"]


async def test_messages_and_calls_need_the_right_to_read_such(store: Store, party: Party) -> None:
    call = replace(_sms("c1", party.id), kind=InteractionKind.CALL)
    await _record(store, _sms("m1", party.id), call)
    for scopes, seen in (
        ({Permission.CALLS_READ}, ["c1"]), ({Permission.SMS_READ}, ["m1"]), (set(), []),
    ):  # fmt: skip
        may = frozenset({Permission.PARTIES_READ, *scopes})
        reader = Principal(user_id=None, name="reader", permissions=may)
        assert _refs(await Timeline(store).of_party(reader, party.id)) == seen
        asked = await Timeline(store).of_party(reader, party.id, kinds=[InteractionKind.SMS])
        assert _refs(asked) == [ref for ref in seen if ref == "m1"]


async def test_another_managers_history_is_not_found(store: Store, book: PartyBook) -> None:
    users = Users(store, SystemClock(), PLAN)
    for login in ("ayse", "mehmet"):
        await users.add(ROOT, login=login, name=login, role=Role.MANAGER)
    party = await book.create(ROOT, PartyDraft(name="Gizli", responsible="mehmet"))
    ayse = await users.by_login("ayse")
    own = Principal(
        user_id=ayse.id, name="ayse", permissions=frozenset(Permission), sight=Sight.OWN
    )
    timeline = Timeline(store)
    with pytest.raises(NotFound):
        await timeline.of_party(own, party.id)
    with pytest.raises(NotFound):
        await timeline.of_party(ROOT, "\x00")
    nobody = Principal(user_id=None, name="x", permissions=frozenset())
    with pytest.raises(Forbidden):
        await timeline.of_party(nobody, party.id)


@pytest.mark.parametrize(
    "cursor", ["x", "WyIxIl0", "WyJhIiwiYiJd", "WyI5OTk5OTk5OTk5OTk5OTk5OTk5IiwiYiJd"]
)
async def test_a_made_up_cursor_is_refused(store: Store, party: Party, cursor: str) -> None:
    with pytest.raises(Invalid, match="cursor"):
        await Timeline(store).of_party(ROOT, party.id, cursor=cursor)


async def test_strangers_interactions_join_the_party_their_number_is_given_to(
    store: Store, book: PartyBook, party: Party
) -> None:
    other = await book.create(ROOT, PartyDraft(name="Başka"))
    stranger = replace(_sms("m3"), number="+905329999999")
    await _record(store, _sms("m1"), _sms("m2", other.id), stranger)
    phones = (PhoneDraft(number="0532 123 45 67"),)
    changed = await book.update(
        ROOT, party.id, PartyChange(persons=(PersonDraft(name="Ece", phones=phones),))
    )
    (entry,) = (await Timeline(store).of_party(ROOT, party.id)).items
    assert entry.interaction.ref == "m1"
    assert entry.interaction.person_id == changed.persons[0].id
    assert entry.person_name == "Ece"
    assert _refs(await Timeline(store).of_party(ROOT, other.id)) == ["m2"]


async def test_an_import_attaches_too(store: Store) -> None:
    await _record(store, _sms("m1"))
    importer = Importer(store, SystemClock(), PLAN, number_attached=[history.attach])
    rows = [ImportRow(line=2, name="Deniz", phone=("05321234567",))]
    (result,) = await importer.apply(ROOT, rows)
    assert _refs(await Timeline(store).of_party(ROOT, result.party_id)) == ["m1"]


async def test_a_person_who_goes_leaves_his_interactions_to_the_party(
    store: Store, book: PartyBook
) -> None:
    phones = (PhoneDraft(number="0532 123 45 67"),)
    draft = PartyDraft(name="Deniz", persons=(PersonDraft(name="Ece", phones=phones),))
    party = await book.create(ROOT, draft)
    await _record(store, replace(_sms("m1", party.id), person_id=party.persons[0].id))
    await book.update(ROOT, party.id, PartyChange(persons=()))
    (entry,) = (await Timeline(store).of_party(ROOT, party.id)).items
    assert entry.interaction.person_id is None
