"""A terminal program in a few lines: what a person types to a modem, and what comes back."""

from __future__ import annotations

import asyncio
import os
import re
from types import TracebackType
from typing import Self

_READ_SIZE = 65_536
_FINAL = re.compile(
    rb"(\r\n(OK|ERROR|NO CARRIER|BUSY|NO ANSWER|COMMAND NOT SUPPORT|\+CM[ES] ERROR: [^\r]*)\r\n"
    rb"|\r\n> )"
)


class PtyClient:
    """Opens a device, writes commands, and waits for what the modem says."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._file = -1
        self._received = bytearray()
        self._news = asyncio.Event()
        self.closed = False

    async def __aenter__(self) -> Self:
        self._file = os.open(self._device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        asyncio.get_running_loop().add_reader(self._file, self._readable)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.get_running_loop().remove_reader(self._file)
        os.close(self._file)

    def write(self, data: bytes) -> None:
        """Write bytes as they are."""
        os.write(self._file, data)

    async def ask(self, command: str, timeout_s: float = 5.0) -> str:
        """The answer to a command line, up to its result or a prompt."""
        self.write(command.encode("latin-1") + b"\r")
        return await self.until(_FINAL, timeout_s)

    async def submit(self, payload: str, timeout_s: float = 5.0) -> str:
        """The answer to what is entered at a prompt."""
        self.write(payload.encode("latin-1") + b"\x1a")
        return await self.until(_FINAL, timeout_s)

    async def hear(self, text: str, timeout_s: float = 5.0) -> str:
        """Everything up to a text that the modem is to say."""
        return await self.until(re.compile(re.escape(text.encode("latin-1"))), timeout_s)

    async def until(self, pattern: re.Pattern[bytes], timeout_s: float = 5.0) -> str:
        """Everything up to a pattern; TimeoutError with what came instead."""
        try:
            async with asyncio.timeout(timeout_s):
                while not (match := pattern.search(self._received)):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise TimeoutError(f"no {pattern.pattern!r} in {bytes(self._received)!r}") from None
        taken = bytes(self._received[: match.end()])
        del self._received[: match.end()]
        return taken.decode("latin-1")

    async def take(self, size: int, timeout_s: float = 5.0) -> bytes:
        """So many bytes, or fewer when no more come in time."""
        try:
            async with asyncio.timeout(timeout_s):
                while len(self._received) < size:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            size = len(self._received)
        taken = bytes(self._received[:size])
        del self._received[:size]
        return taken

    async def silence(self, duration_s: float) -> bytes:
        """What came in a while; for looking at what must not be said."""
        await asyncio.sleep(duration_s)
        return bytes(self._received)

    async def hung_up(self) -> None:
        """Wait until the device is gone."""
        while not self.closed:
            self._news.clear()
            await self._news.wait()

    def _readable(self) -> None:
        try:
            data = os.read(self._file, _READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.closed = True
            asyncio.get_running_loop().remove_reader(self._file)
        self._received += data
        self._news.set()
