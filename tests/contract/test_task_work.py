"""Tasks as people see and work them off, each within his rights, on both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.kernel.store import Store
from gateway.people.model import Role
from gateway.people.tables import audit_trail
from gateway.tasks.model import TaskKind
from gateway.tasks.showing import TaskFigures, TaskFilter
from gateway.tasks.telling import describe_stored
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from gateway.web.principal import Permission, Principal
from tests.contract.task_desk import MOBILE, NUMBER, OTHER, TaskDesk


@pytest.fixture
def desk(store: Store) -> TaskDesk:
    """Return an office."""
    return TaskDesk(store)


@pytest.fixture
async def ali(desk: TaskDesk) -> Principal:
    """Return the manager of the customer with NUMBER, who missed a call of it and of a stranger."""
    ali = await desk.user("ali", "102")
    await desk.party("ali", NUMBER)
    await desk.miss(NUMBER)
    await desk.miss(MOBILE)
    await desk.follow()
    return ali


async def task_of(desk: TaskDesk, number: str) -> str:
    """Return the id of a number's newest task."""
    return next(str(one["id"]) for one in await desk.listed() if one["number"] == number)


async def test_a_manager_sees_his_own_and_nobodys(desk: TaskDesk, ali: Principal) -> None:
    ayse = await desk.user("ayse", "101")
    head = await desk.user("head", "100", Role.HEAD)
    seen = {
        who.name: sorted(one["number"] for one in await desk.listed(who))
        for who in (ali, ayse, head)
    }
    both = sorted([NUMBER, MOBILE])
    assert seen == {"ali": both, "ayse": [MOBILE], "head": both}
    his = await task_of(desk, NUMBER)
    for refused in (
        desk.tasks.show(ayse, his),
        desk.work.finish(ayse, his),
        desk.work.reopen(ayse, his),
        desk.work.assign(ayse, his, "me"),
        desk.work.finish(ayse, "0" * 32),
    ):
        with pytest.raises(NotFound, match="there is no task"):
            await refused
    assert (await desk.tasks.show(ali, his))["number"] == NUMBER
    assert await desk.tasks.figures(ali) == TaskFigures(open=2, mine=1, nobodys=1)
    assert await desk.tasks.figures(ayse) == TaskFigures(open=1, mine=0, nobodys=1)
    assert await desk.tasks.figures(ROOT) == TaskFigures(open=2, mine=0, nobodys=1)


async def test_who_lacks_the_scope_is_refused(desk: TaskDesk, ali: Principal) -> None:
    his = await task_of(desk, NUMBER)
    nothing = Principal(user_id=ali.user_id, name="ali", permissions=frozenset())
    reads = Principal(
        user_id=ali.user_id, name="ali", permissions=frozenset({Permission.TASKS_READ})
    )
    for refused in (
        desk.tasks.page(nothing, TaskFilter()),
        desk.tasks.show(nothing, his),
        desk.tasks.figures(nothing),
        desk.work.finish(reads, his),
        desk.work.reopen(reads, his),
        desk.work.assign(reads, his, "me"),
    ):
        with pytest.raises(Forbidden, match="tasks:"):
            await refused


async def test_who_takes_a_strangers_task_has_it_for_himself(
    desk: TaskDesk, ali: Principal
) -> None:
    ayse = await desk.user("ayse", "101")
    task_id = await task_of(desk, MOBILE)
    taken = await desk.work.assign(ayse, task_id, "me")
    assert (taken["assigned_to"], taken["steps"][-1]["by"]) == (ayse.user_id, "ayse")
    with pytest.raises(NotFound):
        await desk.tasks.show(ali, task_id)
    assert [event.kind for event in await desk.events(ali)][-1] == "task.withdrawn"
    assert [event.kind for event in await desk.events(ayse)][-1] == "task.changed"
    given = await desk.work.assign(ayse, task_id, "ali")
    assert given["assigned_name"] == "ali"
    with pytest.raises(NotFound):
        await desk.tasks.show(ayse, task_id)
    freed = await desk.work.assign(ali, task_id, "nobody")
    assert freed["assigned_to"] is None
    assert len(freed["steps"]) == 3
    assert (await desk.tasks.show(ayse, task_id))["id"] == task_id
    withdrawn = [event.data for event in await desk.events() if event.kind == "task.withdrawn"]
    assert withdrawn == [{"id": task_id}] * 2


@pytest.mark.parametrize("nobody", ["veli", "left", ""])
async def test_a_task_is_given_to_who_works_here(
    desk: TaskDesk, ali: Principal, nobody: str
) -> None:
    await desk.user("left", "109")
    await desk.users.disable(ROOT, "left")
    with pytest.raises(Invalid, match="no active user"):
        await desk.work.assign(ali, await task_of(desk, MOBILE), nobody)
    with pytest.raises(Invalid, match="is no user"):
        await desk.work.assign(ROOT, await task_of(desk, MOBILE), "me")


