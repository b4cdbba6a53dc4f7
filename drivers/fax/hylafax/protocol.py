"""The client-server protocol of HylaFAX as bytes and values (hfaxd(8)); pure.

It is FTP's (RFC 959) with jobs instead of directories: a line of command, a reply of three digits
and a text, lists and files on connections of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

MAX_REPLY = 8192
"""Bytes of a line of a reply."""
MAX_LINE = 500
"""Bytes of a command: what is longer, hfaxd takes for a second command."""
MAX_VALUE = 200
"""Bytes of a person's text in one."""
SEPARATOR = "\x1f"
"""Between the fields of a listing: no text that a person or a machine says holds it."""
_REPLY = re.compile(rb"(\d{3})([ -])(.*)", re.DOTALL)
_EVENT = re.compile(r"\d{6} (\d{1,3}) (?:JOB (\d+)|MODEM ([^:]+)|)")
_DATA_FILE = re.compile(r"FILE: (\S+)")
_JOB_ID = re.compile(r"jobid: (\d+)")
OURS = "santral:"
"""What stands before our token in a job's tag."""


class Unfit(ValueError):
    """A value cannot stand in a command."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply; of several lines the texts are joined."""

    code: int
    text: str

    @property
    def good(self) -> bool:
        """Tell whether the command was done, or goes on."""
        return self.code < 400

    @property
    def file(self) -> str:
        """Return the name under which the server keeps what it was given."""
        found = _DATA_FILE.search(self.text)
        return found[1] if found else ""

    @property
    def job_id(self) -> str:
        """Return the id of a job that was made."""
        found = _JOB_ID.search(self.text)
        return found[1] if found else ""


class ReplyReader:
    """Puts replies together from lines; `feed` returns one when it is whole."""

    def __init__(self) -> None:
        self._code = b""
        self._texts: list[str] = []

    def feed(self, line: bytes) -> Reply | None:
        """Take a line; raises ValueError for what is no reply."""
        found = _REPLY.match(line.rstrip(b"\r\n"))
        if found is None:
            if not self._code:
                raise ValueError(f"no reply of a fax server: {line[:60]!r}")
            self._add(line.rstrip(b"\r\n"))
            return None
        code, mark, text = found.groups()
        self._code = self._code or code
        self._add(text)
        if mark == b"-" or code != self._code:
            return None
        reply = Reply(int(code), "\n".join(self._texts))
        self._code, self._texts = b"", []
        return reply

    def _add(self, text: bytes) -> None:
        if len(self._texts) >= 1000:
            raise ValueError("a reply without an end")
        self._texts.append(text.decode("utf-8", "replace"))


def command(*words: str) -> bytes:
    """Return a command line; raises Unfit for what would be another command."""
    line = " ".join(words)
    if any(char in line for char in "\r\n\0"):
        raise Unfit("a command holds a line break or NUL")
    raw = line.encode() + b"\r\n"
    if len(raw) > MAX_LINE:
        raise Unfit("a command is too long")
    return raw


def quoted(text: str) -> str:
    """Return a person's text as a value of JPARM: one line, its quotes harmless."""
    plain = "".join(char if char.isprintable() else " " for char in text[:MAX_VALUE])
    plain = plain.encode()[:MAX_VALUE].decode(errors="ignore")
    return '"' + plain.replace("\\", "/").replace('"', "'") + '"'


def tag_line(header: str) -> str:
    """Return what stands on top of every page as HylaFAX's format; its font knows Latin-1 only."""
    plain = "".join(char if " " <= char <= "~" else "?" for char in header)[:60].strip()
    return quoted(plain.replace("%", "%%").replace("|", "/") + "|%c|%%P/%%T")


def dial_string(number: str) -> str:
    """Return a number as it is dialled; raises Unfit for what is none."""
    if not re.fullmatch(r"\+?[0-9]{1,20}", number):
        raise Unfit(f"{number!r} is no number that can be dialled")
    return f'"{number}"'


class JobState(StrEnum):
    """JPARM STATE, by the letter of JOBFMT's %a (faxstat(1))."""

    SUSPENDED = "T"
    PENDING = "P"
    SLEEPING = "S"
    BLOCKED = "B"
    READY = "W"
    ACTIVE = "R"
    DONE = "D"
    FAILED = "F"
    UNDEFINED = "?"


