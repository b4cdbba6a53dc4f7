"""A lean HTTP client in a process of its own, so that what is measured is the server.

`python -m benchmarks.poster HOST PORT TOKEN CONNECTIONS COUNT` posts COUNT messages, each
connection one after the other, and prints the seconds from the first request to the last answer.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator

ACCEPTED = b"HTTP/1.1 202"


class _Connection(asyncio.Protocol):
    """Posts the next message as soon as the last one was answered."""

    def __init__(self, head: bytes, numbers: Iterator[int], done: asyncio.Future[None]) -> None:
        self._head = head
        self._numbers = numbers
        self._done = done
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._post()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell when the server hung up early."""
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        """Post the next one when the answer is whole."""
        self._answer += data
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found:
            return
        if not head.startswith(ACCEPTED):
            self._done.set_exception(RuntimeError(self._answer.decode()))
            self._transport.abort()
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) >= length:
            self._answer = b""
            self._post()

    def _post(self) -> None:
        number = next(self._numbers, None)
        if number is None:
            self._done.set_result(None)
            self._transport.close()
            return
        body = json.dumps({"to": f"+90532{number:07d}", "text": f"Siparişiniz {number} yolda"})
        raw = body.encode()
        self._transport.write(self._head % len(raw) + raw)


async def _post(host: str, port: int, token: str, connections: int, count: int) -> float:
    loop = asyncio.get_running_loop()
    head = (
        f"POST /api/v1/sms HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    ).encode()
    numbers = iter(range(count))
    began = time.perf_counter()
    ends = []
    for _ in range(connections):
        done = loop.create_future()
        ends.append(done)
        await loop.create_connection(lambda done=done: _Connection(head, numbers, done), host, port)  # type: ignore[misc]
    await asyncio.gather(*ends)
    return time.perf_counter() - began


if __name__ == "__main__":
    host, port, token, connections, count = sys.argv[1:]
    print(asyncio.run(_post(host, int(port), token, int(connections), int(count))))
