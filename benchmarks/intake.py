"""Messages accepted over HTTP: one for each request from 50 connections, and many in one stream.

An accepted message is on disk, with its segments, its line in the history and its event.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from benchmarks.processes import cpu_s
from tests.service import ServiceProcess

CONNECTIONS = 50
POSTS = 20_000
BULK = 100_000
LINES_AT_ONCE = 1000
ROUNDS = 3
POSTS_FLOOR = 3_000
BULK_FLOOR = 15_000
Post = Callable[[ServiceProcess, str, int], Awaitable[float]]


async def main() -> None:
    """Measure and print."""
    print(f"{'way':34} {'messages':>9} {'msg/s':>8} {'CPU ms/msg':>11}")
    posts = [await _measured("POST /sms, 50 connections", POSTS, _posted) for _ in range(ROUNDS)]
    bulk = [await _measured("POST /sms/bulk, one stream", BULK, _bulk) for _ in range(ROUNDS)]
    for what, rates, floor in (("POST", posts, POSTS_FLOOR), ("bulk", bulk, BULK_FLOOR)):
        rate = sorted(rates)[ROUNDS // 2]
        print(f"{what}: the middle of {ROUNDS} is {rate:,.0f} messages/s; asked for at least "
              f"{floor:,}: {rate / floor:.2f} times that")  # fmt: skip


async def _measured(what: str, count: int, post: Post) -> float:
    with tempfile.TemporaryDirectory(prefix="santral-bench-") as name:
        async with ServiceProcess(Path(name)) as service:
            assert service.process is not None
            await service.post("/users", {"login": "bench", "role": "manager"})
            token = str((await service.post("/tokens", {"user": "bench"}))["secret"])
            before = cpu_s([service.process.pid])
            took = await post(service, token, count)
            cpu = cpu_s([service.process.pid]) - before
            await service.kill()
            with closing(sqlite3.connect(service.database)) as database:
                (stored,) = database.execute("SELECT count(*) FROM interactions").fetchone()
            assert stored == count, f"{stored} of {count} messages are in the history"
            print(f"{what:34} {stored:>9,} {count / took:>8,.0f} {cpu / count * 1e3:>11.3f}",
                  flush=True)  # fmt: skip
            return count / took


async def _posted(service: ServiceProcess, token: str, count: int) -> float:
    place = urlsplit(service.url)
    poster = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.poster", str(place.hostname), str(place.port), token,
        str(CONNECTIONS), str(count), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await poster.communicate()
    return float(output)


async def _bulk(service: ServiceProcess, token: str, count: int) -> float:
    body = [_lines(first, min(first + LINES_AT_ONCE, count)) for first in _firsts(count)]
    headers = {"Authorization": f"Bearer {token}"}
    answers = 0
    began = time.perf_counter()
    async with (
        aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(None)) as http,
        http.post(f"{service.url}/api/v1/sms/bulk", data=_streamed(body)) as answer,
    ):
        async for chunk in answer.content.iter_any():
            answers += chunk.count(b'"state":"queued"')
    took = time.perf_counter() - began
    assert answers == count, f"{answers} of {count} lines were accepted"
    return took


def _firsts(count: int) -> range:
    return range(0, count, LINES_AT_ONCE)


def _lines(first: int, end: int) -> bytes:
    return b"".join(
        json.dumps({"to": f"+90533{number:07d}", "text": f"Siparişiniz {number} yolda"}).encode()
        + b"\n"
        for number in range(first, end)
    )


async def _streamed(parts: list[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
