"""Recordings come over from another machine: by a mounted folder, or handed over by its script.

Two folders stand for the two machines' disks. The script is given the telephone system's only.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn

import aiohttp
import pytest

from simulators import child_process
from simulators.pbx.child import PbxProcess
from tests.integration.service.office import Office
from tests.integration.service.test_service_telephones import calls, ready
from tests.service import ServiceProcess
from tests.sounds import wav
from tests.unit.asterisk.recordings import path_of
from tests.waiting import until

SECRET = "office-secret"
CALL, FILE = "1795530647.1729", "rec-1795530647.1729.wav"
RECORDED = path_of("b16-ring_local_rec")
"""A real call of an Asterisk 16 that recorded it in /tmp."""
SCRIPT = Path(__file__).parents[3] / "docs" / "asterisk" / "santral-recordings"


@pytest.fixture
def pbx() -> Iterator[PbxProcess]:
    with PbxProcess(["--secret", SECRET]) as process:
        yield process


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """The folder of recordings on the telephone system's disk."""
    made = tmp_path / "pbx" / "monitor"
    made.mkdir(parents=True)
    return made


Opened = Callable[[str], AbstractAsyncContextManager[Office]]


@pytest.fixture
def opened(pbx: PbxProcess, tmp_path: Path) -> Opened:
    """Opens a service without modems that follows the telephone system."""

    @asynccontextmanager
    async def open_(more: str) -> AsyncIterator[Office]:
        port = pbx.told["ami"].rpartition(":")[2]
        configuration = (
            f'[[pbx]]\nid = "office"\nport = {port}\nuser = "santral"\n'
            f'secret = "{SECRET}"\nrecordings = "/tmp"\n{more}\n'
        )
        folder = tmp_path / "santral"
        folder.mkdir()
        async with ServiceProcess(folder, configuration=configuration) as service:
            yield Office(service, ())

    return open_


async def recorded(office: Office, pbx: PbxProcess) -> None:
    """Let the telephone system tell of a call that it recorded."""
    await until(lambda: ready(office))
    replay = {"path": str(RECORDED), "speed": 0}
    await asyncio.to_thread(child_process.ask, pbx.told["control"] + "/replay", replay)

    async def over() -> bool:
        return [one["state"] for one in await calls(office)] == ["ended"]

    await until(over, timeout_s=20)


async def kept(office: Office) -> dict[str, Any]:
    """Wait until the recording is kept; return the call."""

    async def is_kept() -> bool:
        [call] = await calls(office)
        return bool((call["recording_file"] or {}).get("state") == "kept")

    await until(is_kept, timeout_s=30)
    [call] = await calls(office)
    return call


async def token(office: Office, login: str, role: str, *scopes: str) -> str:
    """Make a user and a token of his."""
    await office.service.post("/users", {"login": login, "name": login, "role": role})
    made = await office.service.post("/tokens", {"user": login, "scopes": list(scopes)})
    return str(made["secret"])


async def hear(office: Office, call: dict[str, Any], bearer: str, **headers: str) -> Any:
    """Ask for the recording as a browser does; return status and what comes."""
    headers = {"Authorization": f"Bearer {bearer}", **headers}
    url = office.service.url + call["recording_url"]
    async with aiohttp.ClientSession(headers=headers) as http, http.get(url) as answer:
        return answer.status, await answer.read()


async def test_a_mounted_folder_becomes_our_own_copy_across_a_kill(
    opened: Opened, pbx: PbxProcess, disk: Path
) -> None:
    async with opened(f'recordings_here = "{disk}"') as office:
        await recorded(office, pbx)
        assert (await calls(office))[0]["recording_url"] == ""
        await office.service.kill()
        (disk / FILE).write_bytes(wav(2))
        await office.service.start()
        call = await kept(office)
        assert call["recording_file"]["duration_s"] == 2.0
        assert (disk / FILE).exists()
        shutil.rmtree(disk)
        copies = office.service.folder / "data" / "recordings"
        assert [path.stem for path in copies.rglob("*.wav")] == [call["id"]]
        head = await token(office, "head", "head")
        assert await hear(office, call, head) == (200, wav(2))
        assert await hear(office, call, head, Range="bytes=8-11") == (206, b"WAVE")
        secretary = await token(office, "ayse", "secretary")
        assert (await hear(office, call, secretary))[0] == 403
        assert office.rows("SELECT who FROM audit_trail WHERE action = 'listen'") == [("head",)]
        assert office.rows("SELECT document FROM interactions") == [(call["recording_url"],)]


