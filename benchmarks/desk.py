"""How soon 200 screens know who is calling, at 50 calls a second.

The recording of 50 calls a second plays in real time, by a simulated telephone system in a process
of its own, into a real `santral serve` whose directory holds 1,000,000 numbers; a third process
holds 200 readers of the live feed: ten who see every call, and 190 managers who see their own
customers' (each call of the recording comes from a customer of the next manager). A telephone's
ringing is measured from the bytes that say so on the service's socket to the event at each reader;
which readers should have been told what is asked of the database afterwards.
"""

from __future__ import annotations

import asyncio
import json
import lzma
import math
import os
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks.desk_player import SECRET
from benchmarks.lookup import NUMBERS, build
from benchmarks.processes import cpu_s, family, machine_s
from gateway.kernel.store import open_store
from tests.service import ServiceProcess
from tests.waiting import until

DATA = Path(__file__).parent / "data"
LIMIT_MS = 50.0
HEADS, MANAGERS = 10, 190
CALLS = 1_500
STALLED = (0, 1, 2, 3, HEADS)
"""Who never reads in the second run: four who see everything, and a manager."""
QUIET_S = 2.0
_COUNTERS = ("santral_feed_events_total", "santral_feed_fell_behind_total")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    """A reader: his token, and whom he is in the log's audiences; nothing for who sees all."""

    token: str
    audience: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What one run showed."""

    said: list[tuple[float, str]]
    heard: list[list[tuple[int, float]]]
    written: list[tuple[int, str, str, str]]
    """Events in the log: id, kind, audience, caller."""
    serialised: int
    fell_behind: int
    """How often a reader let too much wait."""
    seconds: float
    cpu_s: float
    others_s: float
    """Processor seconds that went to what is no part of this."""


async def main() -> None:
    """Build the directory, play twice, print."""
    with tempfile.TemporaryDirectory(prefix="santral-bench-") as name:
        folder = Path(name)
        (folder / "data").mkdir()
        store = await open_store(f"sqlite:///{folder / 'data' / 'santral.db'}")
        await build(store, MANAGERS)
        await store.close()
        for packed in DATA.glob("ami-50cps.*.xz"):
            (folder / packed.stem).write_bytes(lzma.decompress(packed.read_bytes()))
        await _measure(folder)


async def _measure(folder: Path) -> None:
    async with _child("benchmarks.desk_player", str(folder)) as player:
        port = int(await _line(player))
        configuration = (
            f'[[pbx]]\nid = "office"\nport = {port}\nuser = "santral"\nsecret = "{SECRET}"\n'
        )
        async with ServiceProcess(folder, configuration=configuration) as service:
            await until(lambda: _ready(service))
            people = await _people(service)
            (folder / "callers.json").write_text(json.dumps(_callers(service)), encoding="utf-8")
            print(f"{HEADS} readers see every call and {MANAGERS} their own; directory of "
                  f"{NUMBERS:,} numbers\n")  # fmt: skip
            for what, stalled in (("all read", ()), ("five never read", STALLED)):
                run = await _play(folder, player, service, people, stalled)
                _print(what, run, people, stalled)


async def _ready(service: ServiceProcess) -> bool:
    items = (await service.get("/pbx"))["items"]
    return bool(items[0]["condition"] == "ready")


async def _people(service: ServiceProcess) -> list[_Person]:
    """Return tokens of those who see everything, then of the managers."""
    found = []
    for number in range(HEADS):
        await service.post("/users", {"login": f"head{number}", "role": "head"})
        made = await service.post("/tokens", {"user": f"head{number}"})
        found.append(_Person(token=str(made["secret"])))
    ids: dict[str, str] = {}
    cursor = ""
    while not ids or cursor:
        page = await service.get("/users", cursor=cursor)
        ids |= {one["login"]: one["id"] for one in page["items"]}
        cursor = page["next_cursor"]
    for number in range(MANAGERS):
        login = f"user{number}"
        made = await service.post("/tokens", {"user": login})
        found.append(_Person(token=str(made["secret"]), audience=f"user:{ids[login]}"))
    return found


def _callers(service: ServiceProcess) -> list[str]:
    """Return a caller for each call: customers of each manager in turn."""
    each = math.ceil(CALLS / MANAGERS)
    query = (
        "SELECT number FROM (SELECT number, login, row_number() OVER (PARTITION BY users.id) AS n"
        " FROM users JOIN parties ON responsible_id = users.id"
        " JOIN phone_numbers ON party_id = parties.id WHERE login LIKE 'user%')"
        " WHERE n <= ? ORDER BY n, login"
    )
    with closing(sqlite3.connect(service.database)) as database:
        return [number for (number,) in database.execute(query, (each,))]


async def _play(
    folder: Path,
    player: asyncio.subprocess.Process,
    service: ServiceProcess,
    people: Sequence[_Person],
    stalled: Sequence[int],
) -> _Run:
    host, _, port = service.url.removeprefix("http://").partition(":")
    heard = folder / "heard.json"
    last, before = _written(service)[-1:], await _counters(service)
    async with _child("benchmarks.desk_readers", host, port, str(heard)) as readers:
        given = [[one.token, number in stalled] for number, one in enumerate(people)]
        _say(readers, json.dumps(given))
        assert await _line(readers) == "ready"
        await asyncio.sleep(QUIET_S)
        assert service.process is not None
        cpu, others, began = cpu_s([service.process.pid]), _others_s(), time.monotonic()
        _say(player, f"play {folder / 'callers.json'}")
        said = json.loads(await _line(player))
        seconds = time.monotonic() - began
        cpu, others = cpu_s([service.process.pid]) - cpu, _others_s() - others
        await asyncio.sleep(QUIET_S)
        _say(readers, "enough")
        assert await _line(readers) == "written"
    serialised, fell_behind = await _counters(service)
    return _Run(
        said=[(at, caller) for at, caller in said],
        heard=json.loads(heard.read_text(encoding="utf-8")),
        written=_written(service, last[0][0] if last else 0),
        serialised=serialised - before[0],
        fell_behind=fell_behind - before[1],
        seconds=seconds,
        cpu_s=cpu,
        others_s=others,
    )


def _others_s() -> float:
    return machine_s() - cpu_s(family(os.getpid()))


def _written(service: ServiceProcess, after: int = 0) -> list[tuple[int, str, str, str]]:
    query = (
        "SELECT id, kind, audience, json_extract(data, '$.caller') FROM events WHERE id > ? "
        "ORDER BY id"
    )
    with closing(sqlite3.connect(service.database)) as database:
        return list(database.execute(query, (after,)))


async def _counters(service: ServiceProcess) -> list[int]:
    async with aiohttp.ClientSession() as http, http.get(f"{service.url}/metrics") as answer:
        text = await answer.text()
    found = (re.search(rf"^{name} (\S+)$", text, re.MULTILINE) for name in _COUNTERS)
    return [int(float(one[1])) for one in found if one is not None]


def _print(what: str, run: _Run, people: Sequence[_Person], stalled: Sequence[int]) -> None:
    rings = [one for one in run.written if one[1] == "call.ringing"]
    assert [one[3] for one in rings] == [caller for _, caller in run.said], "other calls rang"
    said = {one[0]: at for one, (at, _) in zip(rings, run.said, strict=True)}
    missed = doubled = told = 0
    late_ms: list[float] = []
    for number, (person, heard) in enumerate(zip(people, run.heard, strict=True)):
        if number in stalled:
            continue
        wanted = {
            one[0] for one in run.written
            if one[1].startswith("call.") and person.audience in one[2]
        }  # fmt: skip
        ids = [one for one, _ in heard]
        missed += len(wanted - set(ids))
        doubled += len(ids) - len(set(ids)) + len(set(ids) - wanted)
        told += len(ids)
        late_ms += [(at - said[one]) * 1e3 for one, at in heard if one in said]
    late_ms.sort()
    p50, p99 = (late_ms[math.ceil(len(late_ms) * part) - 1] for part in (0.50, 0.99))
    print(
        f"{what}: {len(run.written):,} events written in {run.seconds:.1f} s, "
        f"{run.serialised:,} times serialised, {told:,} times told; {missed} missed, {doubled} "
        f"doubled; {run.fell_behind} times a reader fell behind; the service used "
        f"{run.cpu_s / run.seconds:.0%} of a core, others {run.others_s / run.seconds:.0%}"
    )
    print(
        f"    AMI event to reader, {len(late_ms):,} of {len(rings):,} rings: median {p50:.1f} ms, "
        f"p99 {p99:.1f} ms, max {late_ms[-1]:.1f} ms; asked for less than {LIMIT_MS:g} ms at p99: "
        f"{p99 / LIMIT_MS:.2f} of that",
        flush=True,
    )
    assert not missed, "readers missed events"
    assert not doubled, "readers were told events twice, or others'"


@asynccontextmanager
async def _child(module: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, limit=1 << 24,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _say(process: asyncio.subprocess.Process, line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n".encode())


async def _line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


if __name__ == "__main__":
    asyncio.run(main())
