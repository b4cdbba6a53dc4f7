"""Takes recordings that a telephone system hands over by HTTPS, before or after its call's end.

What came waits on our disk, and stands in the table before the telephone system is told so; the
keeper gives it to its call. File names are keys in the table and never paths.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Connection

from gateway.calls import recording_tables, tables
from gateway.calls.model import RecordingState
from gateway.calls.recording_archive import Archive, Arrived, Arriving
from gateway.calls.recording_names import GIVE_UP, MAX_NAME, STEADY, WAITING, key_of
from gateway.kernel.clock import Clock
from gateway.kernel.errors import BadRequest, Conflict, Invalid, NotFound, Permanent, Temporary
from gateway.kernel.store import Store
from gateway.people import audit
from gateway.web.principal import Permission, Principal

AT_ONCE = 8
"""Recordings that may be on their way to us at the same time."""
SILENT_S = 60.0
"""A sender that sends nothing for so long is given up."""
_PART_BYTES = 1 << 20
_NOT_CLOSED = (
    "the recording is not closed yet: it does not say how long it is, or is shorter than it says; "
    "hand it over again once it is"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """What a telephone system says of a recording."""

    pbx: str
    file: str
    """Its name there."""
    call: str = ""
    """The call's Linkedid there, where the dialplan knows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a recording that was handed over."""

    id: str
    state: RecordingState
    call_id: str | None
    fresh: bool
    """False: we had it already."""


class RecordingReceiver:
    """Takes recordings; raises what says whether handing over again would help."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        archive: Archive,
        systems: Mapping[str, PurePosixPath],
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._archive = archive
        self._systems = systems
        self._wake = wake
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def take(
        self, principal: Principal, told: HandOver, parts: AsyncIterator[bytes]
    ) -> Receipt:
        """Return once the recording is on disk and written down.

        Raises NotFound (no such telephone system), Invalid (name, kind or size), Conflict (the call
        has another recording already), Temporary (our disk, too many at once, not closed yet).
        """
        principal.require(Permission.RECORDINGS_WRITE)
        folder = self._systems.get(told.pbx)
        if folder is None:
            raise NotFound(f"there is no telephone system {told.pbx[:40]!r}; see [[pbx]] id")
        name = key_of(told.file, folder)
        if not told.call.isprintable() or len(told.call) > MAX_NAME:
            raise Invalid(f"{told.call[:80]!r} is no id of a call", field="call")
        if self._slots.locked():
            raise Temporary(f"{AT_ONCE} recordings are on their way already", retry_after_s=5)
        async with self._slots:
            arriving = await asyncio.to_thread(
                self._archive.arriving, PurePosixPath(told.file).suffix
            )
            try:
                arrived = await _received(arriving, parts)
                if not arrived.whole:
                    raise Temporary(_NOT_CLOSED, retry_after_s=STEADY.total_seconds())
                return await self._write_down(principal, told, name, arrived)
            finally:
                await asyncio.to_thread(arriving.discard)

    async def _write_down(
        self, principal: Principal, told: HandOver, name: str, arrived: Arrived
    ) -> Receipt:
        def known(connection: Connection) -> Receipt | None:
            row = recording_tables.find(connection, told.pbx, name=name, ref=told.call)
            return _known(row, arrived)

        before = await self._store.read(known)
        if before is not None:
            return before
        path = f"{WAITING}/{arrived.path.name}{arrived.suffix}"
        await asyncio.to_thread(self._archive.place, arrived.path, path)

        def unit(connection: Connection) -> Receipt:
            row = recording_tables.find(connection, told.pbx, name=name, ref=told.call)
            return _known(row, arrived) or self._noted(connection, principal, told, row, {
                "name": name, "path": path, "state": RecordingState.EXPECTED.value, "reason": "",
                "sha256": arrived.sha256, "size_bytes": arrived.size_bytes,
                "duration_s": arrived.duration_s, "media_type": arrived.media_type,
            })  # fmt: skip

        try:
            receipt = await self._store.write(unit)
        except Conflict:
            await asyncio.to_thread(self._archive.drop, path)
            raise
        if not receipt.fresh:
            await asyncio.to_thread(self._archive.drop, path)
        self._wake()
        return receipt

    def _noted(
        self,
        connection: Connection,
        principal: Principal,
        told: HandOver,
        row: Any,
        values: dict[str, Any],
    ) -> Receipt:
        """Write down what came: for a call that is known, or until it is."""
        now = self._clock.now()
        call_id = _ended(connection, told) if row is None else row.call_id
        values["next_at"] = now if call_id else now + GIVE_UP
        if row is None:
            more = {
                "pbx": told.pbx, "ref": told.call, "told": told.file, "expected_at": now,
                "call_id": call_id,
            }  # fmt: skip
            recording_id = recording_tables.add(connection, {**values, **more})
        else:
            recording_id = row.id
            del values["name"]
            recording_tables.change(connection, row.id, **values, expected_at=now, attempts=0)
        audit.record(
            connection, principal, "hand over", ("recording", recording_id), at=now,
            changes={"pbx": told.pbx, "size": values["size_bytes"], "sha256": values["sha256"]},
        )  # fmt: skip
        return Receipt(id=recording_id, state=RecordingState.EXPECTED, call_id=call_id, fresh=True)


def _ended(connection: Connection, told: HandOver) -> str | None:
    """Return the call that is named, where it has ended: nothing else would look for this one.

    A call may be recorded without our being told of it.
    """
    call = tables.find(connection, told.pbx, told.call) if told.call else None
    return call.id if call is not None and call.ended_at is not None else None


async def _received(arriving: Arriving, parts: AsyncIterator[bytes]) -> Arrived:
    """Write what comes to disk, some of it at a time."""
    waiting = bytearray()
    try:
        while True:
            async with asyncio.timeout(SILENT_S):
                part = await anext(parts, None)
            if part is not None:
                waiting += part
            if len(waiting) >= _PART_BYTES or part is None:
                await asyncio.to_thread(arriving.write, bytes(waiting))
                waiting.clear()
            if part is None:
                return await asyncio.to_thread(arriving.finish)
    except TimeoutError:
        raise BadRequest(f"nothing came for {SILENT_S:.0f} s; hand it over again") from None
    except Permanent as error:
        raise Invalid(f"the recording is not taken: {error}", field="body") from error


def _known(row: Any, arrived: Arrived) -> Receipt | None:
    """Return the receipt of what we have already; raises Conflict where that is another one."""
    if row is None or not row.path or row.state in {RecordingState.REFUSED, RecordingState.MISSING}:
        return None
    if row.sha256 != arrived.sha256:
        raise Conflict(
            f"another recording of this call is here already (sha256 {row.sha256[:12]}…, "
            f"{row.size_bytes} bytes); it is not replaced"
        )
    state = RecordingState(row.state)
    return Receipt(id=row.id, state=state, call_id=row.call_id, fresh=False)
