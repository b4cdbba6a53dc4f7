"""What a modem said of messages that arrived, until they are taken: pure and bounded."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from drivers.modem import at_values
from drivers.modem.at_codec import Unsolicited

_BURST: Final = 3
"""From so many indications on, looking through the memory is cheaper than reading each."""
_MAX_PUSHED: Final = 500
"""Pushed messages kept while they cannot be handed over; beyond, the oldest is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """A message that came without being stored."""

    pdu: str
    length: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A message as AT+CMGL or AT+CMGR shows it."""

    index: int
    status: int | None
    """0 unread, 1 read, 2 unsent, 3 sent."""
    length: int | None
    pdu: str

    @property
    def incoming(self) -> bool:
        """Tell whether it was received, not written here."""
        return self.status is None or self.status < 2

    @property
    def whole(self) -> bool:
        """Tell whether it has as many octets as announced, with or without the SMSC before."""
        try:
            smsc = int(self.pdu[:2], 16) + 1
        except ValueError:
            return False
        octets = len(self.pdu) // 2
        return len(self.pdu) % 2 == 0 and self.length in {octets, octets - smsc}

    @property
    def torn(self) -> bool:
        """Tell whether the PDU that was announced did not come at all."""
        return not self.pdu and bool(self.length)


class Arrivals:
    """What is known to wait. Outlives the link: a pushed message is nowhere else."""

    def __init__(self) -> None:
        self._single: dict[str, set[int]] = {}
        self._sweeps: dict[str, None] = {}
        self._everywhere = False
        self.pushed: deque[Pushed] = deque(maxlen=_MAX_PUSHED)

    @property
    def stored(self) -> bool:
        """Tell whether something is to be read from a memory."""
        return bool(self._single or self._sweeps or self._everywhere)

    def note(self, result: Unsolicited) -> bool:
        """Take an unsolicited result; tell whether it was about a message."""
        text = result.text
        if text.startswith(("+CMTI:", "+CDSI:")):
            self._indicated(at_values.fields(text))
        elif text.startswith(("+CMT:", "+CDS:")):
            length = [value for value in at_values.numbers(text) if value is not None]
            self.pushed.append(Pushed(pdu=result.pdu, length=length[-1] if length else None))
        else:
            return False
        return True

    def look_everywhere(self) -> None:
        """Have every memory looked through."""
        self._everywhere = True

    def next_single(self, memories: tuple[str, ...]) -> tuple[str, int] | None:
        """Return one message to be read, memory and index, if any is to be read singly."""
        for name, indexes in list(self._single.items()):
            if name not in memories:
                del self._single[name]  # a joined memory, or a name we know nothing of
                self._everywhere = True
            elif indexes:
                index = min(indexes)
                indexes.discard(index)
                if not indexes:
                    del self._single[name]
                return name, index
        return None

    def next_sweep(self, memories: tuple[str, ...]) -> str | None:
        """Return one memory to be looked through, if any; what is in it counts as not noted."""
        if self._everywhere:
            self._everywhere = False
            self._sweeps.update(dict.fromkeys(memories))
        name = next(iter(self._sweeps), None)
        if name is not None:
            del self._sweeps[name]
            self._single.pop(name, None)
        return name

    def _indicated(self, values: list[str]) -> None:
        index = at_values.number(values[1]) if len(values) > 1 else None
        if index is None:
            self._everywhere = True
            return
        name = values[0]
        if name in self._sweeps:
            return
        indexes = self._single.setdefault(name, set())
        indexes.add(index)
        if len(indexes) > _BURST:
            del self._single[name]
            self._sweeps[name] = None


def listed(lines: list[str]) -> list[Listed]:
    """Read the answer of AT+CMGL; a header without its PDU has an empty one."""
    found: list[Listed] = []
    for place, line in enumerate(lines):
        if line.startswith("+CMGL:"):
            values = at_values.numbers(line)
            if values and values[0] is not None:
                pdu = _pdu_at(lines, place + 1)
                found.append(_entry(values[0], values[1:], pdu))
    return found


def read(lines: list[str], index: int) -> Listed | None:
    """Read the answer of AT+CMGR; None where the slot is empty."""
    for place, line in enumerate(lines):
        if line.startswith("+CMGR:"):
            return _entry(index, at_values.numbers(line), _pdu_at(lines, place + 1))
    return None


def repeated(readings: list[Listed]) -> Listed | None:
    """Return what was read twice the same, and whole; None while there is none."""
    seen: set[str] = set()
    for entry in readings:
        if entry.whole:
            if entry.pdu in seen:
                return entry
            seen.add(entry.pdu)
    return None


def unchanging(readings: list[Listed]) -> Listed | None:
    """Return what is the same in all readings, whole or not; None where they differ."""
    last = readings[-1]
    same = all(entry.pdu == last.pdu for entry in readings)
    return last if same and not last.torn else None


def _entry(index: int, values: list[int | None], pdu: str) -> Listed:
    length = values[-1] if len(values) > 1 else None
    return Listed(index=index, status=values[0] if values else None, length=length, pdu=pdu)


def _pdu_at(lines: list[str], place: int) -> str:
    if place >= len(lines) or lines[place].startswith("+"):
        return ""
    return lines[place].upper()
