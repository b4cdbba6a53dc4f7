"""The cards on a desk: calls that concern somebody, each with who it is and whom to connect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from gateway.calls.showing import CallFilter, Calls
from gateway.crm.asking import CrmAnswer, CrmAsking
from gateway.desk.lookup import Caller, CallerLookup
from gateway.desk.pop import Part, Viewer, part_of, pops
from gateway.kernel import events
from gateway.kernel.store import Store
from gateway.people.colleagues import Colleagues
from gateway.people.model import Colleague, Role
from gateway.people.tables import users
from gateway.web.preferences import Preferences
from gateway.web.principal import Permission, Principal, Sight

MAX_CARDS = 100
_VIEWER = select(users.c.extension, users.c.role, users.c.preferences)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskCard:
    """One call before one person."""

    call: Mapping[str, Any]
    caller: Caller
    part: Part
    pops: bool
    extension: str = ""
    """Of who looks at it."""
    crm: tuple[CrmAnswer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What somebody has before him, and up to which event that is true."""

    event_id: int
    me: Colleague | None
    cards: tuple[DeskCard, ...]
    crm_links: tuple[str, ...]


class Cards:
    """Puts cards together; shows nobody what is not his to see."""

    def __init__(
        self,
        store: Store,
        calls: Calls,
        lookup: CallerLookup,
        colleagues: Colleagues,
        crm: CrmAsking,
    ) -> None:
        self._store = store
        self._calls = calls
        self._lookup = lookup
        self._colleagues = colleagues
        self._crm = crm

    async def desk(self, principal: Principal) -> Desk:
        """Return what is before somebody now; events behind `event_id` tell what changes."""
        principal.require(Permission.CALLS_READ)
        event_id = await events.newest_of(self._store)
        viewer = await self._viewer(principal)
        mine = principal.user_id or ""
        me = (await self._colleagues.of([mine])).get(mine)
        shown = await self._popping(principal, viewer)
        cards = [await self._card(principal, call, viewer) for call in shown]
        return Desk(event_id=event_id, me=me, cards=tuple(cards), crm_links=self._crm.links)

    async def _popping(self, principal: Principal, viewer: Viewer) -> list[Mapping[str, Any]]:
        """Return the living calls that stand before somebody, however many others there are."""
        found: list[Mapping[str, Any]] = []
        cursor = ""
        while len(found) < MAX_CARDS:
            page = await self._calls.page(principal, CallFilter(live=True), cursor=cursor)
            found += [
                call for call in page.items
                if pops(call, part_of(call, viewer.extension), viewer)
            ]  # fmt: skip
            cursor = page.next_cursor
            if not cursor:
                break
        return found[:MAX_CARDS]

    async def one(self, principal: Principal, call_id: str) -> DeskCard:
        """Return the card of a call, whether or not it pops; raises NotFound."""
        call = await self._calls.show(principal, call_id)
        viewer = await self._viewer(principal)
        return await self._card(principal, call, viewer)

    async def asked(self, principal: Principal, call_id: str) -> DeskCard:
        """Return the card with what the CRMs say, which takes a moment; raises NotFound."""
        call = await self._calls.show(principal, call_id)
        viewer = await self._viewer(principal)
        answers: tuple[CrmAnswer, ...] = ()
        if call["number"]:
            answers = await self._crm.ask(call["number"])
        if principal.sight is Sight.OWN:
            answers = tuple(_as_known_to(answer, viewer) for answer in answers)
        return await self._card(principal, call, viewer, answers)

    async def _viewer(self, principal: Principal) -> Viewer:
        if principal.user_id is None:
            return Viewer(secretary=True)
        query = _VIEWER.where(users.c.id == principal.user_id)
        row = await self._store.read(lambda connection: connection.execute(query).one())
        return Viewer(
            extension=row.extension,
            secretary=row.role == Role.SECRETARY,
            choice=Preferences.of(row.preferences).pop,
        )

    async def _card(
        self,
        principal: Principal,
        call: Mapping[str, Any],
        viewer: Viewer,
        crm: tuple[CrmAnswer, ...] = (),
    ) -> DeskCard:
        part = part_of(call, viewer.extension)
        number = call["number"] or (call["caller"] if call["direction"] == "in" else "")
        return DeskCard(
            call=call,
            caller=await self._lookup.find(principal, number),
            part=part,
            pops=pops(call, part, viewer),
            extension=viewer.extension,
            crm=crm,
        )


def _as_known_to(answer: CrmAnswer, viewer: Viewer) -> CrmAnswer:
    """Return an answer without what one manager may not know of another's customers."""
    cards = tuple(
        card
        if card.responsible is None or card.responsible.extension == viewer.extension != ""
        else replace(card, party=replace(card.party, code=""), person=None)
        for card in answer.cards
    )
    return replace(answer, cards=cards)
