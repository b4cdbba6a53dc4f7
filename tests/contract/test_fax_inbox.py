"""Faxes that come in: whose they are, kept once, found by filter, assigned and remembered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

import gateway.history.tables as history
from gateway.fax.model import Received
from gateway.fax.policy import FaxRoute
from gateway.fax.showing import Filter, Way
from gateway.fax.sorting import Assignment
from gateway.kernel.errors import Conflict, Invalid, NotFound
from gateway.kernel.store import Store
from gateway.parties.drafts import PartyDraft, PhoneDraft
from gateway.parties.model import Party, PhoneKind
from gateway.people.model import Role
from gateway.people.users import Users
from gateway.web.principal import LOCAL_ADMINISTRATOR, Permission, Principal, Sight
from tests.contract.fax_desk import CUSTOMER, FaxDesk, ScriptedServer

STATION = "GUNES TEKSTIL"


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> FaxDesk:
    """The feature on each engine."""
    return FaxDesk(store, tmp_path)


async def user(desk: FaxDesk, login: str) -> str:
    """Add somebody who works here; return his id."""
    users = Users(desk.store, desk.clock, desk.plan)
    made = await users.add(LOCAL_ADMINISTRATOR, login=login, name=login.title(), role=Role.MANAGER)
    return made.id


async def customer(desk: FaxDesk, number: str = CUSTOMER, responsible: str = "") -> Party:
    """Add a customer with a fax number."""
    draft = PartyDraft(
        name="Güneş Tekstil", responsible=responsible,
        phones=(PhoneDraft(number=number, kind=PhoneKind.FAX),),
    )  # fmt: skip
    return await desk.book.create(LOCAL_ADMINISTRATOR, draft)


def manager(user_id: str) -> Principal:
    """Somebody who sees what is his."""
    return Principal(
        name="manager", user_id=user_id, sight=Sight.OWN,
        permissions=frozenset({Permission.FAX_READ, Permission.FAX_SEND}),
    )  # fmt: skip


async def only(desk: FaxDesk, **wanted: object) -> Received:
    """Return the one received fax that a filter finds."""
    page = await desk.faxes.page(LOCAL_ADMINISTRATOR, Filter(way=Way.IN, **wanted))  # type: ignore[arg-type]
    [line] = page.items
    fax, _ = await desk.faxes.show(LOCAL_ADMINISTRATOR, line.id)
    assert isinstance(fax, Received)
    return fax


@pytest.mark.parametrize(
    "facts",
    [
        {"caller": "902125550190"},
        {"caller": "02125550190", "station_id": "+90 224 555 00 00"},
        {"station_id": "+90 212 555 01 90"},
        {"caller": "", "station_id": "902125550190"},
    ],
)
async def test_a_fax_is_the_customers_whose_number_called(
    desk: FaxDesk, facts: dict[str, str]
) -> None:
    ayse = await user(desk, "ayse")
    party = await customer(desk, responsible="ayse")
    await desk.receive(**facts)
    fax = await only(desk)
    assert (fax.party_id, fax.assigned_id, fax.pages) == (party.id, ayse, 2)
    lines = await desk.store.read(lambda c: c.execute(select(history.interactions)).all())
    assert [(one.kind, one.direction, one.party_id) for one in lines] == [("fax", "in", party.id)]


@pytest.mark.parametrize("station", ["", "FAX", "12345", "Kat 3 / 212", "\x00\r\nJKILL 1"])
async def test_what_a_machine_calls_itself_is_not_taken_for_a_number(
    desk: FaxDesk, station: str
) -> None:
    await customer(desk)
    await desk.receive(station_id=station)
    fax = await only(desk, unknown=True)
    assert (fax.party_id, fax.number) == (None, "")
    assert fax.station_id.isprintable()


async def test_the_same_fax_told_again_is_kept_once(desk: FaxDesk) -> None:
    for _ in range(3):
        await desk.receive(caller=CUSTOMER)
    assert len((await desk.faxes.page(LOCAL_ADMINISTRATOR, Filter())).items) == 1
    assert len(list((desk.folder.root / "received").rglob("*.tif"))) == 1
    assert list(desk.folder.arriving.iterdir()) == []
    other = await desk.receive(name="fax000002.tif")
    assert await desk.inbox.knows(other.source)
    assert not await desk.inbox.knows(replace(other.source, stamp="2"))


async def test_what_belongs_to_nobody_goes_to_whom_the_called_number_names(desk: FaxDesk) -> None:
    ayse = await user(desk, "ayse")
    await desk.decide(routes=(FaxRoute(called="+902125550100", user="ayse"),))
    await desk.receive(caller="902245551122", called="02125550100")
    assert (await only(desk)).assigned_id == ayse
    with pytest.raises(Invalid, match="nobody who works here has the login 'ali'"):
        await desk.decide(routes=(FaxRoute(called="+902125550100", user="ali"),))


async def test_an_unknown_sender_is_assigned_once_and_remembered(desk: FaxDesk) -> None:
    party = await customer(desk)
    await desk.receive(caller="902245551122")
    fax = await only(desk, unknown=True)
    given = await desk.sorting.assign(LOCAL_ADMINISTRATOR, fax.id, Assignment(party_id=party.id))
    assert given.party_id == party.id
    await desk.receive(name="fax000002.tif", caller="902245551122")
    page = await desk.faxes.page(LOCAL_ADMINISTRATOR, Filter(party_id=party.id))
    assert len(page.items) == 2
    assert {line.name for line in page.items} == {"Güneş Tekstil"}


async def test_one_that_hides_its_number_is_remembered_by_its_name(desk: FaxDesk) -> None:
    party = await customer(desk)
    await desk.receive(station_id=STATION)
    fax = await only(desk, unknown=True)
    await desk.sorting.assign(LOCAL_ADMINISTRATOR, fax.id, Assignment(party_id=party.id))
    await desk.receive(name="fax000002.tif", station_id=f"  {STATION.title()}  ")
    page = await desk.faxes.page(LOCAL_ADMINISTRATOR, Filter(party_id=party.id))
    assert len(page.items) == 2


async def test_once_means_once(desk: FaxDesk) -> None:
    party = await customer(desk)
    await desk.receive(caller="902245551122", station_id=STATION)
    fax = await only(desk)
    wish = Assignment(party_id=party.id, remember=False)
    await desk.sorting.assign(LOCAL_ADMINISTRATOR, fax.id, wish)
    await desk.receive(name="fax000002.tif", caller="902245551122")
    assert (await only(desk, unknown=True)).party_id is None


async def test_a_manager_sees_his_own_and_nobodys(desk: FaxDesk) -> None:
    ayse, ali = await user(desk, "ayse"), await user(desk, "ali")
    await customer(desk, responsible="ayse")
    await desk.receive(caller=CUSTOMER)
    await desk.receive(name="fax000002.tif", caller="902245551122")
    seen = (await desk.faxes.page(manager(ali), Filter())).items
    assert [line.number for line in seen] == ["+902245551122"]
    hers = await only(desk, number=CUSTOMER)
    with pytest.raises(NotFound):
        await desk.faxes.show(manager(ali), hers.id)
    with pytest.raises(NotFound):
        await desk.sorting.read(manager(ali), hers.id)
    assert len((await desk.faxes.page(manager(ayse), Filter())).items) == 2


async def test_read_is_noted_for_who_read_it_first(desk: FaxDesk) -> None:
    ayse, ali = await user(desk, "ayse"), await user(desk, "ali")
    await desk.receive()
    fax = await only(desk, unread=True)
    await desk.sorting.read(LOCAL_ADMINISTRATOR, fax.id)  # is nobody
    assert (await only(desk, unread=True)).read_at is None
    await desk.sorting.read(manager(ayse), fax.id)
    desk.clock.moment += timedelta(minutes=1)
    await desk.sorting.read(manager(ali), fax.id)
    assert (await only(desk)).read_by == ayse
    assert not (await desk.faxes.page(LOCAL_ADMINISTRATOR, Filter(unread=True))).items


async def test_lists_are_narrowed_by_each_filter_and_paged(desk: FaxDesk) -> None:
    begun = desk.clock.now()
    for serial in range(3):
        desk.clock.moment += timedelta(minutes=1)
        await desk.receive(name=f"fax{serial}.tif", caller=CUSTOMER)
        await desk.send()
    everything = (await desk.faxes.page(LOCAL_ADMINISTRATOR, Filter())).items
    assert len(everything) == 6
    assert [one.id for one in everything] == sorted((one.id for one in everything), reverse=True)
    for wanted, count in (
        (Filter(way=Way.OUT), 3), (Filter(way=Way.IN), 3), (Filter(number="0212 555 01 90"), 6),
        (Filter(number="0212 555 01 91"), 0), (Filter(since=desk.clock.now()), 2),
        (Filter(until=begun + timedelta(minutes=2)), 2), (Filter(since=begun, until=begun), 0),
        (Filter(batch_id=everything[0].id), 0),
    ):  # fmt: skip
        assert len((await desk.faxes.page(LOCAL_ADMINISTRATOR, wanted)).items) == count, wanted
    paged: list[str] = []
    cursor = ""
    while True:
        page = await desk.faxes.page(LOCAL_ADMINISTRATOR, Filter(), cursor=cursor, limit=4)
        paged += [line.id for line in page.items]
        cursor = page.next_cursor
        if not cursor:
            break
    assert paged == [one.id for one in everything]


async def test_pages_are_seen_and_downloaded_within_rights(desk: FaxDesk) -> None:
    ali = await user(desk, "ali")
    await user(desk, "ayse")
    await customer(desk, responsible="ayse")
    await desk.receive(caller=CUSTOMER)
    fax = await only(desk)
    picture = await desk.faxes.picture(LOCAL_ADMINISTRATOR, fax.id, "2", 700)
    assert picture.read_bytes() == b"page 2"
    assert picture == await desk.faxes.picture(LOCAL_ADMINISTRATOR, fax.id, "2", 800)
    document = await desk.faxes.pdf(LOCAL_ADMINISTRATOR, fax.id)
    assert document.read_bytes() == b"%PDF page 1\npage 2"
    for number in ("0", "-1", "x", "99999999999", "1/../../x"):
        with pytest.raises(NotFound):
            await desk.faxes.picture(LOCAL_ADMINISTRATOR, fax.id, number, 200)
    with pytest.raises(NotFound):
        await desk.faxes.picture(manager(ali), fax.id, "1", 200)


async def test_one_of_ours_cannot_be_sorted(desk: FaxDesk) -> None:
    fax = await desk.send()
    party = await customer(desk)
    with pytest.raises(Conflict, match="went out"):
        await desk.sorting.assign(LOCAL_ADMINISTRATOR, fax.id, Assignment(party_id=party.id))


async def test_a_fax_that_came_in_is_passed_on_page_for_page(desk: FaxDesk) -> None:
    await desk.receive(caller=CUSTOMER)
    received = await only(desk)
    path = await desk.faxes.original(LOCAL_ADMINISTRATOR, received.id)
    document = replace(desk.file(), file=path, name="the received fax")
    sent = await desk.sending.pass_on(LOCAL_ADMINISTRATOR, document, "0224 555 11 22", received.id)
    assert (sent.recipient, sent.pages, sent.origin_id) == ("+902245551122", 2, received.id)
    server = ScriptedServer()
    async with desk.working(server):
        given = await desk.until_taken(server)
        assert given.file.read_bytes() == b"page 1\npage 2"
