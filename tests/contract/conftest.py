"""A migrated store on each engine: SQLite in a folder, PostgreSQL in the tests' own cluster."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.kernel.health import Health
from gateway.kernel.ids import new_id
from gateway.kernel.store import Store, open_store
from tests.postgres import Cluster, binaries, running_cluster


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory, need_program: object) -> Iterator[Cluster]:
    """A PostgreSQL server on a Unix socket, ended with the tests."""
    folder = binaries()
    if folder is None:
        need_program("postgresql")  # type: ignore[operator]
    assert folder is not None
    with running_cluster(folder) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database that the migrations made; tests work on copies."""
    path = tmp_path_factory.mktemp("migrated") / "santral.db"
    _run(_migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def migrated_database(postgres: Cluster) -> str:
    """The name of a PostgreSQL database that the migrations made; tests work on copies."""
    name = "migrated"
    _run(_create(postgres, name, template="template1"))
    _run(_migrate(postgres.url(name)))
    return name


def _run(work: Coroutine[None, None, None]) -> None:
    """Run in a loop of its own, for pytest's own loop may be anywhere."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, work).result()


async def _migrate(url: str) -> None:
    await (await open_store(url)).close()


async def _create(cluster: Cluster, name: str, template: str) -> None:
    engine = create_async_engine(cluster.url("postgres"), isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    finally:
        await engine.dispose()


_EMPTIED = """
DO $$ DECLARE found record; BEGIN
  SET LOCAL lock_timeout = '2s';
  SET LOCAL session_replication_role = replica;
  FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    IF found.tablename <> 'alembic_version' THEN
      EXECUTE format('DELETE FROM %I', found.tablename);
    END IF;
  END LOOP;
  FOR found IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' LOOP
    EXECUTE format('ALTER SEQUENCE %I RESTART', found.sequencename);
  END LOOP;
END $$
"""


class Databases:
    """PostgreSQL databases that tests use in turn: making one takes longer than most tests."""

    def __init__(self, cluster: Cluster, template: str) -> None:
        self._cluster, self._template = cluster, template
        self._free: list[str] = []
        self._version = ""
        _run(self._look())

    def take(self) -> str:
        """Return the name of an empty migrated database."""
        if self._free:
            return self._free.pop()
        name = f"t{new_id()}"
        _run(_create(self._cluster, name, self._template))
        return name

    def give_back(self, name: str) -> None:
        """Take a database back; one that cannot be emptied is used no more."""
        with contextlib.suppress(DBAPIError, _Changed):
            _run(self._empty(name))
            self._free.append(name)

    async def _look(self) -> None:
        engine = create_async_engine(self._cluster.url(self._template))
        async with engine.connect() as connection:
            self._version = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        await engine.dispose()

    async def _empty(self, name: str) -> None:
        engine = create_async_engine(self._cluster.url(name), isolation_level="AUTOCOMMIT")
        try:
            async with engine.connect() as connection:
                version = await connection.scalar(text("SELECT version_num FROM alembic_version"))
                if version != self._version:
                    raise _Changed
                await connection.execute(text(_EMPTIED))
        finally:
            await engine.dispose()


class _Changed(Exception):
    """A test gave a database another schema."""


@pytest.fixture(scope="session")
def databases(postgres: Cluster, migrated_database: str) -> Databases:
    """The PostgreSQL databases of this session."""
    return Databases(postgres, migrated_database)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty migrated database, on each engine in turn."""
    if request.param == "sqlite":
        path = tmp_path / "santral.db"
        shutil.copy(request.getfixturevalue("migrated_file"), path)
        yield f"sqlite:///{path}"
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    databases: Databases = request.getfixturevalue("databases")
    name = databases.take()
    yield cluster.url(name)
    databases.give_back(name)


@pytest.fixture
async def store_and_health(database_url: str) -> AsyncIterator[tuple[Store, Health]]:
    """A fresh store, migrated, on each engine in turn, and where its health is shown."""
    health = Health()
    opened = await open_store(database_url, health)
    try:
        yield opened, health
    finally:
        await opened.close()


@pytest.fixture
def store(store_and_health: tuple[Store, Health]) -> Store:
    """A fresh store, migrated, on each engine in turn."""
    return store_and_health[0]
