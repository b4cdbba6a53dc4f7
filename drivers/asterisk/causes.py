"""Why a telephone did not answer: DialStatus and hang-up cause to an outcome.

Causes are Q.850's, as Asterisk's `Hangup` event gives them; DialStatus is `DialEnd`'s. A queue says
NOANSWER for a telephone that was busy, and so does Dial for one that declined: the cause knows.
"""

from __future__ import annotations

from drivers.asterisk.channels import Channel
from gateway.calls.model import CallOutcome

BUSY = 17
DECLINED = 21
ELSEWHERE = 26
OFFLINE = frozenset({3, 18, 20, 27})
FAILED = frozenset({
    1, 2, 5, 6, 22, 25, 28, 29, 34, 38, 41, 42, 44, 47, 50, 57, 58, 63, 65, 66, 69, 79, 88,
    *range(95, 103), 111, 127,
})  # fmt: skip
"""The number or the network refused: unallocated, no route, congestion, interworking."""


def leg_outcome(leg: Channel, *, answered_elsewhere: bool) -> CallOutcome:
    """Return what became of one leg."""
    taken = leg.up_at is not None and not leg.called
    if leg.talks or leg.dial_status == "ANSWER" or taken:
        return CallOutcome.ANSWERED
    if leg.forwarded:
        return CallOutcome.FORWARDED
    if not leg.called:
        return CallOutcome.NO_ANSWER
    told = {
        DECLINED: CallOutcome.DECLINED,
        BUSY: CallOutcome.BUSY,
        ELSEWHERE: CallOutcome.ELSEWHERE,
    }
    if leg.cause in told:
        return told[leg.cause]
    return CallOutcome.BUSY if leg.dial_status == "BUSY" else _unanswered(leg, answered_elsewhere)


def _unanswered(leg: Channel, answered_elsewhere: bool) -> CallOutcome:
    if leg.rang_at is None:
        return _unreached(leg)
    if leg.dial_status == "CANCEL" or not leg.dial_status:
        return CallOutcome.ELSEWHERE if answered_elsewhere else CallOutcome.CANCELLED
    return CallOutcome.NO_ANSWER


def _unreached(leg: Channel) -> CallOutcome:
    if not leg.internal:
        failed = leg.dial_status in {"CONGESTION", "CHANUNAVAIL"} or leg.cause in FAILED
        return CallOutcome.FAILED if failed else CallOutcome.NO_ANSWER
    return CallOutcome.OFFLINE


_REASONS = {
    "0": "the telephone {} did not take the call: busy, not registered or unknown",
    "1": "the telephone {} declined",
    "3": "the telephone {} was not picked up",
    "5": "the telephone {} is busy",
    "8": "the telephone {} cannot be reached: congestion",
}


def explain_reason(reason: str, extension: str) -> str:
    """Return what an OriginateResponse's Reason (a control frame's number) says."""
    return _REASONS.get(
        reason, f"the telephone {{}} did not take the call (reason {reason[:8]})"
    ).format(extension)
