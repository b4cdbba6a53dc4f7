"""What fax servers hand over: progress of what goes out, and faxes that came in."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select

import gateway.history.tables as history
from gateway.fax import following, tables
from gateway.fax.documents import FaxFolder, Kept
from gateway.fax.port import FaxSource, JobReport, ReceivedFax, ServerStatus
from gateway.fax.whose import Belonging, belonging
from gateway.history.model import Direction, Interaction, InteractionKind
from gateway.kernel import events
from gateway.kernel.ids import new_id
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.runtime import Runtime
from gateway.kernel.store import Store
from gateway.people.colleagues import Colleagues

logger = logging.getLogger(__name__)

_R = tables.received.c
_KNOWN = select(_R.id).where(
    _R.server_id == bindparam("server_id"),
    _R.source_name == bindparam("name"),
    _R.source_stamp == bindparam("stamp"),
)
RECEIVED, INCOMPLETE = "received", "received_incomplete"
MAX_TEXT = 200
"""Characters of what a stranger's machine says of itself that are kept."""


class FaxInbox:
    """The servers' sink: each method returns when the fact is on disk; nothing counts twice."""

    def __init__(
        self,
        store: Store,
        runtime: Runtime,
        plan: NumberingPlan,
        folder: FaxFolder,
        *,
        colleagues: Colleagues,
        note_status: Callable[[ServerStatus], None],
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = runtime.clock
        self._plan = plan
        self._folder = folder
        self._colleagues = colleagues
        self._note_status = note_status
        self._wake = wake

    async def progressed(self, report: JobReport) -> None:
        """Commit what a job has come to."""
        now = self._clock.now()
        state = await self._store.write(lambda c: following.apply(c, report, now))
        if report.phase.over and state is not None:
            logger.info("job %s of fax server %s ended: fax is %s (%s %s)", report.job_id,
                        report.server_id, state, report.reason, report.text)  # fmt: skip
            self._wake()

    async def knows(self, source: FaxSource) -> bool:
        """Tell whether this fax is committed here already."""
        return await self._store.read(lambda connection: _knows(connection, source))

    async def received(self, fax: ReceivedFax) -> None:
        """Commit a fax and take its file."""
        if await self.knows(fax.source):
            fax.file.unlink(missing_ok=True)
            return
        now = self._clock.now()
        kept = await self._folder.keep(fax.file, "received", now)
        fresh = await self._store.write(lambda connection: self._take(connection, fax, kept, now))
        if not fresh:
            self._folder.drop(kept.path)
            return
        logger.info("fax server %s received %d pages", fax.source.server_id, fax.pages)
        self._wake()

    def status_changed(self, status: ServerStatus) -> None:
        """Pass a server's new status on."""
        self._note_status(status)

    def _take(self, connection: Connection, fax: ReceivedFax, kept: Kept, now: datetime) -> bool:
        if _knows(connection, fax.source):
            return False
        whose = belonging(connection, self._plan, self._colleagues, fax)
        received_id = new_id()
        connection.execute(insert(tables.received), _row(received_id, fax, kept, whose, now))
        history.record(connection, _line(received_id, fax, whose))
        events.append(connection, _event(received_id, fax, whose, now))
        return True


def _knows(connection: Connection, source: FaxSource) -> bool:
    place = {"server_id": source.server_id, "name": source.name, "stamp": source.stamp}
    return connection.execute(_KNOWN, place).first() is not None


def _row(
    received_id: str, fax: ReceivedFax, kept: Kept, whose: Belonging, now: datetime
) -> dict[str, object]:
    return {
        "id": received_id,
        "server_id": fax.source.server_id,
        "source_name": fax.source.name,
        "source_stamp": fax.source.stamp,
        "number": whose.number,
        "caller": _told(fax.caller),
        "caller_name": _told(fax.caller_name),
        "station_id": _told(fax.station_id),
        "called": whose.called,
        "line": _told(fax.line),
        "pages": fax.pages,
        "complete": fax.complete,
        "problem": _told(fax.problem),
        "duration_s": fax.duration_s,
        "path": kept.path,
        "size_bytes": kept.size_bytes,
        "sha256": kept.sha256,
        "party_id": whose.owner.party_id if whose.owner else None,
        "person_id": whose.owner.person_id if whose.owner else None,
        "assigned_id": whose.assigned_id,
        "text": "",
        "received_at": fax.received_at,
        "due_at": now,
        "tries": 0,
    }


def _told(text: str) -> str:
    """Return what a stranger's machine said, fit to be kept: no control characters, not endless."""
    return "".join(char if char.isprintable() else " " for char in text).strip()[:MAX_TEXT]


def _line(received_id: str, fax: ReceivedFax, whose: Belonging) -> Interaction:
    return Interaction(
        kind=InteractionKind.FAX,
        direction=Direction.IN,
        ref=received_id,
        number=whose.number,
        line=whose.called or _told(fax.line),
        party_id=whose.owner.party_id if whose.owner else None,
        person_id=whose.owner.person_id if whose.owner else None,
        user_id=whose.assigned_id,
        started_at=fax.received_at,
        ended_at=fax.received_at,
        outcome=RECEIVED if fax.complete else INCOMPLETE,
        document=document_url(received_id),
    )


def document_url(fax_id: str) -> str:
    """Return where a fax's pages are read."""
    return f"/api/v1/faxes/{fax_id}/document.pdf"


def _event(received_id: str, fax: ReceivedFax, whose: Belonging, now: datetime) -> events.Event:
    responsible = whose.owner.responsible_id if whose.owner else None
    audience = events.audience_of(whose.assigned_id, responsible)
    return events.Event(
        kind="fax.received",
        subject=received_id,
        at=now,
        audience=audience,
        data={
            "party": whose.owner.party_id if whose.owner else None,
            "pages": fax.pages,
            "complete": fax.complete,
        },
    )
