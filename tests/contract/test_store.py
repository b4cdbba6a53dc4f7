"""Both engines keep units of work the same way."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from functools import partial

import pytest
from sqlalchemy import Connection, bindparam, select, text

from gateway.kernel import events, settings
from gateway.kernel.errors import Unavailable
from gateway.kernel.events import Event
from gateway.kernel.health import Health, Level
from gateway.kernel.settings import Setting
from gateway.kernel.store import Store

AT = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


def _event(subject: str, audience: str = events.EVERYONE, at: datetime = AT) -> Event:
    return Event(kind="test", subject=subject, at=at, audience=audience, data={"text": "şğı🙂"})


def _append(subject: str, connection: Connection) -> None:
    events.append(connection, _event(subject))


def _counter(value: int) -> Setting:
    return Setting(kind="counter", id="n", value={"n": value})


def _break(connection: Connection) -> None:
    """Fill the disk (SQLite), or lose the server's process (PostgreSQL)."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    else:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
    for number in range(5_000):
        events.append(connection, _event(f"filling {number}"))


def _mend(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    events.append(connection, _event("works again"))


async def test_what_was_written_is_read_back_exactly(store: Store) -> None:
    await store.write(lambda c: events.append(c, _event("a")))
    (found,) = await store.read(lambda c: events.after(c, 0, audiences=None))
    assert (found.subject, found.at, found.data) == ("a", AT, {"text": "şğı🙂"})


async def test_many_rows_at_once_are_kept_as_exactly_as_one(store: Store) -> None:
    there = timezone(timedelta(hours=5))
    written = [_event(f"it's {number}", at=AT.astimezone(there)) for number in range(337)]
    await store.write(lambda c: events.append(c, *written))
    found = await store.read(lambda c: events.after(c, 0, audiences=None, limit=1_000))
    assert [event.subject for event in found] == [event.subject for event in written]
    assert {event.at for event in found} == {AT}
    assert {event.data["text"] for event in found} == {"şğı🙂"}


async def test_times_of_any_zone_come_back_as_the_same_instant_in_utc(store: Store) -> None:
    there = AT.astimezone(timezone(timedelta(hours=-3, minutes=-30)))
    await store.write(lambda c: events.append(c, _event("a", at=there)))
    (found,) = await store.read(lambda c: events.after(c, 0, audiences=None))
    assert found.at == AT
    assert found.at.utcoffset() == timedelta(0)


async def test_a_naive_time_is_refused(store: Store) -> None:
    naive = AT.replace(tzinfo=None)
    with pytest.raises(Exception, match="naive"):
        await store.write(lambda c: events.append(c, _event("a", at=naive)))


async def test_a_unit_that_raises_leaves_nothing_and_harms_no_other(store: Store) -> None:
    def bad(connection: Connection) -> None:
        events.append(connection, _event("bad"))
        raise RuntimeError("no")

    def good(name: str) -> asyncio.Future[None]:
        return asyncio.ensure_future(store.write(lambda c: events.append(c, _event(name))))

    results = await asyncio.gather(
        *(good(f"g{n}") for n in range(20)),
        store.write(bad),
        *(good(f"h{n}") for n in range(20)),
        return_exceptions=True,
    )
    assert [type(result) for result in results if result is not None] == [RuntimeError]
    found = await store.read(lambda c: events.after(c, 0, audiences=None))
    assert sorted(event.subject for event in found) == sorted(
        [f"g{n}" for n in range(20)] + [f"h{n}" for n in range(20)]
    )


async def test_units_become_visible_in_the_order_in_which_they_were_given(store: Store) -> None:
    names = [f"e{number}" for number in range(200)]
    await asyncio.gather(*(store.write(partial(_append, name)) for name in names))
    found = await store.read(lambda c: events.after(c, 0, audiences=None))
    assert [event.subject for event in found] == names


async def test_two_units_never_overwrite_each_other(store: Store) -> None:
    await store.write(lambda c: settings.put(c, _counter(0), AT))

    def count(connection: Connection) -> None:
        found = settings.find(connection, "counter", "n")
        assert found is not None
        settings.put(connection, _counter(found.value["n"] + 1), AT)

    await asyncio.gather(*(store.write(count) for _ in range(100)))
    assert await store.read(lambda c: settings.find(c, "counter", "n")) == _counter(100)


async def test_many_units_that_raise_leave_the_good_ones_done(store: Store) -> None:
    def bad(_connection: Connection) -> None:
        raise RuntimeError("no")

    units = [bad if number % 3 else partial(_append, f"e{number}") for number in range(90)]
    results = await asyncio.gather(*(store.write(unit) for unit in units), return_exceptions=True)
    assert [isinstance(result, RuntimeError) for result in results] == [
        bool(number % 3) for number in range(90)
    ]
    found = await store.read(lambda c: events.after(c, 0, audiences=None))
    assert [event.subject for event in found] == [f"e{number}" for number in range(0, 90, 3)]


async def test_a_value_that_the_database_refuses_is_its_units_fault_alone(store: Store) -> None:
    def bad(connection: Connection) -> None:
        connection.execute(select(events.events).where(events.events.c.subject == "a\0")).all()
        raise RuntimeError("SQLite takes it")

    good = [store.write(partial(_append, f"e{number}")) for number in range(5)]
    results = await asyncio.gather(*good, store.write(bad), return_exceptions=True)
    assert [isinstance(result, Exception) for result in results] == [False] * 5 + [True]
    assert not isinstance(results[-1], Unavailable)


async def test_a_database_that_does_not_work_is_told_to_callers_and_shown_in_health(
    store_and_health: tuple[Store, Health],
) -> None:
    store, health = store_and_health

    with pytest.raises(Unavailable, match="check"):
        await store.write(_break)
    assert health.conditions()["store"].level is Level.DOWN
    assert not health.alive
    await store.write(_mend)
    assert health.conditions()["store"].level is Level.OK


async def test_a_cancelled_caller_does_not_stop_the_store(store: Store) -> None:
    task = asyncio.create_task(store.write(lambda c: events.append(c, _event("a"))))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await store.write(lambda c: events.append(c, _event("b")))
    found = await store.read(lambda c: events.after(c, 0, audiences=None))
    assert found[-1].subject == "b"


async def test_the_hot_path_reads_with_parameters(store: Store) -> None:
    query = select(events.events.c.subject).where(events.events.c.audience == bindparam("who"))
    await store.write(lambda c: events.append(c, _event("a", "user:1"), _event("b", "user:2")))
    assert await store.rows(query, who="user:2") == [("b",)]
    assert await store.rows(query, who="user:1") == [("a",)]


async def test_an_audience_sees_its_own_events_only(store: Store) -> None:
    await store.write(
        lambda c: events.append(c, _event("all"), _event("a", "user:1"), _event("b", "user:2"))
    )
    seen = await store.read(lambda c: events.after(c, 0, audiences=[events.EVERYONE, "user:1"]))
    assert [event.subject for event in seen] == ["all", "a"]


async def test_settings_are_seeded_once(store: Store) -> None:
    seed = [Setting(kind="modem", id="a", value={"device": "/dev/x"})]
    assert await store.write(lambda c: settings.seed_once(c, "modem", seed, AT))
    assert await store.write(lambda c: settings.remove(c, "modem", "a"))
    assert not await store.write(lambda c: settings.seed_once(c, "modem", seed, AT))
    assert await store.read(lambda c: settings.every(c, "modem")) == []


async def test_a_setting_is_replaced(store: Store) -> None:
    first = Setting(kind="modem", id="a", value={"device": "/dev/x"})
    second = Setting(kind="modem", id="a", value={"device": "/dev/y"})
    assert await store.write(lambda c: settings.put(c, first, AT))
    assert not await store.write(lambda c: settings.put(c, second, AT))
    assert await store.read(lambda c: settings.find(c, "modem", "a")) == second
