"""The command line of an office at work: what commands say of its modems."""

from __future__ import annotations

import asyncio
import subprocess
from typing import TYPE_CHECKING

from tests.integration.service.office import CUSTOMER, Office
from tests.waiting import until

if TYPE_CHECKING:
    from tests.integration.service.conftest import OpenOffice


async def _command(office: Office, *arguments: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(office.service.command, *arguments)


async def _run(office: Office, *arguments: str) -> str:
    """Run a command that succeeds; returns what it printed."""
    done = await _command(office, *arguments)
    assert done.returncode == 0, done.stderr or done.stdout
    assert done.stderr == ""
    return done.stdout


async def _refused(office: Office, *arguments: str) -> str:
    """Run a command that is refused; returns its one line of explanation."""
    done = await _command(office, *arguments)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
    return done.stderr


async def test_a_sims_terms_and_figures_are_kept_from_the_command_line(office: OpenOffice) -> None:
    async with office() as one:
        shown = await _run(one, "modem", "sim", "m0")
        assert "no limit a minute" in shown
        assert "not asked for" in shown
        changed = await _run(
            one, "modem", "sim", "m0", "--per-day", "500", "--cost", "+90532=0.25",
            "--cost", "=0.9", "--balance", "*100#", "--alert-below", "1000000",
        )  # fmt: skip
        for part in ("500 a day", "+90532 0.25", "every number 0.9", "*100#", "below 1000000"):
            assert part in changed
        assert await _run(one, "modem", "sim", "m0") == changed
        assert "no number" in await _refused(one, "modem", "sim", "m0", "--per-day", "many")
        assert "lacks its price" in await _refused(one, "modem", "sim", "m0", "--cost", "+90")
        assert "m9" in await _refused(one, "modem", "sim", "m9")

        await _run(one, "sms", "send", "--to", CUSTOMER, "--text", "Merhaba", "--wait")
        figures = await _run(one, "modem", "figures", "m0")
        imsi = (await one.status())["imsi"]
        (line,) = [line for line in figures.splitlines() if imsi in line]
        assert line.split() == ["SIM", imsi, "1", "1", "0", "0", "0.25"]
        assert "1 this minute, 1 this day, 1 this month" in figures

        await until(lambda: len(one.rows("SELECT name FROM alerts")) == 1, timeout_s=60)
        told = await _command(one, "alerts")
        assert told.returncode == 1
        assert "top it up" in told.stdout
        check = await _command(one, "check")
        assert check.returncode == 1
        assert "balance_low:m0" in check.stdout
        freed = await _run(one, "modem", "sim", "m0", "--balance", "none", "--per-day", "none")
        assert "not asked for" in freed
        assert "no limit a day" in freed
        await until(lambda: not one.rows("SELECT name FROM alerts"), timeout_s=60)
        assert await _run(one, "alerts") == "no alert\n"
