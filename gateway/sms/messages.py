"""Shows messages: one, a filtered list, the conversation with a party."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, case, literal, null, or_, select, union_all

from gateway.kernel.errors import NotFound
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.store import Store
from gateway.parties.rights import may_see as may_see_party
from gateway.parties.tables import parties
from gateway.sending.states import SendState
from gateway.sms import ledger, tables
from gateway.sms.model import Message, Segment
from gateway.web import cursor as cursors
from gateway.web.paging import MAX_PAGE
from gateway.web.principal import Permission, Principal, Sight


class Way(StrEnum):
    """Whether a message goes out or came in."""

    OUT = "out"
    IN = "in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which messages are wanted; what is empty does not narrow."""

    way: Way | None = None
    states: tuple[SendState, ...] = ()
    number: str = ""
    modem_id: str = ""
    party_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message in a list, sent or received."""

    id: str
    way: Way
    state: str
    """Of a received one: received, or received_incomplete."""
    number: str
    text: str
    modem_id: str
    party_id: str | None
    person_id: str | None
    user_id: str | None
    error: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page, newest first; `next_cursor` is empty on the last."""

    items: tuple[Line, ...]
    next_cursor: str = ""


class Messages:
    """Reads messages within a principal's rights."""

    def __init__(self, store: Store, plan: NumberingPlan) -> None:
        self._store = store
        self._plan = plan

    async def show(self, principal: Principal, message_id: str) -> tuple[Message, list[Segment]]:
        """Return a message and its segments; raises NotFound also for what is not his to see."""
        principal.require(Permission.SMS_READ)

        def query(connection: Connection) -> tuple[Message, list[Segment]] | None:
            message = ledger.find(connection, message_id)
            if message is None or not may_see(connection, principal, message):
                return None
            return message, ledger.segments_of(connection, message_id)

        found = await self._store.read(query)
        if found is None:
            raise NotFound(f"there is no message {message_id}")
        return found

    async def page(
        self, principal: Principal, wanted: Filter, *, cursor: str = "", limit: int = 50
    ) -> Page:
        """Return messages, newest first; raises Invalid for a number or cursor that is none."""
        principal.require(Permission.SMS_READ)
        limit = min(limit, MAX_PAGE)
        number = self._plan.parse(wanted.number, field="number").key if wanted.number else ""
        behind = cursors.decode(cursor, 1)[0] if cursor else ""
        query = _query(principal, wanted, number, behind, limit + 1)

        def read(connection: Connection) -> Page:
            rows = connection.execute(query).all()
            more = len(rows) > limit
            return Page(
                items=tuple(_line(row) for row in rows[:limit]),
                next_cursor=cursors.encode(rows[limit - 1].id) if more else "",
            )

        return await self._store.read(read)

    async def conversation(
        self, principal: Principal, party_id: str, *, cursor: str = "", limit: int = 50
    ) -> Page:
        """Return what was written with a party, newest first; NotFound when it is not his."""
        query = select(parties.c.id, parties.c.responsible_id).where(parties.c.id == party_id)
        row = await self._store.read(lambda connection: connection.execute(query).first())
        if row is None or not may_see_party(principal, row.responsible_id):
            raise NotFound(f"there is no party {party_id}")
        return await self.page(principal, Filter(party_id=party_id), cursor=cursor, limit=limit)


def may_see(connection: Connection, principal: Principal, message: Message) -> bool:
    """Tell whether a message is his: he sent it, or he may see its customer."""
    if principal.sight is Sight.ALL or message.user_id == principal.user_id:
        return True
    if message.party_id is None:
        return message.user_id is None
    query = select(parties.c.responsible_id).where(parties.c.id == message.party_id)
    return may_see_party(principal, connection.execute(query).scalar())


def _query(
    principal: Principal, wanted: Filter, number: str, behind: str, limit: int
) -> Select[Any]:
    ways = []
    if wanted.way is not Way.IN:
        ways.append(_narrowed(_OUT, tables.messages.c, "created_at", wanted, number, behind))
    if wanted.way is not Way.OUT and not wanted.states:
        ways.append(_narrowed(_IN, tables.received.c, "received_at", wanted, number, behind))
    if not ways:
        return select(*_OUT.selected_columns).where(literal(False))
    limited = [
        _of_principal(query, principal).order_by(query.selected_columns[0].desc()).limit(limit)
        for query in ways
    ]
    if len(limited) == 1:
        return limited[0]
    both = union_all(*(query.subquery().select() for query in limited)).subquery()
    return select(both).order_by(both.c.id.desc()).limit(limit)


_OUT = select(
    tables.messages.c.id.label("id"),
    literal(Way.OUT.value).label("way"),
    tables.messages.c.state.label("state"),
    tables.messages.c.recipient.label("number"),
    tables.messages.c.text.label("text"),
    tables.messages.c.modem_id.label("modem_id"),
    tables.messages.c.party_id.label("party_id"),
    tables.messages.c.person_id.label("person_id"),
    tables.messages.c.user_id.label("user_id"),
    tables.messages.c.error_text.label("error"),
    tables.messages.c.created_at.label("at"),
)
_IN = select(
    tables.received.c.id.label("id"),
    literal(Way.IN.value).label("way"),
    case((tables.received.c.complete, "received"), else_="received_incomplete").label("state"),
    tables.received.c.sender.label("number"),
    tables.received.c.text.label("text"),
    tables.received.c.modem_id.label("modem_id"),
    tables.received.c.party_id.label("party_id"),
    tables.received.c.person_id.label("person_id"),
    null().label("user_id"),
    literal("").label("error"),
    tables.received.c.received_at.label("at"),
)


def _narrowed(
    query: Select[Any], columns: Any, at: str, wanted: Filter, number: str, behind: str
) -> Select[Any]:
    numbers = columns.recipient if "recipient" in columns else columns.sender
    conditions = [
        (behind, columns.id.__lt__),
        (number, numbers.__eq__),
        (wanted.modem_id, columns.modem_id.__eq__),
        (wanted.party_id, columns.party_id.__eq__),
        (wanted.since, columns[at].__ge__),
        (wanted.until, columns[at].__lt__),
        (wanted.states, columns.state.in_ if "state" in columns else None),
    ]
    return query.where(*(compared(value) for value, compared in conditions if value and compared))


def _of_principal(query: Select[Any], principal: Principal) -> Select[Any]:
    """Narrow a list to what `may_see` allows."""
    if principal.sight is Sight.ALL:
        return query
    party = query.selected_columns["party_id"]
    user = query.selected_columns["user_id"]
    own = parties.c.responsible_id
    return query.outerjoin(parties, parties.c.id == party).where(
        or_(
            user == principal.user_id,
            and_(party.is_not(None), or_(own.is_(None), own == principal.user_id)),
            and_(party.is_(None), user.is_(None)),
        )
    )


def _line(row: Row[Any]) -> Line:
    values = dict(row._mapping)  # noqa: SLF001 - Row's public name
    return Line(**{**values, "way": Way(values["way"])})
