"""How long a look-up of a caller takes in a directory of a million numbers."""

from __future__ import annotations

import asyncio
import gc
import math
import random
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, insert

from gateway.desk.lookup import CallerLookup
from gateway.history import tables as history
from gateway.history.model import Direction, Interaction, InteractionKind
from gateway.history.timeline import Timeline
from gateway.kernel.clock import SystemClock
from gateway.kernel.ids import new_id
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.store import Store, open_store
from gateway.kernel.text_folding import fold
from gateway.parties.book import PartyBook
from gateway.parties.tables import contact_persons, parties, phone_numbers, reversed_digits
from gateway.people.colleagues import Colleagues
from gateway.people.model import Role
from gateway.people.presence import Presence
from gateway.people.users import Users
from gateway.web.principal import LOCAL_ADMINISTRATOR

NUMBERS = 1_000_000
PER_PARTY = 4
"""Numbers of a party: two of its own, two of its contact person."""
LOOKUPS = 5_000
CALLED, CONTACTS = 1_000, 20
"""Customers who are asked for as the screen asks, and contacts that each has had."""
SEED = 20260301


async def main() -> None:
    """Build the directory, print the figures."""
    with tempfile.TemporaryDirectory(prefix="santral-bench-") as folder:
        path = Path(folder) / "santral.db"
        store = await open_store(f"sqlite:///{path}")
        try:
            await _measure(store, path)
        finally:
            await store.close()


async def _measure(store: Store, path: Path) -> None:
    began = time.perf_counter()
    keys = await build(store)
    size_mb = path.stat().st_size / 1e6
    print(f"directory: {len(keys):,} numbers of {len(keys) // PER_PARTY:,} parties, SQLite "
          f"{sqlite3.sqlite_version}, {size_mb:.0f} MB, built in "
          f"{time.perf_counter() - began:.0f} s")  # fmt: skip
    print("in process, one at a time, random keys; the file is in the page cache of the system, "
          "\nthe first row shows the database connection's own cache cold\n")  # fmt: skip
    book = PartyBook(store, SystemClock(), NumberingPlan(region="TR"))
    rng = random.Random(SEED + 1)
    known = set(keys)
    hits = rng.choices(keys, k=LOOKUPS)
    misses = [key for key in (_key(rng) for _ in range(2 * LOOKUPS)) if key not in known][:LOOKUPS]
    local = [key[-7:] for key in rng.choices(keys, k=LOOKUPS)]
    wrong_country = [f"+7{key[3:]}" for key in rng.choices(keys, k=LOOKUPS)]
    print(f"{'look-ups':34} {'n':>6} {'found':>6} {'p50 µs':>7} {'p99 µs':>7} {'max µs':>7}")
    for name, numbers in (
        ("known number, cold", hits[:500]),
        ("known number", hits),
        ("unknown number", misses),
        ("last 7 digits only", local),
        ("known but for its country code", wrong_country),
    ):
        print(f"{name:34} " + await _timed(lambda number: _matches(book, number), numbers))
    called = hits[:CALLED]
    await _give_history(store, book, called)
    clock, plan = SystemClock(), NumberingPlan(region="TR")
    people = Colleagues(store, clock, Presence())
    desk = CallerLookup(store, plan, book, people, Timeline(store))
    print(f"{'as the screen asks, with history':34} "
          + await _timed(lambda number: _cards(desk, number), called))  # fmt: skip


async def _matches(book: PartyBook, number: str) -> int:
    return len((await book.lookup(LOCAL_ADMINISTRATOR, number)).matches)


async def _cards(desk: CallerLookup, number: str) -> int:
    return len((await desk.find(LOCAL_ADMINISTRATOR, number)).cards)


async def _give_history(store: Store, book: PartyBook, numbers: Sequence[str]) -> None:
    """Let every one of these customers have been in contact some times."""
    now = SystemClock().now()
    for number in numbers:
        [match] = (await book.lookup(LOCAL_ADMINISTRATOR, number)).matches
        contacts = [
            Interaction(
                kind=InteractionKind.CALL, direction=Direction.IN, ref=new_id(), number=number,
                started_at=now, outcome="answered", party_id=match.party_id,
            )
            for _ in range(CONTACTS)
        ]  # fmt: skip
        await store.write(partial(history.add, interactions_=contacts))


async def _timed(ask: Callable[[str], Awaitable[int]], numbers: Sequence[str]) -> str:
    times_us: list[float] = []
    found = 0
    gc.collect()
    for number in numbers:
        began = time.perf_counter_ns()
        matches = await ask(number)
        times_us.append((time.perf_counter_ns() - began) / 1e3)
        found += bool(matches)
    times_us.sort()
    p50, p99 = (times_us[math.ceil(len(times_us) * part) - 1] for part in (0.50, 0.99))
    return f"{len(numbers):>6} {found:>6} {p50:>7.0f} {p99:>7.0f} {times_us[-1]:>7.0f}"


def _key(rng: random.Random) -> str:
    return f"+90{rng.choice((212, 216, 312, 532, 533, 542, 555))}{rng.randrange(10**7):07}"


async def build(store: Store, managers: int = 50) -> list[str]:
    """Fill a directory; return its numbers, in the order in which parties have them."""
    rng = random.Random(SEED)
    users = Users(store, SystemClock(), NumberingPlan(region="TR"))
    staff = [
        await users.add(
            LOCAL_ADMINISTRATOR,
            login=f"user{number}",
            name=f"Manager {number}",
            role=Role.MANAGER,
            extension=str(100 + number),
        )
        for number in range(managers)
    ]
    keys: set[str] = set()
    while len(keys) < NUMBERS:
        keys.add(_key(rng))
    ordered = sorted(keys)
    rng.shuffle(ordered)
    step = 40_000
    for start in range(0, NUMBERS, step):
        part = ordered[start : start + step]
        owners = [rng.choice(staff).id for _ in part[::PER_PARTY]]
        await store.write(partial(_insert, keys=part, owners=owners))
    return ordered


def _insert(connection: Connection, keys: Sequence[str], owners: Sequence[str]) -> None:
    now = SystemClock().now()
    firms, persons, phones = [], [], []
    for index, owner in enumerate(owners):
        party_id, person_id, name = new_id(), new_id(), f"Firma {keys[index * PER_PARTY][3:]}"
        firms.append(
            {
                "id": party_id, "kind": "company", "name": name, "name_folded": fold(name),
                "responsible_id": owner, "email": "", "address": "", "notes": "", "version": 1,
                "created_at": now, "updated_at": now,
            }
        )  # fmt: skip
        persons.append(
            {
                "id": person_id, "party_id": party_id, "name": "Ayşe Yılmaz",
                "name_folded": "ayse yilmaz", "position": "", "email": "", "place": 0,
            }
        )  # fmt: skip
        for place in range(PER_PARTY):
            key = keys[index * PER_PARTY + place]
            phones.append(
                {
                    "id": new_id(), "party_id": party_id,
                    "person_id": person_id if place % 2 else None, "kind": "mobile",
                    "number": key, "reversed": reversed_digits(key), "written": key, "place": place,
                }
            )  # fmt: skip
    connection.execute(insert(parties), firms)
    connection.execute(insert(contact_persons), persons)
    connection.execute(insert(phone_numbers), phones)


if __name__ == "__main__":
    asyncio.run(main())
