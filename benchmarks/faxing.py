"""How soon a fax is with its server, and whether eight lines are ever idle with 1,000 queued."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

from simulators.fax.child import FaxProcess
from tests.integration.fax.raster import papers
from tests.service import ServiceProcess

LINES, FAXES = 8, int(os.environ.get("SANTRAL_BENCH_FAXES", "1000"))
DIAL_S, PAGE_S = 0.5, 1.0
LOOK_S = 0.25
ADMIN = "admin"


async def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arguments = [f"--lines={LINES}", f"--dial-s={DIAL_S}", f"--page-s={PAGE_S}", "--done-s=60"]
        with FaxProcess([*arguments, f"--admin={ADMIN}"]) as server:
            configuration = (
                f'[[fax_server]]\nid = "office"\nport = {server.port}\nadmin_password = "{ADMIN}"\n'
            )
            async with ServiceProcess(folder, configuration=configuration) as service:
                await _handed_over(service, server)
                await _busy(service, server)


async def _handed_over(service: ServiceProcess, server: FaxProcess) -> None:
    """Print how long it takes from the request to the server's queue."""
    for name, content in (("a page that is a fax already", _page()), ("a text", b"Merhaba\n" * 40)):
        taken = []
        for serial in range(5):
            before = len(_noted(server, "submitted"))
            began = time.perf_counter()
            await _post(service, [f"+9021255510{serial:02d}"], content)
            while len(_noted(server, "submitted")) == before:
                await asyncio.sleep(0.002)
            taken.append(time.perf_counter() - began)
        print(f"{name}: with the server {min(taken):.2f} to {max(taken):.2f} s after the request")


async def _busy(service: ServiceProcess, server: FaxProcess) -> None:
    """Print which share of their time the lines sent while there was something to send."""
    numbers = [f"+90212555{serial:04d}" for serial in range(2000, 2000 + FAXES)]
    began = time.perf_counter()
    await _post(service, numbers, _page())
    print(f"\n{FAXES} recipients taken in {time.perf_counter() - began:.1f} s")
    while not all(line["job"] for line in server.get("/")["lines"]):
        await asyncio.sleep(0.05)
    looks, idle, began = 0, 0, time.perf_counter()
    while len(_noted(server, "submitted")) < FAXES + 10:
        lines = server.get("/")["lines"]
        looks += len(lines)
        idle += sum(line["job"] is None for line in lines)
        await asyncio.sleep(LOOK_S)
    took = time.perf_counter() - began
    sent = len(_noted(server, "sent"))
    print(
        f"{LINES} lines, {DIAL_S + PAGE_S:.1f} s a fax: busy {1 - idle / max(looks, 1):.1%} of"
        f" {took:.0f} s ({looks:,} looks at a line), {sent} sent meanwhile"
    )


def _page() -> bytes:
    return papers.fax([papers.sparse()])


def _noted(server: FaxProcess, what: str) -> list[dict[str, Any]]:
    return [one for one in server.get("/journal") if one["what"] == what]


async def _post(service: ServiceProcess, numbers: list[str], content: bytes) -> None:
    form = aiohttp.FormData()
    for number in numbers:
        form.add_field("to", number)
    form.add_field("file", content, filename="page.tif" if content[:2] == b"II" else "note.txt")
    await service.ask("POST", "/faxes", data=form)
