"""One process owns the data: a second one refuses, the command line works beside it and alone."""

from __future__ import annotations

import asyncio
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.integration.service.office import Office

if TYPE_CHECKING:
    from tests.integration.service.conftest import OpenOffice


async def run(office: Office, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run `santral` on the office's data."""
    return await asyncio.to_thread(office.service.command, *arguments, stdin=stdin)


async def test_a_second_service_on_the_same_data_refuses_and_harms_nothing(
    office: OpenOffice,
) -> None:
    async with office() as one:
        assert one.service.process is not None
        holder = one.service.process.pid
        refused = await run(one, "serve")
        assert refused.returncode == 2
        assert refused.stdout == ""
        [line] = refused.stderr.splitlines()
        assert f"another Santral (process {holder})" in line
        assert str(one.service.folder / "data") in line
        assert "stop it first" in line
        message_id = await one.send("still at work")
        assert await one.until_state(message_id, "delivered")


async def test_the_command_line_works_beside_a_service_and_without_one(
    office: OpenOffice,
) -> None:
    async with office() as one:
        beside = await run(one, "user", "add", "ayse", "--name", "Ayşe Yılmaz")
        assert (beside.returncode, beside.stderr) == (0, "")
        sent = await run(one, "sms", "send", "--to", "05321112233", "--text", "Merhaba", "--wait")
        assert (sent.returncode, sent.stderr) == (0, "")
        assert "delivered" in sent.stdout

        await one.service.stop()
        alone = await run(one, "user", "add", "mehmet", "--name", "Mehmet Demir")
        assert (alone.returncode, alone.stderr) == (0, "")
        queued = await run(one, "sms", "send", "--to", "05321112233", "--text", "Sonra")
        assert queued.returncode == 0
        assert "will be sent once it does" in queued.stderr

        await one.service.start()
        listed = await run(one, "user", "list")
        assert "Ayşe Yılmaz" in listed.stdout
        assert "Mehmet Demir" in listed.stdout
        await one.until_settled(unsettled=("queued", "sending", "sent"))
        assert one.submissions() == {"Merhaba": 1, "Sonra": 1}


@pytest.mark.parametrize("arguments", [
    ("modem", "set", "m0", "--smsc", "+905320000001"),
    ("modem", "add", "m9", "--device", "{device}"),
], ids=["set", "add"])  # fmt: skip
async def test_a_command_without_a_service_leaves_the_modems_alone(
    office: OpenOffice, arguments: tuple[str, ...]
) -> None:
    async with office() as one:
        await one.service.stop()
        before = one.modem.get("state")["counters"]["commands"]
        given = [argument.format(device=one.modem.device) for argument in arguments]
        done = await run(one, *given)
        assert (done.returncode, done.stderr) == (0, "")
        assert one.modem.get("state")["counters"]["commands"] == before


async def test_what_a_killed_service_leaves_behind_stops_nobody(office: OpenOffice) -> None:
    async with office() as one:
        await one.service.kill()
        assert one.service.socket.exists()
        listed = await run(one, "user", "list")
        assert (listed.returncode, listed.stderr) == (0, "")
        await one.service.start()
        await one.service.until_ready(1)
