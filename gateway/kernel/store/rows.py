"""Many new rows at once.

SQLite works through one statement of many rows by itself, beside Python: the interpreter is free
for requests meanwhile, and is asked once and not for every row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Dialect, Table, insert

_AT_ONCE = (250, 64, 16, 4, 1)
"""Rows in one statement: a few sizes, so that every statement stays prepared."""
Convert = Callable[[Any], Any]


def add(
    connection: Connection,
    table: Table,
    columns: tuple[str, ...],
    rows: Sequence[Sequence[Any]],
    alike: tuple[tuple[str, str | int], ...] = (),
) -> None:
    """Insert rows whose values stand in the order of `columns`; `alike` is the same in each."""
    if connection.dialect.name != "sqlite":
        same = dict(alike)
        values = [dict(zip(columns, row, strict=True)) | same for row in rows]
        if values:
            connection.execute(insert(table), values)
        return
    converters = _converters(table, columns, connection.dialect)
    for part in _parts(rows):
        flat = list(chain.from_iterable(part))
        for place, convert in converters:
            flat[place :: len(columns)] = map(convert, flat[place :: len(columns)])
        connection.exec_driver_sql(_statement(table.name, columns, alike, len(part)), tuple(flat))


def _parts(rows: Sequence[Sequence[Any]]) -> Iterator[Sequence[Sequence[Any]]]:
    place = 0
    for size in _AT_ONCE:
        while len(rows) - place >= size:
            yield rows[place : place + size]
            place += size


@lru_cache(maxsize=64)
def _statement(
    table: str, columns: tuple[str, ...], alike: tuple[tuple[str, str | int], ...], count: int
) -> str:
    """Return the statement; names and what is alike come from our own code, never from outside."""
    names = ", ".join([*columns, *(name for name, _ in alike)])
    row = ", ".join(["?"] * len(columns) + [repr(value) for _, value in alike])
    values = ", ".join([f"({row})"] * count)
    return f"INSERT INTO {table} ({names}) VALUES {values}"  # noqa: S608


@lru_cache(maxsize=64)
def _converters(
    table: Table, columns: tuple[str, ...], dialect: Dialect
) -> tuple[tuple[int, Convert], ...]:
    """Return which places need a value of another kind on this engine, and how they get it."""
    found = (
        (place, table.c[name].type.dialect_impl(dialect).bind_processor(dialect))
        for place, name in enumerate(columns)
    )
    return tuple((place, convert) for place, convert in found if convert is not None)
