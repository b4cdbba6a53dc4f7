"""Many readers of the live feed, in a process of its own.

`python -m benchmarks.desk_readers HOST PORT FILE` holds a stream for each of the tokens that it is
given as JSON on standard input (`[[token, stalled], ...]`), says `ready`, and at the next line
writes to FILE, for each of them, the ids that came and when (on the machine's monotonic clock). A
stalled one asks, and never reads.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
import time
from pathlib import Path

_EVENT = re.compile(rb"id: (\d+)\nevent: ")
_BEGUN = b"retry: "
NARROW = 4096
"""Bytes that the system takes in for a reader that never reads."""


class Reader(asyncio.Protocol):
    """One stream."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._rest = b""
        self.begun = asyncio.get_running_loop().create_future()
        self.seen: list[tuple[int, float]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Note what came."""
        now = time.monotonic()
        whole, end, rest = (self._rest + data).rpartition(b"\n\n")
        self._rest = rest
        if end:
            self.seen.extend((int(found), now) for found in _EVENT.findall(whole + end))
            if not self.begun.done() and _BEGUN in whole:
                self.begun.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell when the service refuses."""
        if not self.begun.done():
            self.begun.set_exception(exc or ConnectionError(self._rest.decode()))


async def _main(host: str, port: int, path: Path) -> None:
    asked = json.loads(await asyncio.to_thread(sys.stdin.readline))
    seen: list[list[tuple[int, float]]] = []
    silent: list[socket.socket] = []
    for token, stalled in asked:
        request = (
            f"GET /api/v1/events?kinds=call. HTTP/1.1\r\nHost: {host}\r\n"
            f"Authorization: Bearer {token}\r\n\r\n"
        ).encode()
        if stalled:
            silent.append(await _stall(host, port, request))
            seen.append([])
        else:
            seen.append(await _read(host, port, request))
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    path.write_text(json.dumps(seen), encoding="utf-8")
    print("written", flush=True)


async def _read(host: str, port: int, request: bytes) -> list[tuple[int, float]]:
    """Begin to read; return where it is noted what comes."""
    reader = Reader(request)
    await asyncio.get_running_loop().create_connection(lambda: reader, host, port)
    await reader.begun
    return reader.seen


async def _stall(host: str, port: int, request: bytes) -> socket.socket:
    """Ask, and never read."""
    loop = asyncio.get_running_loop()
    connection = socket.socket()
    connection.setblocking(False)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW)
    await loop.sock_connect(connection, (host, port))
    await loop.sock_sendall(connection, request)
    return connection


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
