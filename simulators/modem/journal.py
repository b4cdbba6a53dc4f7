"""The record on disk of what a simulated modem did with every message: the judge of losses."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

JournalValue = str | int | float | bool | None


class Event(StrEnum):
    """What may happen to a message."""

    STARTED = "started"
    SUBMITTED = "submitted"
    REFUSED = "refused"
    ARRIVED = "arrived"
    HELD = "held"
    STORED = "stored"
    PUSHED = "pushed"
    ACKNOWLEDGED = "acknowledged"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    DISCARDED = "discarded"
    EXPIRED = "expired"
    READ = "read"
    DELETED = "deleted"
    REPORTED = "reported"
    REPORT_LOST = "report_lost"
    CALL = "call"
    USSD = "ussd"
    DEVICE = "device"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a journal."""

    number: int
    time_s: float
    event: Event
    message: str
    fields: MappingProxyType[str, Any]  # JSON values: each event has its own


class Journal:
    """Appends one JSON line per event; each line is one write, so that no kill tears it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o644)
        self.number = max((entry.number for entry in read(path)), default=0)
        self.counts: Counter[str] = Counter()

    def write(self, event: Event, message: str = "", **fields: JournalValue) -> None:
        """Record one event about one message."""
        self.number += 1
        self.counts[event] += 1
        line = {"n": self.number, "t": time.time(), "event": event, "message": message} | fields
        os.write(self._file, _encode(line).encode() + b"\n")

    def close(self) -> None:
        """Give the file back; further writes are an error."""
        os.close(self._file)


def read(path: Path | str) -> Iterator[Entry]:
    """The entries of a journal; a line that a crash of the machine tore is left out."""
    with Path(path).open("rb") as lines:
        for line in lines:
            try:
                values = json.loads(line)
            except ValueError:
                continue
            yield Entry(
                number=values.pop("n"),
                time_s=values.pop("t"),
                event=Event(values.pop("event")),
                message=values.pop("message"),
                fields=MappingProxyType(values),
            )


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
