"""Whose number rings: customer, contact person, whom to connect, and what was last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from sqlalchemy import Connection, select

from gateway.history.model import TimelineEntry
from gateway.history.timeline import Timeline
from gateway.kernel.errors import NotFound
from gateway.kernel.numbers import NumberingPlan, NumberKind
from gateway.kernel.store import Store
from gateway.parties.book import PartyBook
from gateway.parties.model import Found, Match
from gateway.parties.tables import parties
from gateway.people.colleagues import Colleagues
from gateway.people.model import Colleague
from gateway.web.principal import Permission, Principal

LAST = 5
"""Interactions that are shown while it rings."""
WITH_HISTORY = 3
"""Matches of which they are read; who has more to choose from, chooses first."""


class CallerKind(StrEnum):
    """What a number turned out to be."""

    CUSTOMER = "customer"
    CHOICE = "choice"
    """Several customers have it, or may have it."""
    UNKNOWN = "unknown"
    WITHHELD = "withheld"
    INTERNAL = "internal"
    """A colleague's extension or mobile number, or another short number."""
    OWN = "own"
    """One of the company's own lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One customer whose number it may be."""

    match: Match
    responsible: Colleague | None = None
    """As he is now; None when nobody is responsible, or he left."""
    notes: str = ""
    last: tuple[TimelineEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The answer to a look-up."""

    number: str
    kind: CallerKind
    colleague: Colleague | None = None
    cards: tuple[Card, ...] = ()


class CallerLookup:
    """Puts an answer together from directory, people and history."""

    def __init__(
        self,
        store: Store,
        plan: NumberingPlan,
        book: PartyBook,
        colleagues: Colleagues,
        timeline: Timeline,
    ) -> None:
        self._store = store
        self._plan = plan
        self._book = book
        self._colleagues = colleagues
        self._timeline = timeline

    async def find(self, principal: Principal, number: str) -> Caller:
        """Return who has a number; of others' customers name and responsible only."""
        found = await self._book.lookup(principal, number)
        key = found.number.key
        colleague = await self._colleagues.behind(key)
        if colleague is not None or not found.matches:
            kind = self._nobody(found, colleague)
            may = Permission.PEOPLE_READ in principal.permissions
            return Caller(number=key, kind=kind, colleague=colleague if may else None)
        kind = CallerKind.CUSTOMER if len(found.matches) == 1 else CallerKind.CHOICE
        return Caller(number=key, kind=kind, cards=await self._cards(principal, found))

    def _nobody(self, found: Found, colleague: Colleague | None) -> CallerKind:
        if colleague is not None or found.number.kind is NumberKind.SHORT:
            return CallerKind.INTERNAL
        if found.number.kind is NumberKind.WITHHELD:
            return CallerKind.WITHHELD
        return CallerKind.OWN if self._plan.is_own(found.number.key) else CallerKind.UNKNOWN

    async def _cards(self, principal: Principal, found: Found) -> tuple[Card, ...]:
        matches = found.matches
        ids = {match.responsible.id for match in matches if match.responsible}
        may = Permission.PEOPLE_READ in principal.permissions
        people = await self._colleagues.of(ids) if may else {}
        open_ = [match.party_id for match in matches if not match.restricted][:WITH_HISTORY]
        notes = await self._store.read(partial(_notes_of, open_))
        last = {one: await self._last(principal, one) for one in open_}
        return tuple(
            Card(
                match=match,
                responsible=people.get(match.responsible.id) if match.responsible else None,
                notes="" if match.restricted else notes.get(match.party_id, ""),
                last=() if match.restricted else last.get(match.party_id, ()),
            )
            for match in matches
        )

    async def _last(self, principal: Principal, party_id: str) -> tuple[TimelineEntry, ...]:
        try:
            return (await self._timeline.of_party(principal, party_id, limit=LAST)).items
        except NotFound:  # given to another manager a moment ago
            return ()


def _notes_of(party_ids: list[str], connection: Connection) -> Mapping[str, str]:
    query = select(parties.c.id, parties.c.notes).where(parties.c.id.in_(party_ids))
    return {row.id: row.notes for row in connection.execute(query)}
