"""A scripted modem on a pty, and transports that treat its bytes badly."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import re
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from drivers import serial_link
from drivers.modem.at_client import AtClient
from drivers.modem.at_codec import Unsolicited
from drivers.modem.timing import Timing

FAST = Timing(
    command_s=0.6,
    slow_command_s=1.0,
    prompt_s=0.4,
    silent_after_s=0.3,
    probe_s=0.4,
    probe_patience_s=1.0,
    resync_probe_s=0.4,
    escape_pause_s=0.01,
    quiet_s=0.05,
    device_watch_s=0.02,
    reopen_pause_s=0.05,
    sim_poll_s=0.02,
    sim_patience_s=0.5,
    registration_poll_s=0.1,
    caller_wait_s=0.1,
    ring_end_s=0.4,
    sink_retry_s=0.05,
)

Chop = Callable[[bytes], list[bytes]]


def whole(data: bytes) -> list[bytes]:
    """All at once."""
    return [data]


def one_by_one(data: bytes) -> list[bytes]:
    """A byte at a time."""
    return [data[place : place + 1] for place in range(len(data))]


def delayed(data: bytes) -> list[bytes]:
    """In pieces of uneven size, each in its own turn of the loop."""
    chance = random.Random(len(data))
    cuts = sorted({chance.randrange(len(data) + 1) for _ in range(4)} | {0, len(data)})
    return [data[start:end] for start, end in itertools.pairwise(cuts)]


def lossy(data: bytes) -> list[bytes]:
    """With every fifth byte missing."""
    return [bytes(octet for place, octet in enumerate(data) if place % 5 != 4)]


TRANSPORTS: dict[str, Chop] = {
    "whole": whole,
    "one byte at a time": one_by_one,
    "delayed": delayed,
    "lossy": lossy,
}
_TOKEN = re.compile(rb"[^\r\x1a\x1b]*[\r\x1a\x1b]")


class ScriptedPeer:
    """Answers what it hears by what it was told to answer; repeats its last answer."""

    def __init__(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self.chop: Chop = whole
        self.pause_s = 0.0
        self.heard: list[str] = []
        self._news = asyncio.Event()
        self._buffer = b""
        self._answers: dict[str, list[bytes]] = {}
        self._saying: set[asyncio.Task[None]] = set()
        self.on("AT", b"\r\nOK\r\n")
        self.on("AT+CMEE?", b"\r\n+CMEE: 1\r\n\r\nOK\r\n")
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def on(self, heard: str, *answers: bytes) -> None:
        """Answer a command; several answers are given one after the other."""
        self._answers[heard] = list(answers)

    def say(self, data: bytes) -> None:
        """Say something unasked."""
        if self.chop is whole and not self.pause_s:
            with suppress(BlockingIOError):  # as a port whose reader is slow loses bytes
                os.write(self._master, data)
            return
        task = asyncio.create_task(self._say(data))
        self._saying.add(task)
        task.add_done_callback(self._saying.discard)

    async def until_heard(self, wanted: str, times: int = 1) -> None:
        """Wait until something was heard so many times."""
        async with asyncio.timeout(10):
            while self.heard.count(wanted) < times:
                self._news.clear()
                await self._news.wait()

    def hang_up(self) -> None:
        """Vanish."""
        if self._master >= 0:
            asyncio.get_running_loop().remove_reader(self._master)
            os.close(self._master)
            os.close(self._slave)
            self._master = -1

    async def _say(self, data: bytes) -> None:
        for piece in self.chop(data):
            os.write(self._master, piece)
            await asyncio.sleep(self.pause_s)

    def _read(self) -> None:
        with suppress(BlockingIOError, OSError):
            self._buffer += os.read(self._master, 65536)
        while (found := _TOKEN.match(self._buffer)) is not None:
            self._buffer = self._buffer[found.end() :]
            token = found.group()
            if token == b"\x1b":
                self._take("ESC")
            elif token.endswith(b"\x1a"):
                self._take("PDU " + token[:-1].decode())
            else:
                self._take(token[:-1].decode())

    def _take(self, token: str) -> None:
        self.heard.append(token)
        self._news.set()
        answers = self._answers.get(token) or self._answers.get(token.partition("=")[0])
        if answers is None and token.startswith("PDU "):
            answers = self._answers.get("PDU")
        if answers:
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if answer:
                self.say(answer)


class Heard:
    """What an AT client reported of itself."""

    def __init__(self) -> None:
        self.unsolicited: list[Unsolicited] = []
        self.late: list[str] = []
        self.lost = asyncio.Event()
        self.silences = 0

    def silence(self) -> None:
        """Count what `on_silence` tells."""
        self.silences += 1


@pytest.fixture
def fast() -> Timing:
    """Durations for tests."""
    return FAST


@pytest.fixture
async def peer() -> AsyncIterator[ScriptedPeer]:
    """A scripted modem."""
    made = ScriptedPeer()
    yield made
    made.hang_up()


@pytest.fixture
def heard() -> Heard:
    """What the client under test reports."""
    return Heard()


@asynccontextmanager
async def connected(peer: ScriptedPeer, heard: Heard, timing: Timing) -> AsyncIterator[AtClient]:
    """Hold an AT client on the scripted modem."""
    client = AtClient(
        timing=timing,
        on_unsolicited=heard.unsolicited.append,
        on_late_answer=heard.late.append,
        on_lost=heard.lost.set,
    )
    link = await serial_link.open_link(peer.path, 115200, client)
    client.attach(link)
    try:
        yield client
    finally:
        await link.close()


@pytest.fixture
async def client(peer: ScriptedPeer, heard: Heard) -> AsyncIterator[AtClient]:
    """An AT client on the scripted modem."""
    async with connected(peer, heard, FAST) as made:
        yield made


@pytest.fixture(params=list(TRANSPORTS))
def transport(request: pytest.FixtureRequest) -> str:
    """The name of a transport."""
    return str(request.param)


@pytest.fixture
def chop(transport: str) -> Chop:
    """How a transport cuts bytes."""
    return TRANSPORTS[transport]
