"""Calls that were recorded: a telephone system's disk, our own, and who works between them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from gateway.calls.handing_over import HandOver, Receipt, RecordingReceiver
from gateway.calls.keeping import RecordingKeeper
from gateway.calls.model import (
    CallChange,
    CallChangeKind,
    CallDirection,
    CallOutcome,
    CallRecord,
    CallState,
)
from gateway.calls.receiving import CallBook
from gateway.calls.recording_archive import Archive
from gateway.calls.recording_folders import RecordingFolder
from gateway.calls.recordings import Recordings
from gateway.calls.showing import CallFilter, Calls
from gateway.history.tables import interactions
from gateway.kernel import events
from gateway.kernel.health import Health
from gateway.kernel.metrics import Metrics
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.runtime import Runtime
from gateway.kernel.store import Store
from gateway.kernel.supervisor import Supervisor
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT

PLAN = NumberingPlan(region="TR")
THERE = "/var/spool/asterisk/monitor"
ONE = f"{THERE}/2026/12/one.wav"
CUSTOMER = "+905321112233"
LIMIT = 100_000
CALL = CallRecord(
    id="1.1", state=CallState.ENDED, direction=CallDirection.IN, caller=CUSTOMER, caller_name="",
    did="902125550100", callee="", started_at=datetime(2026, 12, 1, 22, tzinfo=UTC),
    ended_at=datetime(2026, 12, 1, 22, 1, tzinfo=UTC), answered_by="101", final_party="101",
    outcome=CallOutcome.ANSWERED, reason="", ring_s=2, talk_s=50, wait_s=0, queue="", digits="",
    hangup_cause=16, hung_up_by="", click_to_call=False, conference=False, recording="",
    transfers=(), parties=(),
)  # fmt: skip


class RunningClock:
    """A clock that the test winds forward."""

    def __init__(self) -> None:
        self._now = datetime(2026, 12, 1, 22, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the time that the test says."""
        return self._now

    def monotonic(self) -> float:
        """Return the same in seconds."""
        return self._now.timestamp()

    def wind(self, **span: float) -> None:
        """Let time pass."""
        self._now += timedelta(**span)


class Room:
    """One telephone system's folder, our disk, and the parts of the service that move files."""

    def __init__(self, store: Store, folder: Path, *, delete: bool = False) -> None:
        self.store, self.folder, self.clock, self.health = store, folder, RunningClock(), Health()
        self.mount, self.ours = folder / "mnt", folder / "recordings"
        self.mount.mkdir(exist_ok=True)
        self.delete = delete
        self.restart()

    def restart(self) -> None:
        """Let the service begin anew: nothing but table and disk is left of it."""
        runtime = Runtime(self.clock, self.health, Metrics(), Supervisor(self.health, self.clock))
        there = PurePosixPath(THERE)
        roots = {"office": there, "branch": there}
        folders = {"office": RecordingFolder(there=there, here=self.mount, delete=self.delete)}
        self.book = CallBook(self.store, runtime, PLAN, recorded_in=roots)
        self.calls = Calls(self.store, PLAN)
        self.archive = Archive(self.ours, LIMIT)
        self.keeper = RecordingKeeper(
            self.store, runtime, PLAN, self.archive, folders, zone=ZoneInfo("Europe/Istanbul")
        )
        self.receiver = RecordingReceiver(self.store, self.clock, self.archive, roots)
        self.recordings = Recordings(self.calls, self.store, self.clock, self.archive, folders)

    def put(self, content: bytes, name: str = "2026/12/one.wav") -> Path:
        """Let MixMonitor write a file on the telephone system's disk."""
        path = self.mount / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    async def call(
        self, recording: str = ONE, *, ref: str = "1.1", pbx: str = "office", live: bool = False
    ) -> str:
        """Write a call down; return its id."""
        record = replace(CALL, id=ref, recording=recording)
        if live:
            record = replace(record, state=CallState.TALKING, ended_at=None)
        kind = CallChangeKind.CHANGED if live else CallChangeKind.ENDED
        await self.book.calls_changed(pbx, [(CallChange(kind, ref), record)])
        page = await self.calls.page(ROOT, CallFilter())
        return str(page.items[0]["id"])

    async def shown(self, call_id: str) -> dict[str, Any]:
        """Return what the API tells of a call's recording."""
        call = await self.calls.show(ROOT, call_id)
        return dict(call["recording_file"] or {"state": ""}, url=call["recording_url"])

    async def state(self, call_id: str) -> str:
        """Return what became of a call's recording."""
        return str((await self.shown(call_id))["state"])

    async def look(self, **span: float) -> None:
        """Let time pass and the keeper look."""
        self.clock.wind(**(span or {"seconds": 4}))
        await self.keeper.look()

    async def kept(self, recording: str = ONE, **more: Any) -> str:
        """Let a call be recorded and its file be copied; return the call's id."""
        call_id = await self.call(recording, **more)
        for _ in range(2):
            await self.look()
        return call_id

    async def hand_over(
        self, content: bytes, file: str = ONE, *, call: str = "", pbx: str = "office"
    ) -> Receipt:
        """Hand a recording over in small parts."""

        async def parts() -> AsyncIterator[bytes]:
            for at in range(0, len(content), 1000):
                yield content[at : at + 1000]

        told = HandOver(pbx=pbx, file=file, call=call)
        return await self.receiver.take(ROOT, told, parts())

    def files(self) -> list[str]:
        """Return the names of all files of ours."""
        found = (path for path in self.ours.rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self.ours)) for path in found)

    async def documents(self) -> list[str]:
        """Return where the history says that recordings are."""
        query = interactions.select()
        rows = await self.store.read(lambda connection: connection.execute(query).all())
        return [row.document for row in rows]

    async def told(self, kind: str) -> list[events.Event]:
        """Return the events of a kind."""
        found = await self.store.read(lambda c: events.after(c, 0, audiences=None))
        return [event for event in found if event.kind == kind]
