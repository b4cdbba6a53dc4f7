"""What each extension's telephone does, from device states (pure).

A telephone's device is `PJSIP/101` or `SIP/101`; a queue tells of a paused member in a device of
its own (`Queue:sales_pause_PJSIP/101`), and FreePBX of do-not-disturb (`Custom:DND101`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from drivers.asterisk.messages import Message
from gateway.calls.model import TelephoneState

NAMES = frozenset({b"DeviceStateChange"})
"""Events that matter here."""
MAX_EXTENSIONS, MAX_DEVICES_EACH = 10_000, 50
_LINE = re.compile(r"(?!Local/)[A-Za-z0-9]+/(\d{2,6})")
_UNDISTURBED = re.compile(r"Custom:(?:DEV)?DND(\d{2,6})")
_PAUSED = re.compile(r"Queue:.+_pause_[A-Za-z0-9]+/(\d{2,6})(?:@.*)?")
_STATES = {
    "NOT_INUSE": TelephoneState.FREE,
    "INUSE": TelephoneState.BUSY,
    "BUSY": TelephoneState.BUSY,
    "ONHOLD": TelephoneState.BUSY,
    "RINGINUSE": TelephoneState.BUSY,
    "RINGING": TelephoneState.RINGING,
    "UNAVAILABLE": TelephoneState.OFFLINE,
    "INVALID": TelephoneState.OFFLINE,
}
_ORDER = (
    TelephoneState.BUSY, TelephoneState.RINGING, TelephoneState.FREE, TelephoneState.OFFLINE,
)  # fmt: skip
"""Of several telephones with one extension, what is told of it."""


class Telephones:
    """All telephones of one telephone system."""

    def __init__(self) -> None:
        self._devices: dict[str, tuple[str, float]] = {}
        """State of each device, and when it was told."""
        self._of: dict[str, dict[str, None]] = {}
        """Devices of each extension."""

    def feed(self, event: Message, now: float) -> dict[str, TelephoneState]:
        """Take a DeviceStateChange; return the extensions that are different now."""
        extension = _extension(event.get("Device", ""))
        before = self._state(extension)
        self._take(extension, event, now)
        after = self._state(extension)
        return {} if after is None or after is before else {extension: after}

    def reconcile(
        self, shown: Iterable[Message], now: float, asked_at: float
    ) -> Mapping[str, TelephoneState]:
        """Take a snapshot; return all extensions. What was told after it was asked for stays."""
        for event in shown:
            _, told_at = self._devices.get(event.get("Device", ""), ("", 0.0))
            if told_at < asked_at:
                self._take(_extension(event.get("Device", "")), event, now)
        states = ((extension, self._state(extension)) for extension in self._of)
        return {extension: state for extension, state in states if state is not None}

    def _take(self, extension: str, event: Message, now: float) -> None:
        device = event.get("Device", "")
        if not extension or (extension not in self._of and len(self._of) >= MAX_EXTENSIONS):
            return
        mine = self._of.setdefault(extension, {})
        if device in mine or len(mine) < MAX_DEVICES_EACH:
            mine[device] = None
            self._devices[device] = (event.get("State", ""), now)

    def _state(self, extension: str) -> TelephoneState | None:
        states = {device: self._devices[device][0] for device in self._of.get(extension, ())}
        lines = {
            _STATES[state]
            for device, state in states.items()
            if _LINE.fullmatch(device) and state in _STATES
        }
        best = next((state for state in _ORDER if state in lines), None)
        if best is TelephoneState.FREE and _undisturbed(states):
            return TelephoneState.DO_NOT_DISTURB
        return best


def _extension(device: str) -> str:
    found = _LINE.fullmatch(device) or _UNDISTURBED.fullmatch(device) or _PAUSED.fullmatch(device)
    return found[1] if found else ""


def _undisturbed(states: Mapping[str, str]) -> bool:
    """Tell whether he wants no calls: do-not-disturb, or paused in every queue of his."""
    paused = [state == "INUSE" for device, state in states.items() if _PAUSED.fullmatch(device)]
    silent = any(
        state == "INUSE" for device, state in states.items() if _UNDISTURBED.fullmatch(device)
    )
    return silent or (bool(paused) and all(paused))
