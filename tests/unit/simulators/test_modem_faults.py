"""What goes wrong on demand, as a client sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulators.modem import journal, receptions, requests
from simulators.modem.client import PtyClient
from simulators.modem.modem import Build, Identity, Modem
from simulators.modem.network import Network
from simulators.modem.profiles import HUAWEI

Connect = Callable[..., Coroutine[Any, Any, PtyClient]]
StartModem = Callable[..., Coroutine[Any, Any, Modem]]

_OK = "\r\nOK\r\n"
_PDU = "0021000C9109351211223300000178"


def _begin(modem: Modem, **values: object) -> None:
    modem.faults.begin(requests.fault(values))


def _submitted(modem: Modem) -> int:
    entries = journal.read(modem.journal.path)
    return sum(entry.event is journal.Event.SUBMITTED for entry in entries)


async def test_a_hung_modem_is_silent_and_forgets_what_it_was_told(
    modem: Modem, client: PtyClient
) -> None:
    await client.ask("AT+CNMI=2,1")
    await client.ask("AT+CMGS=14")
    _begin(modem, kind="hang", duration_s=0.05)
    receptions.bring(modem, requests.reception({"text": "a"}))
    client.write(b"\x1bAT+CSQ\r")
    assert await client.silence(0.02) == b""
    assert await client.hear("+CMTI: ") == "\r\n+CMTI: "
    await client.hear("\r\n")
    assert await client.ask("AT") == _OK


async def test_a_dropped_prompt_leaves_the_modem_waiting_for_data(
    modem: Modem, client: PtyClient
) -> None:
    _begin(modem, kind="drop_prompt", times=1)
    client.write(b"AT+CMGS=14\r")
    assert await client.silence(0.02) == b""
    client.write(b"AT\r")
    assert await client.silence(0.02) == b""
    client.write(b"\x1b")
    assert await client.hear("OK\r\n") == _OK
    assert await client.ask("AT+CMGS=14") == "\r\n> "


async def test_a_late_prompt_comes_at_last(modem: Modem, client: PtyClient) -> None:
    _begin(modem, kind="late_prompt", delay_s=0.02, times=1)
    assert await client.ask("AT+CMGS=14") == "\r\n> "
    assert "+CMGS: 1" in await client.submit(_PDU)


async def test_errors_are_given_as_often_as_asked(modem: Modem, client: PtyClient) -> None:
    _begin(modem, kind="cms_error", code=500, times=2)
    for expected in ("+CMS ERROR: 500", "+CMS ERROR: 500", "+CMGS: 1"):
        await client.ask("AT+CMGS=14")
        assert expected in await client.submit(_PDU)
    _begin(modem, kind="cme_error", code=14, times=1, command="at+csq")
    assert await client.ask("AT") == _OK
    assert await client.ask("AT+CSQ") == "\r\n+CME ERROR: 14\r\n"
    assert "+CSQ: 20,0" in await client.ask("AT+CSQ")
    assert _submitted(modem) == 1


async def test_a_late_answer_holds_the_next_one_back(modem: Modem, client: PtyClient) -> None:
    _begin(modem, kind="late_answer", delay_s=0.05, times=1, command="+CMGS")
    await client.ask("AT+CMGS=14")
    client.write(_PDU.encode() + b"\x1a")
    await client.silence(0.01)
    assert _submitted(modem) == 1
    client.write(b"AT+CSQ\r")
    both = await client.hear("+CSQ: 20,0\r\n\r\nOK\r\n")
    assert both == "\r\n+CMGS: 1\r\n\r\nOK\r\n\r\n+CSQ: 20,0\r\n\r\nOK\r\n"


async def test_a_lost_answer_was_submitted_all_the_same(modem: Modem, client: PtyClient) -> None:
    _begin(modem, kind="lost_answer", times=1, command="+CMGS")
    await client.ask("AT+CMGS=14")
    client.write(_PDU.encode() + b"\x1a")
    assert await client.ask("AT") == _OK
    assert _submitted(modem) == 1


async def test_the_network_goes_and_comes(modem: Modem, client: PtyClient) -> None:
    await client.ask("AT+CREG=1")
    _begin(modem, kind="no_network", duration_s=0.03)
    assert await client.hear("+CREG: 2\r\n") == "\r\n+CREG: 2\r\n"
    assert await client.hear("+CREG: 1\r\n") == "\r\n+CREG: 1\r\n"


async def test_full_storage_holds_messages_back(modem: Modem, client: PtyClient) -> None:
    await client.ask("AT+CNMI=2,1")
    _begin(modem, kind="storage_full", memory="SM", duration_s=0.03)
    receptions.bring(modem, requests.reception({"text": "a"}))
    assert modem.arrivals.held == 1
    assert await client.hear('"SM",1\r\n') == '\r\n+CMTI: "SM",1\r\n'


async def test_an_unplugged_device_vanishes_and_comes_back_with_its_memories(
    start_modem: StartModem, connect: Connect, tmp_path: Path
) -> None:
    link = tmp_path / "ttyGSM"
    modem = await start_modem(link=link)
    client = await connect(modem)
    receptions.bring(modem, requests.reception({"text": "a"}))
    _begin(modem, kind="unplug", duration_s=0.05)
    async with asyncio.timeout(2):
        await client.hung_up()
    assert not link.is_symlink()
    receptions.bring(modem, requests.reception({"text": "b"}))
    assert modem.arrivals.held == 1
    async with asyncio.timeout(2):
        while not link.is_symlink():
            await asyncio.sleep(0.005)
    again = await connect(modem)
    assert '"SM",2,30' in await again.ask("AT+CPMS?")


async def test_the_plug_may_be_pulled_between_submission_and_answer(
    modem: Modem, client: PtyClient
) -> None:
    _begin(modem, kind="unplug_on_submit", delay_s=0.02)
    await client.ask("AT+CMGS=14")
    client.write(_PDU.encode() + b"\x1a")
    async with asyncio.timeout(2):
        await client.hung_up()
    assert _submitted(modem) == 1
    async with asyncio.timeout(2):
        while not modem.device.plugged:
            await asyncio.sleep(0.005)


async def test_garbled_output_is_not_what_was_meant(modem: Modem, client: PtyClient) -> None:
    _begin(modem, kind="garble", ratio=0, times=1, seed=1)
    client.write(b"AT\r")
    spoilt = await client.take(7)
    assert b"\xfd" in spoilt
    assert spoilt.replace(b"\xfd", b"") == b"\r\nOK\r\n"
    _begin(modem, kind="garble", ratio=1, mode="flip", times=1)
    client.write(b"AT\r")
    assert await client.take(6) != b"\r\nOK\r\n"
    assert await client.ask("AT") == _OK


@pytest.mark.parametrize("kind", ["slow_echo", "dribble"])
async def test_slow_output_arrives_complete(modem: Modem, connect: Connect, kind: str) -> None:
    client = await connect(modem, echo=True)
    _begin(modem, kind=kind, gap_ms=1)
    answer = "AT+CSQ\r\r\n+CSQ: 20,0\r\n\r\nOK\r\n"
    assert await client.ask("AT+CSQ") == answer
    assert await client.ask("AT+CSQ") == answer


async def test_a_storm_surrounds_and_cuts_answers(modem: Modem, client: PtyClient) -> None:
    _begin(modem, kind="urc_storm", interval_ms=500, lines=["RING"], within=True)
    await client.hear("\r\nRING\r\n")
    answer = await client.ask("AT+CPMS?")
    assert answer.count("RING") >= 3
    assert '+CPMS: "SM"' in answer
    modem.faults.clear()
    assert "RING" not in await client.ask("AT")


async def test_a_fault_is_replaced_and_cleared(modem: Modem) -> None:
    _begin(modem, kind="cms_error", code=1)
    _begin(modem, kind="cms_error", code=2, duration_s=60)
    assert [fault.code for fault in modem.faults.active()] == [2]
    modem.faults.clear()
    assert not modem.faults


async def test_a_submission_takes_its_time_and_the_next_command_waits(
    start_modem: StartModem, connect: Connect
) -> None:
    modem = await start_modem(submit_delay_s=0.05)
    client = await connect(modem, "AT+CNMI=2,1")
    await client.ask("AT+CMGS=14")
    client.write(_PDU.encode() + b"\x1aAT+CSQ\r")
    receptions.bring(modem, requests.reception({"text": "a"}))
    heard = await client.hear("+CSQ: 20,0\r\n\r\nOK\r\n")
    assert heard.index("+CMTI") < heard.index("+CMGS: 1") < heard.index("+CSQ")


async def test_clients_come_and_go_without_stale_bytes(modem: Modem, connect: Connect) -> None:
    async with PtyClient(modem.device.name) as first:
        await first.ask("ATE0")
        first.write(b"AT+CSQ\r")
    await asyncio.sleep(0.03)
    modem.session.unsolicited(["RING"])
    assert modem.device.lost_bytes > 0
    async with PtyClient(modem.device.name) as second:
        assert await second.ask("AT") == _OK


async def test_some_makes_chatter_until_they_are_told_not_to(
    connect: Connect, tmp_path: Path
) -> None:
    build = Build(
        identity=Identity(index=0, number="+905320000000", imei="1", imsi="2"),
        profile=replace(HUAWEI, chatter_interval_s=0.01),
        journal=tmp_path / "journal",
    )
    modem = Modem(build, Network())
    modem.start()
    try:
        client = await connect(modem)
        await client.hear("\r\n^RSSI:20\r\n")
        await client.hear("\r\n^BOOT:")
        await client.ask("AT^CURC=0")
        await client.ask("AT+CGMI")
        before = await client.silence(0)
        assert await client.silence(0.05) == before
    finally:
        modem.stop()
