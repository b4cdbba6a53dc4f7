"""The line discipline of a modem: bytes in, command lines and payloads out (V.250 §5.2)."""

from __future__ import annotations

import re
from typing import Protocol

CTRL_Z = 0x1A
ESCAPE = 0x1B

_LINE_LIMIT = 4096
_PAYLOAD_LIMIT = 8192
_CONTROLS = re.compile(rb"[\x00-\x1f\x7f]")
_PAYLOAD_ENDS = re.compile(rb"[\x1a\x1b]")


class Host(Protocol):
    """What a terminal needs of its modem."""

    @property
    def echo(self) -> bool:
        """Whether received characters are sent back."""
        ...

    @property
    def line_end(self) -> int:
        """The character that ends a command line (S3)."""
        ...

    @property
    def backspace(self) -> int:
        """The character that deletes the one before (S5)."""
        ...

    def send_echo(self, data: bytes) -> None:
        """Send received characters back."""
        ...

    def line_received(self, line: str) -> None:
        """A command line, its `AT` taken off."""
        ...

    def payload_received(self, payload: bytes) -> None:
        """What was entered at the prompt, up to Ctrl-Z."""
        ...

    def payload_cancelled(self) -> None:
        """The prompt was left by ESC."""
        ...

    def payload_line(self) -> None:
        """A line end was entered at the prompt."""
        ...


class Terminal:
    """Collects lines or a payload; while the modem is busy, bytes wait unread and without echo."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._waiting = bytearray()
        self._line = bytearray()
        self._payload = bytearray()
        self._last_line = ""
        self.collecting = False
        self.busy = False

    def feed(self, data: bytes) -> None:
        """Take what the client wrote."""
        self._waiting += data
        self.pump()

    def pump(self) -> None:
        """Go on with what waits, as far as the modem is free."""
        while self._waiting and not self.busy:
            if self.collecting:
                self._take_payload()
            else:
                self._take_line()

    def collect(self) -> None:
        """From here on bytes are a payload."""
        self._payload.clear()
        self.collecting = True

    def reset(self) -> None:
        """Forget everything received, as a power cycle does."""
        for buffer in (self._waiting, self._line, self._payload):
            buffer.clear()
        self.collecting = self.busy = False

    def _take_line(self) -> None:
        if self._take_line_feeds() or self._take_repetition():
            return
        end = self._waiting.find(self._host.line_end)
        size = len(self._waiting) if end < 0 else end + 1
        segment = bytes(self._waiting[:size])
        del self._waiting[:size]
        if self._host.echo:
            self._host.send_echo(segment)
        self._line += segment
        if end >= 0:
            line = bytes(self._line[:-1])
            self._line.clear()
            self._submit(line)
        elif len(self._line) > _LINE_LIMIT:
            del self._line[_LINE_LIMIT:]

    def _take_line_feeds(self) -> bool:
        """The line feed that some send after a line end begins no line."""
        if self._line or not self._waiting.startswith(b"\n"):
            return False
        del self._waiting[:1]
        if self._host.echo:
            self._host.send_echo(b"\n")
        return True

    def _take_repetition(self) -> bool:
        """V.250 §5.2.4: `A/` repeats the last line at once, without a line end."""
        if len(self._line) + len(self._waiting) < 2 or len(self._line) > 1:
            return False
        start = bytes(self._line) + bytes(self._waiting[:2])
        if start[:2].upper() != b"A/":
            return False
        size = 2 - len(self._line)
        if self._host.echo:
            self._host.send_echo(bytes(self._waiting[:size]))
        del self._waiting[:size]
        self._line.clear()
        self._host.line_received(self._last_line)
        return True

    def _submit(self, line: bytes) -> None:
        if _CONTROLS.search(line):
            line = self._clean(line)
        text = line.decode("latin-1")
        start = text[:2].upper() == "AT"
        place = 0 if start else text.upper().find("AT")
        if place < 0:
            return
        self._last_line = text[place + 2 :]
        self._host.line_received(self._last_line)

    def _clean(self, line: bytes) -> bytes:
        """Deletions carried out, other control characters ignored."""
        kept = bytearray()
        for octet in line:
            if octet == self._host.backspace:
                del kept[-1:]
            elif octet >= 0x20 and octet != 0x7F:
                kept.append(octet)
        return bytes(kept)

    def _take_payload(self) -> None:
        match = _PAYLOAD_ENDS.search(self._waiting)
        size = match.end() if match else len(self._waiting)
        segment = bytes(self._waiting[:size])
        del self._waiting[:size]
        if self._host.echo:
            self._host.send_echo(segment)
        self._payload += segment[: max(0, _PAYLOAD_LIMIT - len(self._payload))]
        if match is None:
            for _ in range(segment.count(self._host.line_end)):
                self._host.payload_line()
            return
        self.collecting = False
        if segment[-1] == ESCAPE:
            self._host.payload_cancelled()
        else:
            self._host.payload_received(bytes(self._payload).removesuffix(b"\x1a"))
