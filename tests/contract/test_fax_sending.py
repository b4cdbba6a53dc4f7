"""Taking documents to be faxed: to whom, when, how often, by whose leave."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from gateway.consent.book import ConsentBook
from gateway.consent.model import Channel
from gateway.fax.accepting import take_back_blocked
from gateway.fax.clockwork import FaxClockwork
from gateway.fax.composing import CoverWish
from gateway.fax.drafting import SendFax
from gateway.fax.model import Fax
from gateway.fax.policy import CheapHours
from gateway.fax.sending import Settlement
from gateway.kernel.errors import Conflict, Forbidden, GatewayError, Invalid, NotFound, TooMany
from gateway.kernel.store import Store
from gateway.parties.drafts import PartyDraft, PersonDraft, PhoneDraft
from gateway.parties.model import PhoneKind
from gateway.people.model import Role
from gateway.people.users import Users
from gateway.sending.states import SendState
from gateway.web.principal import LOCAL_ADMINISTRATOR, Permission, Principal, Sight
from tests.contract.fax_desk import CUSTOMER, FaxDesk, ScriptedServer

OTHER = "+902245551122"


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> FaxDesk:
    """The feature on each engine."""
    return FaxDesk(store, tmp_path)


async def sender(desk: FaxDesk, login: str = "ayse") -> Principal:
    """Somebody who faxes and sees what is his."""
    users = Users(desk.store, desk.clock, desk.plan)
    made = await users.add(LOCAL_ADMINISTRATOR, login=login, name=login.title(), role=Role.MANAGER)
    rights = frozenset({Permission.FAX_READ, Permission.FAX_SEND})
    return Principal(name=login, user_id=made.id, permissions=rights, sight=Sight.OWN)


async def test_one_document_goes_to_many_each_once_and_each_with_its_own_result(
    desk: FaxDesk,
) -> None:
    await desk.decide(barred=("+90900",))
    numbers = (CUSTOMER, "0212 555 01 90", OTHER, "0900 123 45 67")
    request = SendFax(to=numbers, files=(desk.file(),))
    results = await desk.sending.send(LOCAL_ADMINISTRATOR, request)
    sent = [one for one in results if isinstance(one, Fax)]
    [refused] = [one for one in results if isinstance(one, GatewayError)]
    assert [one.recipient for one in sent] == [CUSTOMER, OTHER]
    assert len({one.batch_id for one in sent}) == len({one.document_id for one in sent}) == 1
    assert "may not be faxed by the rules" in str(refused)


async def test_each_of_many_has_his_own_cover_page(desk: FaxDesk) -> None:
    server = ScriptedServer(lines=2)
    request = SendFax(to=(CUSTOMER, OTHER), files=(desk.file(),),
                      cover=CoverWish(template="standard"))  # fmt: skip
    await desk.sending.send(LOCAL_ADMINISTRATOR, request)
    async with desk.working(server):
        await desk.until_taken(server, 2)
    covers = {one.number: one.file.read_text().splitlines()[0] for one in server.taken}
    assert covers == {number: f"cover for ,  {number}: 4 pages" for number in (CUSTOMER, OTHER)}


async def test_what_was_looked_at_is_what_is_sent(desk: FaxDesk) -> None:
    request = SendFax(to=(CUSTOMER,), files=(desk.file("one\ntwo"),))
    seen = await desk.sending.preview(LOCAL_ADMINISTRATOR, request)
    fax = await desk.send(files=(), document_id=seen.id)
    assert (fax.document_id, fax.pages) == (seen.id, 2)
    with pytest.raises(Invalid, match="either pages that you have seen"):
        await desk.send(document_id=seen.id)
    with pytest.raises(NotFound):
        await desk.send(by=await sender(desk), files=(), document_id=seen.id)


async def test_the_same_key_is_one_fax_and_another_request_is_told(desk: FaxDesk) -> None:
    file = desk.file()
    first = await desk.send(key="k1", files=(file,))
    again = await desk.send(key="k1", files=(replace(file),))
    assert again.id == first.id
    with pytest.raises(Conflict, match="was used for another fax"):
        await desk.send(key="k1", files=(desk.file("other"),))
    with pytest.raises(Conflict, match="was used for another fax"):
        await desk.send(OTHER, key="k1", files=(file,))
    ayse = await sender(desk)
    assert (await desk.send(key="k1", by=ayse, files=(file,))).id != first.id


async def test_a_customers_fax_number_is_taken_before_his_contact_persons(desk: FaxDesk) -> None:
    person = PersonDraft(name="Ayşe", phones=(PhoneDraft(number=OTHER, kind=PhoneKind.FAX),))
    party = await desk.book.create(LOCAL_ADMINISTRATOR, PartyDraft(name="Güneş", persons=(person,)))
    request = SendFax(parties=(party.id,), files=(desk.file(),))
    [sent] = await desk.sending.send(LOCAL_ADMINISTRATOR, request)
    assert isinstance(sent, Fax)
    assert (sent.recipient, sent.recipient_name, sent.party_id) == (OTHER, "Ayşe", party.id)
    bare = await desk.book.create(LOCAL_ADMINISTRATOR, PartyDraft(name="Boş"))
    with pytest.raises(Invalid, match="Boş has no fax number"):
        await desk.sending.send(
            LOCAL_ADMINISTRATOR, SendFax(parties=(bare.id,), files=(desk.file(),))
        )


async def test_who_does_not_want_faxes_gets_none(desk: FaxDesk) -> None:
    consent = ConsentBook(desk.store, desk.clock, desk.plan, on_block=[take_back_blocked])
    waits = await desk.send()
    await consent.add(LOCAL_ADMINISTRATOR, CUSTOMER, Channel.FAX, "no more")
    assert (await desk.now(waits)).state is SendState.CANCELLED
    with pytest.raises(Conflict, match="must not be faxed: no more"):
        await desk.send()


async def test_a_days_pages_are_counted_for_each_sender(desk: FaxDesk) -> None:
    await desk.decide(pages_per_user_day=7)
    ayse, ali = await sender(desk), await sender(desk, "ali")
    for _ in range(2):
        await desk.send(by=ayse)
    with pytest.raises(TooMany, match="more than the 1 that you may still fax today"):
        await desk.send(by=ayse)
    await desk.send(by=ali)
    desk.clock.moment += timedelta(days=1)
    await desk.send(by=ayse)


async def test_cheap_hours_are_waited_for(desk: FaxDesk) -> None:
    with pytest.raises(Invalid, match="no cheap hours are set"):
        await desk.send(cheap=True)
    await desk.decide(cheap_hours=CheapHours(begins=time(20), ends=time(7)))
    fax = await desk.send(cheap=True)
    assert fax.state is SendState.SCHEDULED
    assert fax.not_before == datetime(2026, 3, 2, 17, tzinfo=UTC)  # 20:00 in Istanbul
    clockwork = FaxClockwork(desk.store, desk.clock, desk.composer, desk.wake)
    await clockwork.look()
    assert (await desk.now(fax)).state is SendState.SCHEDULED
    desk.clock.moment = datetime(2026, 3, 2, 17, 0, 1, tzinfo=UTC)
    await clockwork.look()
    assert (await desk.now(fax)).state is SendState.QUEUED


async def test_what_is_too_late_expires_unsent(desk: FaxDesk) -> None:
    fax = await desk.send(expires_at=desk.clock.now() + timedelta(hours=1))
    desk.clock.moment += timedelta(hours=2)
    await FaxClockwork(desk.store, desk.clock, desk.composer, desk.wake).look()
    assert (await desk.now(fax)).state is SendState.EXPIRED
    server = ScriptedServer()
    other = await desk.send()
    async with desk.working(server):
        assert (await desk.until_taken(server)).number == other.recipient
    assert len(server.taken) == 1


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"to": ()}, "nobody is named"),
        ({"to": ("12x",)}, "12x"),
        ({"files": ()}, "nothing to fax"),
        ({"server_id": "none"}, "no fax server 'none'"),
        ({"at": datetime.fromisoformat("2026-03-03T09:00:00")}, "lacks its time zone"),
        ({"at": datetime(2030, 3, 3, 9, tzinfo=UTC)}, "more than a year ahead"),
        ({"cover": CoverWish(template="x")}, "no cover page"),
        ({"to": tuple(f"+9021255{number:05d}" for number in range(1001))}, "at most 1000"),
    ],
)
async def test_what_cannot_be_faxed_is_refused_with_its_reason(
    desk: FaxDesk, fields: dict[str, object], says: str
) -> None:
    request = SendFax(**{"to": (CUSTOMER,), "files": (desk.file(),), **fields})  # type: ignore[arg-type]
    with pytest.raises(GatewayError, match=says):
        await desk.sending.send(LOCAL_ADMINISTRATOR, request)
    assert list(desk.folder.arriving.iterdir()) == []


async def test_without_the_right_nothing_is_faxed(desk: FaxDesk) -> None:
    nobody = Principal(name="x", user_id="", permissions=frozenset(), sight=Sight.OWN)
    with pytest.raises(Forbidden):
        await desk.send(by=nobody)


async def test_a_fax_is_sent_again_and_on_to_another(desk: FaxDesk) -> None:
    fax = await desk.send(subject="Teklif")
    again = await desk.sending.again(LOCAL_ADMINISTRATOR, fax.id)
    on = await desk.sending.again(LOCAL_ADMINISTRATOR, fax.id, "0224 555 11 22")
    assert (again.recipient, on.recipient) == (CUSTOMER, OTHER)
    assert {one.document_id for one in (again, on)} == {fax.document_id}
    assert {one.origin_id for one in (again, on)} == {fax.id}
    hers = await desk.send(by=await sender(desk))
    with pytest.raises(NotFound):
        await desk.sending.again(await sender(desk, "ali"), hers.id)


async def test_only_an_uncertain_fax_is_settled_by_hand(desk: FaxDesk) -> None:
    fax = await desk.send()
    for settlement in Settlement:
        with pytest.raises(Conflict, match="not uncertain"):
            await desk.sending.settle(LOCAL_ADMINISTRATOR, fax.id, settlement)
    taken = await desk.sending.cancel(LOCAL_ADMINISTRATOR, fax.id)
    assert (taken.state, taken.error_text) == (
        SendState.CANCELLED, "taken back by local administrator",
    )  # fmt: skip
    with pytest.raises(Conflict, match="only one that is not over"):
        await desk.sending.cancel(LOCAL_ADMINISTRATOR, fax.id)
