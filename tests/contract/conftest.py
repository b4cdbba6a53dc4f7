"""A migrated store on each engine: SQLite in a folder, PostgreSQL in the tests' own cluster."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
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


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a fresh migrated database, on each engine in turn."""
    if request.param == "sqlite":
        path = tmp_path / "santral.db"
        shutil.copy(request.getfixturevalue("migrated_file"), path)
        return f"sqlite:///{path}"
    cluster, name = request.getfixturevalue("postgres"), f"t{new_id()}"
    _run(_create(cluster, name, request.getfixturevalue("migrated_database")))
    return str(cluster.url(name))


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
