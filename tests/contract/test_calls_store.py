"""Calls that a telephone system tells of stand in the history once, on both engines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from drivers.asterisk.snapshot import Snapshot
from drivers.asterisk.tracker import Tracker
from gateway.calls import tables as calls_tables
from gateway.calls.acting import CallActions
from gateway.calls.model import CallChange, CallChangeKind, CallRecord
from gateway.calls.port import Pbx
from gateway.calls.receiving import CallBook
from gateway.calls.showing import CallFilter, Calls
from gateway.history import tables as history
from gateway.history.timeline import Timeline
from gateway.kernel import events
from gateway.kernel.clock import SystemClock
from gateway.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.kernel.health import Health
from gateway.kernel.metrics import Metrics
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.runtime import Runtime
from gateway.kernel.store import Store
from gateway.kernel.supervisor import Supervisor
from gateway.parties.book import PartyBook
from gateway.parties.drafts import PartyChange, PartyDraft, PhoneDraft
from gateway.people.model import RIGHTS, Role, User
from gateway.people.users import Users
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from gateway.web.principal import Permission, Principal, Sight
from tests.contract.switchboard import Switchboard
from tests.unit.asterisk.recordings import events_of

PLAN = NumberingPlan(region="TR")
CUSTOMER = "+902125550150"
Change = tuple[CallChange, CallRecord | None]


def book_runtime() -> Runtime:
    """Return what a sink needs to run."""
    clock, health = SystemClock(), Health()
    return Runtime(clock, health, Metrics(), Supervisor(health, clock))


@pytest.fixture
def book(store: Store) -> CallBook:
    """Return the sink of a telephone system."""
    return CallBook(store, book_runtime(), PLAN)


@pytest.fixture
def parties(store: Store) -> PartyBook:
    """Return a directory that tells history and calls of new numbers."""
    return PartyBook(
        store, SystemClock(), PLAN, number_attached=[history.attach, calls_tables.attach]
    )


def told(name: str, upto: str = "") -> Iterator[Change]:
    """Yield what a recorded call changes, as the driver tells it; up to a kind of event."""
    tracker = Tracker()
    for event, at in events_of(name):
        if event.get("Event") == upto:
            return
        for change in tracker.feed(event, at):
            yield change, change.ended or tracker.record(change.id, at)


async def page(store: Store, **wanted: object) -> Sequence[dict[str, object]]:
    """Return the calls that are wanted."""
    found = await Calls(store, PLAN).page(ROOT, CallFilter(**wanted))  # type: ignore[arg-type]
    return [dict(item) for item in found.items]


async def test_a_call_is_one_line_of_the_customers_history(
    store: Store, book: CallBook, parties: PartyBook
) -> None:
    users = Users(store, SystemClock(), PLAN)
    manager = await users.add(ROOT, login="ayse", name="Ayşe", role=Role.MANAGER, extension="102")
    phones = (PhoneDraft(number=CUSTOMER),)
    party = await parties.create(ROOT, PartyDraft(name="Yıldız", phones=phones))
    for change in told("a16-xfer_ami_blind"):
        await book.calls_changed("office", [change])
    [call] = await page(store)
    assert (call["state"], call["outcome"], call["final_party"]) == ("ended", "answered", "102")
    assert (call["number"], call["party_id"]) == (CUSTOMER, party.id)
    assert call["user_id"] == manager.id
    assert call["transfers"] == [
        {"kind": "blind", "from": "101", "to": "102", "answered": True, "cancelled": False}
    ]
    [line] = (await Timeline(store).of_party(ROOT, party.id)).items
    assert (line.interaction.kind, line.interaction.outcome) == ("call", "answered")
    assert (line.interaction.line, line.user_name) == ("902125550100", "Ayşe")
    assert line.interaction.ref == call["id"]


async def test_all_changes_at_once_and_twice_give_the_same_call(
    store: Store, book: CallBook
) -> None:
    changes = list(told("a16-queue_answered"))
    await book.calls_changed("office", changes)
    [first] = await page(store)
    await book.calls_changed("office", changes[-1:])
    assert await page(store) == [first]


async def test_a_consultation_that_became_part_of_the_call_leaves_no_line(
    store: Store, book: CallBook
) -> None:
    for change in told("b16-xfer_sip_attended"):
        await book.calls_changed("office", [change])
    [call] = await page(store)
    assert call["caller"] == "902125550150"
    rows = await store.read(
        lambda connection: connection.execute(select(history.interactions)).all()
    )
    assert [row.ref for row in rows] == [call["id"]]


async def test_calls_inside_the_company_stand_in_no_customers_history(
    store: Store, book: CallBook
) -> None:
    await book.calls_changed("office", list(told("a16-internal_call")))
    [call] = await page(store)
    assert call["direction"] == "internal"
    rows = await store.read(
        lambda connection: connection.execute(select(history.interactions)).all()
    )
    assert rows == []


async def test_a_missed_call_is_told_as_one_to_who_is_responsible(
    store: Store, book: CallBook, parties: PartyBook
) -> None:
    users = Users(store, SystemClock(), PLAN)
    manager = await users.add(ROOT, login="ayse", name="Ayşe", role=Role.MANAGER)
    phones = (PhoneDraft(number=CUSTOMER),)
    await parties.create(ROOT, PartyDraft(name="Yıldız", phones=phones, responsible="ayse"))
    await book.calls_changed("office", list(told("a16-in_cancel")))
    found = await store.read(lambda connection: events.after(connection, 0, audiences=None))
    calls = [event for event in found if event.kind.startswith("call.")]
    assert calls[0].kind == "call.ringing"
    assert calls[-1].kind == "call.missed"
    assert {event.audience for event in calls} == {f"user:{manager.id}"}
    assert calls[-1].data["reason"] == "the caller hung up"


async def test_after_a_restart_of_ours_what_lives_goes_on_and_what_is_gone_is_ended(
    store: Store, book: CallBook
) -> None:
    await book.calls_changed("office", list(told("a16-in_answered", upto="BridgeLeave")))
    [before] = await page(store, live=True)
    assert before["state"] == "talking"
    tracker = Tracker()
    shown = [
        {"Uniqueid": uid, "Linkedid": str(before_ref(before)), "BridgeId": "b", "Channel": name,
         "CallerIDNum": number, "ChannelStateDesc": "Up", "Duration": "00:00:02"}
        for uid, name, number in (
            (before_ref(before), "PJSIP/trunk-1", "902125550150"), ("9.2", "PJSIP/101-2", "101"),
        )
    ]  # fmt: skip
    at = datetime.fromisoformat(str(before["started_at"])).timestamp() + 3
    changes = tracker.reconcile(Snapshot(channels=shown), at, at)
    await book.calls_changed("office", [(one, tracker.record(one.id, at)) for one in changes])
    await book.calls_living("office", set(tracker.calls))
    [after] = await page(store, live=True)
    assert {key: after[key] for key in ("id", "did", "answered_by", "ring_s")} == {
        key: before[key] for key in ("id", "did", "answered_by", "ring_s")
    }
    await book.calls_living("office", set())
    assert await page(store, live=True) == []
    [ended] = await page(store)
    assert (ended["state"], ended["reason"]) == ("ended", "its end was not seen")
    await book.calls_living("elsewhere", set())


def before_ref(call: dict[str, object]) -> str:
    """Return Asterisk's id of the recorded call."""
    [event] = [
        event
        for event, _ in events_of("a16-in_answered")
        if event.get("Event") == "Newchannel" and event["Uniqueid"] == event["Linkedid"]
    ]
    assert call["state"]
    return event["Uniqueid"]


