"""Replays a recording of AMI to who is logged in, at its own speed or faster."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable
from pathlib import Path

_AT_ONCE = 65_536
_END = b"\r\n\r\n"


class ReplayError(Exception):
    """The recording cannot be replayed."""


def load(path: Path) -> list[tuple[float, bytes]]:
    """Return a recording's events, each with its seconds as its chunks file tells, else 0."""
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (OSError, EOFError) as error:
        raise ReplayError(f"{path} cannot be read: {error}") from error
    chunks = path.with_name(path.name.removesuffix(".gz").removesuffix(".ami") + ".chunks.json")
    times: list[tuple[int, float]] = []
    if chunks.exists():
        times = [(int(offset), float(at)) for offset, at in json.loads(chunks.read_bytes())]
    found: list[tuple[float, bytes]] = []
    offset, at, place = 0, 0.0, 0
    for block in raw.split(_END):
        while place < len(times) and times[place][0] <= offset:
            at = times[place][1]
            place += 1
        body = block[block.find(b"\r\n") + 2 :] if block.startswith(b"Asterisk Call") else block
        if body.startswith(b"Event: "):
            found.append((at, body + _END))
        offset += len(block) + len(_END)
    if not found:
        raise ReplayError(f"{path} holds no events")
    return found


async def replay(
    events: list[tuple[float, bytes]], send: Callable[[bytes], None], speed: float
) -> int:
    """Send events, twice as fast with a speed of 2, at once with 0; return how many."""
    begun, first = asyncio.get_running_loop().time(), events[0][0]
    waiting, size = list[bytes](), 0
    for at, raw in events:
        wait_s = (at - first) / speed - (asyncio.get_running_loop().time() - begun) if speed else 0
        if wait_s > 0 or size > _AT_ONCE:
            send(b"".join(waiting))
            waiting.clear()
            size = 0
            await asyncio.sleep(max(wait_s, 0))
        waiting.append(raw)
        size += len(raw)
    send(b"".join(waiting))
    return len(events)
