"""Who can be spoken with now: telephones, absences, deputies, and what is told of it."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.kernel import events
from gateway.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.store import Store
from gateway.people.absences import AbsenceBook, AbsenceDraft
from gateway.people.announcing import Announcer
from gateway.people.colleagues import Colleagues
from gateway.people.model import RIGHTS, SIGHT, AbsenceKind, Colleague, PresenceState, Role, User
from gateway.people.presence import Presence
from gateway.people.users import Users
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from gateway.web.principal import Principal
from tests.waiting import until

FREE, BUSY, RINGING = PresenceState.FREE, PresenceState.BUSY, PresenceState.RINGING
AWAY, ABSENT, UNKNOWN = PresenceState.AWAY, PresenceState.ABSENT, PresenceState.UNKNOWN
PLAN = NumberingPlan(region="TR")


class HandClock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.at = datetime(2026, 12, 1, 8, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


class Staff:
    """Three of our people: 101 Ayşe, 102 Ali, 103 Veli."""

    def __init__(self, store: Store) -> None:
        self.store, self.clock, self.presence = store, HandClock(), Presence()
        self.colleagues = Colleagues(store, self.clock, self.presence)
        self.users = Users(store, self.clock, PLAN)
        self.announcer = Announcer(store, self.clock, self.colleagues, lambda: None)
        self.absences = AbsenceBook(
            store, self.clock, ZoneInfo("Europe/Istanbul"), changed=self.announcer.people_changed
        )
        self.presence.changed = self.announcer.telephones_changed
        self.people: dict[str, User] = {}

    async def open(self) -> Staff:
        for login, name, extension, role in (
            ("ayse", "Ayşe Yılmaz", "101", Role.SECRETARY),
            ("ali", "Ali Demir", "102", Role.MANAGER),
            ("veli", "Veli Can", "103", Role.MANAGER),
        ):
            self.people[login] = await self.users.add(
                ROOT, login=login, name=name, role=role, extension=extension
            )
        return self

    def principal(self, login: str) -> Principal:
        user = self.people[login]
        return Principal(
            user_id=user.id, name=user.name, permissions=RIGHTS[user.role], sight=SIGHT[user.role]
        )

    async def of(self, login: str) -> Colleague:
        return next(one for one in await self.colleagues.every(ROOT) if one.login == login)

    async def absent(self, login: str, begins: str, ends: str, **more: Any) -> None:
        await self.absences.note(ROOT, AbsenceDraft(person=login, begins=begins, ends=ends, **more))


@pytest.fixture
async def staff(store: Store) -> Staff:
    return await Staff(store).open()


@pytest.fixture
async def told(staff: Staff) -> AsyncIterator[Callable[[], list[tuple[str, str]]]]:
    """Return who was told to be what, while the announcer runs."""
    seen: list[tuple[str, str]] = []
    staff.announcer._wake_feed = lambda: None
    running = asyncio.create_task(staff.announcer.run())

    async def look() -> None:
        while True:
            found = await staff.store.read(lambda c: events.after(c, 0, audiences=None))
            changed = [one.data for one in found if one.kind == "person.changed"]
            seen[:] = [(one["login"], one["state"]) for one in changed]
            await asyncio.sleep(0.02)

    looking = asyncio.create_task(look())
    yield lambda: seen
    for task in (running, looking):
        task.cancel()
    await asyncio.gather(running, looking, return_exceptions=True)


async def test_a_state_is_what_the_telephone_does(staff: Staff) -> None:
    assert (await staff.of("ayse")).state is UNKNOWN
    for state in (FREE, RINGING, BUSY, AWAY):
        staff.presence.telephones_are("office", {"101": state})
        assert (await staff.of("ayse")).state is state
    staff.presence.telephones_are("branch", {"101": FREE})
    assert (await staff.of("ayse")).state is FREE
    staff.presence.forget("office")
    staff.presence.forget("branch")
    assert (await staff.of("ayse")).state is UNKNOWN


async def test_who_says_that_he_is_away_is_away_unless_he_speaks(staff: Staff) -> None:
    staff.presence.telephones_are("office", {"102": FREE})
    await staff.absences.away(staff.principal("ali"), away=True)
    assert (await staff.of("ali")).state is AWAY
    staff.presence.telephones_are("office", {"102": BUSY})
    assert (await staff.of("ali")).state is BUSY
    await staff.absences.away(staff.principal("ali"), away=False)
    staff.presence.telephones_are("office", {"102": FREE})
    assert (await staff.of("ali")).state is FREE
    with pytest.raises(Invalid, match="no desk"):
        await staff.absences.away(ROOT, away=True)


async def test_an_absence_holds_from_its_first_day_to_its_last(staff: Staff) -> None:
    staff.presence.telephones_are("office", {"101": FREE, "102": FREE})
    await staff.absent("ayse", "2026-12-02", "2026-12-03", deputy="Ali Demir")
    for hour, state in ((8, FREE), (20, FREE), (21, ABSENT), (60, ABSENT), (69, FREE)):
        staff.clock.at = datetime(2026, 12, 1, tzinfo=UTC) + timedelta(hours=hour)
        ayse = await staff.of("ayse")
        assert ayse.state is state, hour
        if state is ABSENT:
            assert ayse.until == datetime(2026, 12, 3, 21, tzinfo=UTC)
            assert ayse.deputy is not None
            assert (ayse.deputy.extension, ayse.deputy.state) == ("102", FREE)
        else:
            assert ayse.deputy is None


async def test_a_deputy_who_is_absent_too_has_his_own(staff: Staff) -> None:
    await staff.absent("ayse", "2026-12-01", "2026-12-09", deputy="102")
    await staff.absent("ali", "2026-12-01", "2026-12-01", deputy="veli")
    ayse = await staff.of("ayse")
    assert ayse.deputy is not None
    assert ayse.deputy.name == "Veli Can"
    await staff.absent("veli", "2026-12-01", "2026-12-01", deputy="ayse")
    assert (await staff.of("ayse")).deputy is None
    staff.clock.at += timedelta(days=1)
    again = await staff.of("ayse")
    assert again.deputy is not None
    assert again.deputy.name == "Ali Demir"


async def test_a_deputy_who_left_stands_in_for_nobody(staff: Staff) -> None:
    await staff.absent("ayse", "2026-12-01", "2026-12-09", deputy="ali")
    await staff.users.disable(ROOT, "ali")
    assert (await staff.of("ayse")).deputy is None
    assert [one.login for one in await staff.colleagues.every(ROOT)] == ["ayse", "veli"]


async def test_of_absences_that_overlap_the_last_end_and_a_deputy_count(staff: Staff) -> None:
    await staff.absent("ayse", "2026-11-30", "2026-12-05", deputy="ali")
    await staff.absent("ayse", "2026-12-01", "2026-12-02", kind=AbsenceKind.SICK)
    ayse = await staff.of("ayse")
    assert ayse.until == datetime(2026, 12, 5, 21, tzinfo=UTC)
    assert ayse.deputy is not None


async def test_a_manager_notes_his_own_absences_and_sees_no_others(staff: Staff) -> None:
    ali = staff.principal("ali")
    draft = AbsenceDraft(begins="2026-12-05", ends="2026-12-06", kind=AbsenceKind.SICK)
    own = await staff.absences.note(ali, draft)
    assert own.user_id == staff.people["ali"].id
    with pytest.raises(Forbidden, match="his own"):
        await staff.absences.note(ali, AbsenceDraft(person="veli", begins="2026-12-05", ends="6"))
    await staff.absent("veli", "2026-12-05", "2026-12-05")
    assert [one.id for one in await staff.absences.every(ali)] == [own.id]
    everybodys = await staff.absences.every(staff.principal("ayse"))
    assert len(everybodys) == 2
    [velis] = [one for one in everybodys if one.id != own.id]
    with pytest.raises(NotFound):
        await staff.absences.take_back(ali, velis.id)
    await staff.absences.take_back(ali, own.id)
    assert await staff.absences.every(ali) == []


async def test_an_import_again_changes_nothing_and_a_bad_row_stops_no_other(staff: Staff) -> None:
    rows = [
        (2, AbsenceDraft(person="AYŞE YILMAZ", begins="05.12.2026", ends="07.12.2026",
                         deputy="102")),
        (3, AbsenceDraft(person="nobody", begins="05.12.2026", ends="07.12.2026")),
        (4, AbsenceDraft(person="103", begins="05.12.2026", ends="04.12.2026")),
        (5, AbsenceDraft(person="103", begins="05.12.2026", ends="05.12.2026", deputy="103")),
        (6, AbsenceDraft(person="veli", begins="05.12.2026", ends="05.12.2026")),
    ]  # fmt: skip
    dry = await staff.absences.import_rows(ROOT, rows, dry_run=True)
    assert await staff.absences.every(ROOT) == []
    done = await staff.absences.import_rows(ROOT, rows, dry_run=False)
    assert done == dry
    assert [(one.line, one.outcome, one.field) for one in done] == [
        (2, "created", ""), (3, "rejected", "person"), (4, "rejected", "until"),
        (5, "rejected", "deputy"), (6, "created", ""),
    ]  # fmt: skip
    assert "no active users are called 'nobody'" in done[1].reason
    rows[-1] = (6, AbsenceDraft(person="veli", begins="2026-12-05", ends="2026-12-05", note="x"))
    again = await staff.absences.import_rows(ROOT, rows, dry_run=False)
    assert [one.outcome for one in again] == [
        "unchanged", "rejected", "rejected", "rejected", "updated",
    ]  # fmt: skip
    assert len(await staff.absences.every(ROOT)) == 2
    staff.clock.at += timedelta(days=30)
    assert await staff.absences.every(ROOT) == []
    assert len(await staff.absences.every(ROOT, past=True)) == 2


async def test_one_long_cell_is_one_rejected_row(staff: Staff) -> None:
    span = {"begins": "2026-12-05", "ends": "2026-12-06"}
    rows = [
        (line, AbsenceDraft(person="ali", **span, **more))  # type: ignore[arg-type]
        for line, more in enumerate(
            [{"note": "x" * 501}, {"deputy": "y" * 201}, {"note": "a\0b"}, {"note": "x" * 500}]
        )
    ]
    done = await staff.absences.import_rows(ROOT, rows, dry_run=False)
    assert [(one.outcome, one.field) for one in done] == [
        ("rejected", "note"), ("rejected", "deputy"), ("rejected", "note"), ("created", ""),
    ]  # fmt: skip


async def test_a_long_list_is_taken_in_parts(staff: Staff) -> None:
    rows = [
        (day, AbsenceDraft(person="ali", begins=f"2026-12-{day:02}", ends=f"2026-12-{day:02}"))
        for day in range(1, 31)
    ] * 3
    done = await staff.absences.import_rows(ROOT, rows, dry_run=False)
    assert [one.outcome for one in done] == ["created"] * 30 + ["unchanged"] * 60


async def test_two_of_our_people_do_not_share_an_extension(staff: Staff) -> None:
    with pytest.raises(Conflict, match="ayse"):
        await staff.users.change(ROOT, "ali", extension="101")
    with pytest.raises(Conflict, match="ayse"):
        await staff.users.add(ROOT, login="can", name="", role=Role.MANAGER, extension="101")
    await staff.users.disable(ROOT, "ayse")
    changed = await staff.users.change(ROOT, "ali", extension="101", name="Ali D.")
    assert (changed.extension, changed.name, changed.role) == ("101", "Ali D.", Role.MANAGER)
    with pytest.raises(NotFound):
        await staff.users.change(ROOT, "nobody", name="x")


async def test_what_changes_is_told_once(
    staff: Staff, told: Callable[[], list[tuple[str, str]]]
) -> None:
    await until(lambda: len(told()) == 3)
    staff.presence.telephones_are("office", {"101": RINGING, "999": FREE})
    await until(lambda: told()[3:] == [("ayse", "ringing")])
    staff.presence.telephones_are("office", {"101": RINGING})
    staff.presence.telephones_are("office", {"101": BUSY})
    await until(lambda: told()[4:] == [("ayse", "busy")])
    await staff.absent("ali", "2026-12-01", "2026-12-01", deputy="veli")
    await until(lambda: told()[5:] == [("ali", "absent")])
    await asyncio.sleep(0.2)
    assert len(told()) == 6


async def test_a_busy_office_is_told_all_the_same(
    staff: Staff, told: Callable[[], list[tuple[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telephones that change all the time put off no look at the clock; deputies are current."""
    monkeypatch.setattr("gateway.people.announcing.LOOK_S", 0.3)
    monkeypatch.setattr(staff.clock, "monotonic", time.monotonic)
    await until(lambda: len(told()) == 3)
    await staff.absences.note(
        ROOT, AbsenceDraft(person="ali", begins="2026-12-02", ends="2026-12-02", deputy="veli")
    )
    staff.clock.at += timedelta(days=1)
    states = itertools.cycle((FREE, RINGING, BUSY))
    for _ in range(12):
        staff.presence.telephones_are("office", {"101": next(states)})
        await asyncio.sleep(0.06)
    await until(lambda: ("ali", "absent") in told())
    staff.presence.telephones_are("office", {"103": BUSY})
    await until(lambda: told()[-2:] == [("ali", "absent"), ("veli", "busy")])


async def test_who_leaves_is_told(staff: Staff, told: Callable[[], list[tuple[str, str]]]) -> None:
    await until(lambda: len(told()) == 3)
    await staff.users.disable(ROOT, "ali")
    staff.announcer.people_changed()

    async def left() -> bool:
        found = await staff.store.read(lambda c: events.after(c, 0, audiences=None))
        return [one.subject for one in found if one.kind == "person.left"] == [
            staff.people["ali"].id
        ]

    await until(left)
