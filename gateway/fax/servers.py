"""The fax servers at the queue: which can take a fax now, and on which terms."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from gateway.fax.port import FaxServer, ServerStatus
from gateway.fax.queue import Terms
from gateway.sending.quotas import Quota

AHEAD_PER_LINE = 1
"""Jobs that a server is given beyond one for each line, so that no line waits for the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """What an administrator decided about one server."""

    lines: int | None = None
    """How many faxes it sends at once; None: as many as it says."""
    prefixes: tuple[str, ...] = ()
    quota: Quota = field(default_factory=Quota)
    """In pages."""


class FaxServers:
    """All servers by their ids."""

    def __init__(self, seats: Mapping[str, Seat], zone: ZoneInfo) -> None:
        self.by_id: dict[str, FaxServer] = {}
        """Filled before anything runs; whoever tells of a server wakes who waits here."""
        self._seats = dict(seats)
        self._zone = zone
        self._waiting: set[asyncio.Event] = set()

    def terms(self, server_id: str) -> Terms:
        """Return on which terms a server may take its next fax."""
        seat = self._seats[server_id]
        others = [
            name for name, one in self.by_id.items() if name != server_id and one.status.ready
        ]
        return Terms(
            prefixes=seat.prefixes, others=frozenset(others), quota=seat.quota, zone=self._zone
        )

    def capacity(self, server_id: str) -> int:
        """Return how many jobs a server is given at once."""
        usable = sum(line.usable for line in self.by_id[server_id].status.lines)
        lines = self._seats[server_id].lines or usable or 1
        return lines * (1 + AHEAD_PER_LINE)

    def statuses(self) -> list[ServerStatus]:
        """Return what is known of each."""
        return [server.status for server in self.by_id.values()]

    def wake(self) -> None:
        """Have everyone look at the queue."""
        for event in self._waiting:
            event.set()

    def subscribe(self) -> asyncio.Event:
        """Return an event that `wake` sets; give it back with `unsubscribe`."""
        event = asyncio.Event()
        self._waiting.add(event)
        return event

    def unsubscribe(self, event: asyncio.Event) -> None:
        """Stop waking."""
        self._waiting.discard(event)
