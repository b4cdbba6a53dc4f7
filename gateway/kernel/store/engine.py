"""What a store does, whichever engine keeps it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Select
from sqlalchemy.engine import make_url

from gateway.kernel.health import Health

T = TypeVar("T")
Unit = Callable[[Connection], T]
"""A unit of work: a plain function on a connection. It may run twice, so it does nothing else."""


class Store(Protocol):
    """Durable state. Opened by `open_store`, closed once."""

    async def write(self, unit: Unit[T]) -> T:
        """Run a unit of work; returns once it is on disk, raises what the unit raised."""
        ...

    async def read(self, query: Unit[T]) -> T:
        """Run a read-only function on a consistent snapshot of what is committed."""
        ...

    async def rows(self, statement: Select[Any], **values: object) -> list[tuple[Any, ...]]:
        """Run one SELECT of the hot path, a module-level constant over text and number columns."""
        ...

    async def close(self) -> None:
        """Finish what was accepted, then let go of the database."""
        ...


async def open_store(url: str, health: Health | None = None) -> Store:
    """Open and migrate the database at a SQLAlchemy URL (`sqlite:///PATH`, `postgresql://...`).

    `health` shows from then on, as `store`, whether it works.
    """
    from gateway.kernel.store.postgres import PostgresStore  # noqa: PLC0415 - only one is needed
    from gateway.kernel.store.sqlite import SqliteStore  # noqa: PLC0415

    health = health or Health()
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return await PostgresStore.open(parsed, health)
    return await SqliteStore.open(parsed.database or "", health)
