"""The API of the directory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from gateway.parties.book import PartyBook
from gateway.parties.import_rows import ImportRow, Outcome, RowResult
from gateway.parties.import_schemas import ImportIn, ImportOut
from gateway.parties.importing import Importer
from gateway.parties.schemas import (
    PartiesOut,
    PartiesQuery,
    PartyIn,
    PartyOut,
    PartyPatch,
)
from gateway.web.principal import Permission
from gateway.web.routes import Call, NoBody, Reply, Route


class PartiesApi:
    """Routes of the directory."""

    def __init__(self, book: PartyBook, importer: Importer) -> None:
        self._book = book
        self._importer = importer

    def routes(self) -> list[Route]:
        """Return the routes."""
        read, write = Permission.PARTIES_READ, Permission.PARTIES_WRITE
        return [
            Route(method="GET", path="/parties", permission=read, handler=self._list,
                  summary="List parties by name, or search them",
                  query=PartiesQuery, returns=PartiesOut),
            Route(method="POST", path="/parties", permission=write, handler=self._create,
                  summary="Add a party", body=PartyIn, returns=PartyOut, status=201),
            Route(method="POST", path="/parties/import", permission=write, handler=self._import,
                  summary="Take rows of a customers' list; taking them again changes nothing",
                  body=ImportIn, returns=ImportOut),
            Route(method="GET", path="/parties/{party_id}", permission=read, handler=self._show,
                  summary="Show a party", returns=PartyOut),
            Route(method="PATCH", path="/parties/{party_id}", permission=write,
                  handler=self._change, summary="Change parts of a party",
                  body=PartyPatch, returns=PartyOut),
        ]  # fmt: skip

    async def _list(self, call: Call[NoBody, PartiesQuery]) -> PartiesOut:
        query = call.query
        page = await self._book.page(
            call.principal, search_text=query.q, cursor=query.cursor, limit=query.limit
        )
        items = tuple(PartyOut.of(party) for party in page.items)
        return PartiesOut(items=items, next_cursor=page.next_cursor)

    async def _create(self, call: Call[PartyIn, NoBody]) -> Reply:
        party = await self._book.create(call.principal, call.body.draft())
        location = {"Location": f"/api/v1/parties/{party.id}"}
        return Reply(body=PartyOut.of(party), status=201, headers=location)

    async def _show(self, call: Call[NoBody, NoBody]) -> PartyOut:
        return PartyOut.of(await self._book.show(call.principal, call.path["party_id"]))

    async def _change(self, call: Call[PartyPatch, NoBody]) -> PartyOut:
        change = call.body.change()
        return PartyOut.of(await self._book.update(call.principal, call.path["party_id"], change))

    async def _import(self, call: Call[ImportIn, NoBody]) -> ImportOut:
        rows = [row.row() for row in call.body.rows]
        results = await self._importer.apply(call.principal, rows, dry_run=call.body.dry_run)
        return ImportOut.of(results)


def import_request(rows: Sequence[ImportRow], *, dry_run: bool) -> dict[str, Any]:
    """Return the JSON body with which a client asks `POST /parties/import`."""
    return {"rows": [asdict(row) for row in rows], "dry_run": dry_run}


def import_results(answer: Mapping[str, Any]) -> list[RowResult]:
    """Return the results in the answer to that request."""
    return [
        RowResult(**{**result, "outcome": Outcome(result["outcome"])})
        for result in answer["results"]
    ]
