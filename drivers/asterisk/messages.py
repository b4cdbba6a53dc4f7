"""AMI on the wire: bytes to messages however they are cut, actions to bytes.

A message is lines of `Key: value` that end with an empty line (Asterisk's manager.h). Bytes are cut
into messages before they are decoded, so that a letter is never torn between two reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gateway.kernel.errors import Invalid

Message = Mapping[str, str]
"""Headers of one event or response; of a header that is repeated, all values by line."""

MAX_MESSAGE = 256 * 1024
"""Bytes; a longer message is dropped and counted. The longest real one seen has 20,000."""
MAX_VALUE = 4096
"""Characters of one header that are looked at."""
_END = b"\r\n\r\n"
_GREETING = b"Asterisk Call Manager/"
_BREAKS = re.compile(r"[\r\n\x00]")


class Reader:
    """Cuts a stream into raw messages; holds at most one unfinished message."""

    def __init__(self) -> None:
        self.version = ""
        """AMI's version, as the greeting told it."""
        self.dropped = 0
        """Messages that were too long."""
        self._rest = b""
        self._greeted = False
        self._skipping = False

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes; return the messages that they complete."""
        *whole, self._rest = (self._rest + data).split(_END)
        if not self._greeted:
            self._greet(whole)
        if whole and self._skipping:
            del whole[0]
            self._skipping = False
        if len(self._rest) > MAX_MESSAGE:
            self.dropped += not self._skipping
            self._skipping = True
            self._rest = self._rest[-len(_END) :]
        return [raw for raw in whole if raw]

    def _greet(self, whole: list[bytes]) -> None:
        """Take the greeting, which ends with one line break, off the first message."""
        first = whole[0] if whole else self._rest
        if len(first) < len(_GREETING) and not whole:
            return
        if not first.startswith(_GREETING):
            self._greeted = True
            return
        line, found, rest = first.partition(b"\r\n")
        if not found:
            return
        self._greeted = True
        self.version = line[len(_GREETING) :].decode("ascii", "replace").strip()
        if whole:
            whole[0] = rest
        else:
            self._rest = rest


def event_name(raw: bytes) -> bytes:
    """Return the name of the event in a raw message, empty for a response."""
    if not raw.startswith(b"Event: "):
        return b""
    end = raw.find(b"\r\n", 7)
    return raw[7:] if end < 0 else raw[7:end]


def parse(raw: bytes) -> Message:
    """Return a raw message's headers; what is no header is left out."""
    found: dict[str, str] = {}
    for line in raw.replace(b"\0", b"?").decode("utf-8", "replace").split("\r\n"):
        key, colon, value = line.partition(": ")
        if not colon:
            key, colon, value = line.partition(":")
            if not colon:
                continue
        if len(value) > MAX_VALUE:
            value = value[:MAX_VALUE]
        found[key] = f"{found[key]}\n{value}" if key in found else value
    return found


def encode(action: str, fields: Mapping[str, str | Sequence[str]]) -> bytes:
    """Return an action as bytes; raises Invalid for a value that would end its line."""
    lines = list[str]()
    for key, value in {"Action": action, **fields}.items():
        for one in (value,) if isinstance(value, str) else value:
            if _BREAKS.search(key) or _BREAKS.search(one) or ":" in key:
                raise Invalid(f"{key}: a line break cannot be sent to Asterisk", field=key)
            lines.append(f"{key}: {one}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