async def test_a_number_that_becomes_known_brings_its_calls_along(
    store: Store, book: CallBook, parties: PartyBook
) -> None:
    await book.calls_changed("office", list(told("a16-in_answered")))
    party = await parties.create(ROOT, PartyDraft(name="Deniz"))
    await parties.update(ROOT, party.id, PartyChange(phones=(PhoneDraft(number=CUSTOMER),)))
    assert [call["party_id"] for call in await page(store, party_id=party.id)] == [party.id]


async def test_lists_are_narrowed_paged_and_kept_to_ones_own(
    store: Store, book: CallBook, parties: PartyBook
) -> None:
    users = Users(store, SystemClock(), PLAN)
    await users.add(ROOT, login="ayse", name="Ayşe", role=Role.MANAGER)
    phones = (PhoneDraft(number=CUSTOMER),)
    await parties.create(ROOT, PartyDraft(name="Yıldız", phones=phones, responsible="ayse"))
    for name in ("a16-in_answered", "a16-outbound_call", "a16-internal_call", "a16-in_busy"):
        await book.calls_changed("office", list(told(name)))
    calls = Calls(store, PLAN)
    assert [call["direction"] for call in await page(store)] == ["in", "internal", "out", "in"]
    assert len(await page(store, outcome="busy")) == 1
    assert len(await page(store, number="0212 555 01 50")) == 2
    late = datetime.now(UTC) + timedelta(days=30)
    assert await page(store, since=late) == []
    assert len(await page(store, until=late)) == 4
    seen = []
    cursor = ""
    while True:
        found = await calls.page(ROOT, CallFilter(), cursor=cursor, limit=1)
        seen += [item["id"] for item in found.items]
        cursor = found.next_cursor
        if not cursor:
            break
    assert len(set(seen)) == 4
    mine = Principal(user_id="0" * 32, name="m", permissions=frozenset(Permission), sight=Sight.OWN)
    own = (await calls.page(mine, CallFilter())).items
    assert [call["direction"] for call in own] == ["out"]
    with pytest.raises(NotFound):
        await calls.show(mine, seen[0])
    assert (await calls.show(ROOT, seen[0]))["id"] == seen[0]
    with pytest.raises(Invalid):
        await calls.page(ROOT, CallFilter(), cursor="odd")
    with pytest.raises(Forbidden):
        await calls.page(replace(mine, permissions=frozenset()), CallFilter())


