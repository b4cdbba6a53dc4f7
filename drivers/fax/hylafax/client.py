"""One connection to a HylaFAX server: one command in flight, every wait bounded."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from drivers.fax.hylafax.protocol import MAX_REPLY, Reply, ReplyReader, command, passive_port
from gateway.fax.port import HylafaxSettings
from gateway.kernel.errors import GatewayError, Temporary

T = TypeVar("T")
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

CONNECT_S = 10.0
REPLY_S = 30.0
"""How long a server that works may think about a command."""
DATA_S = 60.0
"""How long a transfer may stand still."""
MAX_LISTING = 8_000_000
"""Bytes of one listing."""
_CHUNK = 64 * 1024


class Refused(GatewayError):
    """The server answered, and it was a refusal."""

    def __init__(self, asked: str, reply: Reply) -> None:
        super().__init__(f"{asked}: {reply.code} {reply.text}")
        self.reply = reply

    @property
    def passing(self) -> bool:
        """Tell whether another try may be answered otherwise (RFC 959 §4.2.1)."""
        return 400 <= self.reply.code < 500


class Lost(Temporary):
    """The connection ended, or nothing came for too long; a command may have been done."""


class WrongLogin(Temporary):
    """The server does not take our name, password or address: no fault of a fax, which waits."""


class Connection:
    """A logged-in control connection; use it in one task at a time.

    Of type I for files alone: with it the event stream gives the scheduler's structures, not text.
    """

    def __init__(
        self, settings: HylafaxSettings, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._settings = settings
        self._reader = reader
        self._writer = writer
        self.greeting = ""
        self._transferred = Reply(0, "")
        """What was answered to the newest transfer."""

    async def ask(self, *words: str) -> Reply:
        """Send a command; return its reply. Raises Refused, Lost, Unfit."""
        self._writer.write(command(*words))
        return await self.answered(words[0])

    async def answered(self, asked: str) -> Reply:
        """Wait for a reply; raises Refused, Lost."""
        reader = ReplyReader()
        try:
            async with asyncio.timeout(REPLY_S):
                while True:
                    line = await self._reader.readuntil(b"\n")
                    reply = reader.feed(line)
                    if reply is not None:
                        break
        except TimeoutError:
            raise Lost(f"the fax server does not answer {asked}", code="frozen") from None
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError,
                ValueError) as error:  # fmt: skip
            raise Lost(f"the connection broke at {asked}: {error or 'it was closed'}") from None
        if reply.code == 421:
            raise Lost(f"the fax server hangs up: {reply.text}")
        if not reply.good:
            raise Refused(asked, reply)
        return reply

    async def value(self, name: str) -> str:
        """Return a parameter of the current job."""
        return (await self.ask("JPARM", name)).text.strip()

    async def listing(self, what: str) -> list[str]:
        """Return the lines of a listing."""
        raw = bytearray()
        async with self.data("LIST", what) as (reader, _writer):
            while part := await _part(reader):
                raw += part
                if len(raw) > MAX_LISTING:
                    raise Lost(f"the listing of {what} is longer than {MAX_LISTING} bytes")
        return raw.decode("utf-8", "replace").splitlines()

    async def retrieve(self, name: str, into: Path) -> int:
        """Write a file of the server's into a new one of ours; return its length."""
        await self.ask("TYPE", "I")
        length = 0
        with into.open("xb") as file:
            async with self.data("RETR", name) as (reader, _writer):
                while part := await _part(reader):
                    length += len(part)
                    await asyncio.to_thread(file.write, part)
        return length

    async def store(self, file: Path) -> str:
        """Give the server a file; return the name under which it has it, its length checked."""
        await self.ask("TYPE", "I")
        content = await asyncio.to_thread(file.read_bytes)
        async with self.data("STOT") as (_reader, writer):
            writer.write(content)
            await _within(writer.drain(), "the transfer stands still")
            if writer.can_write_eof():
                writer.write_eof()
        name = self._transferred.file.rstrip(").,")
        if not name:
            raise Lost("the fax server does not say where it put the document")
        told = (await self.ask("SIZE", name)).text.strip()
        if told != str(len(content)):
            # It answers "226 Transfer complete" to a transfer that broke, too.
            raise Lost(f"of {len(content)} bytes the fax server has {told[:20]}")
        return name

    @asynccontextmanager
    async def data(self, *words: str) -> AsyncIterator[Streams]:
        """Give the data connection of a command; at the end the command was done."""
        opened = self._active if self._settings.events else self._passive
        async with opened(*words) as streams:
            try:
                yield streams
            finally:
                streams[1].close()
                with contextlib.suppress(OSError, TimeoutError):
                    async with asyncio.timeout(1):
                        await streams[1].wait_closed()
        done = await self.answered(words[0])
        self._transferred = done if done.file else self._transferred

    @asynccontextmanager
    async def _active(self, *words: str) -> AsyncIterator[Streams]:
        """The server connects to us (RFC 2428 EPRT), which its event stream needs."""
        host = self._writer.get_extra_info("sockname")[0]
        peer = self._writer.get_extra_info("peername")[0]
        came: asyncio.Future[Streams] = asyncio.get_running_loop().create_future()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if came.done() or writer.get_extra_info("peername")[0] != peer:
                writer.close()
            else:
                came.set_result((reader, writer))

        server = await asyncio.start_server(accept, host, 0, backlog=1)
        try:
            port = server.sockets[0].getsockname()[1]
            family = "2" if ":" in host else "1"
            await self.ask("EPRT", f"|{family}|{host}|{port}|")
            self._transferred = await self.ask(*words)
            streams = await _within(came, "the fax server cannot reach us for a transfer")
        finally:
            server.close()
        yield streams

    @asynccontextmanager
    async def _passive(self, *words: str) -> AsyncIterator[Streams]:
        """We connect to the server, which accepts before it answers the command."""
        reply = await self.ask("PASV")
        try:
            port = passive_port(reply.text)
        except ValueError as error:
            raise Lost(str(error)) from None
        opened = asyncio.open_connection(self._settings.host, port)
        streams = await _within(opened, "the fax server's transfer port does not answer")
        try:
            self._transferred = await self.ask(*words)
        except GatewayError:
            streams[1].close()
            raise
        yield streams


