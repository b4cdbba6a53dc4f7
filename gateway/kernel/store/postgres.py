"""PostgreSQL: the same units of work through asyncpg."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from gateway.kernel.errors import ConfigError, GatewayError
from gateway.kernel.health import Health
from gateway.kernel.store.batch import MAX_BATCH, MAX_WAITING, Pending, Watch, commit
from gateway.kernel.store.migrate import upgrade

T = TypeVar("T")

POOL_SIZE = 10


class PostgresStore:
    """A store on a PostgreSQL server, with its synchronous commit."""

    def __init__(self, engine: AsyncEngine, watch: Watch) -> None:
        self._engine = engine
        self._watch = watch
        self._queue: asyncio.Queue[Pending] = asyncio.Queue(MAX_WAITING)
        self._writer = asyncio.create_task(self._write_loop(), name="store-writer")
        self._closed = False

    @classmethod
    async def open(cls, url: URL, health: Health) -> PostgresStore:
        """Connect and bring the schema up to date."""
        engine = create_async_engine(
            url.set(drivername="postgresql+asyncpg"), pool_size=POOL_SIZE, pool_pre_ping=True
        )
        name = url.render_as_string(hide_password=True)
        try:
            async with engine.begin() as connection:
                await connection.run_sync(upgrade)
        except ConfigError:
            await engine.dispose()
            raise
        except (OSError, SQLAlchemyError) as error:
            await engine.dispose()
            msg = (
                f"the database {name} cannot be used: {error}; "
                "check [store] url, and that the server runs and knows this user"
            )
            raise ConfigError(msg) from error
        return cls(engine, Watch(health, f"check that the server of {name} runs"))

    async def write(self, unit: Callable[[Connection], T]) -> T:
        """Run a unit of work inside the next group commit."""
        if self._closed:
            msg = "the store is closed"
            raise GatewayError(msg)
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        await self._queue.put(Pending(unit, done))
        with self._watch.over():
            return await done

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a read-only function in a transaction of its own."""
        with self._watch.over():
            async with self._engine.connect() as connection:
                return await connection.run_sync(query)

    async def rows(self, statement: Select[Any], **values: object) -> list[tuple[Any, ...]]:
        """Run one SELECT of the hot path."""
        with self._watch.over():
            async with self._engine.connect() as connection:
                return [tuple(row) for row in await connection.execute(statement, values)]

    async def close(self) -> None:
        """Commit what was accepted, then close every connection."""
        if self._closed:
            return
        self._closed = True
        await self._queue.join()
        self._writer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._writer
        await self._engine.dispose()

    async def _write_loop(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < MAX_BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            try:
                async with self._engine.connect() as connection:
                    await connection.run_sync(commit, batch)
            except (OSError, SQLAlchemyError) as error:
                for pending in batch:
                    pending.error = error
            for pending in batch:
                pending.settle()
                self._queue.task_done()
