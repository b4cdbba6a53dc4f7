"""What writing a party leaves behind: events for who watches, notes in the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from sqlalchemy import Connection, insert

from gateway.kernel import events
from gateway.kernel.ids import new_id
from gateway.parties.model import Party
from gateway.people.tables import audit_trail
from gateway.web.principal import Principal

_AUDITED = ("kind", "name", "code", "tax_number", "responsible_id", "email", "address")
"""Fields whose old and new values the trail tells; of others it tells that they changed."""
_UNTOLD = frozenset({"id", "responsible", "version", "created_at", "updated_at"})


@dataclass(frozen=True, slots=True)
class Written:
    """A party before and after a write; None is a party not yet there."""

    before: Party | None
    after: Party


def leave(connection: Connection, principal: Principal, written: Sequence[Written]) -> None:
    """Tell and note writes of any number of parties, inside the unit that wrote them."""
    if not written:
        return
    events.append(connection, *(event for one in written for event in _told(one)))
    connection.execute(insert(audit_trail), [_noted(principal, one) for one in written])


def _told(written: Written) -> list[events.Event]:
    """Return an event for whoever sees the party now, and one for who saw it before."""
    before, after = written.before, written.after
    audiences = {events.audience_of(after.responsible_id)}
    if before is not None:
        audiences.add(events.audience_of(before.responsible_id))
    return [
        events.Event(
            kind="party.created" if before is None else "party.changed",
            subject=after.id,
            at=after.updated_at,
            audience=audience,
            data={"version": after.version},
        )
        for audience in sorted(audiences)
    ]


def _noted(principal: Principal, written: Written) -> dict[str, object]:
    return {
        "id": new_id(),
        "at": written.after.updated_at,
        "who": principal.name,
        "user_id": principal.user_id,
        "action": "create" if written.before is None else "update",
        "object_kind": "party",
        "object_id": written.after.id,
        "changes": _changes(written.before, written.after),
    }


def _changes(before: Party | None, after: Party) -> dict[str, object]:
    if before is None:
        return {"name": after.name, "code": after.code, "responsible_id": after.responsible_id}
    told: dict[str, object] = {
        name: [getattr(before, name), getattr(after, name)]
        for name in _AUDITED
        if getattr(before, name) != getattr(after, name)
    }
    for part in fields(Party):
        if part.name in _UNTOLD or part.name in _AUDITED:
            continue
        if getattr(before, part.name) != getattr(after, part.name):
            told[part.name] = "changed"
    return told