@asynccontextmanager
async def connected(settings: HylafaxSettings) -> AsyncIterator[Connection]:
    """Give a fresh logged-in connection; raises Lost, WrongLogin."""
    opened = asyncio.open_connection(settings.host, settings.port, limit=MAX_REPLY)
    where = f"{settings.host}:{settings.port}"
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await opened
    except TimeoutError:
        raise Lost(f"{where} does not answer", code="unreachable") from None
    except OSError as error:
        words = error.strerror or str(error)
        raise Lost(f"{where} cannot be reached: {words}", code="unreachable") from None
    connection = Connection(settings, reader, writer)
    try:
        await _log_in(connection, settings)
        yield connection
    finally:
        with contextlib.suppress(OSError, RuntimeError):
            writer.write(b"QUIT\r\n")
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await writer.wait_closed()


async def _log_in(connection: Connection, settings: HylafaxSettings) -> None:
    try:
        connection.greeting = (await connection.answered("connecting")).text
        reply = await connection.ask("USER", settings.user)
        if reply.code == 331:
            reply = await connection.ask("PASS", settings.password)
        if settings.admin_password or reply.code == 332:
            await connection.ask("ADMIN", settings.admin_password)
        await connection.ask("TZONE", "GMT")
    except Refused as error:
        raise WrongLogin(str(error), code="refused") from None


async def _part(reader: asyncio.StreamReader) -> bytes:
    return await _within(reader.read(_CHUNK), "the transfer stands still")


async def _within(waiting: Awaitable[T], words: str) -> T:
    try:
        async with asyncio.timeout(DATA_S):
            return await waiting
    except TimeoutError:
        raise Lost(words, code="frozen") from None
    except OSError as error:
        raise Lost(f"{words}: {error.strerror or error}") from None
