"""The control interface, and the command that starts it all."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from simulators.child_process import ControlError
from simulators.modem import journal
from simulators.modem.child import ModemProcess
from simulators.modem.client import PtyClient
from simulators.modem.farm import Farm

StartFarm = Callable[..., Coroutine[Any, Any, Farm]]
Connect = Callable[..., Coroutine[Any, Any, PtyClient]]

_COMMAND = [sys.executable, "-m", "simulators.cli", "modem"]


async def _ask(url: str, values: object = None) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session:
        method = "GET" if values is None else "POST"
        body = None if values is None else json.dumps(values)
        async with session.request(method, url, data=body) as answer:
            return answer.status, await answer.json()


async def test_everything_can_be_asked_and_done(start_farm: StartFarm, connect: Connect) -> None:
    farm = await start_farm()
    modem = farm.modems[0]
    base = farm.control_url(modem)
    client = await connect(modem, "AT+CNMI=2,1,0,2")
    status, received = await _ask(f"{base}receive", {"from": "8000", "text": "çok " * 100})
    assert (status, len(received["messages"])) == (200, 6)
    assert (await _ask(f"{base}state"))[1]["storage"]["SM"]["used"] == 6
    assert len((await _ask(f"{base}stored"))[1]) == 6
    assert (await _ask(f"{base}network", {"signal": 5, "operator": "X"}))[0] == 200
    assert "+CSQ: 5,0" in await client.ask("AT+CSQ")
    assert (await _ask(f"{base}call", {"from": "+905551112233", "rings": 9}))[0] == 200
    assert (await _ask(f"{base}call", {}))[0] == 400
    assert (await _ask(f"{base}call", {"hangup": True}))[0] == 200
    assert (await _ask(f"{base}calls"))[1][0]["ended_by"] == "far end"
    assert (await _ask(f"{base}ussd", {"code": "*1#", "text": "bir", "delay_s": 0.01}))[0] == 200
    assert (await _ask(f"{base}far_end", {"outcome": "busy"}))[0] == 200
    assert (await _ask(f"{base}reports", {"status": "failed", "loss": 0.5, "seed": 1}))[0] == 200
    assert (await _ask(f"{base}urc", {"lines": ["^RSSI:1"], "hex": "FD"}))[1] == {"sent": 2}
    assert (await _ask(f"{base}fault", {"kind": "hang"}))[1]["faults"] == ["hang"]
    assert (await _ask(f"{base}fault", {"kind": "clear"}))[1]["faults"] == []
    events = {entry["event"] for entry in (await _ask(f"{base}journal"))[1]}
    assert events >= {"started", "arrived", "stored", "call", "fault"}
    assert (await _ask(f"{base}/state"))[0] == 200
    assert (await _ask(f"http://127.0.0.1:{farm.port}/0/state"))[0] == 200


@pytest.mark.parametrize(
    ("path", "values", "status", "hint"),
    [
        ("nothing", None, 404, "GET"),
        ("receive", None, 405, "POST"),
        ("receive", [], 400, "JSON object"),
        ("receive", {}, 400, "text"),
        ("receive", {"text": "a", "frm": "b"}, 400, "frm"),
        ("receive", {"text": 1}, 400, "text"),
        ("receive", {"pdu": "zz"}, 400, "hexadecimal"),
        ("receive", {"pdu": "00FF"}, 400, "type"),
        ("receive", {"text": "ş", "encoding": "gsm7"}, 400, "ş"),
        ("receive", {"text": "a", "encoding": "morse"}, 400, "turkish"),
        ("receive", {"text": "a", "memory": "XX"}, 400, "SM"),
        ("receive", {"text": "a", "scts": "yesterday"}, 400, "2026"),
        ("receive", {"text": "a", "gap_ms": -1}, 400, "gap_ms"),
        ("fault", {"kind": "flood"}, 400, "hang"),
        ("fault", {"kind": "hang", "times": 0}, 400, "times"),
        ("fault", {"kind": "garble", "mode": "x"}, 400, "flip"),
        ("fault", {"kind": "storage_full", "memory": "XX"}, 400, "SM"),
        ("fault", {"kind": "clear", "fault": "x"}, 400, "hang"),
        ("reports", {"status": "lovely"}, 400, "delivered"),
        ("reports", {"loss": 2}, 400, "loss"),
        ("network", {"registration": 9}, 400, "registration"),
        ("network", {"zone_quarters": 99}, 400, "zone_quarters"),
        ("far_end", {"outcome": "x"}, 400, "busy"),
        ("call", {"hangup": True}, 400, "no call"),
        ("urc", {"hex": "x"}, 400, "hexadecimal"),
        ("sent?since=x", None, 400, "since"),
    ],
)
async def test_a_bad_request_says_what_would_be_right(
    start_farm: StartFarm, path: str, values: object, status: int, hint: str
) -> None:
    farm = await start_farm()
    answered, error = await _ask(f"{farm.control_url(farm.modems[0])}{path}", values)
    assert answered == status
    assert hint in error["error"]


async def test_sent_messages_are_listed_since_one_and_forgotten(
    start_farm: StartFarm, connect: Connect
) -> None:
    farm = await start_farm(count=2)
    modem = farm.modems[1]
    client = await connect(modem)
    base = farm.control_url(modem)
    for pdu in ("0021000C9109351211223300000178", "0021000C9109351211223300000179"):
        await client.ask("AT+CMGS=14")
        await client.submit(pdu)
    await client.ask("AT+CMGS=14")
    await client.submit("00")
    (first, second) = (await _ask(f"{base}/sent"))[1]
    assert [first["text"], second["text"]] == ["x", "y"]
    assert first["report_requested"]
    assert (await _ask(f"{base}/sent?since={first['id']}"))[1] == [second]
    async with aiohttp.ClientSession() as session, session.delete(f"{base}/sent") as answer:
        assert answer.status == 200
    assert (await _ask(f"{base}/sent"))[1] == []
    assert [one["number"] for one in (await _ask(f"http://127.0.0.1:{farm.port}/modems"))[1]] == [
        "+905320000000",
        "+905320000001",
    ]


def test_the_command_announces_its_modems_and_cleans_up(tmp_path: Path) -> None:
    link = tmp_path / "gsm"
    arguments = ["--link", str(link), "--journal", str(tmp_path / "j"), "--profile", "quectel"]
    with ModemProcess(arguments, count=2) as child:
        first, second = child.modems
        assert (first.device, second.device) == (f"{link}0", f"{link}1")
        assert first.imei != second.imei
        assert second.get("state")["profile"] == "quectel"
        first.receive(text="a")
        with pytest.raises(ControlError, match="kind"):
            first.post("fault")
        entries = list(journal.read(first.journal))
        assert [entry.event.value for entry in entries] == ["started", "arrived", "stored"]
    assert child.process.returncode == 0
    assert not Path(f"{link}0").is_symlink()


def test_the_journal_survives_a_kill_and_is_continued(tmp_path: Path) -> None:
    arguments = ["--journal", str(tmp_path)]
    with ModemProcess(arguments) as child:
        child.modem.receive(text="a")
        child.process.send_signal(signal.SIGKILL)
        child.process.wait()
    with ModemProcess(arguments) as child:
        child.modem.receive(text="b")
        arrived = child.modem.get("journal?event=arrived")
    assert len({entry["message"] for entry in arrived}) == 2
    assert len({entry["number"] for entry in arrived}) == 2


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--profile", "motorola"], "huawei"),
        (["--pin", "12"], "four to eight digits"),
        (["--count", "0"], "1 to 1000"),
        (["--submit-delay", "soon"], "seconds"),
        (["--control-port", "x"], "port"),
        (["--link", "/nonexistent/folder/tty"], "--link"),
        (["--journal", "/proc/nothing"], "--journal"),
        (["--frequency", "900"], "--frequency"),
    ],
)
def test_a_mistake_is_one_line_and_status_two(arguments: list[str], hint: str) -> None:
    done = subprocess.run(
        [*_COMMAND, *arguments], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert hint in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_port_in_use_is_one_line_and_status_two(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*_COMMAND, "--control-port", str(port), "--link", str(tmp_path / "x")],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert (done.returncode, done.stdout) == (2, "")
    assert f"127.0.0.1:{port}" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "x").is_symlink()
