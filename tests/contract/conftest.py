"""A migrated store on each engine: SQLite in a folder, PostgreSQL in the tests' own cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
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


async def _new_database(cluster: Cluster) -> str:
    name = f"t{new_id()}"
    engine = create_async_engine(cluster.url("postgres"), isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name}"))
    finally:
        await engine.dispose()
    return cluster.url(name)


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new database, on each engine in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'santral.db'}"
    return await _new_database(request.getfixturevalue("postgres"))


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
