"""What is wrong with a modem at the moment."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """Everything that can be made to go wrong."""

    HANG = "hang"
    GARBLE = "garble"
    DROP_PROMPT = "drop_prompt"
    LATE_PROMPT = "late_prompt"
    CMS_ERROR = "cms_error"
    CME_ERROR = "cme_error"
    NO_NETWORK = "no_network"
    STORAGE_FULL = "storage_full"
    UNPLUG = "unplug"
    UNPLUG_ON_SUBMIT = "unplug_on_submit"
    SLOW_ECHO = "slow_echo"
    DRIBBLE = "dribble"
    LATE_ANSWER = "late_answer"
    LOST_ANSWER = "lost_answer"
    URC_STORM = "urc_storm"


@dataclass(slots=True, kw_only=True)
class Fault:
    """One thing that is wrong, until its time or its number of times runs out."""

    kind: FaultKind
    duration_s: float | None = None
    times: int | None = None
    code: int = 0
    command: str = ""
    delay_s: float = 0.0
    gap_ms: float = 20.0
    ratio: float = 0.05
    mode: str = "insert"
    memory: str = ""
    interval_ms: float = 100.0
    lines: tuple[str, ...] = ()
    within: bool = False
    seed: int | None = None


class Faults:
    """The active faults of one modem; at most one of each kind."""

    def __init__(self, started: Callable[[Fault], None], ended: Callable[[Fault], None]) -> None:
        self._started = started
        self._ended = ended
        self._active: dict[FaultKind, Fault] = {}
        self._timers: dict[FaultKind, asyncio.TimerHandle] = {}
        self._random = random.Random()

    def __bool__(self) -> bool:
        return bool(self._active)

    def __contains__(self, kind: FaultKind) -> bool:
        return kind in self._active

    def active(self) -> list[Fault]:
        """What is wrong now."""
        return list(self._active.values())

    def get(self, kind: FaultKind) -> Fault | None:
        """The active fault of a kind."""
        return self._active.get(kind)

    def begin(self, fault: Fault) -> None:
        """Make something go wrong; a fault of the same kind is replaced."""
        self.end(fault.kind)
        if fault.seed is not None:
            self._random.seed(fault.seed)
        self._active[fault.kind] = fault
        if fault.duration_s is not None:
            loop = asyncio.get_running_loop()
            self._timers[fault.kind] = loop.call_later(fault.duration_s, self.end, fault.kind)
        self._started(fault)

    def end(self, kind: FaultKind) -> None:
        """Make it right again."""
        timer = self._timers.pop(kind, None)
        if timer:
            timer.cancel()
        fault = self._active.pop(kind, None)
        if fault:
            self._ended(fault)

    def clear(self) -> None:
        """Make everything right again."""
        for kind in list(self._active):
            self.end(kind)

    def take(self, kind: FaultKind, commands: tuple[str, ...] = ()) -> Fault | None:
        """Use a fault once, if it is active and meant for one of these commands."""
        fault = self._active.get(kind)
        if fault is None or (fault.command and fault.command not in commands):
            return None
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.end(kind)
        return fault

    def garbled(self, data: bytes) -> bytes:
        """The bytes as they leave a modem with a bad line."""
        fault = self.take(FaultKind.GARBLE)
        if fault is None:
            return data
        spoilt = bytearray()
        for octet in data:
            spoilt += self._spoilt(octet, fault)
        if spoilt == data:
            place = self._random.randrange(len(data) + 1)
            spoilt[place:place] = b"\xfd"
        return bytes(spoilt)

    def _spoilt(self, octet: int, fault: Fault) -> bytes:
        if self._random.random() >= fault.ratio:
            return bytes((octet,))
        if fault.mode == "flip":
            return bytes((octet ^ 1 << self._random.randrange(8),))
        return b"" if fault.mode == "drop" else bytes((octet, 0xFD))
