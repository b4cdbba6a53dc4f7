"""Recordings of calls: files that MixMonitor wrote on the telephone system's disk.

They are read where that folder is mounted here. Their names come from the dialplan, and so perhaps
from a caller: whatever leads out of the folder is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gateway.calls.showing import Calls
from gateway.kernel.errors import Conflict, NotFound, Permanent
from gateway.web.principal import Principal

_TYPES = {
    ".wav": "audio/wav", ".wav49": "audio/wav", ".mp3": "audio/mpeg", ".ogg": "audio/ogg",
    ".opus": "audio/ogg", ".gsm": "audio/x-gsm", ".ulaw": "audio/basic",
    ".alaw": "audio/x-alaw-basic",
}  # fmt: skip
"""Endings of what Asterisk records, and their media types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFolder:
    """Where a telephone system records, and where that is mounted here."""

    there: PurePosixPath
    here: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFile:
    """A recording to be sent."""

    path: Path
    media_type: str


class Recordings:
    """Finds the file of a call."""

    def __init__(self, calls: Calls, folders: Mapping[str, RecordingFolder]) -> None:
        self._calls = calls
        self._folders = folders

    async def file(self, principal: Principal, call_id: str) -> RecordingFile:
        """Return a call's recording.

        Raises NotFound (no such call, or not his; no recording, or its file is gone), Conflict
        while it is still being recorded, Permanent where its folder is not known here.
        """
        call = await self._calls.show(principal, call_id)
        told = str(call["recording"])
        if not told:
            raise NotFound(f"call {call_id} was not recorded")
        if call["ended_at"] is None:
            raise Conflict(f"call {call_id} is still being recorded")
        folder = self._folders.get(str(call["pbx"]))
        if folder is None:
            raise Permanent(
                f"the recordings of {call['pbx']} are not reachable from here: mount their folder "
                "and name it as `recordings_here` in its [[pbx]] section"
            )
        return await asyncio.to_thread(_found, folder, told)


def _found(folder: RecordingFolder, told: str) -> RecordingFile:
    """Return the file that the telephone system calls so."""
    named = PurePosixPath(told)
    media_type = _TYPES.get(named.suffix.casefold())
    inside = named.relative_to(folder.there) if named.is_relative_to(folder.there) else None
    if not named.is_absolute():
        inside = named
    if inside is None or media_type is None or ".." in inside.parts:
        raise NotFound(f"{told[:200]!r} is no recording in {folder.there}")
    missing = NotFound(f"the recording {told[:200]!r} is not in {folder.here} (any more)")
    try:
        root = folder.here.resolve()
        path = (root / inside).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            raise missing
    except OSError as error:
        raise missing from error
    return RecordingFile(path=path, media_type=media_type)
