"""Brings a database's schema up to date with Alembic."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection

from gateway.kernel.errors import ConfigError

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the migrations that this database has not seen, inside the caller's transaction.

    Raises ConfigError for a database of a newer version.
    """
    known = MigrationContext.configure(connection).get_current_revision()
    if revision == "head" and known == _newest():
        return
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        if "Can't locate revision" not in str(error):
            raise
        raise ConfigError(
            "the database was made by a newer version of Santral; install that version, or give "
            "[store] another database"
        ) from error


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


@cache
def _newest() -> str | None:
    """Return the revision that the migrations lead to; reading them takes longer than asking."""
    return ScriptDirectory.from_config(_config()).get_current_head()
