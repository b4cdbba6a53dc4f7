"""Webhooks, their signature, and what a receiver's answer means."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

TRIED_FOR = timedelta(days=1)
"""An event that could not be delivered for so long is dropped, and counted."""
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where events are sent to."""

    id: str
    url: str
    kinds: tuple[str, ...]
    """Kinds of events, or their beginnings as `sms.*`; empty: all."""
    active: bool
    secret: str = ""
    after_event: int
    """The newest event that was dealt with."""
    dropped: int = 0
    """Events that were given up."""
    delivered_at: datetime | None = None
    failed_at: datetime | None = None
    failure: str = ""
    """What the last failed attempt said; empty once one succeeded."""
    created_at: datetime

    def wants(self, kind: str) -> bool:
        """Tell whether events of a kind are sent."""
        return not self.kinds or any(
            kind.startswith(wanted[:-1]) if wanted.endswith("*") else kind == wanted
            for wanted in self.kinds
        )


class Verdict(StrEnum):
    """What became of one attempt."""

    TAKEN = "taken"
    REFUSED = "refused"
    """The receiver works but does not take this one; others may pass it by."""
    DEAD = "dead"
    """The receiver does not work; nothing is sent to it for a while."""


def verdict_of(status: int | None) -> Verdict:
    """Judge an HTTP status; None when there was no answer."""
    if status is None or status in {408, 429, 502, 503, 504}:
        return Verdict.DEAD
    return Verdict.TAKEN if 200 <= status < 300 else Verdict.REFUSED


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after the n-th failure in a row (from 1)."""
    growing: timedelta = FIRST_PAUSE * 2 ** min(attempts - 1, 30)
    return min(growing, LONGEST_PAUSE)


def signature(secret: str, at: datetime, body: bytes) -> str:
    """Return the value of `Santral-Signature`: `t=SECONDS,v1=HMAC-SHA256(secret, "t.body")`."""
    seconds = int(at.timestamp())
    signed = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},v1={signed.hexdigest()}"
