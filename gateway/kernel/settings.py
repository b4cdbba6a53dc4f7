"""Settings that change while the service runs: devices, lines and rules, by kind and id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Table, Text, delete, insert, select, update

from gateway.kernel.store.schema import JsonText, UtcDateTime, metadata

settings = Table(
    "settings",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("value", JsonText, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

_SEEDED = "seeded"
"""Settings of this kind say which kinds the first start has filled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One stored setting."""

    kind: str
    id: str
    value: Mapping[str, Any]


def every(connection: Connection, kind: str) -> list[Setting]:
    """Return all settings of a kind, by id."""
    query = select(settings).where(settings.c.kind == kind).order_by(settings.c.id)
    return [Setting(kind=row.kind, id=row.id, value=row.value) for row in connection.execute(query)]


def find(connection: Connection, kind: str, setting_id: str) -> Setting | None:
    """Return one setting, or None."""
    query = select(settings).where(settings.c.kind == kind, settings.c.id == setting_id)
    row = connection.execute(query).first()
    return Setting(kind=row.kind, id=row.id, value=row.value) if row else None


def put(connection: Connection, setting: Setting, at: datetime) -> bool:
    """Store a setting; tell whether it is new."""
    values = {"value": dict(setting.value), "changed_at": at}
    place = (settings.c.kind == setting.kind) & (settings.c.id == setting.id)
    if connection.execute(update(settings).where(place).values(values)).rowcount:
        return False
    connection.execute(insert(settings).values(kind=setting.kind, id=setting.id, **values))
    return True


def remove(connection: Connection, kind: str, setting_id: str) -> bool:
    """Delete a setting; tell whether it was there."""
    place = (settings.c.kind == kind) & (settings.c.id == setting_id)
    return connection.execute(delete(settings).where(place)).rowcount > 0


def seed_once(connection: Connection, kind: str, seeds: list[Setting], at: datetime) -> bool:
    """Store the seeds of a kind unless it was seeded before; tell whether this did it."""
    marked = select(settings.c.id).where(settings.c.kind == _SEEDED, settings.c.id == kind)
    if not seeds or connection.execute(marked).first():
        return False
    put(connection, Setting(kind=_SEEDED, id=kind, value={}), at)
    for seed in seeds:
        put(connection, seed, at)
    return True
