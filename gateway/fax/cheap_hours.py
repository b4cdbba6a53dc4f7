"""When lines cost least: the next moment at which a fax that can wait may go out (pure)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def next_cheap(now: datetime, begins: time, ends: time, zone: ZoneInfo) -> datetime:
    """Return now when it is cheap, else when it next becomes so, in UTC.

    The hours are those of the clock on the office's wall; they run over midnight when the end is
    not later than the beginning, and a clock that is put forward or back neither skips nor
    doubles them.
    """
    wall = now.astimezone(zone)
    for day in (-1, 0, 1, 2):
        date = wall.date() + timedelta(days=day)
        begin = datetime.combine(date, begins, zone)
        end = datetime.combine(date + timedelta(days=1 if ends <= begins else 0), ends, zone)
        if now.timestamp() < end.timestamp():
            return max(now, begin.astimezone(UTC), key=datetime.timestamp)
    return now
