"""Which modem takes which message: by prefix, cost, health, and who the customer wrote to.

Modems pull: whoever is free looks for work. So routing says which recipients' prefixes a modem
leaves to another one now, and never makes one wait for a modem that is busy or broken unless the
administrator asked for patience.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

ANYWHERE = ""
"""The prefix of every number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What a SIM costs, and where it may send: the longest prefix that a number begins with counts.

    Costs are in the site's currency for one segment; a prefix without a cost is not served.
    """

    costs: Mapping[str, float] = field(default_factory=lambda: {ANYWHERE: 0.0})

    def cost(self, route: str) -> float | None:
        """Return the cost of a segment to a route or number; None when it is not served."""
        for length in range(len(route), -1, -1):
            if route[:length] in self.costs:
                return self.costs[route[:length]]
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A modem that can send at this moment, as routing sees it."""

    modem_id: str
    tariff: Tariff = field(default_factory=Tariff)
    idle: bool = False
    """Waits for work, so that it takes what is left to it at once."""


def routes_of(tariffs: Iterable[Tariff]) -> tuple[str, ...]:
    """Return every prefix that makes a difference, the longest first."""
    prefixes = {prefix for tariff in tariffs for prefix in tariff.costs} | {ANYWHERE}
    return tuple(sorted(prefixes, key=lambda prefix: (-len(prefix), prefix)))


def route_of(number: str, routes: Sequence[str]) -> str:
    """Return the longest prefix of a number; `routes` come from `routes_of`."""
    for route in routes:
        if number.startswith(route):
            return route
    return ANYWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a free modem may take: at once, and only what has waited long enough."""

    now: frozenset[str]
    later: frozenset[str]


def choice(me: Seat, others: Sequence[Seat], routes: Sequence[str]) -> Choice:
    """Return which routes a modem may serve, given the others that can send."""
    now, later = set(), set()
    for route in routes:
        mine = me.tariff.cost(route)
        if mine is None:
            continue
        cheaper = [seat for seat in others if _is_cheaper(seat.tariff.cost(route), mine)]
        if not cheaper:
            now.add(route)
        elif not any(seat.idle for seat in cheaper):
            later.add(route)
    return Choice(now=frozenset(now), later=frozenset(later))


def _is_cheaper(theirs: float | None, mine: float) -> bool:
    return theirs is not None and theirs < mine
