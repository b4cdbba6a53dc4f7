"""The directory of customers: creating, showing, changing and listing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, or_, select

from gateway.kernel.clock import Clock
from gateway.kernel.errors import Conflict, Invalid, NotFound
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.store import Store
from gateway.parties import records, search
from gateway.parties.drafts import (
    UNSET,
    PartyChange,
    PartyDraft,
    Unset,
    changed,
    empty_party,
)
from gateway.parties.fields import line
from gateway.parties.lookup import Lookup
from gateway.parties.model import MAX_NAME, Found, Party, Responsible
from gateway.parties.port import NumberAttached
from gateway.parties.rights import may_see
from gateway.parties.tables import parties
from gateway.parties.trail import Written, leave
from gateway.people.tables import users
from gateway.web import cursor as cursors
from gateway.web.paging import MAX_PAGE
from gateway.web.principal import Permission, Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of parties; `next_cursor` is empty on the last."""

    items: tuple[Party, ...]
    next_cursor: str = ""


class PartyBook:
    """The company's customers."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        plan: NumberingPlan,
        *,
        number_attached: Sequence[NumberAttached] = (),
    ) -> None:
        self._store = store
        self._clock = clock
        self._plan = plan
        self._number_attached = tuple(number_attached)
        self._lookup = Lookup(store, plan)

    async def create(self, principal: Principal, draft: PartyDraft) -> Party:
        """Add a party; raises Invalid, or Conflict when its code is taken."""
        principal.require(Permission.PARTIES_WRITE)
        now = self._clock.now()
        party = changed(empty_party(now), draft.as_change(), self._plan, UNSET)

        def unit(connection: Connection) -> Party:
            created = replace(party, responsible=_user(connection, draft.responsible))
            self._write(connection, principal, None, created)
            return created

        return await self._store.write(unit)

    async def show(self, principal: Principal, party_id: str) -> Party:
        """Return a party; raises NotFound also for what is not the principal's to see."""
        principal.require(Permission.PARTIES_READ)
        return await self._store.read(
            lambda connection: _visible(connection, principal, party_id, lock=False)
        )

    async def update(self, principal: Principal, party_id: str, change: PartyChange) -> Party:
        """Change parts of a party; raises NotFound, Invalid, or Conflict."""
        principal.require(Permission.PARTIES_WRITE)
        now = self._clock.now()

        def unit(connection: Connection) -> Party:
            before = _visible(connection, principal, party_id, lock=True)
            if change.version not in (None, before.version):
                raise Conflict(
                    f"{before.name} was changed meanwhile (version {before.version}); "
                    "look at it again, then repeat"
                )
            responsible: Responsible | Unset | None = UNSET
            if not isinstance(change.responsible, Unset):
                responsible = _user(connection, change.responsible)
            after = changed(before, change, self._plan, responsible)
            if after == before:
                return before
            after = replace(after, version=before.version + 1, updated_at=now)
            self._write(connection, principal, before, after)
            return after

        return await self._store.write(unit)

    async def page(
        self, principal: Principal, *, search_text: str = "", cursor: str = "", limit: int = 50
    ) -> Page:
        """Return parties by name: all, or those whose name, number or code fits a text."""
        principal.require(Permission.PARTIES_READ)
        limit = min(limit, MAX_PAGE)
        query = search.page_query(principal, search_text, cursor, limit + 1)

        def read(connection: Connection) -> Page:
            rows = connection.execute(query).all()
            found = records.load(connection, [row.id for row in rows[:limit]])
            last = rows[limit - 1] if len(rows) > limit else None
            return Page(
                items=tuple(found[row.id] for row in rows[:limit]),
                next_cursor=cursors.encode(last.name_folded, last.id) if last else "",
            )

        return await self._store.read(read)

    async def lookup(self, principal: Principal, number: str) -> Found:
        """Return whose number it is, as the principal may know it."""
        return await self._lookup.find(principal, number)

    async def match(self, number: str) -> Found:
        """Return whose number it is, for the service itself."""
        return await self._lookup.match(number)

    def _write(
        self, connection: Connection, principal: Principal, before: Party | None, after: Party
    ) -> None:
        if after.code and (before is None or before.code != after.code):
            _require_free(connection, after.code)
        changes = records.Changes()
        changes.add(before, after)
        changes.write(connection, self._number_attached)
        leave(connection, principal, [Written(before, after)])


def _visible(connection: Connection, principal: Principal, party_id: str, *, lock: bool) -> Party:
    known = party_id.isascii() and party_id.isalnum()
    party = records.load(connection, [party_id] if known else [], lock=lock).get(party_id)
    if party is None or not may_see(principal, party.responsible_id):
        raise NotFound(f"there is no party {party_id}")
    return party


def _user(connection: Connection, login_or_id: str) -> Responsible | None:
    login_or_id = line(login_or_id, "responsible", MAX_NAME)
    if not login_or_id:
        return None
    query = select(users).where(or_(users.c.id == login_or_id, users.c.login == login_or_id))
    row = connection.execute(query).first()
    if row is None or row.disabled_at is not None:
        raise Invalid(
            f"there is no active user {login_or_id!r}; `santral user list` shows all",
            field="responsible",
        )
    return Responsible(id=row.id, name=row.name, extension=row.extension, mobile=row.mobile)


def _require_free(connection: Connection, code: str) -> None:
    query = select(parties.c.name).where(parties.c.code == code)
    if connection.execute(query).first() is not None:
        raise Conflict(f"the code {code!r} belongs to another party")
