"""A job: its parameters as JPARM gives and takes them, its state, its line in a listing; pure."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from simulators.fax import formats

LETTERS = {
    "SUSPENDED": "T", "PENDING": "P", "SLEEPING": "S", "BLOCKED": "B", "READY": "W",
    "ACTIVE": "R", "DONE": "D", "FAILED": "F", "UNDEFINED": "?",
}  # fmt: skip
WAITING = frozenset({"PENDING", "SLEEPING", "BLOCKED", "READY"})
OVER = frozenset({"DONE", "FAILED"})
_DEFAULTS: dict[str, str] = {
    "SENDTIME": "NOW", "LASTTIME": "000300", "RETRYTIME": "0000", "NOTIFY": "NONE",
    "PAGECHOP": "DEFAULT", "CHOPTHRESHOLD": "3", "DATAFORMAT": "G4", "USEECM": "YES",
    "USETAGLINE": "NO", "USEXVRES": "NO", "USECONTCOVER": "YES", "JOBTYPE": "facsimile",
    "EXTERNAL": "", "DIALSTRING": "", "NOTIFYADDR": "", "USRKEY": "", "MODEM": "any",
    "TOUSER": "", "TOCOMPANY": "", "TOLOCATION": "", "TOVOICE": "", "FROMUSER": "",
    "FROMCOMPANY": "", "FROMLOCATION": "", "FROMVOICE": "", "PASSWD": "", "CLIENT": "localhost",
    "FAXNUMBER": "", "TSI": "", "TAGLINE": "", "SUBADDR": "", "JOBINFO": "", "DONEOP": "default",
    "REGARDING": "", "COMMENTS": "", "PAGERANGE": "", "MAXDIALS": "12", "MAXTRIES": "3",
    "PAGEWIDTH": "0", "PAGELENGTH": "0", "VRES": "98", "SCHEDPRI": "127", "MINBR": "0",
    "BEGBR": "13", "BEGST": "0",
}  # fmt: skip
NUMBERS = frozenset({
    "CHOPTHRESHOLD", "MAXDIALS", "MAXTRIES", "PAGEWIDTH", "PAGELENGTH", "VRES", "SCHEDPRI",
    "MINBR", "BEGBR", "BEGST",
})  # fmt: skip
QUOTED_BACK = frozenset({"NOTIFY", "PAGECHOP"})
"""Are answered in quotes however they were given."""


class Unfit(ValueError):
    """A value that a parameter does not take; the text is what is answered."""


@dataclass(slots=True)
class Job:
    """One job."""

    id: int
    group: int
    owner: str
    parameters: dict[str, str] = field(default_factory=lambda: dict(_DEFAULTS))
    documents: list[str] = field(default_factory=list)
    covers: list[str] = field(default_factory=list)
    state: str = "UNDEFINED"
    status: str = ""
    code: str = "000"
    pages_sent: int = 0
    pages_total: int = 0
    dials: int = 0
    total_dials: int = 0
    total_tries: int = 0
    commid: str = ""
    station: str = ""
    line: str = ""
    due_at: float = 0.0
    ended_at: float = 0.0
    changed_at: float = field(default_factory=time.time)
    """When its file was written anew; who read it in the same second does not notice."""

    @property
    def number(self) -> str:
        """Return what is dialled."""
        return self.parameters["DIALSTRING"]

    @property
    def token(self) -> str:
        """Return the client's own tag."""
        return self.parameters["JOBINFO"]

    @property
    def priority(self) -> int:
        """Return its place; less is sooner."""
        return int(self.parameters["SCHEDPRI"])

    def value(self, name: str) -> str | None:
        """Return what JPARM tells of a parameter; None for one that there is not."""
        own = {
            "STATE": self.state, "STATUS": self.status, "STATUSCODE": self.code,
            "ERRORCODE": self.code, "GROUPID": str(self.group), "JOBID": str(self.id),
            "OWNER": self.owner, "COMMID": self.commid, "NPAGES": str(self.pages_sent),
            "TOTPAGES": str(self.pages_total), "NDIALS": str(self.dials),
            "TOTDIALS": str(self.total_dials), "NTRIES": "0", "TOTTRIES": str(self.total_tries),
        }  # fmt: skip
        return own.get(name, self.parameters.get(name))

    def names(self) -> list[str]:
        """Return the names of all parameters."""
        return [*self.parameters, "STATE", "STATUSCODE", "STATUS", "NPAGES", "TOTPAGES", "NDIALS",
                "TOTDIALS", "TOTTRIES", "JOBID", "GROUPID", "OWNER", "COMMID"]  # fmt: skip

    def told(self) -> dict[str, Any]:
        """Return it as it is kept and shown."""
        return {name: getattr(self, name) for name in self.__slots__}

    def line_of(self, form: str) -> str:
        """Return its line in a listing."""
        get = self.parameters.get
        return formats.render(form, {
            "j": str(self.id), "i": get("SCHEDPRI", ""), "a": LETTERS[self.state],
            "o": self.owner, "e": get("EXTERNAL") or self.number, "v": self.number,
            "P": formats.pair(self.pages_sent, self.pages_total), "p": str(self.pages_sent),
            "y": str(self.pages_total), "s": self.status, "z": self._when(), "J": self.token,
            "D": formats.pair(self.total_dials, int(get("MAXDIALS", "0"))),
            "d": str(self.total_dials), "x": get("MAXDIALS", ""), "u": get("MAXTRIES", ""),
            "T": formats.pair(self.total_tries, int(get("MAXTRIES", "0"))),
            "t": str(self.total_tries), "g": str(self.group), "l": get("PAGELENGTH", ""),
            "w": get("PAGEWIDTH", ""), "m": self.line or get("MODEM", ""), "c": get("CLIENT", ""),
            "M": get("NOTIFYADDR", ""), "n": get("NOTIFY", ""), "R": get("TOUSER", ""),
            "C": get("TOCOMPANY", ""), "S": get("FROMUSER", ""), "L": get("TOLOCATION", ""),
            "W": self.commid, "X": get("JOBTYPE", ""), "H": get("DATAFORMAT", ""),
        })  # fmt: skip

    def _when(self) -> str:
        if self.state in OVER or self.due_at <= time.time():
            return ""
        at = datetime.fromtimestamp(self.due_at, UTC)
        soon = at - datetime.now(UTC) < timedelta(hours=1)
        return f"{at:%H:%M}" if soon else f"{at:%a%I%p}"


def from_told(values: dict[str, Any]) -> Job:
    """Return a job that was kept."""
    return Job(**values)


def checked(name: str, raw: str) -> str:
    """Return a parameter's value as it is kept; raises Unfit."""
    value = raw[1:-1] if len(raw) >= 2 and raw[0] == raw[-1] == '"' else raw
    if name in NUMBERS and not re.fullmatch(r"-?\d+", value):
        raise Unfit("Syntax error, invalid number.")
    if name == "SENDTIME":
        return _sendtime(value)
    if name == "LASTTIME" and not re.fullmatch(r"\d{6}", value):
        raise Unfit("Syntax error, bad time specification (expecting 6 digits).")
    return value


def _sendtime(value: str) -> str:
    if value.upper() == "NOW":
        return "NOW"
    if not re.fullmatch(r"\d{12}(\d\d)?", value):
        raise Unfit("Syntax error, bad time specification (expecting 12/14 digits).")
    return value.ljust(14, "0")


def moment(sendtime: str) -> float:
    """Return when a job may go, in seconds since the epoch; 0 for now."""
    if sendtime == "NOW":
        return 0.0
    try:
        return datetime.strptime(sendtime, "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0
