"""Shows faxes: one with its attempts, lists of what goes out and came in, pages as pictures."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Select,
    case,
    func,
    literal,
    null,
    select,
    union_all,
)

from gateway.fax import ledger, tables
from gateway.fax.documents import FaxFolder
from gateway.fax.model import Attempt, Fax, Received
from gateway.fax.port import Rasteriser
from gateway.fax.receiving import INCOMPLETE, RECEIVED
from gateway.fax.rights import may_see, only_visible
from gateway.kernel.errors import NotFound
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.store import Store
from gateway.parties.tables import parties
from gateway.sending.states import SendState
from gateway.web import cursor as cursors
from gateway.web.paging import MAX_PAGE
from gateway.web.principal import Permission, Principal

WIDTHS = (200, 800, 1600)
"""Of pictures of pages, in dots: a thumbnail, one to read, one to look at closely."""
_EVER = datetime.min.replace(tzinfo=UTC)
"""In the place of a bound that is not wanted, whose condition is dropped."""
_F, _R = tables.faxes.c, tables.received.c
_CUSTOMER = parties.alias()


class Way(StrEnum):
    """Whether a fax goes out or came in."""

    OUT = "out"
    IN = "in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which faxes are wanted; what is empty does not narrow."""

    way: Way | None = None
    states: tuple[SendState, ...] = ()
    number: str = ""
    party_id: str = ""
    batch_id: str = ""
    unread: bool = False
    unknown: bool = False
    """Only what came in from nobody known."""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One fax in a list."""

    id: str
    way: Way
    state: str
    """Of a received one: received, or received_incomplete."""
    number: str
    name: str
    """The recipient's name and company, or what the sender's machine calls itself."""
    subject: str
    pages: int
    pages_sent: int
    reason: str | None
    error: str
    party_id: str | None
    person_id: str | None
    user_id: str | None
    """Who sent it, or whose work it is."""
    read_at: datetime | None
    cancelling: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list, newest first; `next_cursor` is empty on the last."""

    items: tuple[Line, ...]
    next_cursor: str = ""


class Faxes:
    """Reads faxes within a principal's rights."""

    def __init__(
        self, store: Store, plan: NumberingPlan, folder: FaxFolder, rasteriser: Rasteriser
    ) -> None:
        self._store = store
        self._plan = plan
        self._folder = folder
        self._rasteriser = rasteriser

    async def show(self, principal: Principal, fax_id: str) -> tuple[Fax | Received, list[Attempt]]:
        """Return a fax and its attempts; raises NotFound also for what is not his to see."""
        principal.require(Permission.FAX_READ)

        def query(connection: Connection) -> tuple[Fax | Received, list[Attempt]]:
            fax = visible(connection, principal, fax_id)
            attempts = ledger.attempts_of(connection, fax_id) if isinstance(fax, Fax) else []
            return fax, attempts

        return await self._store.read(query)

    async def page(
        self, principal: Principal, wanted: Filter, *, cursor: str = "", limit: int = 50
    ) -> Page:
        """Return faxes, newest first; raises Invalid for a number or cursor that is none."""
        principal.require(Permission.FAX_READ)
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

    async def original(self, principal: Principal, fax_id: str) -> Path:
        """Return the TIFF of a fax."""
        return self._folder.path(await self._path(principal, fax_id))

    async def pdf(self, principal: Principal, fax_id: str) -> Path:
        """Return a fax as PDF."""
        path = await self._path(principal, fax_id)
        raster = self._folder.path(path)

        async def make(into: Path) -> None:
            await self._rasteriser.pdf(raster, into)

        return await self._folder.view(f"{Path(path).stem}/document.pdf", make)

    async def picture(self, principal: Principal, fax_id: str, number: str, width: int) -> Path:
        """Return a page as PNG; `width` is rounded up to one that is kept."""
        return await self.picture_of(await self._path(principal, fax_id), number, width)

    async def picture_of(self, path: str, number: str, width: int) -> Path:
        """Return a page of some pages of ours; raises NotFound where there is no such page."""
        if not (number.isascii() and number.isdigit()) or not 0 < int(number) < 10_000:
            raise NotFound(f"there is no page {number[:20]!r}; pages count from 1")
        page, raster = int(number), self._folder.path(path)
        wide = next((one for one in WIDTHS if one >= width), WIDTHS[-1])

        async def make(into: Path) -> None:
            png = await self._rasteriser.preview(raster, page, wide)
            await asyncio.to_thread(into.write_bytes, png)

        return await self._folder.view(f"{Path(path).stem}/{page}-{wide}.png", make)

    async def _path(self, principal: Principal, fax_id: str) -> str:
        principal.require(Permission.FAX_READ)

        def query(connection: Connection) -> str:
            fax = visible(connection, principal, fax_id)
            if isinstance(fax, Received):
                return fax.path
            document = ledger.find_document(connection, fax.document_id)
            assert document is not None
            return document.path

        return await self._store.read(query)


