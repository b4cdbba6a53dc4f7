"""The statements on dials: numbers that were dialled for a user."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from gateway.calls.model import Dial, DialState
from gateway.calls.tables import dials

REF = "santral-"
"""What the ids of calls begin with that we had dialled."""

_OF_REF = select(dials).where(dials.c.ref == bindparam("of_ref"))
_OF_KEY = select(dials).where(
    dials.c.owner == bindparam("of_owner"), dials.c.key == bindparam("of_key")
)
_ONGOING = select(dials.c.id).where(
    dials.c.extension == bindparam("of_extension"), dials.c.state == DialState.ASKED.value
)
_SINCE = (
    select(func.count())
    .select_from(dials)
    .where(dials.c.user_id == bindparam("of_user"), dials.c.asked_at > bindparam("after"))
)


def dial_of(row: Any) -> Dial:
    """Return the dial in a row of `dials`."""
    values = dict(row._mapping)  # noqa: SLF001 - Row's public name
    del values["owner"], values["key"]
    return Dial(**{**values, "state": DialState(values["state"])})


def find(connection: Connection, ref: str) -> Dial | None:
    """Return the dial whose call has this id; None when we had none dialled."""
    if not ref.startswith(REF):
        return None
    row = connection.execute(_OF_REF, {"of_ref": ref}).first()
    return None if row is None else dial_of(row)


def repeated(connection: Connection, owner: str, key: str) -> Dial | None:
    """Return the dial that an Idempotency-Key was used for."""
    row = connection.execute(_OF_KEY, {"of_owner": owner, "of_key": key}).first()
    return None if row is None else dial_of(row)


def rings(connection: Connection, extension: str) -> bool:
    """Tell whether an extension is being rung for a dial."""
    return connection.execute(_ONGOING, {"of_extension": extension}).first() is not None


def count(connection: Connection, user_id: str, now: datetime, within: timedelta) -> int:
    """Return how many numbers were dialled for a user lately."""
    given = {"of_user": user_id, "after": now - within}
    return int(connection.execute(_SINCE, given).scalar_one())


def add(connection: Connection, dial: Dial, *, owner: str, key: str) -> None:
    """Write a new dial down."""
    values = {name: getattr(dial, name) for name in Dial.__slots__}
    connection.execute(
        insert(dials).values(
            {**values, "state": dial.state.value, "owner": owner, "key": key or None}
        )
    )


def settle(
    connection: Connection, ref: str, state: DialState, reason: str, now: datetime
) -> Dial | None:
    """Write what became of a dial; None when that is known already."""
    open_states = (DialState.ASKED.value, DialState.UNCERTAIN.value)
    changed = connection.execute(
        update(dials)
        .where(dials.c.ref == ref, dials.c.state.in_(open_states))
        .values(state=state.value, reason=reason, settled_at=now)
    )
    return find(connection, ref) if changed.rowcount else None


def doubt(connection: Connection, ref: str, reason: str, now: datetime) -> Dial | None:
    """Make a dial uncertain that was not picked up and may have rung; None when it is already."""
    sure = (DialState.ASKED.value, DialState.FAILED.value)
    changed = connection.execute(
        update(dials)
        .where(dials.c.ref == ref, dials.c.state.in_(sure))
        .values(state=DialState.UNCERTAIN.value, reason=reason, settled_at=now)
    )
    return find(connection, ref) if changed.rowcount else None


def explain(connection: Connection, ref: str, reason: str) -> None:
    """Say better why a dial failed: its call knows, where the telephone system's answer did not."""
    connection.execute(update(dials).where(dials.c.ref == ref).values(reason=reason))


def link(connection: Connection, ref: str, call_id: str | None) -> None:
    """Note which call a dial became."""
    connection.execute(update(dials).where(dials.c.ref == ref).values(call_id=call_id))


def recover(connection: Connection, now: datetime) -> list[Dial]:
    """Make what was being asked when the service ended uncertain; return it."""
    asked = select(dials).where(dials.c.state == DialState.ASKED.value)
    stranded = [row.ref for row in connection.execute(asked)]
    why = "the service ended while the telephone system was being asked"
    settled = (settle(connection, ref, DialState.UNCERTAIN, why, now) for ref in stranded)
    return [dial for dial in settled if dial is not None]
