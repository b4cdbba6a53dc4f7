"""Recorded dialogues, played to the simulated modem, are answered byte for byte."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from simulators.modem import address, receptions, requests
from simulators.modem.client import PtyClient
from simulators.modem.modem import Modem
from simulators.modem.storage import Status, StoredMessage

_DATA = Path(__file__).parents[2] / "data" / "at"
_REPLAYS: dict[str, dict[str, Any]] = tomllib.loads(
    (_DATA / "replays.toml").read_text(encoding="utf-8")
)
_STEP = re.compile(r"\s*[\d.]+ ([<>]) ('.*?'|\".*?\")(\s+#.*)?$")
_TIME = rb"6211\d{8}00"  # a November 2026 time stamp, zone 0, in semi-octets


@dataclass
class Turn:
    """What the client wrote, and what it read before it wrote again."""

    written: bytes
    read: bytes = b""


@dataclass
class Recording:
    """A dialogue, and the messages that it shows to have been stored."""

    turns: list[Turn] = field(default_factory=lambda: [Turn(b"")])
    stored: dict[int, tuple[int, str]] = field(default_factory=dict)

    @property
    def first_reference(self) -> int | None:
        read = b"".join(turn.read for turn in self.turns)
        found = re.search(rb"\+CMGS: (\d+)", read)
        return int(found[1]) if found else None


def _recording(name: str) -> Recording:
    recording = Recording()
    for line in (_DATA / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        step = _STEP.match(line)
        assert step, line
        octets = ast.literal_eval(step[2]).encode("latin-1")
        if step[1] == ">":
            recording.turns.append(Turn(octets))
        else:
            recording.turns[-1].read += octets
    for turn in recording.turns:
        _collect_stored(recording, turn)
    return recording


def _collect_stored(recording: Recording, turn: Turn) -> None:
    listed = re.findall(rb"\+CMGL: (\d+),(\d),,\d+\r\n([0-9A-F]+)", turn.read)
    asked = re.match(rb"AT\+CMGR=(\d+)", turn.written)
    shown = re.search(rb"\+CMGR: (\d),,\d+\r\n([0-9A-F]+)", turn.read)
    if asked and shown:
        listed.append((asked[1], shown[1], shown[2]))
    for index, status, pdu in listed:
        recording.stored.setdefault(int(index), (int(status), pdu.decode()))


async def _prepare(modem: Modem, recording: Recording, replay: dict[str, Any]) -> None:
    modem.radio.move(zone_quarters=0)
    for _ in range((recording.first_reference or 1) - 1):
        modem.next_reference()
    for text in replay.get("arrived", []):
        receptions.bring(modem, requests.reception({"text": text}))
    if "stored" in replay:
        for index, (status, text) in recording.stored.items():
            octets = bytes.fromhex(text)
            _, tpdu = address.split_service_centre(octets)
            modem.storage.memories[replay["stored"]].slots[index] = StoredMessage(
                message=modem.next_message(),
                status=Status(status),
                service_centre=octets[: len(octets) - len(tpdu)],
                tpdu=tpdu,
            )
    async with PtyClient(modem.device.name) as client:
        for command in replay.get("before", []):
            await client.ask(command)
    _begin(modem, replay.get("faults", []))


def _begin(modem: Modem, faults: list[object]) -> None:
    for fault in faults:
        modem.faults.begin(requests.fault(fault))


@pytest.mark.parametrize("name", sorted(_REPLAYS))
async def test_recorded_dialogue_is_answered_the_same(
    name: str, start_modem: Callable[..., Coroutine[Any, Any, Modem]]
) -> None:
    replay, recording = _REPLAYS[name], _recording(name)
    modem = await start_modem(
        pin=replay.get("pin"), utc=lambda: datetime(2026, 11, 23, 9, 40, tzinfo=UTC)
    )
    await _prepare(modem, recording, replay)
    mask = re.compile(_TIME + b"|" + replay["mask"].encode() if "mask" in replay else _TIME)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(PtyClient(modem.device.name))
        if "call" in replay:
            modem.line.ring(requests.ringing(replay["call"]))
        for turn in recording.turns:
            client.write(turn.written)
            answered = await client.take(len(turn.read))
            assert mask.sub(b"*", answered) == mask.sub(b"*", turn.read), turn.written
            if b"+CMGS:" in turn.read:
                _begin(modem, replay.get("faults_after_submit", []))
        assert await client.silence(0.01) == b""


def test_every_recording_is_played() -> None:
    assert {path.stem for path in _DATA.glob("*.txt")} == set(_REPLAYS)
