"""The radio side of a modem: registration, signal, operator (27.007 §7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

NOT_REGISTERED = 0
HOME = 1
SEARCHING = 2
DENIED = 3
ROAMING = 5

UNKNOWN_SIGNAL = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What the network offers here; the simulated world decides it."""

    registration: int = HOME
    signal: int = 20
    bit_errors: int = 0
    operator: str = "TURKCELL"
    operator_code: str = "28601"
    area: str = "00C3"
    cell: str = "9A2B"
    zone_quarters: int = 12


def system_time() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)


class Radio:
    """Coverage, and whether the modem uses it."""

    def __init__(self, changed: Callable[[], None], utc: Callable[[], datetime]) -> None:
        self._changed = changed
        self._utc = utc
        self.coverage = Coverage()
        self.lost = False
        self.left = False
        self.functionality = 1
        self.sim_ready = True

    @property
    def registration(self) -> int:
        """The status that +CREG shows."""
        if self.functionality != 1 or not self.sim_ready:
            return NOT_REGISTERED
        if self.left:
            return NOT_REGISTERED
        return SEARCHING if self.lost else self.coverage.registration

    @property
    def registered(self) -> bool:
        """Whether messages and calls pass."""
        return self.registration in {HOME, ROAMING}

    @property
    def signal(self) -> tuple[int, int]:
        """The two numbers of +CSQ."""
        if self.lost or self.functionality != 1 or self.coverage.registration == SEARCHING:
            return UNKNOWN_SIGNAL, UNKNOWN_SIGNAL
        return self.coverage.signal, self.coverage.bit_errors

    def now(self) -> datetime:
        """The network's time in the network's zone."""
        zone = timezone(timedelta(minutes=15 * self.coverage.zone_quarters))
        return self._utc().astimezone(zone).replace(microsecond=0)

    def set_functionality(self, level: int) -> None:
        """AT+CFUN."""
        self.functionality = level
        self._changed()

    def set_sim_ready(self, *, ready: bool) -> None:
        """The SIM was unlocked, or locked by a power cycle."""
        self.sim_ready = ready
        self._changed()

    def unlock_silently(self) -> None:
        """The SIM was unlocked; the change of registration is nobody's news."""
        self.sim_ready = True

    def set_lost(self, *, lost: bool) -> None:
        """The network went away, or came back."""
        self.lost = lost
        self._changed()

    def set_left(self, *, left: bool) -> None:
        """AT+COPS=2 leaves the network, AT+COPS=0 comes back to it."""
        self.left = left
        self._changed()

    def move(self, **changes: int | str) -> None:
        """Change what the network offers."""
        self.coverage = replace(self.coverage, **changes)  # type: ignore[arg-type]
        self._changed()
