"""A wire between the gateway and its telephone system that can be cut."""

from __future__ import annotations

import asyncio
from typing import Any


class Relay:
    """Passes bytes both ways between a port of its own and another."""

    def __init__(self, port: int) -> None:
        self.port, self._to = 0, port
        self._server: Any = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Cut what is connected now."""
        for writer in self._writers:
            writer.transport.abort()

    async def close(self) -> None:
        """Listen no more."""
        self.cut()
        self._server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._writers |= ends
        try:
            async with asyncio.TaskGroup() as passing:
                passing.create_task(_pass(reader, far_writer))
                passing.create_task(_pass(far_reader, writer))
        finally:
            self._writers -= ends


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.transport.abort()