async def test_a_merged_call_that_was_never_written_is_let_be(store: Store, book: CallBook) -> None:
    merged = CallChange(CallChangeKind.MERGED, "1.1", "2.2")
    await book.calls_changed("office", [(merged, None)])
    assert await page(store) == []


async def test_what_people_do_with_a_call_reaches_its_telephone_system(
    store: Store, book: CallBook
) -> None:
    pbx = Switchboard()
    systems: dict[str, Pbx] = {"office": pbx}
    actions = CallActions(Calls(store, PLAN), lambda: systems, store, SystemClock())
    await book.calls_changed("office", list(told("a16-in_answered", upto="BridgeLeave")))
    [call] = await page(store)
    call_id, ref = str(call["id"]), before_ref(call)
    await actions.transfer(ROOT, call_id, "102")
    await actions.transfer(ROOT, call_id, "103", attended=True)
    for pass_on in (False, True):
        await actions.end_consulting(ROOT, call_id, pass_on=pass_on)
    await actions.park(ROOT, call_id)
    await actions.hang_up(ROOT, call_id)
    assert pbx.asked == [
        ("transfer", ref, "102"), ("consult", ref, "103"), ("take back", ref), ("pass on", ref),
        ("park", ref), ("hang up", ref),
    ]  # fmt: skip
    for odd in ("", "05321234567", "+905321234567", "102\r\nAction: Originate", "1234567"):
        with pytest.raises(Invalid, match="extension"):
            await actions.transfer(ROOT, call_id, odd)
    with pytest.raises(NotFound):
        await actions.park(ROOT, "0" * 32)
    nobody = Principal(user_id="n", name="n", permissions=frozenset({Permission.CALLS_READ}))
    with pytest.raises(Forbidden):
        await actions.park(nobody, call_id)
    systems.clear()
    with pytest.raises(Conflict, match="not configured"):
        await actions.park(ROOT, call_id)
    await book.calls_living("office", set())
    with pytest.raises(Conflict, match="ended"):
        await actions.park(ROOT, call_id)
    assert len(pbx.asked) == 6


