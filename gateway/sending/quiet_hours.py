"""Hours in which people want to be left alone, by the clock on their own wall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from phonenumbers import timezone as number_zones

_UNKNOWN = "Etc/Unknown"
_DAYS_AHEAD = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From `begins` until `ends` on every day; over midnight when it ends before it begins."""

    begins: time
    ends: time

    def at(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Tell whether a moment lies in the quiet hours of a zone."""
        wall = moment.astimezone(zone).time()
        if self.begins <= self.ends:
            return self.begins <= wall < self.ends
        return wall >= self.begins or wall < self.ends

    def over(self, moment: datetime, zones: Sequence[ZoneInfo]) -> datetime:
        """Return the first moment from this one on that is quiet in none of the zones.

        When there is none (zones around the world), the first zone alone counts.
        """
        found = moment
        for _ in range(_DAYS_AHEAD * len(zones)):
            quiet = [zone for zone in zones if self.at(found, zone)]
            if not quiet:
                return found
            found = max(self._end(found, zone) for zone in quiet)
        return self.over(moment, zones[:1])

    def _end(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """Return when the quiet hours that hold at a moment end, in UTC."""
        wall = moment.astimezone(zone)
        day = wall.date() if wall.time() < self.ends else wall.date() + timedelta(days=1)
        end = datetime.combine(day, self.ends, tzinfo=zone).astimezone(UTC)
        while self.at(end, zone):  # the clock was put back: the same wall time comes twice
            end += timedelta(minutes=15)
        return end


@lru_cache(maxsize=4096)
def zones_of(number: str, home: ZoneInfo) -> tuple[ZoneInfo, ...]:
    """Return the zones in which a number's owner may be; `home` where the number does not say."""
    if not number.startswith("+"):
        return (home,)
    try:
        names = number_zones.time_zones_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return (home,)
    zones = tuple(zone_named(name) for name in names if name != _UNKNOWN)
    known = tuple(zone for zone in zones if zone is not None)
    return known or (home,)


def zone_named(name: str) -> ZoneInfo | None:
    """Return a zone by its IANA name, or None."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None
