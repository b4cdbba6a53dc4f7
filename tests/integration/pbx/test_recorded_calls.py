"""A real MixMonitor, in a root of its own, and our copies of what it records."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.real.asterisk.office import AsteriskLab
from tests.real.asterisk.server import SECRET, USER, installed
from tests.service import ServiceProcess
from tests.waiting import until

pytestmark = pytest.mark.real


@pytest.fixture
async def lab(need_program: Callable[[str], NoReturn]) -> AsyncIterator[AsteriskLab]:
    root = installed()
    if root is None or os.geteuid() != 0:
        need_program("asterisk")
    made = AsteriskLab(root)
    try:
        await made.start()
        await made.plug_in()
        yield made
        await made.unplug()
    finally:
        made.close()


async def test_what_mixmonitor_records_is_kept_in_each_format(
    lab: AsteriskLab, tmp_path: Path
) -> None:
    spool, there = lab.asterisk.spool_here, lab.asterisk.spool_there
    configuration = (
        f'[[pbx]]\nid = "office"\nport = {lab.settings.port}\nuser = "{USER}"\n'
        f'secret = "{SECRET}"\nrecordings = "{there}/monitor"\n'
        f'recordings_here = "{spool}/monitor"\n'
    )
    async with ServiceProcess(tmp_path, configuration=configuration) as service:

        async def ready() -> bool:
            return bool((await service.get("/pbx"))["items"][0]["condition"] == "ready")

        await until(ready)
        for line, expected in (
            ("902125550180", ("audio/wav", True)), ("902125550181", ("audio/wav", True)),
            ("902125550182", ("audio/x-wav", False)),
        ):  # fmt: skip
            call = await _recorded(lab, service, line)
            file = call["recording_file"]
            assert (file["media_type"], file["playable"]) == expected
            assert 1.0 < file["duration_s"] < 4.0
            told = (spool / "handed").read_text().split()
            assert told[0] == call["recording"]
            assert told[1] in call["recording"]


async def _recorded(lab: AsteriskLab, service: ServiceProcess, line: str) -> dict[str, Any]:
    """Call a line that records, for two seconds; return the call once it can be heard."""
    phone = lab.phones["trunk"]
    await phone.dial(line)
    await phone.wait("up")
    await asyncio.sleep(2)
    await phone.hang_up()
    found: dict[str, Any] = {}

    async def kept() -> bool:
        nonlocal found
        calls = (await service.get("/calls"))["items"]
        found = next((one for one in calls if one["did"] == line), {})
        return (found.get("recording_file") or {}).get("state") == "kept"

    await until(kept, timeout_s=30)
    return found
