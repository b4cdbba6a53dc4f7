"""An AMI peer that misbehaves on command, to see that the driver bears it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager

from drivers.asterisk.messages import Message, Reader, parse
from gateway.calls.model import CallChange, CallRecord, TelephoneState
from gateway.calls.port import PbxSettings, PbxStatus
from gateway.kernel.errors import Unavailable

Answer = Callable[[Message], list[str]]


class Peer:
    """Takes connections, notes what is asked, answers as told."""

    def __init__(self) -> None:
        self.port = 0
        self.logins: list[float] = []
        self.asked: list[Message] = []
        self.secret = "right"
        self.frozen = False
        self.answers: dict[str, Answer] = {}
        self.writers: list[asyncio.StreamWriter] = []

    def settings(self, secret: str = "right") -> PbxSettings:
        """Return how it is reached."""
        return PbxSettings(id="pbx", host="127.0.0.1", port=self.port, user="gw", secret=secret)

    def tell(self, *messages: str) -> None:
        """Send messages to whoever is connected."""
        for writer in self.writers:
            writer.write("".join(f"{message}\r\n\r\n" for message in messages).encode())

    def cut(self) -> None:
        """Drop every connection."""
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.writers.append(writer)
        writer.write(b"Asterisk Call Manager/5.0.4\r\n")
        wire = Reader()
        try:
            while data := await reader.read(65536):
                for raw in wire.feed(data):
                    self.take(parse(raw), writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    def take(self, action: Message, writer: asyncio.StreamWriter) -> None:
        """Answer one action."""
        self.asked.append(action)
        name, key = action["Action"], action["ActionID"]
        if name == "Login":
            self.logins.append(asyncio.get_running_loop().time())
        if self.frozen:
            return
        for message in self._answers(name, action):
            writer.write(f"{message}\r\nActionID: {key}\r\n\r\n".encode())

    def _answers(self, name: str, action: Message) -> list[str]:
        if name in self.answers:
            return self.answers[name](action)
        if name == "Login" and action["Secret"] != self.secret:
            return ["Response: Error\r\nMessage: Authentication failed"]
        if name == "CoreShowChannels":
            return [
                "Response: Success\r\nEventList: start\r\nMessage: Channels will follow",
                "Event: CoreShowChannelsComplete\r\nEventList: Complete\r\nListItems: 0",
            ]
        if name.endswith(("List", "Status", "Calls")):
            return ["Response: Error\r\nMessage: Invalid/unknown command"]
        return ["Response: Success\r\nMessage: done"]


@asynccontextmanager
async def peer(tls: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    """Hold a peer on a free port."""
    found = Peer()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0, ssl=tls)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        found.cut()
        server.close()
        await server.wait_closed()


class Sink:
    """Keeps what a driver tells."""

    def __init__(self) -> None:
        self.changes: list[tuple[CallChange, CallRecord | None]] = []
        self.statuses: list[PbxStatus] = []
        self.failing = 0
        """How often the store does not take what is told."""
        self.poison = ""
        """The call of which nothing can be written."""
        self.living: list[frozenset[str]] = []
        self.telephones: dict[str, TelephoneState] = {}

    async def calls_changed(
        self, pbx: str, changes: Sequence[tuple[CallChange, CallRecord | None]]
    ) -> None:
        """Keep changes."""
        if self.failing:
            self.failing -= 1
            raise Unavailable("the disk is full")
        if self.poison in {change.id for change, _ in changes}:
            raise ZeroDivisionError
        self.changes += changes

    async def calls_living(self, pbx: str, living: Collection[str]) -> None:
        """Keep what lives."""
        self.living.append(frozenset(living))

    def telephones_changed(self, pbx: str, states: Mapping[str, TelephoneState]) -> None:
        """Keep what telephones do."""
        self.telephones.update(states)

    def status_changed(self, status: PbxStatus) -> None:
        """Keep a status."""
        self.statuses.append(status)

    @property
    def ended(self) -> list[CallRecord]:
        """Return the calls that ended."""
        return [change.ended for change, _ in self.changes if change.ended is not None]
