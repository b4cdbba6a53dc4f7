"""Why a fax attempt ended as it did, in a person's words."""

from __future__ import annotations

from enum import StrEnum


class FaxReason(StrEnum):
    """What became of one attempt."""

    SENT = "sent"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    NO_CARRIER = "no_carrier"
    """The call was answered or ended, and no fax machine was heard."""
    VOICE = "voice"
    """A person answered."""
    NO_DIALTONE = "no_dialtone"
    """Our own line is dead."""
    HUNG_UP = "hung_up"
    """The other side was a fax machine and ended before the last page was confirmed."""
    BAD_LINE = "bad_line"
    """The two machines could not agree, or a page came through too badly."""
    INCOMPATIBLE = "incompatible"
    """The other machine can not take such a document."""
    BAD_NUMBER = "bad_number"
    BARRED = "barred"
    """The server may not dial this number, or the other side does not take our calls."""
    UNREADABLE = "unreadable"
    """The server could not read the document."""
    CONGESTED = "congested"
    """The telephone network has no free line just now."""
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SERVER = "server"
    """The fax server itself failed."""
    VANISHED = "vanished"
    """The fax server no longer knows of it; whether it was sent is not known."""
    UNKNOWN = "unknown"

    @property
    def meaning(self) -> str:
        """Return what it means, in a person's words."""
        return _MEANINGS[self]


_R = FaxReason
_MEANINGS = {
    _R.SENT: "every page was confirmed by the recipient's machine",
    _R.BUSY: "the recipient's line is busy",
    _R.NO_ANSWER: "nobody answered",
    _R.NO_CARRIER: "the call was not answered by a fax machine",
    _R.VOICE: "a person answered, not a fax machine",
    _R.NO_DIALTONE: "our own telephone line is dead",
    _R.HUNG_UP: "the recipient's machine hung up before all pages were through",
    _R.BAD_LINE: "the line was too bad for the pages to come through",
    _R.INCOMPATIBLE: "the recipient's machine does not take such a document",
    _R.BAD_NUMBER: "the number is wrong or not in use",
    _R.BARRED: "this number may not be dialled, or refuses our calls",
    _R.UNREADABLE: "the fax server could not read the document",
    _R.CONGESTED: "the telephone network had no free line",
    _R.EXPIRED: "its last time passed before it could be sent",
    _R.CANCELLED: "it was taken back",
    _R.SERVER: "the fax server failed",
    _R.VANISHED: "the fax server no longer knows of it",
    _R.UNKNOWN: "the fax server gave no reason that is known here",
}
