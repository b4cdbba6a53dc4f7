"""Puts long messages together from parts that come in any order, across restarts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from gateway.kernel.ids import new_id
from gateway.sms import tables
from gateway.sms.port import Concatenation, ReceivedSegment
from gateway.sms.text import joined_text

REMEMBERED = timedelta(days=7)
"""How long a delivered group is kept, to know repeated and late parts by."""
MISSING = "[…]"
"""Stands where a part is missing."""

_GROUPS = (
    select(tables.groups)
    .where(
        tables.groups.c.sender == bindparam("sender"),
        tables.groups.c.modem_id == bindparam("modem_id"),
        tables.groups.c.reference == bindparam("reference"),
        tables.groups.c.total == bindparam("total"),
        tables.groups.c.wide == bindparam("wide"),
    )
    .order_by(tables.groups.c.id.desc())
    .limit(1)
)
_PARTS = select(tables.parts).where(tables.parts.c.group_id == bindparam("group_id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """A text that is ready to be delivered, or that a late part has mended."""

    group_id: str
    text: str
    complete: bool
    sent_at: datetime | None
    replaces: str | None = None
    """The id of the message that was delivered incomplete before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGroup:
    """A group whose time is over, with what came of it."""

    id: str
    modem_id: str
    sender: str
    newest_at: datetime
    assembled: Assembled


def add(
    connection: Connection, sender: str, segment: ReceivedSegment, now: datetime
) -> list[Assembled]:
    """Keep one part; return what became ready by it (an older group too, if its key came anew)."""
    part = segment.concatenation
    assert part is not None
    key = {
        "sender": sender,
        "modem_id": segment.source.modem_id,
        "reference": part.reference,
        "total": part.total,
        "wide": part.wide,
    }
    group = connection.execute(_GROUPS, key).first()
    ready: list[Assembled] = []
    have = _parts(connection, group.id) if group else {}
    if group is not None and part.number in have:
        known = have[part.number]
        if known.text == segment.text and known.sent_at == segment.sent_at:
            return []
        if group.received_id is None:
            ready.append(_assemble(group, have))
        group = None
    if group is not None and now - group.newest_at > REMEMBERED:
        group = None
    group_id = group.id if group else _open(connection, key, now)
    _keep(connection, group_id, part, segment, now)
    have = _parts(connection, group_id)
    if len(have) == part.total or (group is not None and group.received_id is not None):
        row = connection.execute(_GROUPS, key).one()
        ready.append(_assemble(row, have))
    return ready


def overdue(connection: Connection, before: datetime) -> list[OpenGroup]:
    """Return the groups that got nothing new since `before` and were never delivered."""
    query = select(tables.groups).where(
        tables.groups.c.received_id.is_(None), tables.groups.c.newest_at < before
    )
    return [
        OpenGroup(
            id=row.id,
            modem_id=row.modem_id,
            sender=row.sender,
            newest_at=row.newest_at,
            assembled=_assemble(row, _parts(connection, row.id)),
        )
        for row in connection.execute(query).all()
    ]


def delivered(connection: Connection, group_id: str, received_id: str) -> None:
    """Note which message a group became."""
    connection.execute(
        update(tables.groups).where(tables.groups.c.id == group_id).values(received_id=received_id)
    )


def forget(connection: Connection, before: datetime) -> None:
    """Drop delivered groups that are too old to be of use."""
    old = select(tables.groups.c.id).where(
        tables.groups.c.received_id.is_not(None), tables.groups.c.newest_at < before
    )
    connection.execute(delete(tables.parts).where(tables.parts.c.group_id.in_(old)))
    connection.execute(
        delete(tables.groups).where(
            tables.groups.c.received_id.is_not(None), tables.groups.c.newest_at < before
        )
    )


def _parts(connection: Connection, group_id: str) -> dict[int, Row[Any]]:
    return {row.number: row for row in connection.execute(_PARTS, {"group_id": group_id})}


def _assemble(group: Row[Any], have: Mapping[int, Row[Any]]) -> Assembled:
    pieces: list[tuple[str, bytes]] = []
    for number in range(1, group.total + 1):
        if number in have:
            pieces.append((have[number].text, have[number].data or b""))
        elif not pieces or pieces[-1][0] != MISSING:
            pieces.append((MISSING, b""))
    stamps = [row.sent_at for row in have.values() if row.sent_at is not None]
    return Assembled(
        group_id=group.id,
        text=joined_text(pieces),
        complete=len(have) == group.total,
        sent_at=min(stamps, default=None),
        replaces=group.received_id,
    )


def _open(connection: Connection, key: Mapping[str, Any], now: datetime) -> str:
    group_id = new_id()
    connection.execute(insert(tables.groups).values(id=group_id, newest_at=now, **key))
    return group_id


def _keep(
    connection: Connection,
    group_id: str,
    part: Concatenation,
    segment: ReceivedSegment,
    now: datetime,
) -> None:
    connection.execute(
        insert(tables.parts),
        {
            "group_id": group_id,
            "number": part.number,
            "text": segment.text,
            "data": segment.data or None,
            "sent_at": segment.sent_at,
        },
    )
    connection.execute(
        update(tables.groups).where(tables.groups.c.id == group_id).values(newest_at=now)
    )
