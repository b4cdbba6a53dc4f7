"""On which terms a modem takes work now: its quota, the routes left to it, quiet hours."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.sending.priority import Priority
from gateway.sending.quiet_hours import QuietHours, zone_named, zones_of
from gateway.sending.quotas import Quota
from gateway.sms.routing import ANYWHERE, Choice, Tariff

UTC_ZONE = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietRule:
    """When whom must not be written to."""

    hours: QuietHours
    priorities: frozenset[Priority] = frozenset({Priority.BULK})
    """Which messages wait; a person's own goes out when he says so."""
    home: ZoneInfo = UTC_ZONE
    """Where the recipient is taken to be if nothing tells."""
    zones: tuple[tuple[str, ZoneInfo], ...] = ()
    """Number prefixes whose zone the administrator knows better, the longest first."""

    def over(self, moment: datetime, *, number: str, zone: str, priority: Priority) -> datetime:
        """Return the first moment from this one on at which a message may go out."""
        if priority not in self.priorities:
            return moment
        return self.hours.over(moment, self._zones(number, zone))

    def _zones(self, number: str, zone: str) -> tuple[ZoneInfo, ...]:
        if zone and (known := zone_named(zone)):
            return (known,)
        for prefix, told in self.zones:
            if number.startswith(prefix):
                return (told,)
        return zones_of(number, self.home)


EVERYTHING = Choice(now=frozenset({ANYWHERE}), later=frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for one modem's next message."""

    choice: Choice = EVERYTHING
    patience: timedelta = timedelta(0)
    """How long a message waits for a cheaper modem that is busy."""
    others: Collection[str] = frozenset()
    """Other modems that can send now: they are left what they serve better, and what fails here."""
    sender: str = ""
    """Whose quota counts: the SIM's IMSI, or the modem's id while it is not known."""
    quota: Quota = field(default_factory=Quota)
    tariff: Tariff = field(default_factory=Tariff)
    quiet: QuietRule | None = None
    zone: ZoneInfo = UTC_ZONE
    """The site's: where its days and months begin."""
