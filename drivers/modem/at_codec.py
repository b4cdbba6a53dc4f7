"""Bytes from a modem to frames: final results, information, unsolicited results, the prompt.

Pure and total: whatever the bytes and their chunks, it never raises and its memory is bounded.
(V.250 §5.7, 27.005 §3, 27.007 §9)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

MAX_LINE_BYTES: Final = 4096
"""The longest line that counts; the longest real one is a PDU or a USSD text below 1,500."""
MAX_TEXT_LINES: Final = 16
"""How many lines the quoted text of a +CUSD may have."""
MAX_BETWEEN: Final = 8
"""How many other lines may come between +CMT and its PDU."""


@dataclass(frozen=True, slots=True)
class Result:
    """The result that ends a command."""

    text: str

    @property
    def ok(self) -> bool:
        """Tell whether the command succeeded."""
        return self.text == "OK"


@dataclass(frozen=True, slots=True)
class Information:
    """A line of the running command's answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Unsolicited:
    """What the modem says by itself; `pdu` is the second line of +CMT, +CDS and +CBM."""

    text: str
    pdu: str = ""


@dataclass(frozen=True, slots=True)
class Stray:
    """A result that no command waits for: the late answer of a command that was given up."""

    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """The modem waits for the PDU."""


Frame = Result | Information | Unsolicited | Stray | Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What the answer of a command looks like."""

    command: str
    prefixes: tuple[str, ...] = ()
    free_text: bool = False
    """Information lines without a prefix, as of AT+CGMI."""
    pdus: bool = False
    """Lines of hexadecimal digits belong to the answer."""
    shape: re.Pattern[str] | None = None
    """What tells the answer from an unsolicited result with the same prefix."""
    call: bool = False
    """NO CARRIER and its like end this command."""
    messages: bool = False
    """A +CMS ERROR may end this command."""
    needs_information: bool = False
    """An OK before the first information line belongs to an earlier command."""


# Commands whose answer has no prefix (V.250 §6.1, 27.007 §5).
_FREE_TEXT = frozenset(
    {"+CGMI", "+CGMM", "+CGMR", "+CGSN", "+CIMI", "+GMI", "+GMM", "+GMR", "+GSN", "+CCID", "I"}
)
_PDUS = frozenset({"+CMGL", "+CMGR"})
_MESSAGES = re.compile(r"\+(CMG|CMS|CNM|CPMS|CSCA|CSMS|CSMP|CMMS|CSCB)")
_NAME = re.compile(r"AT([+^*$%&#]?[A-Za-z0-9]*)", re.IGNORECASE)
# "+CREG: 2,1" answers AT+CREG?; "+CREG: 1" and '+CREG: 1,"00C3","9A2B"' come by themselves.
_REGISTRATION = re.compile(r"\+C(?:|G|E|5G)REG: ?\d ?, ?\d{1,2} ?(?:,|$)")


@lru_cache(maxsize=512)
def expectation(command: str) -> Expectation:
    """Return what the answer of a command line looks like."""
    found = _NAME.match(command)
    name = found.group(1).upper() if found else ""
    registration = name.endswith("REG") and command.endswith("?")
    return Expectation(
        command=command,
        prefixes=(name + ":",) if len(name) > 1 else (),
        free_text=name in _FREE_TEXT,
        pdus=name in _PDUS,
        shape=_REGISTRATION if registration else None,
        call=name == "A" or name.startswith("D"),
        messages=bool(_MESSAGES.match(name)),
    )


_PLAIN_RESULTS = frozenset(
    {"OK", "ERROR", "COMMAND NOT SUPPORT", "NOT SUPPORT", "TOO MANY PARAMETERS"}
)
_CALL_RESULTS = frozenset({"NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE", "NO DIAL TONE"})
_CALL_RESULTS |= {"CONNECT"}
_PLAIN_UNSOLICITED = _CALL_RESULTS | frozenset(
    {"RING", "RDY", "CALL READY", "SMS READY", "NORMAL POWER DOWN", "POWERED DOWN", "STARTUP"}
)
_TWO_LINES = ("+CMT:", "+CDS:", "+CBM:")
_MARKS = frozenset("+^*$%&#")
_HEX = re.compile(r"[0-9A-Fa-f]{2,}")
_BREAK = re.compile(rb"[\r\n]+")
# Control characters that carry nothing: all but CR and LF.
_CONTROLS = bytes(octet for octet in (*range(32), 127) if octet not in b"\r\n")
_NO_ASCII = bytes(range(128, 256))


class AtDecoder:
    """Turns the bytes of one modem into frames; knows which command runs."""

    def __init__(self) -> None:
        self._tail = b""
        self._overlong = False
        self._running: Expectation | None = None
        self._informed = False
        self._header = ""
        self._between = 0
        self._text: list[str] = []
        self._stray_ok = False
        self.payload = ""
        """The PDU being sent, whose echo is to be ignored."""
        self.prompt_awaited = False
        self.submit_unanswered = False
        """An earlier submit was given up; its answer may still come."""

    def begin(self, expected: Expectation) -> None:
        """Note that a command was sent; it runs until its final result or `abandon`."""
        self._running = expected
        self._informed = False

    def abandon(self) -> None:
        """Note that no command runs any more, and forget half-read lines."""
        self._running = None
        self.prompt_awaited = False
        self.payload = ""
        self._tail, self._overlong = b"", False
        self._header, self._text = "", []

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes; return the frames that they complete."""
        frames: list[Frame] = []
        *lines, tail = _BREAK.split(self._tail + data.translate(None, _CONTROLS))
        if self._overlong and lines:
            self._overlong = False
            del lines[0]
        for raw in lines:
            line = raw.strip()
            if line:
                self._line(line, frames)
        if len(tail) > MAX_LINE_BYTES or self._overlong:
            self._overlong = True
            tail = b""
        self._tail = tail
        if tail and self.prompt_awaited and self._is_prompt(_text(tail)):
            self._prompt(frames)
            self._tail = b""
        return frames

    def _line(self, raw: bytes, frames: list[Frame]) -> None:
        if len(raw) > MAX_LINE_BYTES:
            return
        line = _text(raw)
        if self._text or line.startswith("+CUSD:"):
            # Outside ASCII its text may mean something, unless the noise hides the prefix.
            whole = raw.decode("latin-1")
            self._quoted(whole if self._text or whole.startswith("+CUSD:") else line, frames)
            return
        if line.startswith(">"):
            if self.prompt_awaited:
                self._prompt(frames)
            line = line.lstrip("> ")
        if line:
            frame = self._classified(line)
            if frame is not None:
                frames.append(frame)

    def _is_prompt(self, tail: str) -> bool:
        if self._running is not None:
            tail = tail.removeprefix(self._running.command)
        return tail.lstrip().startswith(">")

    def _prompt(self, frames: list[Frame]) -> None:
        self.prompt_awaited = False
        frames.append(Prompt())

    def _classified(self, line: str) -> Frame | None:
        running = self._running
        if _is_result(line, running):
            return self._result(line, running)
        if running is not None and _is_answer(line, running):
            self._informed = True
            return Information(line)
        if line.startswith(_TWO_LINES):
            self._header, self._between = line, 0
            return None
        if _HEX.fullmatch(line) is not None:
            return self._digits(line, running)
        self._note_between()
        if line.startswith("+CMGS:"):
            self._stray_ok = True
            return Stray(line)
        return self._other(line, running)

    def _result(self, line: str, running: Expectation | None) -> Frame | None:
        if line == "OK" and self._stray_ok:
            self._stray_ok = False
            return None
        if running is None:
            return Stray(line)
        if self.submit_unanswered and line.startswith("+CMS") and not running.messages:
            return Stray(line)
        if running.needs_information and not self._informed and line == "OK":
            return Stray(line)
        self._running = None
        return Result(line)

    def _digits(self, line: str, running: Expectation | None) -> Frame | None:
        """A line of hexadecimal digits: an echo, the PDU after its header, or part of an answer."""
        if self.payload and (line in self.payload):
            return None
        if self._header:
            header, self._header = self._header, ""
            return Unsolicited(header, line)
        if running is not None and (running.pdus or running.free_text):
            self._informed = True
            return Information(line)
        return Unsolicited(line)

    def _other(self, line: str, running: Expectation | None) -> Frame | None:
        if running is None:
            return Unsolicited(line)
        if line.upper() in running.command.upper():
            return None  # an echo, or what an interruption left of it
        if (
            not running.free_text
            or line.upper() in _PLAIN_UNSOLICITED
            or (line[0] in _MARKS and ":" in line)
        ):
            return Unsolicited(line)
        self._informed = True
        return Information(line)

    def _note_between(self) -> None:
        if self._header:
            self._between += 1
            if self._between > MAX_BETWEEN:
                self._header = ""

    def _quoted(self, line: str, frames: list[Frame]) -> None:
        """Collect a +CUSD whose text has line breaks in it, up to the closing quote."""
        self._text.append(line)
        size_bytes = sum(map(len, self._text))
        closed = sum(part.count('"') for part in self._text) % 2 == 0
        if closed or len(self._text) >= MAX_TEXT_LINES or size_bytes > MAX_LINE_BYTES:
            frames.append(Unsolicited("\n".join(self._text)))
            self._text = []


def _text(raw: bytes) -> str:
    """Return a line without the bytes that no AT answer has: noise, or a broken character."""
    return raw.translate(None, _NO_ASCII).decode("ascii").strip()


def _is_result(line: str, running: Expectation | None) -> bool:
    if line in _PLAIN_RESULTS or line.startswith(("+CMS ERROR", "+CME ERROR")):
        return True
    return line in _CALL_RESULTS and running is not None and running.call


def _is_answer(line: str, running: Expectation) -> bool:
    if not line.startswith(running.prefixes):
        return False
    return running.shape is None or running.shape.match(line) is not None
