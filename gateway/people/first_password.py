"""The file that lets the first administrator in: it lies in the data folder until it is used."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from gateway.kernel import settings
from gateway.kernel.errors import ConfigError
from gateway.kernel.settings import Setting

FILE = "first-password"
_KIND = "first_password"
"""Kind of the setting whose id says for whom the file is."""


class FirstPasswordFile:
    """Written once, gone when its password is."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def write(self, password: str) -> None:
        """Write the password so that only our own user (and root) can read it."""
        made = self.path.with_suffix(".new")
        try:
            made.unlink(missing_ok=True)
            fd = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                file.write(f"{password}\n")
                file.flush()
                os.fsync(file.fileno())
            made.replace(self.path)
        except OSError as error:
            raise ConfigError(
                f"{self.path} cannot be written: {error.strerror}; "
                "check [store] data and its rights"
            ) from error

    def remove(self) -> None:
        """Take the file away, if it is there."""
        self.path.unlink(missing_ok=True)


def note(connection: Connection, user_id: str, at: datetime) -> None:
    """Note for whom the file is, in the unit of work that sets his password."""
    settings.put(connection, Setting(kind=_KIND, id=user_id, value={}), at)


def is_used(connection: Connection, user_id: str) -> bool:
    """Note that somebody has another password now; tell whether the file was for him."""
    return settings.remove(connection, _KIND, user_id)


def is_waiting(connection: Connection) -> bool:
    """Tell whether the file is still for somebody."""
    return bool(settings.every(connection, _KIND))
