"""The simulated telephone system's own edges: rights, faults, what a tester types wrongly."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from simulators.cli import main
from simulators.pbx import control
from simulators.pbx.simulator import PbxConfig, Simulator

SECRET = "s3cret"
CONFIG = PbxConfig(secret=SECRET, read=frozenset({"call"}), write=frozenset({"call", "reporting"}))


class Terminal:
    """A manager session by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, simulator: Simulator, *, login: bool = True) -> Terminal:
        """Connect, and log in."""
        made = cls(*await asyncio.open_connection("127.0.0.1", simulator.sessions.port))
        assert (await made._reader.readline()).startswith(b"Asterisk Call Manager/")
        if login:
            assert (await made.ask("Login", Username="santral", Secret=SECRET))[
                "Response"
            ] == "Success"
        return made

    async def ask(self, action: str, **fields: str) -> dict[str, str]:
        """Ask; return the next message."""
        lines = [f"Action: {action}", *(f"{key}: {value}" for key, value in fields.items())]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        return await self.next()

    async def next(self) -> dict[str, str]:
        """Return the next message."""
        async with asyncio.timeout(5):
            raw = await self._reader.readuntil(b"\r\n\r\n")
        return dict(line.partition(": ")[::2] for line in raw.decode().split("\r\n") if line)

    async def until(self, event: str) -> dict[str, str]:
        """Return the next event of a kind."""
        while (found := await self.next()).get("Event") != event:
            pass
        return found

    async def gone(self) -> bool:
        """Tell whether the connection ends."""
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(5):
                await self._reader.read()
        return True

    def close(self) -> None:
        """Hang up."""
        self._writer.transport.abort()

    def write(self, raw: bytes) -> None:
        """Send bytes as they are."""
        self._writer.write(raw)


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """A running telephone system whose user hears calls and may not originate."""
    made = Simulator(CONFIG)
    await made.start()
    yield made
    await made.close()


@pytest.fixture
async def terminal(simulator: Simulator) -> AsyncIterator[Terminal]:
    """A logged-in session with it."""
    opened = await Terminal.open(simulator)
    yield opened
    opened.close()


@pytest.fixture
async def http(simulator: Simulator) -> AsyncIterator[Any]:
    """Its control interface."""
    async with TestClient(TestServer(control.application(simulator))) as client:
        yield client


async def test_rights_are_those_of_its_user(simulator: Simulator) -> None:
    terminal = await Terminal.open(simulator, login=False)
    assert (await terminal.ask("Ping"))["Message"] == "Permission denied"
    wrong = await terminal.ask("Login", Username="santral", Secret="x")
    assert wrong["Message"] == "Authentication failed"
    challenge = (await terminal.ask("Challenge", AuthType="MD5"))["Challenge"]
    key = hashlib.md5((challenge + SECRET).encode()).hexdigest()
    assert (await terminal.ask("Login", AuthType="MD5", Username="santral", Key=key))[
        "Message"
    ] == "Authentication accepted"
    assert (await terminal.ask("Originate", Channel="PJSIP/101"))["Message"] == "Permission denied"
    assert "Originate" not in await terminal.ask("ListCommands")
    unknown = await terminal.ask("Frobnicate", ActionID="7")
    assert unknown["ActionID"] == "7"
    assert unknown["Message"].startswith("Invalid/unknown command: Frobnicate.")
    missing = await terminal.ask("Redirect", Channel="PJSIP/101-9", Context="x", Exten="1")
    assert missing["Message"] == "Channel does not exist: PJSIP/101-9"
    terminal.close()


async def test_classes_that_are_not_read_are_not_heard(terminal: Terminal, http: Any) -> None:
    await http.post("/calls", json={"from": "05321234567"})
    seen = [(await terminal.next())["Privilege"] for _ in range(6)]
    assert set(seen) == {"call,all"}


