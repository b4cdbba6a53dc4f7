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

    def __init__(self, request: bytes, *, stalled: bool) -> None:
        self._request = request
        self._stalled = stalled
        self._rest = b""
        self.begun = asyncio.get_running_loop().create_future()
        self.seen: list[tuple[int, float]] = []
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)
        if self._stalled:
            transport.pause_reading()
            self.begun.set_result(None)

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
        """Note that the service hung up."""
        self.lost = True
        if not self.begun.done():
            self.begun.set_exception(exc or ConnectionError(self._rest.decode()))


async def _main(host: str, port: int, path: Path) -> None:
    loop = asyncio.get_running_loop()
    readers = []
    for token, stalled in json.loads(await asyncio.to_thread(sys.stdin.readline)):
        request = (
            f"GET /api/v1/events?kinds=call. HTTP/1.1\r\nHost: {host}\r\n"
            f"Authorization: Bearer {token}\r\n\r\n"
        ).encode()
        connection = socket.socket()
        connection.setblocking(False)
        if stalled:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW)
        await loop.sock_connect(connection, (host, port))
        reader = Reader(request, stalled=stalled)
        await loop.create_connection(lambda made=reader: made, sock=connection)  # type: ignore[misc]
        await reader.begun
        readers.append(reader)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    seen = [{"seen": reader.seen, "lost": reader.lost} for reader in readers]
    path.write_text(json.dumps(seen), encoding="utf-8")
    print("written", flush=True)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
