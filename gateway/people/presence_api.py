"""The API of who can be spoken with now: people, absences, deputies."""

from __future__ import annotations

from gateway.people.absences import AbsenceBook
from gateway.people.colleagues import Colleagues
from gateway.people.schemas import (
    AbsenceIn,
    AbsenceOut,
    AbsenceRowOut,
    AbsencesImportIn,
    AbsencesImportOut,
    AbsencesOut,
    AbsencesQuery,
    AwayIn,
    ColleagueOut,
    ColleaguesOut,
)
from gateway.web.paging import ShortListQuery, page_of
from gateway.web.principal import Permission
from gateway.web.routes import Call, NoBody, Route


class PresenceApi:
    """Routes of people and their absences."""

    def __init__(self, colleagues: Colleagues, absences: AbsenceBook) -> None:
        self._colleagues = colleagues
        self._absences = absences

    def routes(self) -> list[Route]:
        """Return the routes."""
        read, write = Permission.PEOPLE_READ, Permission.PEOPLE_WRITE
        return [
            Route(method="GET", path="/people", permission=read, handler=self._people,
                  summary="List who works here, and whether he can be spoken with now",
                  query=ShortListQuery, returns=ColleaguesOut),
            Route(method="PUT", path="/people/me/away", permission=write, handler=self._away,
                  summary="Say that one is away from his desk, or back", body=AwayIn,
                  returns=AwayIn),
            Route(method="GET", path="/absences", permission=read, handler=self._list,
                  summary="List absences, the earliest first", query=AbsencesQuery,
                  returns=AbsencesOut),
            Route(method="POST", path="/absences", permission=write, handler=self._note,
                  summary="Note an absence and who stands in", body=AbsenceIn,
                  returns=AbsenceOut, status=201),
            Route(method="POST", path="/absences/import", permission=write, handler=self._import,
                  summary="Take rows of a list of absences; taking them again changes nothing",
                  body=AbsencesImportIn, returns=AbsencesImportOut),
            Route(method="DELETE", path="/absences/{absence_id}", permission=write,
                  handler=self._take_back, summary="Delete an absence", returns=AbsenceOut),
        ]  # fmt: skip

    async def _people(self, call: Call[NoBody, ShortListQuery]) -> ColleaguesOut:
        found = await self._colleagues.every(call.principal)
        page, next_cursor = page_of(found, lambda one: one.id, call.query)
        return ColleaguesOut(items=[ColleagueOut.of(one) for one in page], next_cursor=next_cursor)

    async def _away(self, call: Call[AwayIn, NoBody]) -> AwayIn:
        await self._absences.away(call.principal, away=call.body.away)
        return call.body

    async def _list(self, call: Call[NoBody, AbsencesQuery]) -> AbsencesOut:
        found = await self._absences.every(call.principal, past=call.query.past)
        page, next_cursor = page_of(found, lambda one: one.id, call.query)
        return AbsencesOut(items=[AbsenceOut.of(one) for one in page], next_cursor=next_cursor)

    async def _note(self, call: Call[AbsenceIn, NoBody]) -> AbsenceOut:
        return AbsenceOut.of(await self._absences.note(call.principal, call.body.draft()))

    async def _import(self, call: Call[AbsencesImportIn, NoBody]) -> AbsencesImportOut:
        rows = [(row.line, row.draft()) for row in call.body.rows]
        results = await self._absences.import_rows(call.principal, rows, dry_run=call.body.dry_run)
        return AbsencesImportOut(results=[AbsenceRowOut.of(one) for one in results])

    async def _take_back(self, call: Call[NoBody, NoBody]) -> AbsenceOut:
        return AbsenceOut.of(
            await self._absences.take_back(call.principal, call.path["absence_id"])
        )
