"""Each defect of panoramisk's FastAGI server, and that ours does not have it."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from drivers.asterisk import agi
from drivers.asterisk.agi import AgiServer
from gateway.calls.routing_port import AgiSettings, CallerAdvice, CallerQuestion, RouteStep
from gateway.kernel.errors import Temporary, Unavailable
from simulators.pbx.agi import Asked, ask, head
from tests.waiting import until

SAID = head("+902125550150")
ADVICE = CallerAdvice(
    name='Yıldız "A.Ş."\nEXEC System ls', route=(RouteStep(extension="102", seconds=15),)
)
TOLD = {
    "SANTRAL_NAME": "Yıldız A.Ş. EXEC System ls", "SANTRAL_ROUTE": "102", "SANTRAL_ROUTE_S": "15",
    "SANTRAL_WHY": "", "SANTRAL_TOLD": "told",
}  # fmt: skip


class Adviser:
    """Knows one caller, or fails as told."""

    def __init__(self) -> None:
        self.asked: list[CallerQuestion] = []
        self.failure: Exception | None = None
        self.known = asyncio.Event()
        self.known.set()

    async def advise(self, question: CallerQuestion) -> CallerAdvice:
        """Return the advice."""
        self.asked.append(question)
        await self.known.wait()
        if self.failure is not None:
            raise self.failure
        return ADVICE


@asynccontextmanager
async def serving(adviser: Adviser, peer: str = "127.0.0.1") -> AsyncIterator[AgiServer]:
    """Hold a server."""
    settings = AgiSettings(pbx="office", bind="127.0.0.1", port=0, peers=frozenset({peer}))
    server = AgiServer(settings, adviser)
    running = asyncio.create_task(server.run())
    try:
        await server.listening.wait()
        yield server
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def still_answers(server: AgiServer) -> None:
    """Check that the next one who asks is told."""
    await until(lambda: server.asking == 0, timeout_s=5)
    assert (await ask(server.port, SAID)).variables == TOLD


@pytest.mark.parametrize(("piece", "delay_s"), [(0, 0.0), (1, 0.0), (100, 0.001)])
async def test_it_tells_who_calls_however_the_bytes_come(piece: int, delay_s: float) -> None:
    adviser = Adviser()
    async with serving(adviser) as server:
        asked = await ask(server.port, SAID, piece=piece, delay_s=delay_s)
    assert asked.variables == TOLD
    assert all(command.startswith("SET VARIABLE SANTRAL_") for command in asked.commands)
    assert adviser.asked[0].number == "+902125550150"


async def test_1_who_closes_in_the_middle_of_his_question_does_not_stop_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """panoramisk reads on at the end of the stream without ever giving way."""
    monkeypatch.setattr(agi, "SESSION_S", 30.0)
    async with serving(Adviser()) as server:
        for said in (b"", b"agi_network: yes\n"):
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(said)
            writer.close()
        await still_answers(server)


async def test_2_a_question_without_end_is_cut_off() -> None:
    """panoramisk collects without bound, and looks through all of it each time."""
    adviser = Adviser()
    async with serving(adviser) as server:
        assert await ask(server.port, b"agi_x: y\n" * 20_000) == Asked()
        assert adviser.asked == []
        await still_answers(server)


async def test_3_who_says_nothing_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """panoramisk waits for ever, for the question and for each answer."""
    monkeypatch.setattr(agi, "SESSION_S", 0.2)
    async with serving(Adviser()) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        async with asyncio.timeout(3):
            assert await reader.read() == b""
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(SAID)
        async with asyncio.timeout(3):
            assert (await reader.read()).count(b"\n") == 1
        writer.close()
        await still_answers(server)


async def test_4_bytes_that_are_no_utf_8_are_read() -> None:
    """panoramisk raises, and leaves the connection open."""
    async with serving(Adviser()) as server:
        said = SAID.replace(b"agi_language: en", b"agi_language: \xff\xfe\xc4")
        assert (await ask(server.port, said)).variables == TOLD


@pytest.mark.parametrize(
    "answer",
    [b"HANGUP\n", b"\n", b"nonsense\n", b"\xff\xfe\n", b"200 result=-1 (hangup)\n",
     b"510 Invalid or unknown command\n", b"520-Invalid command syntax.\n", b"x" * 5000 + b"\n",
     b"100 Trying...\n" * 100],
    ids=["hangup", "empty", "words", "bytes", "minus one", "510", "520", "endless", "trying"],
)  # fmt: skip
async def test_5_whatever_is_answered_ends_the_session_quietly(
    answer: bytes, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """panoramisk takes an answer apart that is none, and waits through any number of `100`."""
    monkeypatch.setattr(agi, "SESSION_S", 30.0)
    async with serving(Adviser()) as server:
        with caplog.at_level(logging.WARNING):
            async with asyncio.timeout(5):
                asked = await ask(server.port, SAID, answer=answer)
        assert "SANTRAL_TOLD" not in asked.variables
        assert caplog.records == []
        await still_answers(server)


async def test_6_a_late_adviser_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """panoramisk has no time limit: the caller would hear nothing meanwhile."""
    monkeypatch.setattr(agi, "ADVICE_S", 0.05)
    adviser = Adviser()
    adviser.known.clear()
    async with serving(adviser) as server:
        told = (await ask(server.port, SAID)).variables
        assert (told["SANTRAL_TOLD"], told["SANTRAL_NAME"], told["SANTRAL_ROUTE"]) == (
            "told", "", "",
        )  # fmt: skip
        adviser.known.set()
        await still_answers(server)


async def test_7_a_store_that_fails_is_nothing_known(caplog: pytest.LogCaptureFixture) -> None:
    adviser = Adviser()
    adviser.failure = Unavailable("the disk is full")
    async with serving(adviser) as server:
        for _ in range(3):
            assert (await ask(server.port, SAID)).variables["SANTRAL_NAME"] == ""
        warnings = [one for one in caplog.records if one.levelno >= logging.WARNING]
        assert len(warnings) == 1
        assert "disk is full" in warnings[0].getMessage()
        adviser.failure = None
        await still_answers(server)


async def test_8_only_the_telephone_system_is_answered() -> None:
    """panoramisk answers everybody: a directory of customers for whoever is near."""
    adviser = Adviser()
    async with serving(adviser, peer="192.0.2.1") as server:
        assert await ask(server.port, SAID) == Asked()
    assert adviser.asked == []


async def test_9_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agi, "MAX_ASKING", 3)
    async with serving(Adviser()) as server:
        held = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3)]
        await until(lambda: server.asking == 3, timeout_s=5)
        assert await ask(server.port, SAID) == Asked()
        assert server.asking == 3
        for one in held:
            one.close()
        await still_answers(server)


async def test_10_the_end_of_the_service_ends_every_session_quietly(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """panoramisk swallows the cancelling of its task, and logs it as a fault of ours."""
    adviser = Adviser()
    adviser.known.clear()
    async with serving(adviser) as server:
        asking = asyncio.create_task(ask(server.port, SAID))
        await until(lambda: bool(adviser.asked), timeout_s=5)
    assert (await asking).variables == {}
    assert server.asking == 0
    assert [one for one in caplog.records if one.levelno > logging.WARNING] == []


async def test_a_port_that_is_taken_names_the_setting() -> None:
    async with serving(Adviser()) as server:
        settings = AgiSettings(pbx="x", bind="127.0.0.1", port=server.port, peers=frozenset())
        with pytest.raises(Temporary, match="agi_port"):
            await AgiServer(settings, Adviser()).run()
