"""SQLite: one writer thread that commits many units at once, reader threads beside it."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
from sqlalchemy import Connection, Engine, Select, create_engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.compiler import SQLCompiler

from gateway.kernel.errors import ConfigError, GatewayError
from gateway.kernel.health import Health
from gateway.kernel.store.batch import MAX_BATCH, MAX_WAITING, Pending, Watch, commit
from gateway.kernel.store.migrate import upgrade

T = TypeVar("T")

READERS = 2
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = 1",
    "cache_size = -65536",  # 64 MiB
    "wal_autocheckpoint = 16000",  # pages, 64 MiB: a page that changes often is copied back once
)
BUSY_TIMEOUT_S = 10.0


class SqliteStore:
    """A store in one file, in WAL mode with synchronous=FULL: what `write` returned survives."""

    def __init__(self, path: str, health: Health) -> None:
        self._path = path
        self._watch = Watch(health, f"check the disk of {path}: its space and its rights")
        self._loop = asyncio.get_running_loop()
        self._engine = _engine(path)
        self._queue: queue.SimpleQueue[Pending | None] = queue.SimpleQueue()
        self._room = asyncio.Semaphore(MAX_WAITING)
        self._writer = threading.Thread(target=self._write_loop, name="store-writer", daemon=True)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._reader_local = threading.local()
        self._reader_connections: list[Connection] = []
        self._hot: aiosqlite.Connection | None = None
        self._compiled: dict[int, SQLCompiler] = {}
        self._statements: list[Select[Any]] = []
        self._closed = False

    @classmethod
    async def open(cls, path: str, health: Health) -> SqliteStore:
        """Open the file, create it when new, and bring its schema up to date."""
        if not path:
            msg = "the SQLite database needs a file; set [store] url = 'sqlite:////path/file.db'"
            raise ConfigError(msg)
        store = cls(path, health)
        await asyncio.to_thread(store._migrate)
        store._writer.start()
        store._hot = await aiosqlite.connect(path)
        await store._hot.execute("PRAGMA query_only = 1")
        return store

    def _migrate(self) -> None:
        try:
            Path(self._path).parent.mkdir(parents=True, exist_ok=True)
            with self._engine.connect() as connection:
                upgrade(connection)
                connection.commit()
        except (OSError, sqlite3.Error) as error:
            msg = f"the database {self._path} cannot be opened: {error}"
            raise ConfigError(msg) from error

    async def write(self, unit: Callable[[Connection], T]) -> T:
        """Run a unit of work inside the next group commit."""
        if self._closed:
            msg = "the store is closed"
            raise GatewayError(msg)
        async with self._room:
            done: asyncio.Future[T] = self._loop.create_future()
            self._queue.put(Pending(unit, done))
            with self._watch.over():
                return await done

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a read-only function on a reader thread."""
        with self._watch.over():
            return await self._loop.run_in_executor(self._readers, partial(self._read, query))

    async def rows(self, statement: Select[Any], **values: object) -> list[tuple[Any, ...]]:
        """Run one SELECT through aiosqlite: one thread hop, no transaction."""
        assert self._hot is not None
        compiled = self._compiled.get(id(statement))
        if compiled is None:
            compiled = statement.compile(dialect=_HOT_DIALECT)
            self._compiled[id(statement)] = compiled
            self._statements.append(statement)
        bound = compiled.construct_params(values) or {}
        found = await self._hot.execute_fetchall(
            str(compiled), [bound[name] for name in compiled.positiontup or ()]
        )
        return [tuple(row) for row in found]

    async def close(self) -> None:
        """Commit what was accepted, then close every connection."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._writer.join)
        if self._hot is not None:
            await self._hot.close()
        self._readers.shutdown(wait=True)
        for connection in self._reader_connections:
            connection.close()
        self._engine.dispose()

    def _read(self, query: Callable[[Connection], T]) -> T:
        connection: Connection | None = getattr(self._reader_local, "connection", None)
        if connection is None:
            connection = self._engine.connect()
            connection.exec_driver_sql("PRAGMA query_only = 1")
            connection.commit()
            self._reader_local.connection = connection
            self._reader_connections.append(connection)
        with connection.begin():
            return query(connection)

    def _write_loop(self) -> None:
        with self._engine.connect() as connection:
            while (batch := self._next_batch()) is not None:
                commit(connection, batch)
                if not self._loop.is_closed():
                    self._loop.call_soon_threadsafe(_settle, batch)

    def _next_batch(self) -> list[Pending] | None:
        first = self._queue.get()
        if first is None:
            return None
        batch = [first]
        while len(batch) < MAX_BATCH:
            try:
                following = self._queue.get_nowait()
            except queue.Empty:
                break
            if following is None:
                self._queue.put(None)
                break
            batch.append(following)
        return batch


def _settle(batch: list[Pending]) -> None:
    for pending in batch:
        pending.settle()


class BeginningDialect(SQLiteDialect_pysqlite):
    """Begins transactions itself: Python's sqlite3 would begin them late and at its own will.

    A listener on the engine could do that too, but costs every statement an eighth of its time.
    """

    supports_statement_cache = True

    def do_begin(self, dbapi_connection: Any) -> None:
        """Begin a transaction."""
        dbapi_connection.execute("BEGIN").close()


registry.register("sqlite.beginning", __name__, BeginningDialect.__name__)


def _engine(path: str) -> Engine:
    engine = create_engine(
        f"sqlite+beginning:///{path}",
        poolclass=NullPool,
        connect_args={
            "timeout": BUSY_TIMEOUT_S,
            "check_same_thread": False,
            "isolation_level": None,
        },
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()

    return engine


_HOT_DIALECT = SQLiteDialect(paramstyle="qmark")
