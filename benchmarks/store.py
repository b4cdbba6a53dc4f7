"""How many durable units of work a second the store takes, each caller awaiting his own."""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import aiosqlite
from sqlalchemy import Column, Connection, Index, Integer, MetaData, Table, Text, insert

from gateway.kernel.ids import new_id
from gateway.kernel.store import Store, open_store
from tests.postgres import binaries, running_cluster

CALLERS = (1, 10, 100)
STATEMENTS = (1, 4)
RUN_S = 3.0
FLOOR = 10_000
"""Units a second that are asked for with four statements at 100 callers."""

_METADATA = MetaData()
_LINES = Table(
    "bench_lines",
    _METADATA,
    Column("id", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Index("ix_bench_number", "number"),
    Index("ix_bench_state", "state", "id"),
    Index("ix_bench_size", "size"),
)
_INSERT = insert(_LINES)


async def main() -> None:
    """Measure and print."""
    print(f"{'engine':30} {'statements':>10} {'callers':>8} {'units/s':>9}")
    with tempfile.TemporaryDirectory(prefix="santral-bench-") as folder:
        async with AsyncExitStack() as stack:
            store = await open_store(f"sqlite:///{folder}/santral.db")
            stack.push_async_callback(store.close)
            reached = await _table("SQLite, group commit", store)
        plain = await _plain_aiosqlite(Path(folder) / "plain.db")
        print(f"{'aiosqlite, one commit each':30} {4:>10} {1:>8} {plain:>9,.0f}")
    if (found := binaries()) is None:
        print("PostgreSQL is not installed: not measured")
    else:
        with running_cluster(found) as cluster:
            store = await open_store(cluster.url("postgres"))
            try:
                await _table("PostgreSQL, group commit", store)
            finally:
                await store.close()
    print(f"\n100 callers, four statements: {reached:,.0f}/s; asked for at least {FLOOR:,}/s: "
          f"{reached / FLOOR:.2f} times that")  # fmt: skip


async def _table(name: str, store: Store) -> float:
    await store.write(_METADATA.create_all)
    rate = 0.0
    for statements in STATEMENTS:
        for callers in CALLERS:
            rate = await _rate(store, callers, statements)
            print(f"{name:30} {statements:>10} {callers:>8} {rate:>9,.0f}", flush=True)
    return rate


async def _rate(store: Store, callers: int, statements: int) -> float:
    unit = partial(_unit, statements)
    done = 0
    ends = time.perf_counter() + RUN_S

    async def caller() -> None:
        nonlocal done
        while time.perf_counter() < ends:
            await store.write(unit)
            done += 1

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return done / (time.perf_counter() - began)


def _row() -> dict[str, object]:
    line_id = new_id()
    return {"id": line_id, "number": f"+90532{line_id[-7:]}", "state": "queued", "size": 1}


def _unit(statements: int, connection: Connection) -> None:
    for _ in range(statements):
        connection.execute(_INSERT, _row())


async def _plain_aiosqlite(path: Path) -> float:
    """Measure the same four inserts the simple way: one connection, one commit for each unit."""
    async with aiosqlite.connect(path) as connection:
        await connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
            "CREATE TABLE lines (id TEXT PRIMARY KEY, number TEXT, state TEXT, size INTEGER);"
            "CREATE INDEX a ON lines (number); CREATE INDEX b ON lines (state, id);"
            "CREATE INDEX c ON lines (size);"
        )
        done, began = 0, time.perf_counter()
        while time.perf_counter() - began < RUN_S:
            for _ in range(4):
                await connection.execute(
                    "INSERT INTO lines VALUES (?, ?, ?, ?)", tuple(_row().values())
                )
            await connection.commit()
            done += 1
        return done / (time.perf_counter() - began)
