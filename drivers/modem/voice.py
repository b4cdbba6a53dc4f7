"""Voice calls that ring at a modem (27.007 §6.11, §7.6): a pure tracker."""

from __future__ import annotations

import re
from datetime import datetime

from drivers.modem import at_values
from gateway.sms.port import VoiceRing, VoiceRingEnded

_CALLER = re.compile(r"\+?[0-9*#]{1,20}")
_INTERNATIONAL = "145"


class RingTracker:
    """Turns RING and +CLIP lines into one ring per call, and its end."""

    def __init__(self, modem_id: str, *, caller_wait_s: float, ring_end_s: float) -> None:
        self._modem_id = modem_id
        self._caller_wait_s = caller_wait_s
        self._ring_end_s = ring_end_s
        self._began: datetime | None = None
        self._told = False
        self._caller = ""
        self._tell_by_s = 0.0
        self._over_s = 0.0

    @property
    def due_s(self) -> float | None:
        """When `tick` is to be called, by the monotonic clock; None while nothing rings."""
        if self._began is None:
            return None
        return self._over_s if self._told else min(self._tell_by_s, self._over_s)

    def feed(
        self, line: str, ended: tuple[str, ...], now_s: float, at: datetime
    ) -> list[VoiceRing | VoiceRingEnded]:
        """Take an unsolicited result; `ended` are the starts of those that end a call."""
        if line == "RING" or (line.startswith("+CRING:") and "GPRS" not in line):
            return self._rang(now_s, at)
        if line.startswith("+CLIP:"):
            return [*self._rang(now_s, at), *self._named(_caller(line))]
        if line.startswith(ended):
            return self._end(at)
        return []

    def tick(self, now_s: float, at: datetime) -> list[VoiceRing | VoiceRingEnded]:
        """Say what time alone brings about."""
        if self._began is None:
            return []
        if now_s >= self._over_s:
            return self._end(at)
        return self._named("") if now_s >= self._tell_by_s else []

    def _rang(self, now_s: float, at: datetime) -> list[VoiceRing | VoiceRingEnded]:
        self._over_s = now_s + self._ring_end_s
        if self._began is None:
            self._began, self._told, self._caller = at, False, ""
            self._tell_by_s = now_s + self._caller_wait_s
        return []

    def _named(self, caller: str) -> list[VoiceRing | VoiceRingEnded]:
        if self._told or self._began is None:
            return []
        self._told, self._caller = True, caller
        return [VoiceRing(modem_id=self._modem_id, caller=caller, at=self._began)]

    def _end(self, at: datetime) -> list[VoiceRing | VoiceRingEnded]:
        if self._began is None:
            return []
        events = self._named("")
        self._began = None
        return [*events, VoiceRingEnded(modem_id=self._modem_id, caller=self._caller, at=at)]


def _caller(line: str) -> str:
    """Return the number of a +CLIP; empty when it is withheld or no number."""
    values = at_values.fields(line)
    number = values[0] if values else ""
    if not _CALLER.fullmatch(number):
        return ""
    international = len(values) > 1 and values[1] == _INTERNATIONAL
    return f"+{number}" if international and not number.startswith("+") else number
