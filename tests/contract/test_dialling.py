"""A number is dialled for a user at most once, within the rules, on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from drivers.asterisk.tracker import Tracker
from gateway.calls.dialling import Dialling, DialRequest, System
from gateway.calls.dialling_rules import DiallingRules
from gateway.calls.model import (
    CallChange,
    CallChangeKind,
    CallDirection,
    CallOutcome,
    CallRecord,
    CallState,
    Dial,
    DialState,
    Party,
)
from gateway.calls.port import PbxCondition, PbxStatus
from gateway.calls.receiving import CallBook
from gateway.calls.showing import CallFilter, Calls
from gateway.kernel import events
from gateway.kernel.clock import SystemClock
from gateway.kernel.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Permanent,
    Temporary,
    Unavailable,
    Uncertain,
)
from gateway.kernel.health import Health
from gateway.kernel.metrics import Metrics
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.runtime import Runtime
from gateway.kernel.store import Store
from gateway.kernel.supervisor import Supervisor
from gateway.parties.book import PartyBook
from gateway.parties.drafts import PartyDraft, PhoneDraft
from gateway.people.model import RIGHTS, Role
from gateway.people.users import Users
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from gateway.web.principal import Principal, Sight
from tests.contract.switchboard import SETTINGS, Switchboard
from tests.unit.asterisk.recordings import events_of

PLAN = NumberingPlan(region="TR")
CUSTOMER = "+902125550160"


class Desk:
    """A store, a telephone system and two of our people: 101 and 102."""

    def __init__(self, store: Store) -> None:
        self.store, self.pbx, self.clock = store, Switchboard(), SystemClock()
        self.dialling = Dialling(
            store, self.clock, PLAN, lambda: {"office": System(self.pbx, SETTINGS)}
        )

    async def open(self) -> Principal:
        """Add our people; return 101."""
        users = Users(self.store, self.clock, PLAN)
        await users.add(ROOT, login="ali", name="Ali", role=Role.MANAGER, extension="102")
        ayse = await users.add(ROOT, login="ayse", name="A", role=Role.MANAGER, extension="101")
        return Principal(
            user_id=ayse.id, name="A", permissions=RIGHTS[Role.MANAGER], sight=Sight.OWN
        )

    async def dial(self, who: Principal, to: str = CUSTOMER, *, key: str = "", **more: str) -> Dial:
        """Dial."""
        return await self.dialling.dial(who, DialRequest(to=to, **more), key=key)

    async def settled(self, dial: Dial) -> Dial:
        """Wait until it is known what became of a dial."""
        async with asyncio.timeout(5):
            while (now := await self.dialling.show(ROOT, dial.id)).state is DialState.ASKED:
                await asyncio.sleep(0.01)
        return now

    async def happened(self, dial: Dial, recording: str) -> dict[str, object]:
        """Let the telephone system tell of the call that a dial became; return it."""
        health = Health()
        runtime = Runtime(self.clock, health, Metrics(), Supervisor(health, self.clock))
        book, tracker = CallBook(self.store, runtime, PLAN), Tracker()
        for event, at in events_of(recording):
            renamed = {key: _renamed(value, dial.ref) for key, value in event.items()}
            changes: list[tuple[CallChange, CallRecord | None]] = [
                (change, change.ended or tracker.record(change.id, at))
                for change in tracker.feed(renamed, at)
            ]
            await book.calls_changed("office", changes)
        [call] = (await Calls(self.store, PLAN).page(ROOT, CallFilter())).items
        return dict(call)


def _renamed(value: str, ref: str) -> str:
    return ref if value in {"gw-crm42", "1795429966.686"} else value


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[Desk]:
    """Return a desk; what it still asks is given up at the end."""
    desk = Desk(store)
    yield desk
    await desk.dialling.close()


async def test_the_users_telephone_rings_and_the_call_belongs_to_the_dial(desk: Desk) -> None:
    ayse = await desk.open()
    await PartyBook(desk.store, desk.clock, PLAN).create(
        ROOT, PartyDraft(name='Yıldız "A.Ş."', phones=(PhoneDraft(number=CUSTOMER),))
    )
    asked = await desk.dial(ayse)
    assert asked.state is DialState.ASKED
    done = await desk.settled(asked)
    assert (done.state, done.reason) == (DialState.ANSWERED, "")
    assert desk.pbx.asked == [("dial", asked.ref, "101", "002125550160", "Yıldız A.Ş.")]
    call = await desk.happened(asked, "a16-originate_click")
    assert (call["number"], call["user_id"], call["outcome"]) == (
        CUSTOMER, ayse.user_id, "answered",
    )  # fmt: skip
    assert (await desk.dialling.show(ayse, asked.id)).call_id == call["id"]
    told = await desk.store.read(lambda c: events.after(c, 0, audiences=None))
    assert [one.kind for one in told if one.kind.startswith("dial.")] == [
        "dial.asked", "dial.answered",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (Permanent("the telephone 101 is busy"), DialState.FAILED),
        (Temporary("not connected"), DialState.FAILED),
        (Uncertain("no answer"), DialState.UNCERTAIN),
    ],
)
async def test_what_the_telephone_system_says_is_kept(
    desk: Desk, failure: Permanent | Temporary | Uncertain, state: DialState
) -> None:
    ayse = await desk.open()
    desk.pbx.failure = failure
    done = await desk.settled(await desk.dial(ayse))
    assert (done.state, done.reason) == (state, str(failure))
    assert len(desk.pbx.asked) == 1


@pytest.mark.parametrize(
    ("recording", "state"),
    [
        ("a16-originate_click", DialState.ANSWERED),
        ("a16-originate_agent_noanswer", DialState.FAILED),
    ],
)
async def test_an_uncertain_dial_is_settled_by_its_call_and_never_asked_again(
    desk: Desk, recording: str, state: DialState
) -> None:
    ayse = await desk.open()
    desk.pbx.picked_up.clear()
    asked = await desk.dial(ayse)
    assert await desk.dialling.recover() == 1
    again = Desk(desk.store)
    assert (await again.settled(asked)).state is DialState.UNCERTAIN
    await again.happened(asked, recording)
    assert (await again.settled(asked)).state is state
    assert again.pbx.asked == []


async def test_a_dial_that_is_being_asked_at_a_stop_is_uncertain(desk: Desk) -> None:
    ayse = await desk.open()
    desk.pbx.picked_up.clear()
    asked = await desk.dial(ayse)
    await asyncio.sleep(0)
    await desk.dialling.close()
    assert (await desk.settled(asked)).state is DialState.UNCERTAIN


async def test_a_store_that_fails_for_a_while_learns_what_became_of_a_dial(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.calls.dialling.RETRY_S", 0.01)
    ayse = await desk.open()
    desk.pbx.picked_up.clear()
    asked = await desk.dial(ayse)
    failures, write = [Unavailable("the disk is full")] * 3, desk.store.write

    async def fails(unit: Any) -> Any:
        if failures:
            raise failures.pop()
        return await write(unit)

    monkeypatch.setattr(desk.store, "write", fails)
    desk.pbx.picked_up.set()
    assert (await desk.settled(asked)).state is DialState.ANSWERED
    assert failures == []
    await desk.dial(ayse, "+902125550161")


async def test_what_a_start_makes_uncertain_is_told(desk: Desk) -> None:
    ayse = await desk.open()
    desk.pbx.picked_up.clear()
    asked = await desk.dial(ayse)
    await asyncio.sleep(0)
    again = Dialling(desk.store, desk.clock, PLAN, dict)
    assert await again.recover() == 1
    assert await again.recover() == 0
    told = await desk.store.read(lambda c: events.after(c, 0, audiences=None))
    assert [(event.kind, event.subject) for event in told][-1] == ("dial.uncertain", asked.id)
    await desk.dialling.close()


async def test_a_repeated_request_rings_once(desk: Desk) -> None:
    ayse = await desk.open()
    first, second = [await desk.dial(ayse, key="k1") for _ in range(2)]
    assert first.id == second.id
    await desk.settled(first)
    assert len(desk.pbx.asked) == 1
    with pytest.raises(Conflict, match="another number"):
        await desk.dial(ayse, "+902125550161", key="k1")
    await desk.settled(await desk.dial(ayse, "+902125550161", key="k2"))
    assert len(desk.pbx.asked) == 2


async def test_a_telephone_that_rings_for_a_dial_is_not_rung_for_another(desk: Desk) -> None:
    ayse = await desk.open()
    desk.pbx.picked_up.clear()
    first = await desk.dial(ayse)
    with pytest.raises(Conflict, match="rings"):
        await desk.dial(ayse, "+902125550161")
    desk.pbx.picked_up.set()
    await desk.settled(first)
    await desk.dial(ayse, "+902125550161")


@pytest.mark.parametrize(
    ("to", "rules"),
    [
        ("+4930123456", DiallingRules()),
        ("09001234567", DiallingRules()),
        ("+88213300550", DiallingRules(allowed=("+90",))),
        ("*72", DiallingRules()),
        ("155", DiallingRules()),
        (CUSTOMER, DiallingRules(blocked=("+90212",))),
        (CUSTOMER, DiallingRules(per_hour=0)),
        (CUSTOMER, DiallingRules(per_day=0)),
    ],
)
async def test_rules_refuse_before_anything_rings(
    desk: Desk, to: str, rules: DiallingRules
) -> None:
    ayse = await desk.open()
    await desk.dialling.decide(ROOT, rules)
    with pytest.raises(Forbidden):
        await desk.dial(ayse, to)
    assert desk.pbx.asked == []


async def test_rules_allow_what_they_name(desk: Desk) -> None:
    ayse = await desk.open()
    with pytest.raises(Forbidden):
        await desk.dialling.decide(ayse, DiallingRules(costly=True))
    rules = DiallingRules(allowed=("+49", "+90212", "155"), blocked=("+90", "+4989"), costly=True)
    await desk.dialling.decide(ROOT, rules)
    for to in ("+4930123456", CUSTOMER, "155", "102"):
        await desk.settled(await desk.dial(ayse, to))
    assert [asked[3] for asked in desk.pbx.asked] == ["0004930123456", "002125550160", "155", "102"]
    for to in ("+4989123456", "+905321112233", "1556"[:2]):
        with pytest.raises(Forbidden):
            await desk.dial(ayse, to)


async def test_limits_count_each_user_by_himself(desk: Desk) -> None:
    ayse = await desk.open()
    await desk.dialling.decide(ROOT, DiallingRules(per_hour=1))
    await desk.settled(await desk.dial(ayse))
    with pytest.raises(Forbidden, match="an hour"):
        await desk.dial(ayse)
    await desk.dial(ROOT, extension="102")


async def test_whose_telephone_rings(desk: Desk) -> None:
    ayse = await desk.open()
    with pytest.raises(Forbidden, match="another's"):
        await desk.dial(ayse, extension="102")
    for extension in ("", "999", "101&PJSIP/102", "101,evil"):
        with pytest.raises(Invalid):
            await desk.dial(ROOT, extension=extension)
    with pytest.raises(Invalid, match="ring first"):
        await desk.dial(ayse, "101")
    done = await desk.settled(await desk.dial(ROOT, extension="102"))
    with pytest.raises(NotFound):
        await desk.dialling.show(ayse, done.id)
    assert done.extension == "102"


async def test_nothing_is_written_while_the_telephone_system_is_away(desk: Desk) -> None:
    ayse = await desk.open()
    desk.pbx.status = replace(desk.pbx.status, condition=PbxCondition.UNREACHABLE, detail="refused")
    with pytest.raises(Temporary, match="refused"):
        await desk.dial(ayse)
    with pytest.raises(Invalid, match="no telephone system"):
        await desk.dial(ayse, pbx="nowhere")
    desk.pbx.status = PbxStatus(id="office", condition=PbxCondition.READY)
    await desk.settled(await desk.dial(ayse))
    told = await desk.store.read(lambda c: events.after(c, 0, audiences=None))
    assert [event.kind for event in told] == ["dial.asked", "dial.answered"]


CLICK = CallRecord(
    id="", state=CallState.ENDED, direction=CallDirection.OUT, caller="101", caller_name="",
    did="", callee="002125550160", started_at=datetime(2026, 12, 1, 8, tzinfo=UTC),
    ended_at=datetime(2026, 12, 1, 8, 1, tzinfo=UTC), answered_by=None, final_party=None,
    outcome=CallOutcome.VOICEMAIL, reason="", ring_s=2, talk_s=0, wait_s=0, queue="", digits="",
    hangup_cause=16, hung_up_by="", click_to_call=True, conference=False, recording="",
    transfers=(), parties=(),
)  # fmt: skip
"""A mailbox took a dial in the place of 101."""


def rung(party: str, *, internal: bool = False) -> Party:
    """Return the part of who was rung and not spoken with."""
    return Party(
        party=party, internal=internal, called=True, outcome=CallOutcome.CANCELLED, ring_s=0.4,
        talk_s=0, hold_s=0, hangup_cause=16,
    )  # fmt: skip


async def ended(desk: Desk, dial: Dial, *parties: Party) -> None:
    """Let a dial's call end unanswered."""
    health = Health()
    runtime = Runtime(desk.clock, health, Metrics(), Supervisor(health, desk.clock))
    record = replace(CLICK, id=dial.ref, parties=(rung("101", internal=True), *parties))
    change = CallChange(CallChangeKind.ENDED, dial.ref, ended=record)
    await CallBook(desk.store, runtime, PLAN).calls_changed("office", [(change, record)])


