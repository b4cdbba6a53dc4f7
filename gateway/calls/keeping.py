"""Brings recordings to our own disk: each once, whatever stops in between.

What is to be done next stands in the table, and each step may be done again: a file is copied to a
temporary name, moved to its own, and only then written down as kept.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

import gateway.history.tables as history
from gateway.calls import dial_tables, recording_folders, recording_tables, tables
from gateway.calls.model import RecordingState
from gateway.calls.recording_archive import Archive, Arrived, DiskTrouble
from gateway.calls.recording_folders import Growing, NotMounted, NotThere, RecordingFolder
from gateway.calls.recording_names import STEADY, UNCLOSED, copy_name, pause
from gateway.calls.recording_threads import FolderThreads
from gateway.calls.telling import recorded_event, recording_url
from gateway.calls.whose import belonging
from gateway.history.model import InteractionKind
from gateway.kernel.errors import Permanent
from gateway.kernel.events import append
from gateway.kernel.health import Condition, Health, Level
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.runtime import Runtime
from gateway.kernel.store import Store

logger = logging.getLogger(__name__)

LOOK_S = 2.0
"""How often the table is looked at."""
AT_ONCE = 100
AGAIN = timedelta(minutes=1)
"""Before the next look at a call that lives again after it was thought to be over."""
_DISK = "recordings:disk"
_NOT_MOUNTED = (
    "it was not handed over yet, and the folder of {pbx} is not mounted here: see "
    "`recordings_here` in its [[pbx]] section, or the script that hands recordings over"
)


class RecordingKeeper:
    """Works on what is due; telephone systems do not wait for one another's folders."""

    def __init__(
        self,
        store: Store,
        runtime: Runtime,
        plan: NumberingPlan,
        archive: Archive,
        folders: Mapping[str, RecordingFolder],
        *,
        zone: ZoneInfo,
        wake_feed: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._clock = runtime.clock
        self._health: Health = runtime.health
        self._plan = plan
        self._archive = archive
        self._folders = folders
        self._zone = zone
        self._wake_feed = wake_feed
        self._threads = FolderThreads(1)
        self._working: dict[str, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look at once: something was handed over."""
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled."""
        await self.tidy()
        try:
            while True:
                await self.look()
                self._woken.clear()
                try:
                    async with asyncio.timeout(LOOK_S):
                        await self._woken.wait()
                except TimeoutError:
                    continue
        finally:
            for work in self._working.values():
                work.cancel()
            await asyncio.gather(*self._working.values(), return_exceptions=True)
            self._working.clear()

    async def tidy(self) -> None:
        """Delete what a stop left half done."""
        waiting = await self._store.read(recording_tables.waiting_paths)
        await asyncio.to_thread(self._archive.tidy, waiting)

    async def look(self) -> None:
        """Begin what is due; return when it is done, or goes on for long."""
        now, busy = self._clock.now(), frozenset(self._working)
        due = await self._store.write(lambda c: recording_tables.claim(c, now, AT_ONCE, busy))
        by_system: dict[str, list[Any]] = defaultdict(list)
        for row in due:
            by_system[row.pbx].append(row)
        for pbx, rows in by_system.items():
            self._working[pbx] = asyncio.create_task(self._work(rows), name=f"recordings of {pbx}")
        if self._working:
            await asyncio.wait(self._working.values(), timeout=LOOK_S)
        for pbx, work in list(self._working.items()):
            if work.done():
                del self._working[pbx]
                work.result()

    async def _work(self, rows: list[Any]) -> None:
        for row in rows:
            try:
                await self._step(row)
            except DiskTrouble as error:
                await self._note(row, str(error))
                self._report(_DISK, str(error), "free space on the disk, or mend its rights")
            except Growing as error:
                await self._wait(row, str(error), at=self._clock.now() + STEADY)
            except NotThere as error:
                if isinstance(error, NotMounted):
                    self._report(f"recordings:{row.pbx}", str(error), "mount it")
                await self._wait(row, str(error))
            except OSError as error:
                await self._wait(row, f"it cannot be read: {error.strerror or error}")
            except Permanent as error:
                await self._refuse(row, str(error))

    def _report(self, component: str, detail: str, remedy: str) -> None:
        condition = Condition(level=Level.DEGRADED, detail=detail, remedy=remedy)
        self._health.report(component, condition)

    async def _step(self, row: Any) -> None:
        now = self._clock.now()
        over = now >= recording_tables.give_up_at(row)
        if row.call_id is None:
            await (
                self._drop(row) if over else self._put_off(row, recording_tables.give_up_at(row))
            )
        elif row.ended_at is None:
            await self._put_off(row, now + AGAIN)
        elif row.state == RecordingState.KEPT:
            await self._delete_theirs(row)
        elif row.path:
            await self._keep(row, _handed_over(row, self._archive), "")
        else:
            await self._fetch(row, over=over)

    async def _fetch(self, row: Any, *, over: bool) -> None:
        """Copy a file that is not written any more from the mounted folder."""
        folder = self._folders.get(row.pbx)
        if folder is None:
            await self._wait(
                row, _NOT_MOUNTED.format(pbx=row.pbx), at=recording_tables.give_up_at(row)
            )
            return
        seen = await self._threads.run(row.pbx, recording_folders.look, folder, row.told)
        self._health.forget(f"recordings:{row.pbx}")
        now = self._clock.now()
        if seen.mark != row.seen or not seen.size_bytes:
            why = "it is still being written" if seen.size_bytes else "it is empty"
            await self._note_seen(row, seen.mark, why, over=over)
            return
        arriving = await asyncio.to_thread(self._archive.arriving, seen.suffix)
        try:
            await self._threads.run(row.pbx, recording_folders.copy, folder, seen, arriving)
            arrived = await asyncio.to_thread(arriving.finish)
            if not arrived.whole and now < row.expected_at + UNCLOSED:
                raise Growing("it is not closed yet: it does not say how long it is")
            await self._keep(row, arrived, seen.mark)
        finally:
            await asyncio.to_thread(arriving.discard)

    async def _keep(self, row: Any, arrived: Arrived, mark: str) -> None:
        """Move a file to its place, then write down that it is kept."""
        name = copy_name(row.call_id, row.started_at, self._zone, arrived.suffix)
        await asyncio.to_thread(self._archive.place, arrived.path, name)
        now, folder = self._clock.now(), self._folders.get(row.pbx)
        theirs = bool(mark) and folder is not None and folder.delete

        def unit(connection: Connection) -> bool:
            call = tables.by_id(connection, row.call_id)
            if not _unchanged(connection, row) or call is None:
                return False
            recording_tables.change(
                connection, row.id, state=RecordingState.KEPT.value, reason="", path=name,
                sha256=arrived.sha256, size_bytes=arrived.size_bytes,
                duration_s=arrived.duration_s, media_type=arrived.media_type, seen=mark,
                kept_at=now, attempts=0, next_at=now if theirs else None,
            )  # fmt: skip
            url = recording_url(call.id)
            history.link(connection, InteractionKind.CALL, call.id, url, now)
            append(connection, self._event(connection, call, now))
            return True

        if not await self._store.write(unit):
            await self._take_back(row, name)
        self._health.forget(_DISK)
        self._wake_feed()

    async def _take_back(self, row: Any, name: str) -> None:
        """Let a file go whose recording changed meanwhile: back to where it waited, if it did."""
        if await self._store.read(lambda c: recording_tables.has_path(c, name)):
            return
        if row.path:
            await asyncio.to_thread(self._archive.place, self._archive.path(name), row.path)
        else:
            await asyncio.to_thread(self._archive.drop, name)

    def _event(self, connection: Connection, call: Any, now: datetime) -> Any:
        dial = dial_tables.find(connection, call.ref)
        whose = belonging(connection, self._plan, call.told, dial)
        return recorded_event(call, whose.audience, now)

    async def _delete_theirs(self, row: Any) -> None:
        folder = self._folders.get(row.pbx)
        if folder is not None and folder.delete:
            remove = recording_folders.remove
            await self._threads.run(row.pbx, remove, folder, row.seen, row.told)
        await self._store.write(partial(_change, row, next_at=None))

    async def _drop(self, row: Any) -> None:
        """Forget what was handed over for a call that never showed itself."""

        def unit(connection: Connection) -> bool:
            return _unchanged(connection, row) and recording_tables.drop(connection, row.id)

        if not await self._store.write(unit):
            return
        logger.warning("a recording of %s belongs to no call of a day and is dropped", row.pbx)
        if row.path:
            await asyncio.to_thread(self._archive.drop, row.path)

    async def _wait(self, row: Any, why: str, *, at: datetime | None = None) -> None:
        """Look again later, but not for ever."""
        if row.state == RecordingState.KEPT:
            logger.warning("the telephone system's copy of recording %s stays: %s", row.id, why)
            if self._clock.now() >= recording_tables.give_up_at(row):
                await self._store.write(partial(_change, row, next_at=None))
        elif self._clock.now() >= recording_tables.give_up_at(row):
            await self._settle(row, RecordingState.MISSING, why)
        else:
            again = at or self._clock.now() + pause(row.attempts + 1)
            await self._store.write(partial(_change, row, reason=why, next_at=again))

    async def _note_seen(self, row: Any, mark: str, why: str, *, over: bool) -> None:
        if over:
            await self._settle(row, RecordingState.MISSING, why)
            return
        fetching, again = RecordingState.FETCHING.value, self._clock.now() + STEADY
        change = partial(_change, row, state=fetching, seen=mark, reason=why, next_at=again)
        await self._store.write(change)

    async def _refuse(self, row: Any, why: str) -> None:
        """Look no more; what we have of our own stays."""
        if row.state == RecordingState.KEPT:
            logger.warning("the telephone system's copy of recording %s stays: %s", row.id, why)
            await self._store.write(partial(_change, row, next_at=None))
        else:
            await self._settle(row, RecordingState.REFUSED, why)

    async def _settle(self, row: Any, state: RecordingState, why: str) -> None:
        logger.warning("the recording of call %s is %s: %s", row.call_id, state.value, why)
        change = partial(_change, row, state=state.value, reason=why, next_at=None)
        await self._store.write(change)

    async def _note(self, row: Any, why: str) -> None:
        await self._store.write(partial(_change, row, reason=why))

    async def _put_off(self, row: Any, at: datetime) -> None:
        await self._store.write(partial(_change, row, next_at=at))


def _unchanged(connection: Connection, row: Any) -> bool:
    """Tell whether a recording is still what it was: nothing was handed over meanwhile."""
    now = recording_tables.by_id(connection, row.id)
    if now is None:
        return False
    return bool((now.call_id, now.state, now.path) == (row.call_id, row.state, row.path))


def _change(row: Any, connection: Connection, **values: Any) -> None:
    """Change a recording that is still what it was."""
    if _unchanged(connection, row):
        recording_tables.change(connection, row.id, **values)


def _handed_over(row: Any, archive: Archive) -> Arrived:
    return Arrived(
        path=archive.path(row.path),
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        duration_s=row.duration_s,
        media_type=row.media_type,
        suffix=PurePosixPath(row.path).suffix,
        whole=True,
    )
