"""The migrations make exactly the tables that the code declares, on both engines."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

import gateway.app  # declares every feature's tables
from gateway.kernel.errors import ConfigError
from gateway.kernel.store import Store, metadata, open_store

assert gateway.app


async def test_an_upgraded_database_has_the_declared_tables(store: Store) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection)
        return list(compare_metadata(context, metadata))

    assert await store.read(differences) == []


async def test_opening_again_changes_nothing(database_url: str) -> None:
    for _ in range(2):
        store = await open_store(database_url)
        await store.close()


async def test_a_database_of_a_newer_version_is_refused_with_a_reason(database_url: str) -> None:
    store = await open_store(database_url)
    newer = text("UPDATE alembic_version SET version_num = '9999'")
    await store.write(lambda connection: connection.execute(newer))
    await store.close()
    with pytest.raises(ConfigError, match="newer"):
        await open_store(database_url)
