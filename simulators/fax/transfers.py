"""Data connections: to the client (PORT, EPRT) or from it (PASV, EPSV), as they are or zipped."""

from __future__ import annotations

import asyncio
import contextlib
import re
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
CONNECT_S = 10.0
_CHUNK = 65_536


class NoConnection(Exception):
    """The data connection cannot be had; the text is the system's."""


class Transfers:
    """What one session agreed on for its next transfer."""

    def __init__(self, host: str) -> None:
        self._host = host
        self.zipped = False
        self.passive = False
        self._target: tuple[str, int] | None = None
        self._server: asyncio.Server | None = None
        self._came: asyncio.Queue[Streams] = asyncio.Queue()

    def to_port(self, text: str) -> bool:
        """Connect to h1,h2,h3,h4,p1,p2 next (RFC 959)."""
        found = re.fullmatch(r"(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)", text)
        if found is None:
            return False
        parts = found.groups()
        return self._to(".".join(parts[:4]), int(parts[4]) * 256 + int(parts[5]))

    def to_eport(self, text: str) -> bool:
        """Connect to |1|host|port| next (RFC 2428)."""
        found = re.fullmatch(r"\|[12]\|([0-9a-fA-F.:]+)\|(\d+)\|", text)
        return found is not None and self._to(found[1], int(found[2]))

    async def listen(self) -> int:
        """Let the client connect next; return our port."""
        await self.close()
        self._server = await asyncio.start_server(self._accept, self._host, 0)
        self.passive, self._target = True, None
        return int(self._server.sockets[0].getsockname()[1])

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Streams]:
        """Give the connection; raises NoConnection."""
        try:
            async with asyncio.timeout(CONNECT_S):
                streams = await self._streams()
        except (OSError, TimeoutError) as error:
            reason = getattr(error, "strerror", None) or "Connection timed out"
            raise NoConnection(reason) from None
        try:
            yield streams
        finally:
            streams[1].close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(2):
                    await streams[1].wait_closed()
            await self.close()

    async def send(self, content: bytes) -> None:
        """Send everything and close."""
        async with self.opened() as (_reader, writer):
            writer.write(zlib.compress(content) if self.zipped else content)
            await writer.drain()

    async def receive(self, limit: int, drop_after: int | None = None) -> bytes:
        """Take everything until the client closes; break off after so many bytes, if told."""
        raw = bytearray()
        async with self.opened() as (reader, _writer):
            with contextlib.suppress(OSError):
                while part := await reader.read(_CHUNK):
                    raw += part
                    if len(raw) > limit or (drop_after is not None and len(raw) >= drop_after):
                        break
        content = bytes(raw if drop_after is None else raw[:drop_after])
        if not self.zipped:
            return content
        with contextlib.suppress(zlib.error):
            return zlib.decompressobj().decompress(content, limit)
        return b""

    async def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            self._server = None
        while not self._came.empty():
            self._came.get_nowait()[1].close()

    async def _streams(self) -> Streams:
        if self.passive:
            return await self._came.get()
        if self._target is None:
            raise ConnectionRefusedError(111, "Connection refused")
        return await asyncio.open_connection(*self._target)

    def _to(self, host: str, port: int) -> bool:
        self._target, self.passive = (host, port), False
        return 0 < port < 65_536

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._came.put((reader, writer))
