"""How much one sender (a SIM, a line) may send in a minute, a day and a month.

What counts is what was handed to the device, whatever became of it: the operator counts it too.
The count is written in the unit of work that hands it over, so that it holds across restarts.
Windows are those of the site's wall clock; a day of 23 or 25 hours is one day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Column, Connection, Integer, Table, Text, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from gateway.kernel.store.schema import UtcDateTime, metadata

usage = Table(
    "sending_usage",
    metadata,
    Column("sender", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("began_at", UtcDateTime, primary_key=True),
    Column("used", Integer, nullable=False),
)


class Window(StrEnum):
    """Over which time is counted."""

    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"

    def began(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """Return when the window that holds a moment began, in UTC."""
        if self is Window.MINUTE:
            return moment.astimezone(UTC).replace(second=0, microsecond=0)
        wall = moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        if self is Window.MONTH:
            wall = wall.replace(day=1)
        return wall.astimezone(UTC)

    def ends(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """Return when the window that holds a moment ends, in UTC."""
        began = self.began(moment, zone)
        if self is Window.MINUTE:
            return began + timedelta(minutes=1)
        wall = began.astimezone(zone).replace(tzinfo=None)
        if self is Window.DAY:
            following = wall + timedelta(days=1)
        else:
            following = (wall + timedelta(days=32)).replace(day=1)
        return following.replace(hour=0, tzinfo=zone).astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """The most that one sender may send; None: no limit."""

    per_minute: int | None = None
    per_day: int | None = None
    per_month: int | None = None

    def limits(self) -> Iterator[tuple[Window, int]]:
        """Yield the limits that are set."""
        pairs = (
            (Window.MINUTE, self.per_minute),
            (Window.DAY, self.per_day),
            (Window.MONTH, self.per_month),
        )
        for window, limit in pairs:
            if limit is not None:
                yield window, limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much a sender may send right now."""

    left: int | None
    """None: as much as it likes."""
    until: datetime | None = None
    """When the window that is fullest ends."""
    window: Window | None = None


_USED = select(usage.c.used).where(
    usage.c.sender == bindparam("sender"),
    usage.c.period == bindparam("of_window"),
    usage.c.began_at == bindparam("began"),
)


def _adding(insert: Any) -> Any:
    statement = insert(usage)
    return statement.on_conflict_do_update(
        index_elements=["sender", "period", "began_at"],
        set_={"used": usage.c.used + statement.excluded.used},
    )


_ADD = {"sqlite": _adding(sqlite_insert), "postgresql": _adding(postgresql_insert)}
MINUTES_KEPT = timedelta(hours=2)
REST_KEPT = timedelta(days=62)


def room(connection: Connection, sender: str, quota: Quota, now: datetime, zone: ZoneInfo) -> Room:
    """Return what is left of a sender's quota, by its fullest window."""
    found = Room(left=None)
    for window, limit in quota.limits():
        place = {"sender": sender, "of_window": window.value, "began": window.began(now, zone)}
        left = max(limit - (connection.execute(_USED, place).scalar() or 0), 0)
        if found.left is None or left < found.left:
            found = Room(left=left, until=window.ends(now, zone), window=window)
        elif left == found.left and left == 0:
            found = Room(left=0, until=window.ends(now, zone), window=window)
    return found


def spend(connection: Connection, sender: str, count: int, now: datetime, zone: ZoneInfo) -> None:
    """Count what is being handed to a device; the caller has looked at `room` in the same unit."""
    connection.execute(
        _ADD[connection.dialect.name],
        [
            {
                "sender": sender,
                "period": window.value,
                "began_at": window.began(now, zone),
                "used": count,
            }
            for window in Window
        ],
    )


def used(
    connection: Connection, sender: str, now: datetime, zone: ZoneInfo
) -> Mapping[Window, int]:
    """Return what a sender has sent in each window that now runs."""
    return {
        window: connection.execute(
            _USED,
            {"sender": sender, "of_window": window.value, "began": window.began(now, zone)},
        ).scalar()
        or 0
        for window in Window
    }


def forget(connection: Connection, now: datetime) -> None:
    """Drop counts of windows long past."""
    minutes = usage.c.period == Window.MINUTE.value
    connection.execute(delete(usage).where(minutes, usage.c.began_at < now - MINUTES_KEPT))
    connection.execute(delete(usage).where(usage.c.began_at < now - REST_KEPT))
