"""PostgreSQL: the same units of work through asyncpg."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from gateway.kernel.errors import ConfigError
from gateway.kernel.store.migrate import upgrade

T = TypeVar("T")

POOL_SIZE = 10


class PostgresStore:
    """A store on a PostgreSQL server, with its synchronous commit."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @classmethod
    async def open(cls, url: URL) -> PostgresStore:
        """Connect and bring the schema up to date."""
        engine = create_async_engine(
            url.set(drivername="postgresql+asyncpg"), pool_size=POOL_SIZE, pool_pre_ping=True
        )
        try:
            async with engine.begin() as connection:
                await connection.run_sync(upgrade)
        except (OSError, SQLAlchemyError) as error:
            await engine.dispose()
            msg = (
                f"the database {url.render_as_string(hide_password=True)} cannot be used: {error}; "
                "check [store] url, and that the server runs and knows this user"
            )
            raise ConfigError(msg) from error
        return cls(engine)

    async def write(self, unit: Callable[[Connection], T]) -> T:
        """Run a unit of work in a transaction of its own; once more when another was faster."""
        try:
            return await self._write(unit)
        except IntegrityError:
            return await self._write(unit)

    async def _write(self, unit: Callable[[Connection], T]) -> T:
        async with self._engine.begin() as connection:
            return await connection.run_sync(unit)

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a read-only function in a transaction of its own."""
        async with self._engine.connect() as connection:
            return await connection.run_sync(query)

    async def rows(self, statement: Select[Any], **values: object) -> list[tuple[Any, ...]]:
        """Run one SELECT of the hot path."""
        async with self._engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(statement, values)]

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()