JOB_FORMAT = SEPARATOR.join(f"%{letter}" for letter in "jaJpym")
"""Id, state, tag, pages sent, pages in all, the modem that has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLine:
    """A job of ours in a listing."""

    job_id: str
    token: str
    state: JobState
    pages_sent: int
    pages_total: int
    modem: str = ""


def job_in(line: str) -> JobLine | None:
    """Return the job of ours that a line of a listing shows; None for another's, or none."""
    fields = line.rstrip("\r\n").split(SEPARATOR)
    if len(fields) != 6 or not fields[2].strip().startswith(OURS):
        return None
    job_id, letter, tag, sent, total, modem = (field.strip() for field in fields)
    state = JobState(letter) if letter in {one.value for one in JobState} else JobState.UNDEFINED
    return JobLine(
        job_id=job_id, token=tag.removeprefix(OURS), state=state, pages_sent=_number(sent),
        pages_total=_number(total), modem=modem if modem != "any" else "",
    )  # fmt: skip


RECEIVED_FORMAT = SEPARATOR.join(f"%{letter}" for letter in "fzpnYshijde")
"""Never %q: it ends hfaxd's child (a text one character too long for its place)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedLine:
    """A fax in the folder of received ones."""

    name: str
    arriving: bool
    pages: int
    size_bytes: int
    time: str
    """As the server writes it."""
    station_id: str
    duration: str
    caller_name: str
    caller: str
    data_format: str
    error: str

    @property
    def duration_s(self) -> float | None:
        """Return how long it took to come, as far as that is told."""
        parts = self.duration.split(":")
        if not all(part.isdigit() for part in parts) or len(parts) > 3:
            return None
        seconds = 0
        for part in parts:
            seconds = seconds * 60 + int(part)
        return float(seconds)


def received_in(line: str) -> ReceivedLine | None:
    """Return the fax that a line of a listing shows; None for what is none."""
    fields = [field.strip() for field in line.rstrip("\r\n").split(SEPARATOR, 10)]
    if len(fields) != 11 or not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", fields[0]):
        return None
    name, mark, pages, size, time, station, duration, caller_name, caller, kind, error = fields
    return ReceivedLine(
        name=name, arriving=mark == "*", pages=_number(pages), size_bytes=_number(size), time=time,
        station_id=station, duration=duration, caller_name=caller_name, caller=caller,
        data_format=kind, error=error,
    )  # fmt: skip


MODEM_FORMAT = SEPARATOR.join(f"%{letter}" for letter in "mzs")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModemLine:
    """A modem in the listing of the server's state."""

    name: str
    text: str
    usable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """What `LIST status` says."""

    scheduler_runs: bool
    scheduler: str
    """The scheduler's own words."""
    modems: tuple[ModemLine, ...]


_DOWN = ("down", "not running", "faulty", "stopped")


def state_in(lines: list[str]) -> ServerState:
    """Return the state that a listing shows."""
    scheduler, modems = "", list[ModemLine]()
    for line in lines[:1000]:
        fields = [field.strip() for field in line.rstrip("\r\n").split(SEPARATOR)]
        if len(fields) == 3:
            name, _mark, text = fields
            usable = not any(word in text.lower() for word in _DOWN)
            modems.append(ModemLine(name=name, text=text, usable=usable))
        elif "scheduler" in line:
            scheduler = line.rpartition(": ")[2].strip()
    runs = scheduler.lower().startswith("running")
    return ServerState(scheduler_runs=runs, scheduler=scheduler, modems=tuple(modems))


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the event stream: what it is about, not what it says, which may be untrue."""

    code: int
    job_id: str

    @property
    def of_reception(self) -> bool:
        """Tell whether a fax may have come in."""
        return self.code in {135, 136}

    @property
    def of_modem(self) -> bool:
        """Tell whether a modem's state changed."""
        return 148 <= self.code <= 159


def event_in(line: bytes) -> Event | None:
    """Return the event in a line; None for what is none."""
    found = _EVENT.match(line.decode("utf-8", "replace"))
    return Event(int(found[1]), found[2] or "") if found else None


def passive_port(text: str) -> int:
    """Return the port of a reply to PASV or EPSV; raises ValueError."""
    if found := re.search(r"\(\|\|\|(\d+)\|\)", text):
        return int(found[1])
    if found := re.search(r"\(?\d+,\d+,\d+,\d+,(\d+),(\d+)", text):
        return int(found[1]) * 256 + int(found[2])
    raise ValueError(f"no port in {text[:60]!r}")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0
