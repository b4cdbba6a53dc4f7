"""The API of what is looked at across channels."""

from __future__ import annotations

from gateway.desk.lookup import CallerLookup
from gateway.desk.schemas import CallerOut
from gateway.parties.schemas import LookupQuery
from gateway.web.principal import Permission
from gateway.web.routes import Call, NoBody, Route


class DeskApi:
    """Routes of the desk."""

    def __init__(self, lookup: CallerLookup) -> None:
        self._lookup = lookup

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route(method="GET", path="/directory/lookup", permission=Permission.PARTIES_READ,
                  handler=self._find, query=LookupQuery, returns=CallerOut,
                  summary="Tell whose number it is, whom to connect, and what was last"),
        ]  # fmt: skip

    async def _find(self, call: Call[NoBody, LookupQuery]) -> CallerOut:
        return CallerOut.of(await self._lookup.find(call.principal, call.query.number))
