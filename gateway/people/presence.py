"""What our people's telephones do: fed by the telephone systems, asked by whoever shows people."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gateway.people.model import PresenceState

_ORDER = (PresenceState.BUSY, PresenceState.RINGING, PresenceState.FREE, PresenceState.AWAY)
"""Of telephones of several systems with one extension, what is told of it."""


class Presence:
    """Held in memory: after a start the telephone systems tell it anew."""

    def __init__(self) -> None:
        self._systems: dict[str, dict[str, PresenceState]] = {}
        self.changed: Callable[[frozenset[str]], None] = lambda _extensions: None
        """Is told which extensions may be different now."""

    def telephones_are(self, system: str, states: Mapping[str, PresenceState]) -> None:
        """Take what some telephones of a system do now."""
        self._systems.setdefault(system, {}).update(states)
        self.changed(frozenset(states))

    def forget(self, system: str) -> None:
        """Take that a system tells of its telephones no more."""
        self.changed(frozenset(self._systems.pop(system, ())))

    def of(self, extension: str) -> PresenceState:
        """Return what an extension's telephone does."""
        told = {states[extension] for states in self._systems.values() if extension in states}
        return next((state for state in _ORDER if state in told), PresenceState.UNKNOWN)
