"""Our people as others see them: who can be spoken with now, and who stands in for whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from gateway.kernel.clock import Clock
from gateway.kernel.store import Store
from gateway.people.model import Colleague, Deputy, PresenceState, Role
from gateway.people.presence import Presence
from gateway.people.tables import absences, users
from gateway.web.principal import Permission, Principal

MAX_CHAIN = 8
"""Deputies' deputies that are followed."""
_ACTIVE = select(users).where(users.c.disabled_at.is_(None))
_ON_THE_TELEPHONE = frozenset({PresenceState.BUSY, PresenceState.RINGING})


class Colleagues:
    """Puts together users, their absences and what their telephones do."""

    def __init__(self, store: Store, clock: Clock, presence: Presence) -> None:
        self._store = store
        self._clock = clock
        self._presence = presence

    async def every(self, principal: Principal) -> list[Colleague]:
        """Return everybody who works here, by name."""
        principal.require(Permission.PEOPLE_READ)
        return await self._store.read(
            lambda connection: self.read(connection, _ACTIVE.order_by(users.c.name_folded))
        )

    async def of(self, user_ids: Collection[str]) -> dict[str, Colleague]:
        """Return some of our people, by id; who left is not among them."""
        query = _ACTIVE.where(users.c.id.in_(user_ids))
        found = await self._store.read(lambda connection: self.read(connection, query))
        return {one.id: one for one in found}

    async def behind(self, number: str) -> Colleague | None:
        """Return who has this extension or mobile number; None when nobody of ours has."""
        if not number:
            return None
        query = _ACTIVE.where((users.c.extension == number) | (users.c.mobile == number))
        found = await self._store.read(lambda connection: self.read(connection, query.limit(1)))
        return found[0] if found else None

    async def named(self, login: str) -> Colleague | None:
        """Return who has this login; None when nobody who works here has."""
        query = _ACTIVE.where(users.c.login == login)
        found = await self._store.read(lambda connection: self.read(connection, query))
        return found[0] if found else None

    def logins(self, connection: Connection, among: Collection[str]) -> set[str]:
        """Return which of some logins are those of people who work here."""
        query = select(users.c.login).where(users.c.disabled_at.is_(None))
        return set(connection.execute(query.where(users.c.login.in_(among))).scalars())

    def read(self, connection: Connection, query: Select[Any]) -> list[Colleague]:
        """Return the people whose rows a query on `users` gives."""
        now = self._clock.now()
        rows = list(connection.execute(query))
        leaves = _leaves(connection, now)
        everybody = {row.id: row for row in rows}
        if leaves:
            everybody |= {row.id: row for row in connection.execute(_ACTIVE)}
        return [self._colleague(row, leaves, everybody) for row in rows]

    def _colleague(
        self, row: Any, leaves: Mapping[str, _Leave], everybody: Mapping[str, Any]
    ) -> Colleague:
        leave = leaves.get(row.id)
        return Colleague(
            id=row.id,
            login=row.login,
            name=row.name,
            role=Role(row.role),
            extension=row.extension,
            mobile=row.mobile,
            state=PresenceState.ABSENT if leave else self._state(row),
            until=leave.until if leave else None,
            deputy=self._deputy(row.id, leaves, everybody),
        )

    def _state(self, row: Any) -> PresenceState:
        """Return the state of somebody who is not absent."""
        telephone = self._presence.of(row.extension)
        if row.away_at is not None and telephone not in _ON_THE_TELEPHONE:
            return PresenceState.AWAY
        return telephone

    def _deputy(
        self, user_id: str, leaves: Mapping[str, _Leave], everybody: Mapping[str, Any]
    ) -> Deputy | None:
        """Follow the deputies of who is absent to the first who is here."""
        seen = {user_id}
        leave = leaves.get(user_id)
        while leave is not None and leave.deputy_id is not None and len(seen) < MAX_CHAIN:
            row = everybody.get(leave.deputy_id)
            if row is None or row.id in seen:
                return None
            leave = leaves.get(row.id)
            if leave is None:
                return Deputy(
                    id=row.id, name=row.name, extension=row.extension, mobile=row.mobile,
                    state=self._state(row),
                )  # fmt: skip
            seen.add(row.id)
        return None


@dataclass(frozen=True, slots=True)
class _Leave:
    """Somebody's absences now, as one."""

    until: datetime
    deputy_id: str | None


def _leaves(connection: Connection, now: datetime) -> dict[str, _Leave]:
    """Return who is absent; of absences that overlap the last end counts, and the newest deputy."""
    query = select(absences).where(absences.c.begins <= now, absences.c.ends > now)
    found: dict[str, _Leave] = {}
    for row in connection.execute(query.order_by(absences.c.begins, absences.c.id)):
        before = found.get(row.user_id)
        found[row.user_id] = _Leave(
            until=max(row.ends, before.until) if before else row.ends,
            deputy_id=row.deputy_id or (before.deputy_id if before else None),
        )
    return found
