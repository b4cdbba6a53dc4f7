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
from drivers.modem.driver import GsmModemDriver
from drivers.modem.timing import Timing
from gateway.sms.port import (
    DeliveryReport,
    LateAnswer,
    ModemSettings,
    ModemStatus,
    ReceivedSegment,
    Source,
    UnreadablePdu,
)

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
        self.otherwise = b""
        """The answer to a command that nothing is said about."""
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
        if answers is None and self.otherwise and token.startswith("AT"):
            answers = [self.otherwise]
        if answers:
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if answer:
                self.say(answer)


class ModemPeer(ScriptedPeer):
    """A scripted modem that can be brought up: one memory, a SIM without a PIN, a network."""

    def __init__(self) -> None:
        super().__init__()
        self.stored: dict[int, str] = {}
        """The PDUs in its memory by their index."""
        self.refused: set[str] = set()
        """Commands that its memory does not know."""
        self.mute: dict[str, int] = {}
        """Commands that its memory leaves unanswered, and how often."""
        self.scripted: dict[str, list[bytes]] = {}
        """Answers that its memory gives first, one after the other."""
        self.otherwise = b"\r\nERROR\r\n"
        for line in ("ATE0", "AT+CMEE=1", "AT+CMGF=0", "AT+CNMI=2,1,0,2,0"):
            self.on(line, b"\r\nOK\r\n")
        for line, answer in {
            "AT+CGMI": "SCRIPTED",
            "AT+CGMM": "PEER",
            "AT+CGSN": "356938035643800",
            "AT+CIMI": "286010000000000",
            "AT+CPIN?": "+CPIN: READY",
            "AT+CPMS=?": '+CPMS: ("SM"),("SM"),("SM")',
            "AT+CPMS": "+CPMS: 0,30,0,30,0,30",
            "AT+CREG?": "+CREG: 0,1",
            "AT+CSQ": "+CSQ: 20,0",
        }.items():
            self.on(line, f"\r\n{answer}\r\n\r\nOK\r\n".encode())
        self.on("AT+CMGS", b"\r\n> ")

    def _take(self, token: str) -> None:
        answer = self._of_memory(token)
        if answer is not None:
            self.on(token, answer)
        super()._take(token)

    def _of_memory(self, token: str) -> bytes | None:
        name, _, value = token.partition("=")
        if self.mute.get(name):
            self.mute[name] -= 1
            return b""
        if self.scripted.get(token):
            return self.scripted[token].pop(0)
        if name in self.refused:
            return b"\r\n+CMS ERROR: 303\r\n"
        match name:
            case "AT+CMGL":
                shown = [_shown(f"+CMGL: {n},0", pdu) for n, pdu in self.stored.items()]
            case "AT+CMGR":
                shown = [_shown("+CMGR: 0", self.stored[n]) for n in self.stored if value == str(n)]
            case "AT+CMGD":
                shown = []
                self.stored.pop(int(value), None)
            case _:
                return None
        return b"".join(shown) + b"\r\nOK\r\n"


def _shown(header: str, pdu: str) -> bytes:
    smsc_octets = 1 + int(pdu[:2], 16)
    return f"\r\n{header},,{len(pdu) // 2 - smsc_octets}\r\n{pdu}\r\n".encode()


class RememberingSink:
    """Remembers what is handed over; fails as often as it is told to."""

    def __init__(self) -> None:
        self.segments: list[ReceivedSegment] = []
        self.reports: list[DeliveryReport] = []
        self.raw: list[UnreadablePdu] = []
        self.freed: list[Source] = []
        self.failures = 0
        self._news = asyncio.Event()

    async def received(self, segments: list[ReceivedSegment]) -> None:
        self._news.set()
        if self.failures:
            self.failures -= 1
            raise OSError("the disk is full")
        self.segments += segments

    async def reported(self, reports: list[DeliveryReport]) -> None:
        self.reports += reports
        self._news.set()

    async def unreadable(self, pdus: list[UnreadablePdu]) -> None:
        self.raw += pdus
        self._news.set()

    async def acknowledged(self, sources: list[Source]) -> None:
        self.freed += sources
        self._news.set()

    async def answered_late(self, answer: LateAnswer) -> None:
        self._news.set()

    def status_changed(self, status: ModemStatus) -> None:
        self._news.set()

    async def until(self, satisfied: Callable[[], bool]) -> None:
        """Wait until a call made something true."""
        async with asyncio.timeout(10):
            while not satisfied():
                self._news.clear()
                await self._news.wait()


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


@pytest.fixture
async def modem_peer() -> AsyncIterator[ModemPeer]:
    """A scripted modem that can be brought up."""
    made = ModemPeer()
    yield made
    made.hang_up()


@pytest.fixture
def sink() -> RememberingSink:
    """A sink that remembers."""
    return RememberingSink()


@pytest.fixture
def sweep_interval_s() -> float:
    """How often the driver looks through the memories; parametrize to change it."""
    return 60.0


@pytest.fixture
async def driver(
    modem_peer: ModemPeer, sink: RememberingSink, sweep_interval_s: float
) -> AsyncIterator[GsmModemDriver]:
    """A driver on the scripted modem; the test waits for what it needs of it."""
    settings = ModemSettings(id="m1", device=modem_peer.path, sweep_interval_s=sweep_interval_s)
    made = GsmModemDriver(settings, sink, timing=FAST)
    task = asyncio.create_task(made.run())
    yield made
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
