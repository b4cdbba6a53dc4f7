"""The API of calls."""

from __future__ import annotations

from gateway.calls.schemas import CallOut, CallsOut, CallsQuery
from gateway.calls.showing import CallFilter, Calls
from gateway.web.principal import Permission
from gateway.web.routes import Call, NoBody, Route


class CallsApi:
    """Routes of calls."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def routes(self) -> list[Route]:
        """Return the routes."""
        read = Permission.CALLS_READ
        return [
            Route(method="GET", path="/calls", permission=read, handler=self._list,
                  summary="List calls, live and past", query=CallsQuery, returns=CallsOut),
            Route(method="GET", path="/calls/{id}", permission=read, handler=self._show,
                  summary="Show a call", returns=CallOut),
        ]  # fmt: skip

    async def _list(self, call: Call[NoBody, CallsQuery]) -> CallsOut:
        query = call.query
        wanted = CallFilter(
            live=query.live,
            direction=query.direction,
            outcome=query.outcome or "",
            number=query.number,
            party_id=query.party_id,
            since=query.since,
            until=query.until,
        )
        page = await self._calls.page(
            call.principal, wanted, cursor=query.cursor, limit=query.limit
        )
        return CallsOut(
            items=tuple(CallOut.model_validate(item) for item in page.items),
            next_cursor=page.next_cursor,
        )

    async def _show(self, call: Call[NoBody, NoBody]) -> CallOut:
        return CallOut.model_validate(await self._calls.show(call.principal, call.path["id"]))
