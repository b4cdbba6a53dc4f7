"""Shows calls, those that live and those of the past, within a principal's rights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, or_, select

from gateway.calls.audio import playable
from gateway.calls.model import CallDirection, RecordingState
from gateway.calls.recording_tables import recordings
from gateway.calls.tables import call_people, calls
from gateway.calls.telling import recording_url
from gateway.kernel.errors import Conflict, NotFound
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.store import Store
from gateway.parties.tables import parties
from gateway.web import cursor as cursors
from gateway.web.paging import MAX_PAGE
from gateway.web.principal import Permission, Principal, Sight

_KEPT = RecordingState.KEPT.value
_OF_RECORDING = ("state", "reason", "media_type", "size_bytes", "duration_s")
_SHOWN = select(
    calls, *(recordings.c[name].label(f"recording_{name}") for name in _OF_RECORDING)
).join(recordings, recordings.c.call_id == calls.c.id, isouter=True)
"""Calls with what became of their recordings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Which calls are wanted; what is empty does not narrow."""

    live: bool = False
    direction: CallDirection | None = None
    outcome: str = ""
    number: str = ""
    party_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPage:
    """One page, newest first; `next_cursor` is empty on the last."""

    items: tuple[Mapping[str, Any], ...]
    next_cursor: str = ""


class Calls:
    """Reads calls."""

    def __init__(self, store: Store, plan: NumberingPlan) -> None:
        self._store = store
        self._plan = plan

    async def page(
        self, principal: Principal, wanted: CallFilter, *, cursor: str = "", limit: int = 50
    ) -> CallPage:
        """Return calls, newest first; raises Invalid for a number or cursor that is none."""
        principal.require(Permission.CALLS_READ)
        limit = min(limit, MAX_PAGE)
        query = _narrowed(_of_principal(_SHOWN, principal), wanted)
        if wanted.number:
            query = query.where(calls.c.number == self._plan.parse(wanted.number).key)
        if cursor:
            query = query.where(calls.c.id < cursors.decode(cursor, 1)[0])
        query = query.order_by(calls.c.id.desc()).limit(limit + 1)

        def read(connection: Connection) -> CallPage:
            rows = connection.execute(query).all()
            more = len(rows) > limit
            return CallPage(
                items=tuple(_shown(row) for row in rows[:limit]),
                next_cursor=cursors.encode(rows[limit - 1].id) if more else "",
            )

        return await self._store.read(read)

    async def living(self, principal: Principal, call_id: str) -> tuple[str, str]:
        """Return the telephone system of a call and its id there.

        Raises NotFound also for what is not his to see, Conflict when it has ended.
        """
        query = _of_principal(select(calls).where(calls.c.id == call_id), principal)
        row = await self._store.read(lambda connection: connection.execute(query).first())
        if row is None:
            raise NotFound(f"there is no call {call_id}")
        if row.ended_at is not None:
            raise Conflict(f"call {call_id} has ended")
        return row.pbx, row.ref

    async def show(self, principal: Principal, call_id: str) -> Mapping[str, Any]:
        """Return a call; raises NotFound also for what is not his to see."""
        principal.require(Permission.CALLS_READ)
        query = _of_principal(_SHOWN.where(calls.c.id == call_id), principal)
        row = await self._store.read(lambda connection: connection.execute(query).first())
        if row is None:
            raise NotFound(f"there is no call {call_id}")
        return _shown(row)


def describe_stored(connection: Connection, call_id: str) -> Mapping[str, Any] | None:
    """Return a call as the API shows it; None when it is gone."""
    row = connection.execute(_SHOWN.where(calls.c.id == call_id)).first()
    return None if row is None else _shown(row)


def _of_principal(query: Select[Any], principal: Principal) -> Select[Any]:
    """Narrow to what a principal may see: calls he is in, his customers' and nobody's.

    Nobody's are those with strangers; talks inside the company are for who is in them.
    """
    if principal.sight is Sight.ALL:
        return query
    in_it = exists().where(
        call_people.c.call_id == calls.c.id, call_people.c.user_id == principal.user_id
    )
    others = exists().where(
        parties.c.id == calls.c.party_id,
        parties.c.responsible_id.is_not(None),
        parties.c.responsible_id != principal.user_id,
    )
    return query.where(or_(in_it, and_(~calls.c.private, ~others)))


def _narrowed(query: Select[Any], wanted: CallFilter) -> Select[Any]:
    if wanted.live:
        query = query.where(calls.c.ended_at.is_(None))
    for column, value in (
        (calls.c.direction, wanted.direction),
        (calls.c.outcome, wanted.outcome),
        (calls.c.party_id, wanted.party_id),
    ):
        if value:
            query = query.where(column == str(value))
    if wanted.since is not None:
        query = query.where(calls.c.started_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(calls.c.started_at < wanted.until)
    return query


def _shown(row: Any) -> Mapping[str, Any]:
    return {
        **row.told,
        "recording_url": recording_url(row.id) if row.recording_state == _KEPT else "",
        "recording_file": _recording(row),
        "notes": row.notes,
        "id": row.id,
        "pbx": row.pbx,
        "number": row.number,
        "party_id": row.party_id,
        "person_id": row.person_id,
        "user_id": row.user_id,
    }


def _recording(row: Any) -> Mapping[str, Any] | None:
    if row.recording_state is None:
        return None
    return {
        "state": row.recording_state,
        "reason": row.recording_reason,
        "media_type": row.recording_media_type,
        "playable": playable(row.recording_media_type),
        "size_bytes": row.recording_size_bytes,
        "duration_s": row.recording_duration_s,
    }
