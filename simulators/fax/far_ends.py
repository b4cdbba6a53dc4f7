"""The machines that a number reaches, and what becomes of a call to them; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

DIALS_UP = "; too many attempts to dial"
STATION = "FAR {number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FarEnd:
    """What a call comes to."""

    status: str = ""
    """Why no page comes through; empty: a fax machine answers."""
    code: str = ""
    rings_s: float = 0.0
    """For how long it is rung before that shows, in units of the time that a dial takes."""
    drops_in: int = 0
    """Page in which it hangs up; 0: it takes all."""
    slow: float = 1.0
    """So many times as long for each page."""

    @property
    def answers(self) -> bool:
        """Tell whether a fax machine is there."""
        return not self.status


_GOOD = FarEnd()
_BY_END = (
    (r"9901$", FarEnd(status="Busy signal detected", code="001", rings_s=1)),
    (r"9902$", FarEnd(status="No answer from remote", code="002", rings_s=4)),
    (r"9903$", FarEnd(status="No carrier detected", code="003", rings_s=4)),
    (r"9904$", FarEnd(status="No local dialtone", code="004", rings_s=0.2)),
    (r"9905$", FarEnd(status="No carrier detected", code="003", rings_s=2)),
    (r"9906$", FarEnd(status="No carrier detected", code="003", rings_s=1)),
    (r"9907$", FarEnd(status="Ring detected without successful handshake", code="005")),
    (r"9908$", FarEnd(status="No answer (T.30 T1 timeout)", code="011", rings_s=3)),
    (r"9909$", FarEnd(status="Invalid dialing command", code="010")),
    (r"990(\d)0$", _GOOD),  # hangs up in page n
    (r"9911$", FarEnd(slow=10)),
)  # fmt: skip


def behind(number: str) -> FarEnd:
    """Return what a number reaches: its last digits tell, as at the modems in software.

    9901 busy, 9902 no answer, 9903 silence, 9904 no dial tone, 9905 answered and hung up, 9906 no
    carrier, 9907 glare, 9908 answered by a person, 9909 refused digits, 990n0 hangs up in page n,
    9911 slow; anything else is a fax machine that takes all.
    """
    for pattern, end in _BY_END:
        found = re.search(pattern, number)
        if found is None:
            continue
        return FarEnd(drops_in=int(found[1])) if found.groups() else end
    return _GOOD


PHASE_C = "Unspecified Transmit Phase C error"
HUNG_UP = "Remote fax disconnected prematurely"
UNKNOWN = "Unknown problem"
UNREADABLE = "Could not reopen converted document to verify format", "322"
KILLED = "Job aborted by request", "345"
OUT_OF_TIME = "Kill time expired", "346"
