"""Voice calls that ring at a modem (27.007 §6.11, §7.6): a pure tracker.

Nobody picks up at a modem: a call rings there, and is missed when it ends.
"""

from __future__ import annotations

import re
from datetime import datetime

from drivers.modem import at_values
from gateway.calls.model import (
    CallChange,
    CallChangeKind,
    CallDirection,
    CallOutcome,
    CallRecord,
    CallState,
    Doing,
    Party,
)

Change = tuple[CallChange, CallRecord]

_CALLER = re.compile(r"\+?[0-9*#]{1,20}")
_INTERNATIONAL = "145"
_REASON = "it rang at a modem, where nobody picks up"


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

    def feed(self, line: str, ended: tuple[str, ...], now_s: float, at: datetime) -> list[Change]:
        """Take an unsolicited result; `ended` are the starts of those that end a call."""
        if line == "RING" or (line.startswith("+CRING:") and "GPRS" not in line):
            return self._rang(now_s, at)
        if line.startswith("+CLIP:"):
            return [*self._rang(now_s, at), *self._named(_caller(line))]
        if line.startswith(ended):
            return self._end(at)
        return []

    def tick(self, now_s: float, at: datetime) -> list[Change]:
        """Say what time alone brings about."""
        if self._began is None:
            return []
        if now_s >= self._over_s:
            return self._end(at)
        return self._named("") if now_s >= self._tell_by_s else []

    def _rang(self, now_s: float, at: datetime) -> list[Change]:
        self._over_s = now_s + self._ring_end_s
        if self._began is None:
            self._began, self._told, self._caller = at, False, ""
            self._tell_by_s = now_s + self._caller_wait_s
        return []

    def _named(self, caller: str) -> list[Change]:
        if self._told or self._began is None:
            return []
        self._told, self._caller = True, caller
        return [self._change(CallChangeKind.RINGING, None)]

    def _end(self, at: datetime) -> list[Change]:
        if self._began is None:
            return []
        changes = [*self._named(""), self._change(CallChangeKind.ENDED, at)]
        self._began = None
        return changes

    def _change(self, kind: CallChangeKind, ended_at: datetime | None) -> Change:
        assert self._began is not None
        ref = f"{self._modem_id}-{self._began:%Y%m%dT%H%M%S.%f}"
        record = self._record(ref, self._began, ended_at)
        return CallChange(kind, ref, ended=record if ended_at else None), record

    def _record(self, ref: str, began: datetime, ended_at: datetime | None) -> CallRecord:
        ring_s = round((ended_at - began).total_seconds(), 3) if ended_at else 0.0
        caller = Party(
            party=self._caller, internal=False, called=False, outcome=CallOutcome.NO_ANSWER,
            ring_s=0.0, talk_s=0.0, hold_s=0.0, hangup_cause=0,
            doing=Doing.GONE if ended_at else Doing.WAITING,
        )  # fmt: skip
        return CallRecord(
            id=ref, state=CallState.ENDED if ended_at else CallState.RINGING,
            direction=CallDirection.IN, caller=self._caller, caller_name="", did=self._modem_id,
            callee="", started_at=began, ended_at=ended_at, answered_by=None, final_party=None,
            outcome=CallOutcome.NO_ANSWER, reason=_REASON, ring_s=ring_s, talk_s=0.0, wait_s=0.0,
            queue="", digits="", hangup_cause=0, hung_up_by="", click_to_call=False,
            conference=False, recording="", transfers=(), parties=(caller,),
        )  # fmt: skip


def _caller(line: str) -> str:
    """Return the number of a +CLIP; empty when it is withheld or no number."""
    values = at_values.fields(line)
    number = values[0] if values else ""
    if not _CALLER.fullmatch(number):
        return ""
    international = len(values) > 1 and values[1] == _INTERNATIONAL
    return f"+{number}" if international and not number.startswith("+") else number
