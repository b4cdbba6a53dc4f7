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
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def span(begins: str, ends: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return from when somebody is absent, and when he is here again.

    A last day is absent as a whole; times without an offset are the office's. Raises Invalid.
    """
    first, _ = _moment(begins, zone, "from")
    last, is_day = _moment(ends, zone, "until")
    if is_day:
        last = datetime.combine(last.astimezone(zone) + timedelta(days=1), time(), zone)
    if last <= first:
        raise Invalid(f"the absence ends ({ends}) before it begins ({begins})", field="until")
    if last - first > LONGEST:
        raise Invalid(f"the absence is longer than {LONGEST.days} days: {begins} to {ends}",
                      field="until")  # fmt: skip
    return first, last.astimezone(UTC)


def without_midnight(text: str) -> str:
    """Return a spreadsheet's cell without the midnight that it gives a plain day."""
    return re.sub(r"[ T,]+0?0:00(:00(\.0+)?)?$", "", text.strip())


def _moment(text: str, zone: ZoneInfo, field: str) -> tuple[datetime, bool]:
    """Return a moment in UTC, and whether a whole day was meant."""
    text = text.strip()
    local = _LOCAL.fullmatch(text)
    try:
        found = _of(local, zone) if local else datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        message = f"{text[:40]!r} is no date; write it as 2026-12-31, or 2026-12-31T13:00"
        raise Invalid(message, field=field) from error
    if not 2000 <= found.year <= 2200:
        raise Invalid(f"{text[:40]!r} is no year in which somebody works here", field=field)
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
    is_day = local["hour"] is None if local else _DAY.fullmatch(text) is not None
    return found.astimezone(UTC), is_day


def _of(local: re.Match[str], zone: ZoneInfo) -> datetime:
    given = {name: int(value) for name, value in local.groupdict("0").items()}
    return datetime(**given, tzinfo=zone)
