"""Plays the recording of 50 calls a second, as a telephone system in a process of its own.

`python -m benchmarks.desk_player FOLDER` prints its port. For each line `play FILE` on standard
input it plays once, each call from the next of FILE's numbers, and prints as JSON when (on the
machine's monotonic clock) which caller's telephone was said to ring.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import count, cycle
from pathlib import Path

from simulators.pbx.replay import load, replay
from simulators.pbx.simulator import PbxConfig, Simulator

SECRET = "office-secret"
RECORDED_CALLER = b"902125550151"
_CALL = re.compile(rb"\r\nLinkedid: ([0-9.]+)", re.IGNORECASE)
_STAMP = re.compile(rb"\b1795427(\d{3}\.\d+)\b")
"""What the recorded ids of channels begin with; each round needs ids of its own."""
_RINGS = re.compile(rb"^Event: DialBegin\r\n.*?\r\nCallerIDNum: (\d+)", re.DOTALL)

Events = list[tuple[float, bytes]]


def cast(events: Events, numbers: Sequence[str], round_number: int) -> Events:
    """Give each call another caller, and ids that no other round has."""
    callers: dict[bytes, bytes] = {}
    next_caller = cycle(number.removeprefix("+").encode() for number in numbers)
    found = []
    for at, raw in events:
        call = _CALL.search(raw)
        if call is not None and call[1] not in callers:
            callers[call[1]] = next(next_caller)
        told = raw if call is None else raw.replace(RECORDED_CALLER, callers[call[1]])
        found.append((at, _STAMP.sub(rb"%d\1" % (1795430 + round_number), told)))
    return found


def rings(raw: bytes) -> Iterator[str]:
    """Return the callers of whom these bytes say that a telephone rings."""
    for block in raw.split(b"\r\n\r\n"):
        if (ring := _RINGS.search(block)) is not None:
            yield ring[1].decode()


async def _main(folder: Path) -> None:
    simulator = Simulator(PbxConfig(secret=SECRET))
    await simulator.start()
    print(simulator.sessions.port, flush=True)
    recorded = load(folder / "ami-50cps.ami")
    try:
        for round_number in count():
            line = await asyncio.to_thread(sys.stdin.readline)
            if not line.startswith("play "):
                return
            path = Path(line.removeprefix("play ").strip())
            numbers = json.loads(path.read_text(encoding="utf-8"))
            print(json.dumps(await _play(simulator, cast(recorded, numbers, round_number))))
            sys.stdout.flush()
    finally:
        await simulator.close()


async def _play(simulator: Simulator, events: Events) -> list[tuple[float, str]]:
    said: list[tuple[float, str]] = []

    def send(raw: bytes) -> None:
        simulator.sessions.broadcast(raw)
        now = time.monotonic()
        said.extend((now, caller) for caller in rings(raw))

    await replay(events, send, 1)
    return said


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
