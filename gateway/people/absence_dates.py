"""When an absence begins and ends, as people and their spreadsheets write it (pure)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gateway.kernel.errors import Invalid

LONGEST = timedelta(days=3 * 366)
_LOCAL = re.compile(
    r"(?P<day>\d{1,2})[./](?P<month>\d{1,2})[./](?P<year>\d{4})"
    r"(?:[ ,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::\d{2})?)?"
)
"""31.12.2026, 31/12/2026, 31.12.2026 13:00."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]00:00(?::00)?)?")
"""A spreadsheet gives a day as its midnight."""


def span(begins: str, ends: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return from when somebody is absent, and when he is here again.

    A last day is absent as a whole; times without an offset are the office's. Raises Invalid.
    """
    first, _ = _moment(begins, zone, "from")
    last, is_day = _moment(ends, zone, "until")
    if is_day:
        last = _midnight(last.astimezone(zone) + timedelta(days=1), zone)
    if last <= first:
        raise Invalid(f"the absence ends ({ends}) before it begins ({begins})", field="until")
    if last - first > LONGEST:
        raise Invalid(f"the absence is longer than {LONGEST.days} days: {begins} to {ends}",
                      field="until")  # fmt: skip
    return first, last


def _moment(text: str, zone: ZoneInfo, field: str) -> tuple[datetime, bool]:
    """Return a moment in UTC, and whether a whole day was meant."""
    text = text.strip()
    local = _LOCAL.fullmatch(text)
    try:
        if local is not None:
            given = {name: int(value) for name, value in local.groupdict("0").items()}
            return datetime(**given, tzinfo=zone).astimezone(UTC), local["hour"] is None
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        message = f"{text[:40]!r} is no date; write it as 2026-12-31, or 2026-12-31T13:00"
        raise Invalid(message, field=field) from error
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
    if not 2000 <= found.year <= 2200:
        raise Invalid(f"{text[:40]!r} is no year in which somebody works here", field=field)
    return found.astimezone(UTC), _DAY.fullmatch(text) is not None


def _midnight(at: datetime, zone: ZoneInfo) -> datetime:
    return datetime.combine(at.date(), time(), zone).astimezone(UTC)