async def test_done_and_reopened_by_hand_is_on_record(desk: TaskDesk, ali: Principal) -> None:
    task_id = await task_of(desk, NUMBER)
    done = await desk.work.finish(ali, task_id, "wrote to him")
    assert (done["state"], done["closing"]["by"], done["closing"]["note"]) == (
        "closed", "ali", "wrote to him",
    )  # fmt: skip
    for refused in (desk.work.finish(ali, task_id), desk.work.assign(ali, task_id, "me")):
        with pytest.raises(Conflict, match=r"is closed: done by ali .* reopen it first"):
            await refused
    opened = await desk.work.reopen(ali, task_id)
    assert (opened["state"], opened["closing"]) == ("open", None)
    assert [step["kind"] for step in opened["steps"]] == ["done", "reopened"]
    with pytest.raises(Conflict, match="is open"):
        await desk.work.reopen(ali, task_id)
    assert [event.kind for event in await desk.events(ali)][-2:] == ["task.closed", "task.opened"]
    query = select(audit_trail.c.action).where(audit_trail.c.object_id == task_id)
    actions = await desk.store.read(lambda c: list(c.execute(query).scalars()))
    assert sorted(actions) == ["done", "reopen"]


async def test_of_a_number_one_task_is_open(desk: TaskDesk, ali: Principal) -> None:
    first = await task_of(desk, NUMBER)
    await desk.work.finish(ali, first)
    await desk.miss(NUMBER)
    await desk.follow()
    second = await task_of(desk, NUMBER)
    assert second != first
    with pytest.raises(Conflict, match=f"task {second} is open for the same number"):
        await desk.work.reopen(ali, first)


async def test_a_reopened_task_is_for_who_is_responsible_by_now(
    desk: TaskDesk, ali: Principal
) -> None:
    task_id = await task_of(desk, MOBILE)
    await desk.work.finish(ali, task_id)
    party = await desk.party("ali", OTHER, person=MOBILE)
    shown = await desk.tasks.show(ali, task_id)
    assert shown["party_id"] == party
    assert (await desk.work.reopen(ali, task_id))["assigned_to"] == ali.user_id


async def test_a_list_pages_newest_first_and_narrows(desk: TaskDesk, ali: Principal) -> None:
    numbers = [f"+9021255501{place:02}" for place in range(7)]
    for number in numbers:
        await desk.miss(number)
    await desk.miss(numbers[0])
    await desk.follow()
    await desk.work.finish(ali, await task_of(desk, numbers[3]))
    seen: list[str] = []
    cursor = ""
    while True:
        page = await desk.tasks.page(ROOT, TaskFilter(state="all"), cursor=cursor, limit=3)
        seen += [one["number"] for one in page.items]
        cursor = page.next_cursor
        if not cursor:
            break
    assert seen == [numbers[0], *reversed(numbers[1:]), MOBILE, NUMBER]
    assert [one["number"] for one in await desk.listed(state="closed")] == [numbers[3]]
    assert len(await desk.listed(state="open")) == 8
    assert [one["number"] for one in await desk.listed(ali, assigned="me")] == [NUMBER]
    assert [one["number"] for one in await desk.listed(assigned="ali")] == [NUMBER]
    assert len(await desk.listed(assigned="nobody")) == 8
    [his] = await desk.listed(assigned="ali")
    assert await desk.listed(party_id=his["party_id"]) == [his]
    assert await desk.listed(kind=TaskKind.MISSED_CALL) == await desk.listed()
    since = desk.clock.now() - timedelta(minutes=2, seconds=1)
    assert [one["number"] for one in await desk.listed(since=since)] == [numbers[0], numbers[6]]
    with pytest.raises(Invalid, match="no active user 'veli'"):
        await desk.listed(assigned="veli")


@pytest.mark.parametrize(
    "cursor", ["x", "WyJ4IiwgIngiXQ", "WyI5OTk5OTk5OTk5OTk5OTk5OTk5OTkiLCJ4Il0"]
)
async def test_a_cursor_that_is_none_is_refused(desk: TaskDesk, cursor: str) -> None:
    with pytest.raises(Invalid, match="cursor"):
        await desk.tasks.page(ROOT, TaskFilter(), cursor=cursor)


async def test_a_webhook_is_told_the_task_itself(desk: TaskDesk, ali: Principal) -> None:
    task_id = await task_of(desk, NUMBER)
    shown = await desk.tasks.show(ali, task_id)
    assert await desk.store.read(lambda c: describe_stored(c, task_id)) == shown
    assert await desk.store.read(lambda c: describe_stored(c, "0" * 32)) is None
