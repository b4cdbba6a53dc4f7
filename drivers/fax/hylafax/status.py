"""What HylaFAX says of a job that is over, as a reason that a person understands; pure.

The truth is STATE, STATUS and the page counts: code 333 hides its cause before the semicolon of
STATUS, and an event of success comes for failures, too.
"""

from __future__ import annotations

import re

from gateway.fax.port import JobPhase
from gateway.fax.reasons import FaxReason

_R = FaxReason
PHASES = {
    "SUSPENDED": JobPhase.SUSPENDED,
    "ACTIVE": JobPhase.SENDING,
    "DONE": JobPhase.DONE,
    "FAILED": JobPhase.FAILED,
}
_WORDS: tuple[tuple[str, FaxReason], ...] = (
    (r"job aborted by request|removed from queue|killed", _R.CANCELLED),
    (r"busy signal", _R.BUSY),
    (r"no local dialtone|no dialtone", _R.NO_DIALTONE),
    (r"no answer from remote|no answer or ring back|ringback detected, no answer", _R.NO_ANSWER),
    (r"ring detect|glare", _R.CONGESTED),
    (r"no answer \(t\.30|no receiver protocol|no carrier|carrier established, but phase a",
     _R.NO_CARRIER),
    (r"voice|answered by a person|data connection", _R.VOICE),
    (r"blacklist|permission denied|requested modem|dialing .*(?:not allowed|refused)", _R.BARRED),
    (r"invalid dialing|canonical format|parse error in dial|bad (?:phone|dial)", _R.BAD_NUMBER),
    (r"remote fax disconnected|remote hung up|disconnected prematurely|phase c error|dcn",
     _R.HUNG_UP),
    (r"cannot receive|no t\.4 receiver|cannot be polled|does not support|not support|"
     r"client does not|encoded with 2d", _R.INCOMPATIBLE),
    (r"could not reopen converted|convert|document|corrupt job|page width|no work found|"
     r"too many pages|postscript|image error", _R.UNREADABLE),
    (r"train|unable to transmit page|protocol error|phase [abd] error|phase b/c|timeout|rtn|"
     r"message carrier|unknown frame|retrain|giving up after 3|fcf|crp|hdlc|synchronization|"
     r"high-speed data carrier|v\.21|v\.34", _R.BAD_LINE),
    (r"kill time expired|expiration", _R.EXPIRED),
    (r"modem|reject|could not|fork|scheduler|unknown hangup|unknown problem|setup|botch|server",
     _R.SERVER),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE), reason) for pattern, reason in _WORDS)
_CODES = {
    "001": _R.BUSY,
    "322": _R.UNREADABLE,
    "345": _R.CANCELLED,
    "346": _R.EXPIRED,
}
"""Where the words say nothing."""
_LINE = re.compile(r"; too many attempts to (?:dial|send|transmit).*", re.IGNORECASE)


def phase_of(state: str) -> JobPhase:
    """Return the phase that JPARM STATE means; what is neither sent nor over waits."""
    return PHASES.get(state, JobPhase.WAITING)


def reason_of(phase: JobPhase, status: str, code: str, sent: int, total: int) -> FaxReason | None:
    """Return why a job is over; None while it is not.

    A scheduler that was killed while it sent marks a fax failed that went through: when every page
    was confirmed and nothing else is said, it was sent.
    """
    if not phase.over:
        return None
    words = said(status)
    silent = not words and code in {"", "000"}
    if phase is JobPhase.DONE or (silent and total and sent >= total):
        return FaxReason.SENT
    if silent and not total:
        return FaxReason.UNREADABLE  # it dialled, and there was nothing to send
    told = (reason for pattern, reason in _COMPILED if pattern.search(words))
    return _after_pages(next(told, _CODES.get(code, FaxReason.UNKNOWN)), sent)


def said(status: str) -> str:
    """Return the server's words without those that every last attempt ends with."""
    return _LINE.sub("", status).strip()[:300]


def _after_pages(reason: FaxReason, sent: int) -> FaxReason:
    """A carrier that is missed after a page was through is no missing fax machine."""
    return FaxReason.HUNG_UP if reason is FaxReason.NO_CARRIER and sent else reason