async def test_what_was_lost_is_told_to_who_is_responsible_only(
    store: Store, book: CallBook, parties: PartyBook
) -> None:
    users = Users(store, SystemClock(), PLAN)
    manager = await users.add(ROOT, login="ayse", name="Ayşe", role=Role.MANAGER)
    phones = (PhoneDraft(number=CUSTOMER),)
    await parties.create(ROOT, PartyDraft(name="Yıldız", phones=phones, responsible="ayse"))
    await book.calls_changed("office", list(told("a16-in_cancel", upto="HangupRequest")))
    [call] = await page(store, live=True)
    assert call["missed"] is False
    await book.calls_living("office", set())
    [call] = await page(store)
    assert call["missed"] is True
    found = await store.read(lambda connection: events.after(connection, 0, audiences=None))
    calls = [event for event in found if event.kind.startswith("call.")]
    assert calls[-1].kind == "call.missed"
    assert {event.audience for event in calls} == {f"user:{manager.id}"}


async def test_notes_stay_with_a_call_and_follow_it_into_another(
    store: Store, book: CallBook
) -> None:
    actions = CallActions(Calls(store, PLAN), dict, store, SystemClock())
    changes = list(told("b16-xfer_sip_attended"))
    [merge] = [n for n, (change, _) in enumerate(changes) if change.kind is CallChangeKind.MERGED]
    await book.calls_changed("office", changes[:merge])
    for call in await page(store):
        await actions.note(ROOT, str(call["id"]), f"of {call['caller']} <b>")
    await book.calls_changed("office", changes[merge:])
    [call] = await page(store)
    notes = call["notes"]
    assert isinstance(notes, list)
    assert {note["text"] for note in notes} == {"of 902125550150 <b>", "of 101 <b>"}
    assert {note["by"] for note in notes} == {ROOT.name}
    with pytest.raises(NotFound):
        await actions.note(ROOT, "0" * 32, "whose?")


def principal_of(user: User) -> Principal:
    """Return a manager."""
    return Principal(
        user_id=user.id, name=user.name, permissions=RIGHTS[Role.MANAGER], sight=Sight.OWN
    )


async def test_who_is_in_a_call_knows_of_it_and_of_talks_inside_nobody_else(
    store: Store, book: CallBook, parties: PartyBook
) -> None:
    users = Users(store, SystemClock(), PLAN)
    added = [
        await users.add(ROOT, login=f"u{number}", name="", role=Role.MANAGER, extension=number)
        for number in ("101", "102", "103", "104")
    ]
    first, second, third, last = map(principal_of, added)
    phones = (PhoneDraft(number=CUSTOMER),)
    await parties.create(ROOT, PartyDraft(name="Yıldız", phones=phones, responsible="u104"))
    await book.calls_changed("office", list(told("a16-in_answered")))
    await book.calls_changed("office", list(told("a16-internal_call")))
    calls = Calls(store, PLAN)

    async def seen(who: Principal) -> list[str]:
        return [call["direction"] for call in (await calls.page(who, CallFilter())).items]

    assert "in" in await seen(first)
    assert await seen(last) == ["in"]
    inside = next(call for call in await page(store) if call["direction"] == "internal")
    taking_part = {str(party["party"]) for party in inside["parties"]}  # type: ignore[attr-defined]
    for number, who in (("101", first), ("102", second), ("103", third)):
        assert ("internal" in await seen(who)) is (number in taking_part)
    with pytest.raises(NotFound):
        await calls.living(last, str(inside["id"]))
    found = await store.read(lambda connection: events.after(connection, 0, audiences=None))
    of_call = [event for event in found if event.kind.startswith("call.")]
    for event in of_call:
        internal = event.data["direction"] == "internal"
        assert (f"user:{added[3].id}" in event.audience) is not internal
    answered = [event for event in of_call if event.kind == "call.answered"]
    assert f"user:{added[0].id}" in answered[0].audience