def visible(connection: Connection, principal: Principal, fax_id: str) -> Fax | Received:
    """Return a fax, sent or received; raises NotFound also for what is not his to see."""
    fax = ledger.find(connection, fax_id) or find_received(connection, fax_id)
    if fax is None or not may_see(connection, principal, fax):
        raise NotFound(f"there is no fax {fax_id}")
    return fax


def find_received(connection: Connection, fax_id: str) -> Received | None:
    """Return a fax that came in, or None."""
    row = connection.execute(select(tables.received).where(_R.id == fax_id)).first()
    if row is None:
        return None
    values = row._mapping  # noqa: SLF001 - Row's public name
    return Received(**{name: values[name] for name in Received.__dataclass_fields__})


_OUT = select(
    _F.id.label("id"),
    literal(Way.OUT.value).label("way"),
    _F.state.label("state"),
    _F.recipient.label("number"),
    _F.recipient_name.label("name"),
    _F.recipient_company.label("company"),
    _F.subject.label("subject"),
    _F.pages.label("pages"),
    _F.pages_sent.label("pages_sent"),
    _F.reason.label("reason"),
    _F.error_text.label("error"),
    _F.party_id.label("party_id"),
    _F.person_id.label("person_id"),
    _F.user_id.label("user_id"),
    _F.settled_at.label("read_at"),
    _F.cancelling.label("cancelling"),
    _F.created_at.label("at"),
)
_IN = select(
    _R.id.label("id"),
    literal(Way.IN.value).label("way"),
    case((_R.complete, RECEIVED), else_=INCOMPLETE).label("state"),
    _R.number.label("number"),
    _R.station_id.label("name"),
    func.coalesce(_CUSTOMER.c.name, "").label("company"),
    literal("").label("subject"),
    _R.pages.label("pages"),
    _R.pages.label("pages_sent"),
    null().label("reason"),
    _R.problem.label("error"),
    _R.party_id.label("party_id"),
    _R.person_id.label("person_id"),
    _R.assigned_id.label("user_id"),
    _R.read_at.label("read_at"),
    literal(False).label("cancelling"),
    _R.received_at.label("at"),
).outerjoin(_CUSTOMER, _CUSTOMER.c.id == _R.party_id)


def _query(
    principal: Principal, wanted: Filter, number: str, behind: str, limit: int
) -> Select[Any]:
    only_in = wanted.unread or wanted.unknown
    only_out = bool(wanted.states or wanted.batch_id)
    ways = []
    if wanted.way is not Way.IN and not only_in:
        ways.append(_narrowed(_OUT, _outgoing(wanted, number, behind)))
    if wanted.way is not Way.OUT and not only_out:
        ways.append(_narrowed(_IN, _incoming(wanted, number, behind)))
    if not ways:
        return select(*_OUT.selected_columns).where(literal(False))
    limited = [
        only_visible(query, principal).order_by(query.selected_columns[0].desc()).limit(limit)
        for query in ways
    ]
    if len(limited) == 1:
        return limited[0]
    both = union_all(*(query.subquery().select() for query in limited)).subquery()
    return select(both).order_by(both.c.id.desc()).limit(limit)


def _outgoing(wanted: Filter, number: str, behind: str) -> list[tuple[object, Any]]:
    return [
        (behind, _F.id < behind),
        (number, _F.recipient == number),
        (wanted.party_id, _F.party_id == wanted.party_id),
        (wanted.batch_id, _F.batch_id == wanted.batch_id),
        (wanted.since, _F.created_at >= (wanted.since or _EVER)),
        (wanted.until, _F.created_at < (wanted.until or _EVER)),
        (wanted.states, _F.state.in_([state.value for state in wanted.states])),
    ]


def _incoming(wanted: Filter, number: str, behind: str) -> list[tuple[object, Any]]:
    return [
        (behind, _R.id < behind),
        (number, _R.number == number),
        (wanted.party_id, _R.party_id == wanted.party_id),
        (wanted.since, _R.received_at >= (wanted.since or _EVER)),
        (wanted.until, _R.received_at < (wanted.until or _EVER)),
        (wanted.unread, _R.read_at.is_(None)),
        (wanted.unknown, _R.party_id.is_(None)),
    ]


def _narrowed(query: Select[Any], conditions: list[tuple[object, Any]]) -> Select[Any]:
    return query.where(*(condition for value, condition in conditions if value))


def _line(row: Row[Any]) -> Line:
    values = dict(row._mapping)  # noqa: SLF001 - Row's public name
    name, company = values.pop("name"), values.pop("company")
    way = Way(values["way"])
    return Line(
        **{
            **values,
            "way": way,
            "name": ", ".join(part for part in (company, name) if part),
            "cancelling": bool(values["cancelling"]),
            "read_at": values["read_at"] if way is Way.IN else None,
        }
    )