@pytest.mark.parametrize("known_first", ["the answer", "the end"])
@pytest.mark.parametrize(
    ("party", "state"),
    [
        (rung("002125550160"), DialState.UNCERTAIN),
        (rung("2125550160"), DialState.UNCERTAIN),  # as the trunk writes it
        (rung("trunk"), DialState.UNCERTAIN),
        (rung("05300001020"), DialState.FAILED),  # the user's own mobile, which 101 follows
        (rung("102", internal=True), DialState.FAILED),  # of the same ring group
    ],
)
async def test_a_number_that_rang_before_a_mailbox_was_hung_up_is_uncertain(
    desk: Desk, party: Party, state: DialState, known_first: str
) -> None:
    ayse = await desk.open()
    await Users(desk.store, desk.clock, PLAN).change(ROOT, "ayse", mobile="+905300001020")
    desk.pbx.picked_up.clear()
    desk.pbx.failure = Uncertain("a mailbox answered, and the number may have rung")
    asked = await desk.dial(ayse)
    if known_first == "the end":
        await ended(desk, asked, party)
        desk.pbx.picked_up.set()
        await desk.settled(asked)
    else:
        desk.pbx.picked_up.set()
        await desk.settled(asked)
        await ended(desk, asked, party)
    done = await desk.dialling.show(ayse, asked.id)
    assert done.state is state
    assert done.reason


async def test_a_dial_that_failed_and_rang_after_all_is_uncertain(desk: Desk) -> None:
    ayse = await desk.open()
    desk.pbx.failure = Permanent("a mailbox answered")
    asked = await desk.dial(ayse)
    assert (await desk.settled(asked)).state is DialState.FAILED
    await ended(desk, asked, rung("002125550160"))
    done = await desk.dialling.show(ayse, asked.id)
    assert (done.state, "may have rung" in done.reason) == (DialState.UNCERTAIN, True)
    told = await desk.store.read(lambda c: events.after(c, 0, audiences=None))
    assert [one.kind for one in told if one.kind.startswith("dial.")][-1] == "dial.uncertain"


async def test_a_colleague_who_rang_for_a_dial_counts_as_rung(desk: Desk) -> None:
    ayse = await desk.open()
    desk.pbx.failure = Uncertain("no answer")
    asked = await desk.dial(ayse, "102")
    await desk.settled(asked)
    await ended(desk, asked, rung("102", internal=True))
    assert (await desk.dialling.show(ayse, asked.id)).state is DialState.UNCERTAIN
