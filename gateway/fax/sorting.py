"""Says whose a fax is that came in, and that it was read; the sender's number is remembered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

import gateway.history.tables as history
from gateway.fax import tables
from gateway.fax.model import Fax, Received
from gateway.fax.showing import visible
from gateway.fax.whose import station_key
from gateway.kernel import events
from gateway.kernel.clock import Clock
from gateway.kernel.errors import Conflict, Invalid
from gateway.kernel.store import Store
from gateway.parties.book import PartyBook
from gateway.parties.drafts import PartyChange, PhoneDraft
from gateway.parties.model import Party, PhoneKind
from gateway.parties.tables import parties
from gateway.people import audit
from gateway.people.tables import users
from gateway.web.principal import Permission, Principal

_R = tables.received.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Whose a fax is: a customer's, and whose work."""

    party_id: str | None = None
    person_id: str | None = None
    user: str = ""
    """Login of whose work it is; empty: the customer's responsible manager."""
    remember: bool = True
    """Whether the sender's number, or what his machine calls itself, is his from now on."""


class Sorting:
    """The inbox towards people: who works on what came in."""

    def __init__(self, store: Store, clock: Clock, book: PartyBook) -> None:
        self._store = store
        self._clock = clock
        self._book = book

    async def assign(self, principal: Principal, fax_id: str, wish: Assignment) -> Received:
        """Say whose a received fax is; raises NotFound, Invalid, or Conflict for one of ours."""
        principal.require(Permission.FAX_SEND)
        fax = await self._store.read(lambda c: _received(c, principal, fax_id))
        if wish.party_id is None and not wish.user:
            raise Invalid("say whose it is: a party, a user, or both", field="party")
        party = None
        if wish.party_id is not None:
            party = await self._book.show(principal, wish.party_id)
            if wish.remember:
                await self._remember(principal, fax, party, wish.person_id)
        now = self._clock.now()
        await self._store.write(lambda c: self._give(c, principal, fax_id, wish, party, now))
        return await self._store.read(lambda c: _received(c, principal, fax_id))

    async def read(self, principal: Principal, fax_id: str) -> Received:
        """Note that a received fax was read; the first to read it stays noted."""
        principal.require(Permission.FAX_READ)
        now = self._clock.now()

        def unit(connection: Connection) -> Received:
            fax = _received(connection, principal, fax_id)
            if fax.read_at is not None or principal.user_id is None:
                return fax
            values = {"read_at": now, "read_by": principal.user_id}
            connection.execute(update(tables.received).where(_R.id == fax_id).values(values))
            _tell(connection, fax, "fax.read", now)
            return replace(fax, read_at=now, read_by=principal.user_id)

        return await self._store.write(unit)

    async def _remember(
        self, principal: Principal, fax: Received, party: Party, person_id: str | None
    ) -> None:
        """Let the sender's number be the party's; one that he hides cannot be."""
        known = {one.key for one in party.phones}
        known |= {one.key for person in party.persons for one in person.phones}
        if fax.number.startswith("+") and fax.number not in known:
            phones = [PhoneDraft(number=one.key, kind=one.kind) for one in party.phones]
            phones.append(PhoneDraft(number=fax.number, kind=PhoneKind.FAX))
            change = PartyChange(phones=tuple(phones))
            await self._book.update(principal, party.id, change)
        key = station_key(fax.station_id)
        if key and not fax.number:
            now = self._clock.now()
            await self._store.write(lambda c: _keep_station(c, key, party.id, person_id, now))

    def _give(
        self,
        connection: Connection,
        principal: Principal,
        fax_id: str,
        wish: Assignment,
        party: Party | None,
        now: datetime,
    ) -> None:
        fax = _received(connection, principal, fax_id)
        assigned = _user(connection, wish.user) if wish.user else fax.assigned_id
        if party is not None and not wish.user:
            assigned = party.responsible_id or fax.assigned_id
        given = replace(
            fax, assigned_id=assigned, party_id=party.id if party else fax.party_id,
            person_id=wish.person_id if party else fax.person_id,
        )  # fmt: skip
        whose = {name: getattr(given, name) for name in ("party_id", "person_id", "assigned_id")}
        connection.execute(update(tables.received).where(_R.id == fax_id).values(whose))
        history.give(
            connection, "fax", fax_id, given.party_id, given.person_id, user_id=assigned, at=now
        )
        audit.record(connection, principal, "assign", ("fax", fax_id), at=now, changes=whose)
        _tell(connection, given, "fax.assigned", now)


def _received(connection: Connection, principal: Principal, fax_id: str) -> Received:
    fax = visible(connection, principal, fax_id)
    if isinstance(fax, Fax):
        raise Conflict(f"fax {fax_id} went out; only one that came in can be sorted")
    return fax


def _user(connection: Connection, login: str) -> str:
    query = select(users.c.id).where(users.c.login == login, users.c.disabled_at.is_(None))
    found: str | None = connection.execute(query).scalar()
    if found is None:
        raise Invalid(f"nobody who works here has the login {login!r}", field="user")
    return found


def _keep_station(
    connection: Connection, key: str, party_id: str, person_id: str | None, now: datetime
) -> None:
    values = {"station_id": key, "party_id": party_id, "person_id": person_id, "at": now}
    for_dialect = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
    connection.execute(
        for_dialect(tables.station_ids)
        .values(values)
        .on_conflict_do_update(index_elements=["station_id"], set_=values)
    )


def _tell(connection: Connection, fax: Received, kind: str, now: datetime) -> None:
    responsible = None
    if fax.party_id is not None:
        query = select(parties.c.responsible_id).where(parties.c.id == fax.party_id)
        responsible = connection.execute(query).scalar()
    audience = events.audience_of(fax.assigned_id, responsible)
    data = {"party": fax.party_id, "user": fax.assigned_id}
    events.append(connection, events.Event(kind, fax.id, now, audience, data))
