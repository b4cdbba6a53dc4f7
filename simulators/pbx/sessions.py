"""Manager sessions: who is connected, what he may hear and do, and the faults that befall him."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from simulators.pbx.channels import Fields

GREETING = b"Asterisk Call Manager/5.0.4\r\n"
CLASSES = (
    "system", "call", "log", "verbose", "command", "agent", "user", "config", "dtmf", "reporting",
    "cdr", "dialplan", "originate", "agi", "cc", "aoc", "test", "message", "all",
)  # fmt: skip
MAX_LINE, MAX_HEADERS, MAX_UNREAD = 1024, 128, 8 * 1024 * 1024
"""What Asterisk takes of a line and of an action, and how much may wait for a slow reader."""


def write(fields: Mapping[str, str]) -> bytes:
    """Return a message as bytes."""
    lines = "".join(f"{key}: {value}\r\n" for key, value in fields.items())
    return (lines + "\r\n").encode()


@dataclass(frozen=True, slots=True)
class User:
    """Who may log in, and his classes."""

    name: str
    secret: str
    read: frozenset[str] = frozenset({"all"})
    write: frozenset[str] = frozenset({"all"})


@dataclass(eq=False, slots=True)
class Session:
    """One connection."""

    writer: asyncio.StreamWriter
    user: User | None = None
    challenge: str = ""
    events: bool = True
    held_back: list[bytes] = field(default_factory=list)

    def hears(self, privilege: str) -> bool:
        """Tell whether it gets events of a class."""
        if self.user is None or not self.events:
            return False
        return "all" in self.user.read or privilege.partition(",")[0] in self.user.read

    def may(self, needed: frozenset[str]) -> bool:
        """Tell whether it may ask for an action of any of these classes."""
        if not needed:
            return True
        return self.user is not None and (
            "all" in self.user.write or bool(needed & self.user.write)
        )

    def authentic(self, fields: Fields, user: User | None) -> bool:
        """Tell whether a login proves the user."""
        if user is None:
            return False
        if fields.get("AuthType", "").upper() == "MD5":
            known = hashlib.md5((self.challenge + user.secret).encode()).hexdigest()  # noqa: S324 - AMI's own
            return bool(self.challenge) and secrets.compare_digest(known, fields.get("Key", ""))
        return secrets.compare_digest(user.secret.encode(), fields.get("Secret", "").encode())


Ask = Callable[[Session, Fields], None]


class Sessions:
    """The manager interface's connections."""

    def __init__(self) -> None:
        self.ask: Ask = lambda _session, _fields: None
        self.port = 0
        self.frozen = False
        self.slow_bytes_s = 0
        self._to_lose = 0
        self._all: set[Session] = set()
        self._go_on = asyncio.Event()
        self._go_on.set()
        self._server: asyncio.Server | None = None

    async def open(self, port: int) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port or self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no more, and cut every connection."""
        if self._server is not None:
            self._server.close()
        self._go_on.set()
        self.cut()
        await asyncio.sleep(0)

    def cut(self) -> None:
        """Cut every connection."""
        for session in list(self._all):
            session.writer.transport.abort()

    def lose(self, events: int) -> None:
        """Swallow the next events."""
        self._to_lose = events

    def publish(self, event: Fields) -> None:
        """Send an event to who may hear it."""
        if self._to_lose > 0:
            self._to_lose -= 1
            return
        raw = b""
        for session in list(self._all):
            if session.hears(event["Privilege"]):
                raw = raw or write(event)
                self.send(session, raw)

    def broadcast(self, raw: bytes) -> None:
        """Send bytes as they are to everybody who is logged in."""
        for session in list(self._all):
            if session.user is not None:
                self.send(session, raw)

    def send(self, session: Session, raw: bytes) -> None:
        """Send bytes to one; a reader that does not keep up is cut, as Asterisk does."""
        if self.frozen or self.slow_bytes_s:
            session.held_back.append(raw)
            return
        session.writer.write(raw)
        if session.writer.transport.get_write_buffer_size() > MAX_UNREAD:
            session.writer.transport.abort()

    def freeze(self) -> None:
        """Answer nothing."""
        self.frozen = True
        self._go_on.clear()

    def thaw(self) -> None:
        """Go on, with all that waited."""
        self.frozen = False
        self._go_on.set()
        for session in self._all:
            for raw in session.held_back:
                session.writer.write(raw)
            session.held_back.clear()

    async def drip(self) -> None:
        """Send what is held back slowly, while that fault holds."""
        step_s = 0.05
        while self.slow_bytes_s:
            for session in self._all:
                waiting = b"".join(session.held_back)
                size = max(1, int(self.slow_bytes_s * step_s))
                session.writer.write(waiting[:size])
                session.held_back[:] = [waiting[size:]] if waiting[size:] else []
            await asyncio.sleep(step_s)
        if not self.frozen:
            self.thaw()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(writer)
        self._all.add(session)
        try:
            self.send(session, GREETING)
            await self._read(session, reader)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            self._all.discard(session)
            writer.transport.abort()

    async def _read(self, session: Session, reader: asyncio.StreamReader) -> None:
        fields: Fields = {}
        lines = 0
        while True:
            await self._go_on.wait()
            line = await reader.readline()
            await self._go_on.wait()
            if not line:
                return
            text = line.decode("utf-8", "replace").rstrip("\r\n")[:MAX_LINE]
            if text:
                lines += 1
                if lines <= MAX_HEADERS:
                    _take(fields, text)
                continue
            if fields:
                self.ask(session, fields)
                if fields.get("Action", "").lower() == "logoff":
                    await session.writer.drain()
                    return
            fields, lines = {}, 0


def _take(fields: Fields, text: str) -> None:
    key, _, value = text.partition(":")
    name, value = key.strip(), value.strip()
    fields[name] = f"{fields[name]}\n{value}" if name in fields else value
