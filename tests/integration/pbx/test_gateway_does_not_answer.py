"""On a real Asterisk: whatever is wrong with the gateway, a call goes on within a second."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from simulators.pbx.agi import head
from tests.integration.pbx.callers import FREE, KNOWN, NAME, ORIGINAL, ring_s
from tests.integration.pbx.lab import CUSTOMER, TRUNK
from tests.real.asterisk.office import AsteriskLab
from tests.real.asterisk.server import SECRET, USER
from tests.service import ServiceProcess
from tests.waiting import until

WITHIN_S = 1.5
"""A second, and what a busy machine adds."""
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Outage = Callable[[int], AbstractAsyncContextManager[None]]


@pytest.fixture
async def lab(asterisk: AsteriskLab) -> AsyncIterator[AsteriskLab]:
    """An office where nobody picks up."""
    await asterisk.plug_in()
    try:
        for extension in ("101", "102", "103"):
            asterisk.phones[extension].behave("ring")
        yield asterisk
    finally:
        await asterisk.unplug()
        await asyncio.sleep(0.3)


@asynccontextmanager
async def stopped(_port: int) -> AsyncIterator[None]:
    """Nobody listens."""
    yield


@asynccontextmanager
async def never_connects(port: int) -> AsyncIterator[None]:
    """The connection is not answered, as behind a firewall: the queue of who listens is full."""
    held = []
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(0)
        for _ in range(3):
            held.append(socket.socket())
            held[-1].setblocking(False)
            held[-1].connect_ex(("127.0.0.1", port))
        try:
            yield
        finally:
            for one in held:
                one.close()


def server(serve: Serve) -> Outage:
    """Return an outage in which somebody does listen."""

    @asynccontextmanager
    async def listening(port: int) -> AsyncIterator[None]:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await reader.readuntil(b"\n\n")
                await serve(reader, writer)
            except (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        async with await asyncio.start_server(connected, "127.0.0.1", port):
            yield

    return listening


async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Say nothing until the other end has had enough."""
    await reader.read()


async def dribble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say the right thing, a byte each 50 ms."""
    for byte in b'SET VARIABLE SANTRAL_NAME "Slow"\nSET VARIABLE SANTRAL_TOLD "told"\n':
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say anything."""
    writer.write(bytes(range(256)) * 40 + b"\nSET VARIABLE\n" + b"x" * 70_000 + b"\n")
    await writer.drain()
    await reader.read()


async def half_an_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say a part of the answer, and be gone."""
    for name, value in (("NAME", "Half"), ("ROUTE", "102")):
        writer.write(f'SET VARIABLE SANTRAL_{name} "{value}"\n'.encode())
        await reader.readline()


async def goodbye(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Hang up."""


@pytest.mark.parametrize(
    ("name", "outage"),
    [
        ("stopped", stopped),
        ("never connects", never_connects),
        ("silent", server(silence)),
        ("byte by byte", server(dribble)),
        ("garbage", server(garbage)),
        ("half an answer", server(half_an_answer)),
        ("hangs up", server(goodbye)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_the_call_goes_on_within_a_second(
    lab: AsteriskLab, name: str, outage: Outage, tell: Callable[[str], None]
) -> None:
    async with outage(lab.agi_port):
        await lab.phones[TRUNK].dial(KNOWN, caller=CUSTOMER, name=ORIGINAL)
        took_s = await ring_s(lab, "101")
        tell(f"gateway {name}: the next telephone rang after {took_s:.3f} s")
        assert took_s < WITHIN_S
        assert lab.phones["101"].shown == ORIGINAL
        assert lab.phones["102"].rings == 0

        async def nothing_asks() -> bool:
            return not any("santral-lookup" in one for one in await lab.channels())

        await until(nothing_asks, timeout_s=5)


CONFIGURATION = """
[[pbx]]
id = "office"
port = {ami}
user = "{user}"
secret = "{secret}"
agi_bind = "127.0.0.1"
agi_port = {agi}
"""


async def knows_who_is_free(service: ServiceProcess) -> bool:
    """Tell whether the service follows the telephone system."""
    people = (await service.get("/people"))["items"]
    return all(one["state"] == FREE for one in people if one["extension"])


async def rings(lab: AsteriskLab, extension: str, shown: str) -> float:
    """Have the customer call and hang up; return how long it took to reach a telephone."""
    before = lab.phones[extension].rings
    await lab.phones[TRUNK].dial(KNOWN, caller=CUSTOMER, name=ORIGINAL)
    await until(lambda: lab.phones[extension].rings > before, timeout_s=5)
    took_s = await ring_s(lab, extension)
    assert lab.phones[extension].shown == shown
    await lab.phones[TRUNK].hang_up()
    await lab.phones[extension].wait("ended")
    return took_s


async def test_the_whole_service_answers_freezes_thaws_and_is_killed(
    lab: AsteriskLab, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    configuration = CONFIGURATION.format(
        ami=lab.settings.port, user=USER, secret=SECRET, agi=lab.agi_port
    )
    async with ServiceProcess(tmp_path, configuration=configuration) as service:
        await service.post("/users", {"login": "ayse", "name": "Ayşe", "extension": "102"})
        party = {"name": NAME, "responsible": "ayse", "phones": [{"number": f"+{CUSTOMER}"}]}
        await service.post("/parties", party)
        await service.ask("PUT", "/routing", json={"lines": [{"did": KNOWN, "route": True}]})
        await until(lambda: knows_who_is_free(service))
        assert service.process is not None
        told = [("running", await rings(lab, "102", NAME))]
        os.kill(service.process.pid, signal.SIGSTOP)
        try:
            told.append(("frozen", await rings(lab, "101", ORIGINAL)))
        finally:
            os.kill(service.process.pid, signal.SIGCONT)
        await until(lambda: knows_who_is_free(service))
        told.append(("running again", await rings(lab, "102", NAME)))
        await service.kill()
        told.append(("killed", await rings(lab, "101", ORIGINAL)))
    for state, took_s in told:
        tell(f"service {state}: the next telephone rang after {took_s:.3f} s")
    assert max(took_s for _, took_s in told) < WITHIN_S


async def test_the_simulated_question_is_what_asterisk_asks(lab: AsteriskLab) -> None:
    said: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said.append(await reader.readuntil(b"\n\n"))
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", lab.agi_port):
        await lab.phones[TRUNK].dial(KNOWN, caller=CUSTOMER, name=ORIGINAL)
        await until(lambda: bool(said), timeout_s=5)
    assert _names(said[0]) == _names(head(CUSTOMER))
    assert f"agi_arg_1: {CUSTOMER}\nagi_arg_2: {KNOWN}\n".encode() in said[0]


def _names(said: bytes) -> list[bytes]:
    return [line.partition(b":")[0] for line in said.split(b"\n")]
