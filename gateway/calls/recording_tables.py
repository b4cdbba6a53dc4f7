"""The table of recordings, and the statements on it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from gateway.calls.model import RecordingState
from gateway.calls.recording_names import FIRST_LOOK, GIVE_UP, WAITING, pause
from gateway.calls.tables import calls
from gateway.kernel.ids import new_id
from gateway.kernel.store.schema import Id, UtcDateTime, metadata

recordings = Table(
    "recordings",
    metadata,
    Column("id", Id, primary_key=True),
    Column("pbx", Text, nullable=False),
    Column("ref", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("told", Text, nullable=False),
    Column("call_id", Id, ForeignKey("calls.id"), unique=True),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("path", Text, nullable=False, server_default=""),
    Column("sha256", String(64), nullable=False, server_default=""),
    Column("size_bytes", BigInteger, nullable=False, server_default="0"),
    Column("duration_s", Float),
    Column("media_type", Text, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("seen", Text, nullable=False, server_default=""),
    Column("expected_at", UtcDateTime, nullable=False),
    Column("next_at", UtcDateTime),
    Column("kept_at", UtcDateTime),
    Index("ix_recordings_pbx_name", "pbx", "name"),
    Index("ix_recordings_pbx_ref", "pbx", "ref"),
)
_DUE = recordings.c.next_at.is_not(None)
Index("ix_recordings_due", recordings.c.next_at, sqlite_where=_DUE, postgresql_where=_DUE)

_ID = recordings.c.id == bindparam("of_id")
_BY_ID = select(recordings).where(_ID)
_BY_CALL = select(recordings).where(recordings.c.call_id == bindparam("of_call"))
_OF_REF = (recordings.c.pbx == bindparam("of_pbx"), recordings.c.ref == bindparam("of_ref"))
_OF_NAME = (recordings.c.pbx == bindparam("of_pbx"), recordings.c.name == bindparam("of_name"))
_NOBODYS = recordings.c.call_id.is_(None)
_BY_REF = select(recordings).where(*_OF_REF).order_by(recordings.c.id.desc())
_BY_NAME = select(recordings).where(*_OF_NAME).order_by(recordings.c.id.desc())
_FREE_BY_REF, _FREE_BY_NAME = _BY_REF.where(_NOBODYS), _BY_NAME.where(_NOBODYS)
_WORK = (
    select(recordings, calls.c.ended_at, calls.c.started_at)
    .join(calls, calls.c.id == recordings.c.call_id, isouter=True)
    .where(recordings.c.next_at <= bindparam("now"))
    .order_by(recordings.c.next_at)
    .limit(bindparam("at_most"))
)
_IN_WAITING = select(recordings.c.path).where(recordings.c.path.startswith(f"{WAITING}/"))
_CHANGE = update(recordings).where(_ID)


def by_id(connection: Connection, recording_id: str) -> Any:
    """Return a recording's row; None when there is none any more."""
    return connection.execute(_BY_ID, {"of_id": recording_id}).first()


def of_call(connection: Connection, call_id: str) -> Any:
    """Return the row of a call's recording; None when none is known."""
    return connection.execute(_BY_CALL, {"of_call": call_id}).first()


def is_kept(connection: Connection, call_id: str) -> bool:
    """Tell whether there is something to hear of a call."""
    row = of_call(connection, call_id)
    return row is not None and row.state == RecordingState.KEPT


def find(connection: Connection, pbx: str, *, name: str, ref: str) -> Any:
    """Return the row of what a telephone system hands over; None when it is new.

    A call that is known decides; otherwise the file's name, for calls may have been joined.
    """
    given = {"of_pbx": pbx, "of_ref": ref, "of_name": name}
    if ref:
        found = connection.execute(_BY_REF, given).first()
        if found is not None:
            return found
        known = select(calls.c.id).where(calls.c.pbx == pbx, calls.c.ref == ref)
        if connection.execute(known).first() is not None:
            return connection.execute(_FREE_BY_NAME, given).first()
    return connection.execute(_BY_NAME, given).first() if name else None


def expect(connection: Connection, call: Mapping[str, Any], name: str, now: datetime) -> None:
    """Note at a call's end that it was recorded; what was handed over before is given to it.

    The file's name decides, and only then the call's id: of several it tells which is meant.
    """
    if of_call(connection, call["id"]) is not None:
        return
    told = call["told"]["recording"]
    given = {"of_pbx": call["pbx"], "of_ref": call["ref"], "of_name": name}
    found = connection.execute(_FREE_BY_NAME, given).first() if name else None
    if found is None:
        found = connection.execute(_FREE_BY_REF, given).first()
    if found is None and not told:
        return
    values = {"call_id": call["id"], "ref": call["ref"], "expected_at": now}
    if found is None:
        add(connection, {**values, "pbx": call["pbx"], "name": name, "told": told,
                         "next_at": now + FIRST_LOOK})  # fmt: skip
        return
    done = found.state == RecordingState.KEPT and not found.seen  # theirs may be to be deleted
    change(connection, found.id, **values, next_at=None if done else now)


def release(connection: Connection, pbx: str, ref: str, into: str, now: datetime) -> None:
    """Give the recording of a call that became part of another to that one, for its end.

    It waits for that end as long as what was handed over does.
    """
    due = func.coalesce(recordings.c.next_at, now)
    connection.execute(
        update(recordings)
        .where(*_OF_REF)
        .values(ref=into, call_id=None, expected_at=now, next_at=due),
        {"of_pbx": pbx, "of_ref": ref},
    )


def add(connection: Connection, values: Mapping[str, Any]) -> str:
    """Write a new recording down; return its id."""
    made = {"id": new_id(), "ref": "", "state": RecordingState.EXPECTED.value, **values}
    connection.execute(insert(recordings).values(made))
    return str(made["id"])


def change(connection: Connection, recording_id: str, **values: Any) -> None:
    """Change a recording."""
    connection.execute(_CHANGE.values(values), {"of_id": recording_id})


def drop(connection: Connection, recording_id: str) -> bool:
    """Forget a recording; False where it is somebody's by now, or gone."""
    gone = connection.execute(delete(recordings).where(_ID, _NOBODYS), {"of_id": recording_id})
    return gone.rowcount > 0


def has_path(connection: Connection, path: str) -> bool:
    """Tell whether one of our files belongs to a recording."""
    query = select(recordings.c.id).where(recordings.c.path == path).limit(1)
    return connection.execute(query).first() is not None


def claim(
    connection: Connection, now: datetime, at_most: int, busy: Collection[str] = ()
) -> list[Any]:
    """Return what is due and put off its next look: what fails badly comes again, but later.

    Telephone systems that are being worked on already are left out.
    """
    query = _WORK.where(recordings.c.pbx.not_in(busy)) if busy else _WORK
    due = connection.execute(query, {"now": now, "at_most": at_most}).all()
    for row in due:
        change(connection, row.id, attempts=row.attempts + 1, next_at=now + pause(row.attempts + 1))
    return list(due)


def waiting_paths(connection: Connection) -> set[str]:
    """Return which of our files wait for their calls, or for their places."""
    return set(connection.execute(_IN_WAITING).scalars())


def give_up_at(row: Any) -> datetime:
    """Return when a recording is waited for no more."""
    moment: datetime = row.expected_at + GIVE_UP
    return moment
