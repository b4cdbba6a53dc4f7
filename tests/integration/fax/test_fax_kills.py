"""The service is killed at random while faxes go out and come in: none lost, none twice."""

from __future__ import annotations

import asyncio
import base64
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from simulators.fax.child import FaxProcess
from tests.integration.fax.raster import papers
from tests.real.hylafax.lab import HylafaxLab
from tests.real.hylafax.server import ADMIN
from tests.service import ServiceProcess
from tests.waiting import until

SOAK = bool(os.environ.get("SANTRAL_SOAK"))
KILLS, OUT, IN = (50, 40, 20) if SOAK else (6, 10, 6)
REAL_KILLS, REAL_FAXES = 5, 10
LONGEST_LIFE_S = 2.0
CALM_S = 90.0


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[tuple[ServiceProcess, FaxProcess]]:
    """A service and a fax server of three lines."""
    arguments = ["--lines=3", "--dial-s=0.1", "--page-s=0.2", f"--spool={tmp_path / 'spool'}"]
    with FaxProcess([*arguments, f"--admin={ADMIN}", "--private"]) as server:
        configuration = (
            f'[fax]\nengine = "embedded"\n[[fax_server]]\nid = "office"\nport = {server.port}\n'
            f'admin_password = "{ADMIN}"\npoll_s = 1.0\n'
        )
        folder = tmp_path / "service"
        folder.mkdir()
        async with ServiceProcess(folder, configuration=configuration) as service:
            yield service, server


@pytest.mark.timeout(900 if SOAK else 180)
async def test_kills_lose_no_fax_and_send_none_twice(
    office: tuple[ServiceProcess, FaxProcess], tmp_path: Path
) -> None:
    service, server = office
    chance = random.Random(20260301)
    page = papers.fax([papers.sparse(seed) for seed in range(2)])
    numbers = [f"+9021255512{serial:02d}" for serial in range(OUT)]
    waiting, arriving = list(numbers), list(range(IN))
    for kill in range(KILLS):
        asking = asyncio.create_task(_ask(service, waiting, page, OUT // KILLS + 1))
        for _ in range(-(-len(arriving) // (KILLS - kill))):
            await _arrive(server, arriving.pop(), page)
        await asyncio.sleep(chance.uniform(0, LONGEST_LIFE_S))
        await service.kill()
        await asking
        await service.start()
    while waiting:
        await _ask(service, waiting, page, len(waiting))

    async def calm() -> bool:
        out = await _all(service, "out")
        came = await _all(service, "in")
        settled = all(one["state"] in {"delivered", "failed"} for one in out)
        return settled and len(out) >= OUT and len(came) >= IN

    await until(calm, timeout_s=CALM_S)
    out, came = await _all(service, "out"), await _all(service, "in")
    journal = server.get("/journal")
    sent = Counter(one["number"] for one in journal if one["what"] == "sent")
    print(
        f"{KILLS} kills: of {OUT} faxes asked for {len(sent)} reached the other end, "
        f"{sum(count > 1 for count in sent.values())} twice; states "
        f"{dict(Counter(one['state'] for one in out))}; of {IN} that came {len(came)} are here"
    )
    assert Counter(one["number"] for one in out) == dict.fromkeys(numbers, 1)
    assert {one["state"] for one in out} == {"delivered"}
    assert sent == dict.fromkeys(numbers, 1)
    assert sorted(one["name"] for one in came) == sorted(f"FAR {serial}" for serial in range(IN))
    received = [one["file"] for one in journal if one["what"] == "received"]
    removed = [one["file"] for one in journal if one["what"] == "removed"]
    assert sorted(removed) == sorted(received)
    assert len(list((service.folder / "data" / "faxes" / "received").rglob("*.tif"))) == IN


@pytest.mark.skipif(not SOAK, reason="a long campaign: make soak")
@pytest.mark.timeout(900)
async def test_kills_over_a_real_hylafax_send_none_twice(
    hylafax: HylafaxLab, tmp_path: Path
) -> None:
    configuration = (
        f'[[fax_server]]\nid = "office"\nport = {hylafax.server.port}\n'
        f'admin_password = "{ADMIN}"\npoll_s = 2.0\n'
    )
    # To one number, which HylaFAX sends to one after the other: two would meet on our two lines.
    chance, waiting = random.Random(20260302), [f"+902125551002/{n}" for n in range(REAL_FAXES)]
    page = papers.fax([papers.sparse(0)])
    async with ServiceProcess(tmp_path, configuration=configuration) as service:
        while waiting:
            await _ask(service, waiting, page, len(waiting))
        for _ in range(REAL_KILLS):
            await asyncio.sleep(chance.uniform(1, 12))
            await service.kill()
            await service.start()

        async def calm() -> bool:
            out, came = await _all(service, "out"), await _all(service, "in")
            settled = all(one["state"] in {"delivered", "failed", "uncertain"} for one in out)
            return settled and len(came) >= REAL_FAXES

        await until(calm, timeout_s=60.0 * REAL_FAXES)
        out, came = await _all(service, "out"), await _all(service, "in")
    sent = [line for line in hylafax.server.log() if "\tSEND\t" in line]
    print(f"{REAL_KILLS} kills over a real server: {dict(Counter(one['state'] for one in out))}; "
          f"{len(came)} came in, {len(sent)} SEND lines in its log")  # fmt: skip
    assert [one["state"] for one in out] == ["delivered"] * REAL_FAXES
    assert len(came) == len(sent) == REAL_FAXES


async def _ask(service: ServiceProcess, waiting: list[str], page: bytes, count: int) -> None:
    """Ask for faxes until the service is gone; what got no answer is asked for again."""
    for number in waiting[:count]:
        form = aiohttp.FormData({"to": number.partition("/")[0]})
        form.add_field("file", page, filename="page.tif")
        connector = aiohttp.UnixConnector(str(service.socket))
        with suppress(aiohttp.ClientError, OSError):
            async with (
                aiohttp.ClientSession(connector=connector) as http,
                http.post("http://santral/api/v1/faxes", data=form,
                          headers={"Idempotency-Key": number}) as answer,
            ):  # fmt: skip
                assert answer.status == 202, await answer.text()
                waiting.remove(number)


async def _arrive(server: FaxProcess, serial: int, page: bytes) -> None:
    content = base64.b64encode(page).decode()
    await asyncio.to_thread(lambda: server.post("/receive", file=content, station=f"FAR {serial}"))


async def _all(service: ServiceProcess, direction: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = await service.get("/faxes", direction=direction, cursor=cursor)
        found += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            return found
