"""A call's recording is heard by whom may see the call, and no other file is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import aiohttp
import pytest

from gateway.calls.acting import CallActions
from gateway.calls.api import CallsApi
from gateway.calls.dialling import Dialling
from gateway.calls.model import (
    CallChange,
    CallChangeKind,
    CallDirection,
    CallOutcome,
    CallRecord,
    CallState,
)
from gateway.calls.receiving import CallBook
from gateway.calls.recordings import RecordingFolder, Recordings
from gateway.calls.showing import CallFilter, Calls
from gateway.kernel.clock import SystemClock
from gateway.kernel.errors import Conflict, NotFound, Permanent
from gateway.kernel.health import Health
from gateway.kernel.metrics import Metrics
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.runtime import Runtime
from gateway.kernel.store import Store
from gateway.kernel.supervisor import Supervisor
from gateway.parties.book import PartyBook
from gateway.parties.drafts import PartyDraft, PhoneDraft
from gateway.people.model import RIGHTS, Role
from gateway.people.users import Users
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from gateway.web.principal import Principal, Sight
from gateway.web.server import Server

PLAN = NumberingPlan(region="TR")
THERE = "/var/spool/asterisk/monitor"
CUSTOMER = "+905321112233"
CALL = CallRecord(
    id="1.1", state=CallState.ENDED, direction=CallDirection.IN, caller=CUSTOMER, caller_name="",
    did="902125550100", callee="", started_at=datetime(2026, 12, 1, 8, tzinfo=UTC),
    ended_at=datetime(2026, 12, 1, 8, 1, tzinfo=UTC), answered_by="101", final_party="101",
    outcome=CallOutcome.ANSWERED, reason="", ring_s=2, talk_s=50, wait_s=0, queue="", digits="",
    hangup_cause=16, hung_up_by="", click_to_call=False, conference=False, recording="",
    transfers=(), parties=(),
)  # fmt: skip


class Archive:
    """Recorded calls, and the folder as it is mounted here."""

    def __init__(self, store: Store, folder: Path) -> None:
        clock, health = SystemClock(), Health()
        runtime = Runtime(clock, health, Metrics(), Supervisor(health, clock))
        self.store, self.here = store, folder / "mnt"
        (self.here / "2026/12").mkdir(parents=True)
        (self.here / "2026/12/one.wav").write_bytes(b"RIFF0123456789")
        (folder / "secret.wav").write_bytes(b"secret")
        (self.here / "link.wav").symlink_to(folder / "secret.wav")
        self.book, self.calls = CallBook(store, runtime, PLAN), Calls(store, PLAN)
        here = RecordingFolder(there=PurePosixPath(THERE), here=self.here)
        self.recordings = Recordings(self.calls, {"office": here})

    async def call(self, recording: str, *, pbx: str = "office", live: bool = False) -> str:
        """Write a recorded call down; return its id."""
        record = replace(CALL, id=f"{pbx} {recording}", recording=recording)
        if live:
            record = replace(record, state=CallState.TALKING, ended_at=None)
        change = CallChange(CallChangeKind.CHANGED, record.id)
        await self.book.calls_changed(pbx, [(change, record)])
        page = await self.calls.page(ROOT, CallFilter())
        return str(page.items[0]["id"])


@pytest.fixture
def archive(store: Store, tmp_path: Path) -> Archive:
    return Archive(store, tmp_path)


@pytest.mark.parametrize("told", [f"{THERE}/2026/12/one.wav", "2026/12/one.wav"])
async def test_a_recording_is_found_where_its_folder_is_mounted(
    archive: Archive, told: str
) -> None:
    file = await archive.recordings.file(ROOT, await archive.call(told))
    assert (file.path.name, file.media_type) == ("one.wav", "audio/wav")
    assert file.path.read_bytes().startswith(b"RIFF")


@pytest.mark.parametrize(
    "told",
    [
        f"{THERE}/../../../../etc/passwd.wav", "../secret.wav", f"{THERE}/../secret.wav",
        f"{THERE}/link.wav", "/etc/passwd", f"{THERE}/2026/12", f"{THERE}/2026/12/gone.wav",
        f"{THERE}/2026/12/one.wav/x.wav", f"{THERE}/one.html", f"{THERE}/{'x' * 300}.wav",
    ],
)  # fmt: skip
async def test_nothing_else_is_given_away(archive: Archive, told: str) -> None:
    with pytest.raises(NotFound, match="recording"):
        await archive.recordings.file(ROOT, await archive.call(told))


async def test_why_there_is_none_is_said(archive: Archive) -> None:
    with pytest.raises(NotFound, match="was not recorded"):
        await archive.recordings.file(ROOT, await archive.call(""))
    with pytest.raises(Conflict, match="still being recorded"):
        await archive.recordings.file(ROOT, await archive.call("2026/12/one.wav", live=True))
    with pytest.raises(Permanent, match="recordings_here"):
        await archive.recordings.file(ROOT, await archive.call("2026/12/one.wav", pbx="branch"))
    with pytest.raises(NotFound, match="no call"):
        await archive.recordings.file(ROOT, "nobody")


async def test_who_may_not_see_the_call_hears_nothing(archive: Archive) -> None:
    users = Users(archive.store, SystemClock(), PLAN)
    await users.add(ROOT, login="ali", name="Ali", role=Role.MANAGER)
    veli = await users.add(ROOT, login="veli", name="Veli", role=Role.MANAGER)
    draft = PartyDraft(name="A", responsible="ali", phones=(PhoneDraft(number=CUSTOMER),))
    await PartyBook(archive.store, SystemClock(), PLAN).create(ROOT, draft)
    call_id = await archive.call("2026/12/one.wav")
    other = Principal(
        user_id=veli.id, name="Veli", permissions=RIGHTS[Role.MANAGER], sight=Sight.OWN
    )
    with pytest.raises(NotFound, match="no call"):
        await archive.recordings.file(other, call_id)


class Anyone:
    async def principal_of(self, bearer_token: str) -> Principal:
        return ROOT


@pytest.fixture
async def http(archive: Archive) -> AsyncIterator[aiohttp.ClientSession]:
    actions = CallActions(archive.calls, dict, archive.store, SystemClock())
    dialling = Dialling(archive.store, SystemClock(), PLAN, dict)
    routes = CallsApi(archive.calls, actions, dialling, archive.recordings, list).routes()
    server = Server(routes, authenticator=Anyone(), health=Health(), metrics=Metrics(), version="1")
    port = await server.start_tcp("127.0.0.1", 0)
    headers = {"Authorization": "Bearer x"}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as session:
        yield session
    await server.close()


async def test_a_browser_plays_it_and_jumps_in_it(
    archive: Archive, http: aiohttp.ClientSession
) -> None:
    call_id = await archive.call("2026/12/one.wav")
    async with http.get(f"/api/v1/calls/{call_id}") as answer:
        url = (await answer.json())["recording_url"]
    async with http.get(url) as answer:
        assert (answer.status, await answer.read()) == (200, b"RIFF0123456789")
        assert answer.headers["Content-Type"] == "audio/wav"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    async with http.get(url, headers={"Range": "bytes=4-6"}) as answer:
        assert (answer.status, await answer.read()) == (206, b"012")
    missing = await archive.call("gone.wav")
    async with http.get(f"/api/v1/calls/{missing}/recording") as answer:
        assert answer.status == 404
        assert "gone.wav" in (await answer.json())["detail"]