async def test_a_script_plays_a_whole_call(
    simulator: Simulator, terminal: Terminal, http: Any
) -> None:
    script = {
        "101": [{"do": "answer", "after_s": 0.1}, {"do": "transfer", "to": "102", "after_s": 0.1}],
        "102": {"mode": "answer", "delay_s": 0.05},
        "caller": [{"do": "hang_up", "after_s": 0.6}],
    }
    made = await http.post("/calls", json={"from": "05321234567", "script": script})
    assert (await made.json())["uniqueid"]
    transfer = await terminal.until("BlindTransfer")
    assert transfer["Extension"] == "102"
    for _ in range(3):
        await terminal.until("Hangup")
    assert simulator.office.switch.channels == {}


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/calls", "{", "not JSON"),
        ("/calls", "[]", "JSON object"),
        ("/calls", '{"did": "1"}', "'did' is one of"),
        ("/calls", '{"from": "1\\r\\nEvent: x"}', "one line"),
        ("/calls", '{"script": {"999": "answer"}}', "no telephone '999'"),
        ("/calls", '{"script": {"101": "sing"}}', "'mode' is one of"),
        ("/calls", '{"script": {"101": [1]}}', "list of steps"),
        ("/phones/999", "{}", "no telephone '999'"),
        ("/phones/101", '{"do": "sing"}', "'do' is one of"),
        ("/phones/101", '{"do": "hold"}', "has no call"),
        ("/phones/101", '{"do": "dial"}', "'to' says where"),
        ("/phones/101", '{"delay_s": -1}', "must be a number"),
        ("/phones/101", '{"colour": "red"}', "unknown: colour"),
        ("/fault", '{"kind": "flood"}', "'kind' is one of"),
        ("/replay", '{"path": "/nowhere.ami"}', "cannot be read"),
    ],
)
async def test_a_wrong_request_says_what_would_be_right(
    http: Any, path: str, body: str, says: str
) -> None:
    answer = await http.post(path, data=body)
    assert answer.status == 400
    assert says in (await answer.json())["error"]


async def test_faults(simulator: Simulator, terminal: Terminal, http: Any) -> None:
    await http.post("/fault", json={"kind": "freeze"})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await terminal.ask("Ping")
    await http.post("/fault", json={"kind": "thaw"})
    assert (await terminal.next())["Ping"] == "Pong"
    await http.post("/fault", json={"kind": "cut"})
    assert await terminal.gone()
    await http.post("/fault", json={"kind": "kill"})
    with pytest.raises(ConnectionError):
        await Terminal.open(simulator)
    answer = await http.post("/calls", json={})
    assert "it is down" in (await answer.json())["error"]
    await http.post("/fault", json={"kind": "start"})
    (await Terminal.open(simulator)).close()


async def test_an_action_without_end_is_cut_to_what_asterisk_takes(
    simulator: Simulator, terminal: Terminal
) -> None:
    terminal.write(b"Action: Ping\r\n" + b"".join(b"H%d: x\r\n" % n for n in range(10_000)))
    terminal.write(b"ActionID: late\r\n\r\n")
    answer = await terminal.next()
    assert (answer["Ping"], "ActionID" in answer) == ("Pong", False)
    terminal.write(b"Action: " + b"x" * 200_000)
    assert await terminal.gone()
    other = await Terminal.open(simulator)
    assert (await other.ask("Ping"))["Ping"] == "Pong"
    other.close()


async def test_a_recording_is_replayed_at_the_speed_asked_for(
    terminal: Terminal, http: Any, tmp_path: Path
) -> None:
    events = [b"Event: One\r\nPrivilege: call,all\r\n\r\n", b"Event: Two\r\nPrivilege: x\r\n\r\n"]
    path = tmp_path / "r.ami"
    path.write_bytes(b"Asterisk Call Manager/5.0.4\r\nResponse: Success\r\n\r\n" + b"".join(events))
    marks = [[0, 0.0], [path.stat().st_size - len(events[1]), 0.5]]
    (tmp_path / "r.chunks.json").write_text(json.dumps(marks))
    begun = asyncio.get_running_loop().time()
    answer = await http.post("/replay", json={"path": str(path), "speed": 5})
    assert await answer.json() == {"events": 2}
    assert [(await terminal.next())["Event"] for _ in range(2)] == ["One", "Two"]
    assert asyncio.get_running_loop().time() - begun >= 0.1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--extensions", "1,2"], "2 to 6 digits"),
        (["--extensions", "0123"], "do not begin with 0"),
        (["--read", "call,everything"], "no such class: everything"),
        (["--user", "two words"], "one word"),
    ],
)
def test_a_wrong_argument_says_what_would_be_right(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["pbx", *arguments])
    assert says in capsys.readouterr().err
