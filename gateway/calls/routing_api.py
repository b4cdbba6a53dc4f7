"""The API of how callers are shown and routed."""

from __future__ import annotations

from gateway.calls.routing import Routing
from gateway.calls.routing_rules import RoutingRules
from gateway.web.principal import Permission
from gateway.web.routes import Call, NoBody, Route


class RoutingRulesOut(RoutingRules):
    """How callers are shown and routed."""


class RoutingApi:
    """Routes of the rules by which calls find their manager."""

    def __init__(self, routing: Routing) -> None:
        self._routing = routing

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route(method="GET", path="/routing", permission=Permission.CALLS_READ,
                  handler=self._show, returns=RoutingRulesOut,
                  summary="Show which calls go straight to the responsible manager"),
            Route(method="PUT", path="/routing", permission=Permission.SETTINGS_MANAGE,
                  handler=self._decide, body=RoutingRules, returns=RoutingRulesOut,
                  summary="Decide which calls go straight to the responsible manager"),
        ]  # fmt: skip

    async def _show(self, _call: Call[NoBody, NoBody]) -> RoutingRulesOut:
        return RoutingRulesOut.model_validate((await self._routing.rules()).model_dump())

    async def _decide(self, call: Call[RoutingRules, NoBody]) -> RoutingRulesOut:
        rules = await self._routing.decide(call.principal, call.body)
        return RoutingRulesOut.model_validate(rules.model_dump())
