"""Missed calls become tasks and later calls close them, exactly once, on both engines."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from gateway.calls.model import CallChange, CallChangeKind, CallDirection, CallOutcome, CallState
from gateway.kernel import event_marks, events
from gateway.kernel.store import Store
from gateway.parties.drafts import PartyChange
from gateway.people.model import Role
from gateway.tasks.following import LAG, READER
from gateway.tasks.tables import task_sources
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from tests.contract.task_desk import LINE, MOBILE, NUMBER, OTHER, DyingStore, Killed, TaskDesk


@pytest.fixture
def desk(store: Store) -> TaskDesk:
    """Return an office."""
    return TaskDesk(store)


async def test_a_missed_call_is_a_task_that_the_call_back_closes(desk: TaskDesk) -> None:
    ayse = await desk.user("ayse", "101")
    ali = await desk.user("ali", "102")
    party = await desk.party("ali", NUMBER)
    call = await desk.miss()
    await desk.follow()
    [task] = await desk.listed(state="open")
    assert (task["kind"], task["number"], task["count"]) == ("missed_call", NUMBER, 1)
    assert (task["party_id"], task["party_name"]) == (party, "Yıldız")
    assert (task["assigned_to"], task["assigned_name"]) == (ali.user_id, "ali")
    [missed] = task["calls"]
    assert (missed["line"], missed["outcome"], missed["ring_s"]) == (LINE, "no_answer", 20.0)
    assert missed["started_at"] == call.started_at.isoformat()
    await desk.call_back(answered=False)
    await desk.call_back()
    await desk.follow()
    assert await desk.listed(state="open") == []
    [task] = await desk.listed(state="closed")
    assert [attempt["outcome"] for attempt in task["attempts"]] == ["busy"]
    closing = task["closing"]
    assert (closing["resolution"], closing["by"]) == ("called_back", "ayse")
    assert (closing["user_id"], closing["extension"]) == (ayse.user_id, "101")
    told = await desk.events()
    assert [event.kind for event in told] == ["task.opened", "task.closed"]
    assert told[-1].data == task
    assert {event.audience for event in told} == {f"user:{ali.user_id}"}


async def test_who_calls_again_and_is_taken_needs_no_call_back(desk: TaskDesk) -> None:
    await desk.miss()
    await desk.miss(outcome=CallOutcome.VOICEMAIL)
    await desk.tell(desk.record(NUMBER, CallDirection.IN, outcome=CallOutcome.ANSWERED))
    await desk.follow()
    [task] = await desk.listed()
    assert (task["count"], [one["voicemail"] for one in task["calls"]]) == (2, [False, True])
    assert (task["closing"]["resolution"], task["closing"]["by"]) == ("called_again", "101")


async def test_it_is_closed_as_soon_as_the_call_back_is_answered(desk: TaskDesk) -> None:
    await desk.miss()
    living = desk.record(
        NUMBER, CallDirection.OUT, outcome=CallOutcome.ANSWERED, ended_at=None,
        state=CallState.TALKING,
    )  # fmt: skip
    change = CallChange(CallChangeKind.ANSWERED, living.id, NUMBER)
    await desk.book.calls_changed("office", [(change, living)])
    await desk.follow()
    [task] = await desk.listed()
    assert task["closing"]["resolution"] == "called_back"
    desk.pass_time()
    await desk.work.reopen(ROOT, task["id"])
    await desk.tell(replace(living, ended_at=desk.clock.now(), state=CallState.ENDED))
    await desk.follow()
    assert len(await desk.listed(state="open")) == 1


async def test_a_call_back_to_another_number_of_the_customer_closes_it(desk: TaskDesk) -> None:
    await desk.party("", NUMBER, OTHER)
    await desk.miss()
    await desk.call_back(OTHER)
    await desk.follow()
    [task] = await desk.listed()
    assert task["closing"]["resolution"] == "called_back"


async def test_calls_inside_with_colleagues_and_of_faxes_make_no_task(desk: TaskDesk) -> None:
    await desk.users.add(ROOT, login="ali", name="Ali", role=Role.MANAGER, mobile=MOBILE)
    await desk.tell(desk.record("102", CallDirection.INTERNAL))
    await desk.miss(MOBILE)
    await desk.miss("+902125550190")
    await desk.miss(outcome=CallOutcome.FAX)
    await desk.follow()
    assert await desk.listed() == []


async def test_withheld_numbers_stay_apart(desk: TaskDesk) -> None:
    await desk.miss("")
    await desk.miss("")
    await desk.follow()
    assert [(task["number"], task["count"]) for task in await desk.listed()] == [("", 1)] * 2


async def test_what_is_told_twice_is_counted_once_even_when_it_is_done(desk: TaskDesk) -> None:
    record = await desk.miss()
    await desk.tell(record, record)
    await desk.follow()
    [task] = await desk.listed()
    assert task["count"] == 1
    await desk.work.finish(ROOT, task["id"])
    await desk.tell(record)
    await desk.follow()
    assert await desk.listed(state="open") == []


async def test_a_call_whose_end_was_not_seen_waits_too(desk: TaskDesk) -> None:
    living = desk.record(NUMBER, CallDirection.IN, ended_at=None, state=CallState.RINGING)
    change = CallChange(CallChangeKind.RINGING, living.id, "101")
    await desk.book.calls_changed("office", [(change, living)])
    desk.pass_time()
    await desk.book.calls_living("office", [])
    await desk.follow()
    [task] = await desk.listed(state="open")
    assert task["calls"][0]["reason"] == "its end was not seen"
    over = replace(living, ended_at=desk.clock.now(), state=CallState.ENDED,
                   outcome=CallOutcome.ANSWERED, answered_by="101", final_party="101")  # fmt: skip
    await desk.tell(over)
    await desk.follow()
    assert await desk.listed(state="open") == []


async def test_a_number_that_becomes_somebodys_takes_its_tasks_along(desk: TaskDesk) -> None:
    ayse = await desk.user("ayse", "101")
    ali = await desk.user("ali", "102")
    await desk.miss(MOBILE)
    await desk.call_back(MOBILE)
    await desk.miss(MOBILE)
    await desk.follow()
    party = await desk.party("ali", NUMBER, person=MOBILE)
    waiting, closed = await desk.listed()
    assert waiting["party_id"] == closed["party_id"] == party
    assert (waiting["person_name"], waiting["assigned_to"]) == ("Ahmet", ali.user_id)
    assert (await desk.listed(ayse), len(await desk.listed(ali))) == ([], 2)
    assert [event.kind for event in await desk.events(ayse)] == [
        "task.opened", "task.closed", "task.opened", "task.withdrawn",
    ]  # fmt: skip
    last = (await desk.events(ali))[-1]
    assert (last.kind, last.data["party_id"]) == ("task.changed", party)


async def test_a_party_attached_before_its_missed_call_is_worked_off(desk: TaskDesk) -> None:
    ali = await desk.user("ali", "102")
    await desk.miss()
    await desk.party("ali", NUMBER)
    await desk.follow()
    [task] = await desk.listed()
    assert task["assigned_to"] == ali.user_id


async def test_a_customer_who_gets_another_manager_takes_his_tasks_along(desk: TaskDesk) -> None:
    ali = await desk.user("ali", "102")
    ayse = await desk.user("ayse", "101")
    party = await desk.party("ali", NUMBER, OTHER)
    await desk.miss()
    await desk.miss(OTHER)
    await desk.follow()
    kept = (await desk.listed())[0]
    await desk.work.assign(ali, kept["id"], "ali")
    await desk.parties.update(ROOT, party, PartyChange(responsible="ayse"))
    await desk.follow()
    assert {task["assigned_to"] for task in await desk.listed(ayse)} == {
        ali.user_id, ayse.user_id,
    }  # fmt: skip
    assert [task["id"] for task in await desk.listed(ali)] == [kept["id"]]
    assert "task.withdrawn" in {event.kind for event in await desk.events(ali)}


async def test_what_was_everybodys_is_taken_from_the_others_when_one_becomes_responsible(
    desk: TaskDesk,
) -> None:
    await desk.user("ali", "102")
    ayse = await desk.user("ayse", "101")
    party = await desk.party("", NUMBER)
    await desk.miss()
    await desk.follow()
    assert len(await desk.listed(ayse)) == 1
    await desk.parties.update(ROOT, party, PartyChange(responsible="ali"))
    await desk.follow()
    assert await desk.listed(ayse) == []
    assert [event.kind for event in await desk.events(ayse)] == ["task.opened", "task.withdrawn"]


async def test_who_left_the_company_is_given_no_tasks(desk: TaskDesk) -> None:
    await desk.user("ali", "102")
    await desk.party("ali", NUMBER)
    await desk.users.disable(ROOT, "ali")
    await desk.miss()
    await desk.follow()
    assert [task["assigned_to"] for task in await desk.listed()] == [None]


async def scene(desk: TaskDesk, tail: int) -> None:
    """Play calls of three numbers of their own."""
    one, two, three = (f"+90212555{prefix}{tail:03}" for prefix in (2, 3, 4))
    for number in (one, two, one, three):
        await desk.miss(number)
    await desk.call_back(two, answered=False)
    await desk.call_back(one)
    await desk.miss(two)
    await desk.miss(one)


def gist(tasks: list[dict[str, Any]], tail: int) -> list[tuple[Any, ...]]:
    """Return what became of a scene."""
    return [
        (
            task["number"][8], task["count"], len(task["calls"]), len(task["attempts"]),
            task["closing"] and task["closing"]["resolution"],
        )
        for task in tasks
        if task["number"].endswith(f"{tail:03}")
    ]  # fmt: skip


async def test_killed_anywhere_it_loses_nothing_and_doubles_nothing(desk: TaskDesk) -> None:
    await scene(desk, 0)
    await desk.follow()
    undisturbed = gist(await desk.listed(), 0)
    assert len(undisturbed) == 4
    for tail in range(1, 9):
        await scene(desk, tail)
        dying = DyingStore(desk.store, (tail - 1) // 2, on_disk=bool(tail % 2))
        with pytest.raises(Killed):
            await desk.follow(desk.follower(dying, at_once=2))
        await desk.follow(desk.follower(at_once=3))
        assert gist(await desk.listed(), tail) == undisturbed, tail
    told = [event.kind for event in await desk.events() if event.kind != "task.changed"]
    assert (told.count("task.opened"), told.count("task.closed")) == (36, 9)


async def test_a_unit_that_fails_half_way_leaves_nothing_behind(desk: TaskDesk) -> None:
    class StoppedClock:
        def now(self) -> Any:
            raise Killed

        monotonic = now

    await desk.miss()
    follower = desk.follower()
    follower._clock = StoppedClock()  # the last that a unit asks for
    with pytest.raises(Killed):
        await desk.follow(follower)
    assert await desk.listed() == []
    assert await desk.store.read(lambda c: event_marks.mark_of(c, READER)) == 0
    await desk.follow(desk.follower())
    assert len(await desk.listed()) == 1


async def test_two_followers_at_once_do_everything_once(desk: TaskDesk) -> None:
    await scene(desk, 1)
    await asyncio.gather(*(desk.follow(desk.follower(at_once=2)) for _ in range(3)))
    assert sum(task["count"] for task in await desk.listed()) == 6
    assert len(await desk.listed()) == 4


async def test_a_burst_of_missed_calls_stays_bounded(desk: TaskDesk) -> None:
    template = await desk.miss()
    written = (await desk.store.read(lambda c: events.after(c, 0, audiences=None)))[-1]
    burst = [
        written._replace(
            data={**written.data, "id": f"call{number}",
                  "number": NUMBER if number % 2 else f"+9021255{number % 20:05}"}
        )
        for number in range(10_000)
    ]  # fmt: skip
    await desk.store.write(lambda connection: events.append(connection, *burst))
    await desk.follow()
    tasks = await desk.listed()
    assert sum(task["count"] for task in tasks) == 10_001
    assert max(len(task["calls"]) for task in tasks) == 50
    assert max(task["count"] for task in tasks) == 5001
    assert template.outcome is CallOutcome.NO_ANSWER
    assert len(await desk.events()) < 13_000


async def test_the_mark_follows_events_of_no_interest_too(desk: TaskDesk) -> None:
    await desk.miss()
    await desk.follow()
    at = desk.clock.now()
    others = [
        events.Event(kind="sms.sent", subject="s", at=at, audience="everyone", data={})
        for _ in range(LAG)
    ]
    await desk.store.write(lambda connection: events.append(connection, *others))
    await desk.follow()
    mark = await desk.store.read(lambda c: event_marks.mark_of(c, READER))
    assert mark == LAG + 2  # the call, the task, and what came then
    await desk.store.write(lambda c: event_marks.move_mark(c, READER, 1))
    assert await desk.store.read(lambda c: event_marks.mark_of(c, READER)) == mark


async def test_events_of_an_older_version_are_passed_over(desk: TaskDesk) -> None:
    await desk.miss()
    [written] = await desk.store.read(lambda c: events.after(c, 0, audiences=None))
    told = {key: value for key, value in written.data.items() if key not in {"private", "number"}}
    old = written._replace(data={**told, "id": "older"})
    await desk.store.write(lambda connection: events.append(connection, old))
    await desk.follow()
    count = select(func.count()).select_from(task_sources)
    assert await desk.store.read(lambda c: c.execute(count).scalar()) == 1
