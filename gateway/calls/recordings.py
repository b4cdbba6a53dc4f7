"""Recordings as people hear them: our copy, or the telephone system's file until we have one."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from gateway.calls import audio, recording_folders, recording_tables
from gateway.calls.model import RecordingState
from gateway.calls.recording_archive import Archive
from gateway.calls.recording_folders import NotThere, RecordingFolder
from gateway.calls.recording_names import download_name
from gateway.calls.recording_threads import FolderThreads, NoAnswer
from gateway.calls.showing import Calls
from gateway.kernel.clock import Clock
from gateway.kernel.errors import Conflict, NotFound, Permanent, Temporary
from gateway.kernel.store import Store
from gateway.people import audit
from gateway.web.principal import Permission, Principal

LISTENING_S = 600.0
"""A player asks for a recording piece by piece: within so long that is one listening."""
MAX_LISTENING = 10_000
LISTENERS = 4
"""Who may look for a file in one telephone system's folder at the same time."""
ANSWER_S = 10.0
"""A folder that does not answer for so long is most likely one of a dead machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFile:
    """A recording to be sent."""

    path: Path
    media_type: str
    name: str
    """What it is called when it is saved."""

    @property
    def playable(self) -> bool:
        """Tell whether a browser plays it."""
        return audio.playable(self.media_type)


class Recordings:
    """Finds the file of a call, and writes down who listens."""

    def __init__(
        self,
        calls: Calls,
        store: Store,
        clock: Clock,
        archive: Archive,
        folders: Mapping[str, RecordingFolder],
    ) -> None:
        self._calls = calls
        self._store = store
        self._clock = clock
        self._archive = archive
        self._folders = folders
        self._threads = FolderThreads(LISTENERS)
        self._listening: OrderedDict[tuple[str, str], float] = OrderedDict()

    async def file(self, principal: Principal, call_id: str) -> RecordingFile:
        """Return a call's recording.

        Raises NotFound (no such call, or not his; no recording, or its file is gone), Conflict
        while it is still being recorded, Permanent where it has not come and cannot be reached,
        Temporary where the folder does not answer.
        """
        principal.require(Permission.RECORDINGS_LISTEN)
        call = await self._calls.show(principal, call_id)
        row = await self._store.read(lambda c: recording_tables.of_call(c, call_id))
        if row is not None and row.state == RecordingState.KEPT:
            found = RecordingFile(
                path=self._archive.path(row.path), media_type=row.media_type, name=_name(call, row)
            )
            if not await asyncio.to_thread(found.path.is_file):
                raise NotFound(f"the recording of call {call_id} is gone from {found.path.parent}")
        else:
            found = await self._theirs(call, row)
        await self._note(principal, call_id)
        return found

    async def _theirs(self, call: Mapping[str, Any], row: Any) -> RecordingFile:
        """Return the telephone system's own file, which is not copied yet."""
        told = str(call["recording"])
        if not told and row is None:
            raise NotFound(f"call {call['id']} was not recorded")
        if call["ended_at"] is None:
            raise Conflict(f"call {call['id']} is still being recorded")
        if row is not None and row.state == RecordingState.REFUSED:
            raise NotFound(f"the recording of call {call['id']} is not kept: {row.reason}")
        folder = self._folders.get(str(call["pbx"]))
        if folder is None:
            raise Permanent(
                f"the recording of call {call['id']} has not come: mount the folder of "
                f"{call['pbx']} and name it as `recordings_here` in its [[pbx]] section, or have "
                "recordings handed over"
            )
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._threads.run(str(call["pbx"]), _found, folder, told, call)
        except (NoAnswer, TimeoutError):
            raise Temporary(
                f"the folder {folder.here} does not answer now", retry_after_s=ANSWER_S
            ) from None
        except NotThere as error:
            raise NotFound(f"the recording has not come: {error}") from error
        except Permanent as error:
            raise NotFound(f"the recording cannot be heard: {error}") from error

    async def _note(self, principal: Principal, call_id: str) -> None:
        """Write down who listens to what, once for each time that he does."""
        key, now = (principal.user_id or principal.name, call_id), self._clock.monotonic()
        if now - self._listening.get(key, -LISTENING_S) < LISTENING_S:
            return

        def unit(connection: Connection) -> None:
            at = self._clock.now()
            audit.record(connection, principal, "listen", ("call", call_id), at=at)

        await self._store.write(unit)
        self._listening[key] = now
        self._listening.move_to_end(key)
        if len(self._listening) > MAX_LISTENING:
            self._listening.popitem(last=False)


def _found(folder: RecordingFolder, told: str, call: Mapping[str, Any]) -> RecordingFile:
    """Return the file that the telephone system calls so; raises NotThere, Permanent."""
    seen = recording_folders.look(folder, told)
    kind = audio.recognise(recording_folders.head(folder, seen), seen.suffix)
    if kind is None:
        raise Permanent("it is no sound that we know")
    return RecordingFile(
        path=folder.here.joinpath(*seen.parts),
        media_type=_RAW_TYPES.get(kind, kind.media_type),
        name=_called(call, seen.suffix),
    )


_RAW_TYPES = {audio.AudioKind.ULAW: "audio/basic", audio.AudioKind.ALAW: "audio/x-alaw-basic"}
"""What becomes a WAV only when it is copied."""


def _name(call: Mapping[str, Any], row: Any) -> str:
    return _called(call, Path(row.path).suffix)


def _called(call: Mapping[str, Any], suffix: str) -> str:
    started = datetime.fromisoformat(call["started_at"])
    return download_name(started, str(call["number"]), suffix.lower())