class Machine:
    """The telephone system's machine: its disk, the script, and cron."""

    def __init__(self, folder: Path, disk: Path, url: str, secret: str) -> None:
        self.state, conf = folder / "state", folder / "script.conf"
        header = folder / "token"
        header.write_text(f"Authorization: Bearer {secret}\n")
        conf.write_text(
            f"URL={url}\nPBX=office\nHEADER={header}\nFOLDER={disk}\nSTATE={self.state}\n"
        )
        self._environment = {"PATH": os.environ["PATH"], "SANTRAL_RECORDINGS_CONF": str(conf)}

    async def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the script."""
        return await asyncio.to_thread(
            subprocess.run, [str(SCRIPT), *arguments], env=self._environment, text=True,
            capture_output=True, timeout=60, check=False,
        )  # fmt: skip

    def marks(self) -> int:
        """Return how many recordings the script has done with."""
        return len(list(self.state.iterdir()))


@pytest.fixture
def curl(need_program: Callable[[str], NoReturn]) -> None:
    if shutil.which("curl") is None:
        need_program("curl")


async def machine(office: Office, disk: Path) -> Machine:
    """Install the script with a token that may do nothing else."""
    secret = await token(office, "pbx", "administrator", "recordings:write")
    return Machine(disk.parent, disk, office.service.url, secret)


@pytest.mark.usefixtures("curl")
async def test_the_script_hands_over_before_the_call_is_known(
    opened: Opened, pbx: PbxProcess, disk: Path
) -> None:
    async with opened("") as office:
        script = await machine(office, disk)
        (disk / FILE).write_bytes(wav(2))
        os.utime(disk / FILE, (time.time() - 120,) * 2)
        done = await script.run("send", str(disk / FILE), CALL)
        assert (done.returncode, done.stderr) == (0, "")
        [mark] = script.state.iterdir()
        assert mark.stat().st_mtime == (disk / FILE).stat().st_mtime
        (disk / FILE).write_bytes(wav(1))  # after it was read, though before the mark was made
        os.utime(disk / FILE, (time.time() - 60,) * 2)
        other = await script.run("send", str(disk / FILE), CALL)
        assert (other.returncode, "another recording" in other.stderr) == (0, True)
        again = await script.run("send", str(disk / FILE), CALL)
        assert (again.returncode, again.stderr, script.marks()) == (0, "", 1)
        await recorded(office, pbx)
        call = await kept(office)
        told = office.rows("SELECT subject FROM events WHERE kind = 'call.recorded'")
        assert told == [(call["id"],)]
        head = await token(office, "head", "head")
        assert await hear(office, call, head) == (200, wav(2))
        pbx_token = (script.state.parent / "token").read_text().split()[-1]
        assert (await hear(office, call, pbx_token))[0] == 403


@pytest.mark.usefixtures("curl")
async def test_a_sweep_hands_over_what_came_while_the_service_was_down(
    opened: Opened, pbx: PbxProcess, disk: Path
) -> None:
    async with opened("") as office:
        script = await machine(office, disk)
        await recorded(office, pbx)
        await office.service.kill()
        odd = disk / "2026" / "a b'$(touch x)\n[1-3]{a,b}.wav"
        odd.parent.mkdir()
        for path, content in (
            (disk / FILE, wav(2)), (odd, wav()),
            (disk / "no.wav", b"<html>"), (disk / "new.wav", wav()),
        ):  # fmt: skip
            path.write_bytes(content)
            if path.name != "new.wav":
                os.utime(path, (time.time() - 120,) * 2)
        down = await script.run("send", str(disk / FILE), CALL)
        assert down.returncode == 1
        assert "not handed over yet" in down.stderr
        assert (await script.run("sweep")).returncode == 0
        assert script.marks() == 0
        port = office.service.url.rpartition(":")[2]
        office.service.environment["SANTRAL_PORT"] = port
        await office.service.start()
        swept = await script.run("sweep")
        assert swept.stderr.count("is refused") == 2  # no sound; a name that is none
        call = await kept(office)
        assert call["recording_file"]["size_bytes"] == len(wav(2))
        assert script.marks() == 3
        assert (await script.run("sweep")).stderr == ""
        assert sorted(path.name for path in disk.iterdir()) == sorted(
            [FILE, "2026", "no.wav", "new.wav"]
        )
        assert office.rows("SELECT count(*) FROM recordings") == [(1,)]
