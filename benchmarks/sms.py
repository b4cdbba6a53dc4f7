"""Messages end to end over simulated modems: Santral, gammu-smsd and smsd on the same simulator.

A message of Santral's is durable, sent, and logged in the customer's history; the rate of all three
is counted at the simulator, from the first submit to the last one.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import aiohttp

from benchmarks.processes import cpu_s, family
from simulators.modem.child import ChildModem, ModemProcess
from tests.service import ServiceProcess

SANTRAL_MESSAGES = {1: 1000, 8: 4000}
PEER_S = 30.0
"""How long a peer is watched; it is given more than it can send."""
PEER_MESSAGES = {1: 200, 8: 1600}
POSTING = 20
ANCHORS = {"gammu-smsd": 11.2, "smsd": 32.7}
"""Messages a second over eight modems, as measured on another simulator."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What one program did."""

    program: str
    modems: int
    sent: int
    rate: float
    cpu_ms: float
    note: str = ""


async def main() -> None:
    """Measure and print."""
    print(f"{'program':12} {'modems':>6} {'sent':>6} {'msg/s':>8} {'CPU ms/msg':>11}")
    figures: list[Figure] = []
    for modems in (1, 8):
        for measured in (await _santral(modems), _gammu(modems), _smstools(modems)):
            if measured is not None:
                figures.append(measured)
                print(f"{measured.program:12} {measured.modems:>6} {measured.sent:>6} "
                      f"{measured.rate:>8.1f} {measured.cpu_ms:>11.2f}  {measured.note}",
                      flush=True)  # fmt: skip
    print()
    for figure in figures:
        ours = next(one for one in figures if one.modems == figure.modems)
        if figure is not ours and figure.rate:
            print(f"over {figure.modems} modem{'s' if figure.modems > 1 else ''} Santral sends "
                  f"{ours.rate / figure.rate:.0f} times what {figure.program} does")  # fmt: skip
    for peer, rate in ANCHORS.items():
        ours = next(one for one in figures if one.modems == 8)
        print(f"{peer} over eight modems elsewhere: {rate} msg/s; "
              f"Santral here: {ours.rate / rate:.0f} times that")  # fmt: skip


async def _santral(modems: int) -> Figure:
    count = SANTRAL_MESSAGES[modems]
    with ModemProcess(count=modems) as simulator, _folder() as folder:
        service = ServiceProcess(folder, simulator.modems)
        async with service:
            await service.until_ready(modems)
            assert service.process is not None
            before = cpu_s([service.process.pid])
            began = time.perf_counter()
            await posted(service, count)
            while _sent(simulator.modems) < count:
                await asyncio.sleep(0.05)
            took = time.perf_counter() - began
            cpu = cpu_s([service.process.pid]) - before
            note = f"(accepted to last sent: {count / took:.1f} msg/s)"
            return Figure(
                "Santral", modems, count, _rate(simulator.modems), cpu / count * 1e3, note
            )


async def posted(service: ServiceProcess, count: int) -> None:
    """Queue messages, some at a time."""
    connector = aiohttp.UnixConnector(str(service.socket))
    async with aiohttp.ClientSession(connector=connector) as http:
        numbers = iter(range(count))

        async def poster() -> None:
            for number in numbers:
                body = {"to": f"+90532{number:07d}", "text": f"Merhaba {number}", "report": False}
                async with http.post("http://santral/api/v1/sms", json=body) as answer:
                    assert answer.status == 202, await answer.text()

        await asyncio.gather(*(poster() for _ in range(POSTING)))


