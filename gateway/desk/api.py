"""The API of what is looked at across channels."""

from __future__ import annotations

from gateway.desk.cards import Cards
from gateway.desk.lookup import CallerLookup
from gateway.desk.schemas import CallerOut, DeskCardOut, DeskOut, ReadyTextsOut, TextsQuery
from gateway.desk.texts import Texts
from gateway.parties.schemas import LookupQuery
from gateway.web.principal import Permission
from gateway.web.routes import Call, NoBody, Route


class LookupApi:
    """The look-up of numbers."""

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


class DeskApi:
    """Routes of the desk."""

    def __init__(self, cards: Cards, texts: Texts) -> None:
        self._cards = cards
        self._texts = texts

    def routes(self) -> list[Route]:
        """Return the routes."""
        calls = Permission.CALLS_READ
        return [
            Route(method="GET", path="/desk", permission=calls, handler=self._desk,
                  returns=DeskOut, summary="Show the calls that are before the asker now"),
            Route(method="GET", path="/desk/cards/{call_id}", permission=calls,
                  handler=self._card, returns=DeskCardOut,
                  summary="Show a call, who it is and whom to connect"),
            Route(method="GET", path="/desk/cards/{call_id}/crm", permission=calls,
                  handler=self._asked, returns=DeskCardOut,
                  summary="Show a call with what the CRMs say within two seconds"),
            Route(method="GET", path="/desk/cards/{call_id}/texts",
                  permission=Permission.SMS_SEND, handler=self._ready, query=TextsQuery,
                  returns=ReadyTextsOut, summary="Show text messages that suit a call"),
        ]  # fmt: skip

    async def _desk(self, call: Call[NoBody, NoBody]) -> DeskOut:
        return DeskOut.of(await self._cards.desk(call.principal))

    async def _card(self, call: Call[NoBody, NoBody]) -> DeskCardOut:
        return DeskCardOut.of(await self._cards.one(call.principal, call.path["call_id"]))

    async def _asked(self, call: Call[NoBody, NoBody]) -> DeskCardOut:
        return DeskCardOut.of(await self._cards.asked(call.principal, call.path["call_id"]))

    async def _ready(self, call: Call[NoBody, TextsQuery]) -> ReadyTextsOut:
        call_id, language = call.path["call_id"], call.query.language
        return ReadyTextsOut.of(await self._texts.of(call.principal, call_id, language))
