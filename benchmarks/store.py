"""How many durable units of work a second the store takes, each caller awaiting his own."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import aiosqlite
from sqlalchemy import Column, Connection, Index, MetaData, Table, Text, insert

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
    Column("line", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("text", Text, nullable=False),
    Index("ix_bench_line", "line"),
    Index("ix_bench_state", "state"),
)
"""Three indexes with that of the primary key, as in the measurement that set the floor."""
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
        with running_cluster(found, durable=True) as cluster:
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
            rate = await _rate(store, callers, partial(_unit, statements))
            print(f"{name:30} {statements:>10} {callers:>8} {rate:>9,.0f}", flush=True)
    scattered = await _rate(store, CALLERS[-1], partial(_unit, STATEMENTS[-1], scattered=True))
    print(f"{'  an index in random order':30} {STATEMENTS[-1]:>10} {CALLERS[-1]:>8} "
          f"{scattered:>9,.0f}", flush=True)  # fmt: skip
    return rate


async def _rate(store: Store, callers: int, unit: Callable[[Connection], None]) -> float:
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


def _row(*, scattered: bool = False) -> dict[str, object]:
    line_id = new_id()
    line = f"+90532{line_id[-7:]}" if scattered else "office1"
    return {"id": line_id, "line": line, "state": "queued", "text": "x" * 100}


def _unit(statements: int, connection: Connection, *, scattered: bool = False) -> None:
    for _ in range(statements):
        connection.execute(_INSERT, _row(scattered=scattered))


async def _plain_aiosqlite(path: Path) -> float:
    """Measure the same four inserts the simple way: one connection, one commit for each unit."""
    async with aiosqlite.connect(path) as connection:
        await connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
            "CREATE TABLE lines (id TEXT PRIMARY KEY, line TEXT, state TEXT, text TEXT);"
            "CREATE INDEX a ON lines (line); CREATE INDEX b ON lines (state);"
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
