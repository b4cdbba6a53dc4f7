"""When to try again what was surely not sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how long apart temporary refusals are tried again."""

    attempts: int = 8
    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(minutes=10)

    def delay(self, attempts: int, *, at_least: timedelta = timedelta(0)) -> timedelta | None:
        """Return the pause after the n-th refusal (from 1); None when that was the last try."""
        if attempts >= self.attempts:
            return None
        growing: timedelta = self.first * 2 ** (attempts - 1)
        return max(min(growing, self.longest), at_least)