def _gammu(modems: int) -> Figure | None:
    path = shutil.which("gammu-smsd")
    if path is None:
        print("gammu-smsd is not installed: not measured")
        return None
    with ModemProcess(count=modems) as simulator, _folder() as folder:
        commands = [
            _gammu_command(path, folder / str(number), modem, PEER_MESSAGES[modems] // modems)
            for number, modem in enumerate(simulator.modems)
        ]
        return _watch("gammu-smsd", commands, simulator.modems, folder)


def _gammu_command(path: str, folder: Path, modem: ChildModem, count: int) -> list[str]:
    for name in ("inbox", "outbox", "sent", "error"):
        (folder / name).mkdir(parents=True)
    for number in range(count):
        name = f"OUTC20260101_000000_{number:02d}_+90532{number:07d}_sms0.txt"
        (folder / "outbox" / name).write_bytes(f"Merhaba {number}".encode("utf-16"))
    (folder / "smsdrc").write_text(
        f"[gammu]\ndevice = {modem.device}\nconnection = at\n"
        f"[smsd]\nservice = files\nlogfile = {folder}/log\ndebuglevel = 0\n"
        "loopsleep = 0\nstatusfrequency = 0\nreceivefrequency = 0\nresetfrequency = 0\n"
        "checksecurity = 0\nchecksignal = 0\ncheckbattery = 0\nchecknetwork = 0\n"
        f"inboxpath = {folder}/inbox/\noutboxpath = {folder}/outbox/\n"
        f"sentsmspath = {folder}/sent/\nerrorsmspath = {folder}/error/\n"
    )
    return [path, "-c", str(folder / "smsdrc")]


def _smstools(modems: int) -> Figure | None:
    path = shutil.which("smsd")
    if path is None:
        print("smsd (smstools) is not installed: not measured")
        return None
    with ModemProcess(count=modems) as simulator, _folder() as folder:
        names = ("outgoing", "checked", "incoming", "sent", "failed", "report", "saved")
        for name in names:
            (folder / name).mkdir()
        for number in range(PEER_MESSAGES[modems]):
            text = f"To: 90532{number:07d}\n\nMerhaba {number}"
            (folder / "checked" / f"message{number:05d}").write_text(text)
        devices = [f"GSM{number}" for number in range(modems)]
        sections = "".join(
            f"\n[{device}]\ndevice = {modem.device}\nincoming = no\nreport = no\n"
            "baudrate = 115200\ncheck_network = 0\nsending_disabled = no\n"
            for device, modem in zip(devices, simulator.modems, strict=True)
        )
        paths = "\n".join(f"{name} = {folder}/{name}" for name in names)
        (folder / "smsd.conf").write_text(
            f"devices = {', '.join(devices)}\n{paths}\ninfofile = {folder}/working\n"
            f"pidfile = {folder}/pid\nlogfile = {folder}/log\nloglevel = 3\n"
            f"delaytime = 1\ntrust_outgoing = yes\n{sections}"
        )
        command = [path, "-t", "-c", str(folder / "smsd.conf")]
        return _watch("smsd", [command], simulator.modems, folder)


def _watch(
    program: str, commands: Sequence[list[str]], modems: Sequence[ChildModem], folder: Path
) -> Figure:
    wanted = PEER_MESSAGES[len(modems)]
    with (folder / "output").open("wb") as output:
        processes = [
            subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
            for command in commands
        ]
        try:
            ends = time.monotonic() + PEER_S
            while time.monotonic() < ends and _sent(modems) < wanted:
                time.sleep(0.2)
            cpu = sum(cpu_s(family(process.pid)) for process in processes)
            sent = _sent(modems)
        finally:
            for process in processes:
                os.killpg(process.pid, signal.SIGTERM)
            for process in processes:
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
    return Figure(program, len(modems), sent, _rate(modems), cpu / max(sent, 1) * 1e3)


def _sent(modems: Sequence[ChildModem]) -> int:
    return sum(modem.get("state")["counters"]["accepted"] for modem in modems)


def _rate(modems: Sequence[ChildModem]) -> float:
    """Count from the first submit to the last one, over all modems."""
    times = [
        datetime.fromisoformat(entry["time"]).timestamp()
        for modem in modems
        for entry in modem.get("sent")
        if entry["accepted"]
    ]
    span = max(times, default=0.0) - min(times, default=0.0)
    return (len(times) - 1) / span if span else 0.0


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="santral-bench-") as name:
        yield Path(name)