async def test_a_call_with_a_colleagues_mobile_or_an_own_line_is_private(
    store: Store, book: CallBook, parties: PartyBook
) -> None:
    users = Users(store, SystemClock(), PLAN)
    await users.add(ROOT, login="u1", name="", role=Role.MANAGER, mobile=CUSTOMER)
    stranger = await users.add(ROOT, login="u2", name="", role=Role.MANAGER)
    await parties.create(ROOT, PartyDraft(name="X", phones=(PhoneDraft(number=CUSTOMER),)))
    await book.calls_changed("office", list(told("a16-in_answered")))
    [call] = await page(store)
    assert call["party_id"] is None
    found = await Calls(store, PLAN).page(principal_of(stranger), CallFilter())
    assert found.items == ()
    told_of = await store.read(lambda connection: events.after(connection, 0, audiences=None))
    audiences = {event.audience for event in told_of if event.kind.startswith("call.")}
    assert audiences == {events.NOBODY}


async def test_a_call_taken_up_in_the_middle_keeps_what_was_known_of_it(
    store: Store, book: CallBook
) -> None:
    """101 speaks, passes the customer on, the service dies; then he is parked and hangs up."""
    before = list(told("a16-xfer_ami_blind", upto="Hangup"))
    await book.calls_changed("office", before)
    [known] = await page(store)
    at = datetime.fromisoformat(str(known["started_at"])).timestamp() + 60
    _, ref = await Calls(store, PLAN).living(ROOT, str(known["id"]))
    tracker = Tracker()
    shown = {"Uniqueid": ref, "Linkedid": ref, "Channel": "PJSIP/trunk-1", "BridgeId": "lot",
             "CallerIDNum": "902125550150", "ChannelStateDesc": "Up", "Context": "from-trunk",
             "Exten": "x"}  # fmt: skip
    space = {"ParkeeUniqueid": ref, "ParkerDialString": "PJSIP/102", "ParkingSpace": "701"}
    restarted = CallBook(store, book_runtime(), PLAN)
    changes = tracker.reconcile(Snapshot(channels=[shown], parked=[space]), at, at)
    await restarted.calls_changed("office", [(one, tracker.record(one.id, at)) for one in changes])
    ended = tracker.close(at + 30, "")
    await restarted.calls_changed("office", [(one, one.ended) for one in ended])
    [call] = await page(store)
    for name in ("id", "direction", "caller", "did", "answered_by", "started_at"):
        assert call[name] == known[name], name
    assert (call["outcome"], call["missed"], call["state"]) == ("answered", False, "ended")
    kinds = [one["kind"] for one in call["transfers"]]  # type: ignore[attr-defined]
    assert kinds == ["blind", "park"]
    assert float(str(call["talk_s"])) >= float(str(known["talk_s"]))
    parties = {one["party"] for one in call["parties"]}  # type: ignore[attr-defined]
    assert {"101", "902125550150"} <= parties
    assert restarted._before == {}


async def test_a_merged_call_is_followed_to_ours_also_when_all_comes_at_once(
    store: Store, book: CallBook
) -> None:
    await book.calls_changed("office", list(told("b16-xfer_sip_attended")))
    [call] = await page(store)
    changes = list(told("b16-xfer_sip_attended"))
    [merge] = [n for n, (change, _) in enumerate(changes) if change.kind is CallChangeKind.MERGED]
    await book.calls_changed("branch", changes[:merge])
    await book.calls_changed("branch", changes[merge:])
    found = await store.read(lambda connection: events.after(connection, 0, audiences=None))
    [event] = [event for event in found if event.kind == "call.merged"]
    [branch] = [one for one in await page(store) if one["id"] != call["id"]]
    assert event.data["into"] == branch["id"]


async def test_calls_of_a_telephone_system_that_is_gone_end(store: Store, book: CallBook) -> None:
    for pbx in ("office", "old", "modem:m1"):
        await book.calls_changed(pbx, list(told("a16-in_answered", upto="BridgeLeave")))
    await book.forget_systems({"office", "modem:m2"})
    assert {call["pbx"] for call in await page(store, live=True)} == {"office"}
    assert {call["reason"] for call in await page(store) if call["ended_at"]} == {
        "its end was not seen"
    }
