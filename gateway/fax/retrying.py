"""After which outcomes of an attempt a fax is tried again, and how soon."""

from __future__ import annotations

from datetime import timedelta

from gateway.fax.reasons import FaxReason
from gateway.sending.retry import RetryPolicy


def policy_after(reason: FaxReason) -> RetryPolicy | None:
    """Return when to try again; None where another attempt would end the same."""
    return _RETRIES.get(reason)


def _policy(attempts: int, first_min: float, longest_min: float) -> RetryPolicy:
    return RetryPolicy(
        attempts=attempts,
        first=timedelta(minutes=first_min),
        longest=timedelta(minutes=longest_min),
    )


_SOON, _LATER, _FEW = _policy(8, 1, 15), _policy(4, 5, 60), _policy(3, 2, 10)
_RETRIES = {
    FaxReason.BUSY: _SOON,
    FaxReason.CONGESTED: _SOON,
    FaxReason.NO_ANSWER: _LATER,
    FaxReason.NO_DIALTONE: _LATER,
    FaxReason.NO_CARRIER: _FEW,
    FaxReason.VOICE: _policy(2, 10, 10),
    FaxReason.HUNG_UP: _FEW,
    FaxReason.BAD_LINE: _FEW,
    FaxReason.SERVER: _LATER,
    FaxReason.UNKNOWN: _policy(2, 10, 10),
}
