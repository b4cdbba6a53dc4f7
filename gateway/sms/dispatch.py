"""Knows every modem's seat at the queue, and tells each on which terms it may take work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.kernel.clock import Clock
from gateway.sending.quotas import Quota
from gateway.sms.policy import SimPolicy, SmsPolicy
from gateway.sms.port import Modem
from gateway.sms.routing import Seat, Tariff, choice, routes_of
from gateway.sms.terms import EVERYTHING, QuietRule, Terms


@dataclass(slots=True)
class _Place:
    modem: Modem
    quota: Quota
    tariff: Tariff
    idle: bool = False
    full_until: datetime | None = None
    """Its quota is used up until then."""


class Dispatch:
    """The modems at the queue, as routing needs to see them."""

    def __init__(self, clock: Clock, zone: ZoneInfo) -> None:
        self._clock = clock
        self._zone = zone
        self._patience = timedelta(0)
        self._quiet: QuietRule | None = None
        self._routes: tuple[str, ...] = routes_of(())
        self._uneven = False
        """Whether any modem would leave work to another one."""
        self._places: dict[str, _Place] = {}

    def decide(self, policy: SmsPolicy) -> None:
        """Take over what the administrator decided."""
        self._patience = timedelta(seconds=policy.patience_s)
        quiet = policy.quiet_hours
        self._quiet = quiet.rule(self._zone) if quiet else None

    def sit(self, modem_id: str, modem: Modem, policy: SimPolicy) -> None:
        """Give a modem its seat, or its new terms."""
        quota = Quota(**policy.quota.model_dump())
        tariff = Tariff(costs=dict(policy.costs))
        self._places[modem_id] = _Place(modem=modem, quota=quota, tariff=tariff)
        self._compare()

    def leave(self, modem_id: str) -> None:
        """Take a modem's seat away."""
        self._places.pop(modem_id, None)
        self._compare()

    def routes(self) -> tuple[str, ...]:
        """Return the number prefixes that make a difference."""
        return self._routes

    def rest(self, modem_id: str, *, idle: bool, full_until: datetime | None = None) -> bool:
        """Note whether a modem waits for work; tell whether others must look at the queue anew."""
        place = self._places.get(modem_id)
        if place is None:
            return False
        changed = place.idle != idle or place.full_until != full_until
        place.idle, place.full_until = idle, full_until
        return changed and self._uneven and not idle

    def terms(self, modem_id: str) -> Terms:
        """Return on which terms a modem may take its next message."""
        me = self._places[modem_id]
        others = [
            (other, place)
            for other, place in self._places.items()
            if other != modem_id and self._can(place)
        ]
        chosen = EVERYTHING
        if self._uneven:
            seats = [
                Seat(modem_id=other, tariff=place.tariff, idle=place.idle)
                for other, place in others
            ]
            chosen = choice(Seat(modem_id=modem_id, tariff=me.tariff), seats, self._routes)
        return Terms(
            choice=chosen,
            patience=self._patience,
            others=tuple(other for other, _ in others),
            sender=me.modem.status.imsi or modem_id,
            quota=me.quota,
            tariff=me.tariff,
            quiet=self._quiet,
            zone=self._zone,
        )

    def _can(self, place: _Place) -> bool:
        """Tell whether a modem can send now."""
        full = place.full_until is not None and place.full_until > self._clock.now()
        return place.modem.status.ready and not full

    def _compare(self) -> None:
        tariffs = [place.tariff for place in self._places.values()]
        self._routes = routes_of(tariffs)
        served_alike = {tuple(sorted(tariff.costs.items())) for tariff in tariffs}
        self._uneven = len(served_alike) > 1 or self._routes != routes_of(())
