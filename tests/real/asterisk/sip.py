"""SIP messages as a telephone reads and writes them (RFC 3261, 3515, 3891), and its RTP."""

from __future__ import annotations

import random
import re
import struct
from dataclasses import dataclass, field

ALLOWED = "INVITE,ACK,BYE,CANCEL,OPTIONS,REFER,NOTIFY,INFO,UPDATE"
_TAG = re.compile(r";tag=([^;>\s]+)")
_NAME = re.compile(r'^\s*"((?:[^"\\]|\\.)*)"\s*<')
_URI = re.compile(r"<([^>]+)>")
_MEDIA = re.compile(r"c=IN IP4 (\S+).*?m=audio (\d+)", re.DOTALL)
_EVENT = 101
_TONES = "0123456789*#ABCD"


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a response."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: str

    @classmethod
    def read(cls, raw: bytes) -> Message:
        """Return a datagram as a message."""
        head, _, body = raw.decode("utf-8", "replace").partition("\r\n\r\n")
        start, *lines = head.split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = tuple((name.strip().lower(), value.strip()) for name, _, value in pairs)
        return cls(start, headers, body)

    def get(self, name: str) -> str:
        """Return a header's value, empty when it is not there."""
        return next((value for key, value in self.headers if key == name), "")

    def every(self, name: str) -> list[str]:
        """Return all values of a header."""
        return [value for key, value in self.headers if key == name]

    @property
    def status(self) -> int:
        """Return a response's status, 0 for a request."""
        return int(self.start.split(" ", 2)[1]) if self.start.startswith("SIP/2.0") else 0

    @property
    def method(self) -> str:
        """Return the method, of a response the one it answers."""
        return self.get("cseq").partition(" ")[2]

    @property
    def sequence(self) -> int:
        """Return the number of the request in its dialog."""
        return int(self.get("cseq").partition(" ")[0])

    @property
    def media(self) -> tuple[str, int] | None:
        """Return where the sender hears."""
        found = _MEDIA.search(self.body)
        return (found[1], int(found[2])) if found else None


def write(start: str, headers: list[str], body: str = "") -> bytes:
    """Return a message as a datagram."""
    kind = ["Content-Type: application/sdp"] if body else []
    lines = [start, *headers, *kind, f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def describe(address: str, port: int, direction: str = "sendrecv") -> str:
    """Return a session's description: a-law voice, and keys as RFC 4733."""
    number = random.randint(1, 1 << 30)
    return (
        f"v=0\r\no=- {number} {number} IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 8 {_EVENT}\r\na=rtpmap:8 PCMA/8000\r\n"
        f"a=rtpmap:{_EVENT} telephone-event/8000\r\na=fmtp:{_EVENT} 0-16\r\na={direction}\r\n"
    )


def token(length: int = 10) -> str:
    """Return a random word for tags, branches and calls."""
    return "".join(random.choices("abcdefghijkmnpqrstuvwxyz0123456789", k=length))


def tag_of(header: str) -> str:
    """Return the tag of a From or To."""
    found = _TAG.search(header)
    return found[1] if found else ""


def uri_of(header: str) -> str:
    """Return the address in a From, To or Contact."""
    found = _URI.search(header)
    return found[1] if found else header.partition(";")[0]


def name_of(header: str) -> str:
    """Return the name in a From, as a telephone shows it."""
    found = _NAME.match(header)
    return re.sub(r"\\(.)", r"\1", found[1]) if found else ""


@dataclass(slots=True)
class Voice:
    """The packets of one direction: silence, and keys."""

    sequence: int = field(default_factory=lambda: random.randint(0, 9999))
    timestamp: int = 0
    source: int = field(default_factory=lambda: random.randint(1, 1 << 31))

    def silence(self) -> bytes:
        """Return the next 20 ms."""
        self.timestamp = (self.timestamp + 160) & 0xFFFFFFFF
        return self._packet(8, b"\xd5" * 160)

    def key(self, digit: str) -> list[bytes]:
        """Return the packets of a key that is pressed and let go, 20 ms apart."""
        self.timestamp = (self.timestamp + 160) & 0xFFFFFFFF
        tone, packets = _TONES.index(digit), []
        for step in range(6):
            ends = step >= 3
            lasts = 160 * (4 if ends else step + 1)
            payload = struct.pack("!BBH", tone, 0x8A if ends else 0x0A, lasts)
            packets.append(self._packet(_EVENT | (0x80 if step == 0 else 0), payload))
        self.timestamp = (self.timestamp + 960) & 0xFFFFFFFF
        return packets

    def _packet(self, kind: int, payload: bytes) -> bytes:
        self.sequence = (self.sequence + 1) & 0xFFFF
        return (
            struct.pack("!BBHII", 0x80, kind, self.sequence, self.timestamp, self.source) + payload
        )
