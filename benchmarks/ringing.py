"""How long after Asterisk says that a telephone rings a browser knows it.

The recording of 50 calls a second plays in real time, by the simulated telephone system, into a
real `santral serve` whose directory holds 1,000,000 numbers; a reader of the live feed (Server-Sent
Events) notes when each `call.ringing` comes. The clock runs from the moment at which the event's
bytes are written to the service's socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import lzma
import math
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.lookup import NUMBERS, build
from benchmarks.processes import cpu_s
from gateway.kernel.store import open_store
from simulators.pbx.replay import load, replay
from simulators.pbx.simulator import PbxConfig, Simulator
from tests.service import ServiceProcess
from tests.waiting import until

DATA = Path(__file__).parent / "data"
LIMIT_MS = 20.0
SECRET = "office-secret"
QUIET_S = 2.0
BEGINS, RINGS = b"Event: DialBegin", b"event: call.ringing"


async def main() -> None:
    """Play and print."""
    with tempfile.TemporaryDirectory(prefix="santral-bench-") as name:
        folder = Path(name)
        (folder / "data").mkdir()
        store = await open_store(f"sqlite:///{folder / 'data' / 'santral.db'}")
        await build(store)
        await store.close()
        for packed in DATA.glob("ami-50cps.*.xz"):
            (folder / packed.stem).write_bytes(lzma.decompress(packed.read_bytes()))
        await _measure(folder)


async def _measure(folder: Path) -> None:
    simulator = Simulator(PbxConfig(secret=SECRET))
    await simulator.start()
    port = simulator.sessions.port
    configuration = (
        f'[[pbx]]\nid = "office"\nport = {port}\nuser = "santral"\nsecret = "{SECRET}"\n'
    )
    try:
        async with ServiceProcess(folder, configuration=configuration) as service:
            await until(lambda: _ready(service))
            await _play(folder, simulator, service)
    finally:
        await simulator.close()


async def _ready(service: ServiceProcess) -> bool:
    items = (await service.get("/pbx"))["items"]
    return bool(items[0]["condition"] == "ready")


async def _play(folder: Path, simulator: Simulator, service: ServiceProcess) -> None:
    events = load(folder / "ami-50cps.ami")
    said: list[float] = []
    heard: list[float] = []
    seen: list[int] = []

    def send(raw: bytes) -> None:
        simulator.sessions.broadcast(raw)
        said.extend([time.perf_counter()] * raw.count(BEGINS))

    reading = asyncio.create_task(_read(service, heard, seen))
    await asyncio.sleep(QUIET_S)
    assert service.process is not None
    cpu, began = cpu_s([service.process.pid]), time.perf_counter()
    await replay(events, send, 1)
    took = time.perf_counter() - began
    cpu = cpu_s([service.process.pid]) - cpu
    await asyncio.sleep(QUIET_S)
    reading.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await reading
    assert len(said) == len(heard), f"{len(said)} telephones rang, {len(heard)} were told"
    _print(len(events), took, cpu, sum(seen), [h - s for s, h in zip(said, heard, strict=True)])


def _print(events: int, took: float, cpu: float, seen: int, late: Sequence[float]) -> None:
    late_ms = sorted(one * 1e3 for one in late)
    p50, p99 = (late_ms[math.ceil(len(late_ms) * part) - 1] for part in (0.50, 0.99))
    print(
        f"{events:,} AMI events in {took:.1f} s ({events / took:,.0f} a second), directory of "
        f"{NUMBERS:,} numbers; {seen:,} events told; the service used {cpu / took:.0%} of a core"
    )
    print(
        f"AMI event to SSE event, {len(late_ms):,} rings: median {p50:.1f} ms, p99 {p99:.1f} ms, "
        f"max {late_ms[-1]:.1f} ms; asked for at most {LIMIT_MS:g} ms at p99: "
        f"{p99 / LIMIT_MS:.2f} of that"
    )


async def _read(service: ServiceProcess, heard: list[float], seen: list[int]) -> None:
    """Read the live feed; note when a telephone's ringing is told."""
    await service.post("/users", {"login": "bench", "role": "head"})
    token = str((await service.post("/tokens", {"user": "bench"}))["secret"])
    place = urlsplit(service.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(
        f"GET /api/v1/events HTTP/1.1\r\nHost: {place.netloc}\r\n"
        f"Authorization: Bearer {token}\r\n\r\n".encode()
    )
    rest = b""
    while data := await reader.read(1 << 16):
        now = time.perf_counter()
        *lines, rest = (rest + data).split(b"\n")
        heard.extend([now] * sum(line.startswith(RINGS) for line in lines))
        seen.append(sum(line.startswith(b"event: ") for line in lines))


if __name__ == "__main__":
    asyncio.run(main())
