"""The messages that a modem handed to the network, and what became of their reports."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from simulators.modem.pdu import MobileOriginated

# What GET /sent can look back on; the journal has everything.
_KEPT = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOutcome:
    """One status report of a submission: when, which status, and whether it was lost."""

    time_s: float
    status: int
    lost: bool = False


@dataclass(slots=True, kw_only=True)
class Submission:
    """One message that a client submitted."""

    message: str
    time_s: float
    via: str
    service_centre: str
    tpdu: bytes
    decoded: MobileOriginated
    reference: int | None = None
    error: str = ""
    reports: list[ReportOutcome] = field(default_factory=list)

    @property
    def accepted(self) -> bool:
        """Whether the network took it."""
        return not self.error


class SentLog:
    """Submissions in order; the oldest are forgotten."""

    def __init__(self) -> None:
        self._kept: deque[Submission] = deque(maxlen=_KEPT)
        self.accepted = 0
        self.refused = 0

    def add(self, submission: Submission) -> None:
        """Remember a submission."""
        self._kept.append(submission)
        if submission.accepted:
            self.accepted += 1
        else:
            self.refused += 1

    def all(self) -> list[Submission]:
        """What is remembered, oldest first."""
        return list(self._kept)

    def clear(self) -> None:
        """Forget what was sent; the counters and the journal go on."""
        self._kept.clear()
