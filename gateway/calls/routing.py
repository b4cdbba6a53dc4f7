"""Tells who calls, and who is to ring, while the telephone system asks."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from gateway.calls.routing_port import CallerAdvice, CallerQuestion
from gateway.calls.routing_rules import ANY, LineRule, RoutingRules, deputy_of, route
from gateway.kernel import settings
from gateway.kernel.clock import Clock
from gateway.kernel.errors import Invalid
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.settings import Setting
from gateway.kernel.store import Store
from gateway.kernel.text_folding import fold
from gateway.parties.book import PartyBook
from gateway.parties.model import Certainty, Match
from gateway.people import audit
from gateway.people.colleagues import Colleagues
from gateway.web.principal import Permission, Principal

RULES = "routing_rules"
THE_ONE = "calls"


class Routing:
    """Puts directory, people and rules together."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        plan: NumberingPlan,
        parties: PartyBook,
        colleagues: Colleagues,
    ) -> None:
        self._store = store
        self._clock = clock
        self._plan = plan
        self._parties = parties
        self._colleagues = colleagues

    async def advise(self, question: CallerQuestion) -> CallerAdvice:
        """Return what to show of a caller and who is to ring.

        Only a number that is a customer's as a whole counts, not one that merely ends alike.
        """
        found = await self._parties.match(question.number)
        matches = [one for one in found.matches if one.certainty is Certainty.EXACT]
        if not matches:
            return CallerAdvice(why="no customer's number")
        if await self._colleagues.behind(found.number.key) is not None:
            return CallerAdvice(why="a colleague's number")
        rules = await self.rules()
        rule = rules.of(self._plan.from_network(question.did).key)
        advice = await self._routed(rules, rule, matches)
        return CallerAdvice(
            name=_name_of(matches) if rule.names else "", route=advice.route, why=advice.why
        )

    async def rules(self) -> RoutingRules:
        """Return the rules in force."""
        return await self._store.read(rules_of)

    async def decide(self, principal: Principal, rules: RoutingRules) -> RoutingRules:
        """Replace the rules; raises Invalid for two of one line, and for unknown people."""
        principal.require(Permission.SETTINGS_MANAGE)
        now, kept = self._clock.now(), self._normal(rules)
        value = kept.model_dump(mode="json")

        def unit(connection: Connection) -> None:
            self._require_known(connection, kept)
            settings.put(connection, Setting(kind=RULES, id=THE_ONE, value=value), now)
            audit.record(connection, principal, "change", (RULES, THE_ONE), at=now, changes=value)

        await self._store.write(unit)
        return kept

    async def _routed(
        self, rules: RoutingRules, rule: LineRule, matches: Sequence[Match]
    ) -> CallerAdvice:
        responsible = {one.responsible.id if one.responsible else None for one in matches}
        if not rule.route or len(responsible) > 1:
            return CallerAdvice(why="several customers" if rule.route else "not routed here")
        (user_id,) = responsible
        if user_id is None:
            return CallerAdvice(why="nobody is responsible")
        manager = (await self._colleagues.of([user_id])).get(user_id)
        standing, deputy = None, None
        if manager is not None:
            stand_in = rules.stand_in(manager.login)
            standing = await self._colleagues.named(stand_in) if stand_in else None
            deputy = deputy_of(manager, standing)
        steps, why = route(rule, manager, deputy)
        return CallerAdvice(route=steps, why=why)

    def _normal(self, rules: RoutingRules) -> RoutingRules:
        """Return the rules with each line's key: the same line may be written in many ways."""
        keys = [self._key(rule.did) for rule in rules.lines]
        for names, field, what in (
            (keys, "lines", "rules for the line"),
            ([one.login for one in rules.stand_ins], "stand_ins", "standing deputies of"),
        ):
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise Invalid(f"there are two {what} {twice}; leave one of them out", field=field)
        lines = tuple(
            rule.model_copy(update={"did": key})
            for rule, key in zip(rules.lines, keys, strict=True)
        )
        return rules.model_copy(update={"lines": lines})

    def _key(self, did: str) -> str:
        return did if did == ANY else self._plan.from_network(did).key

    def _require_known(self, connection: Connection, rules: RoutingRules) -> None:
        named = {login for one in rules.stand_ins for login in (one.login, one.deputy)}
        unknown = sorted(named - self._colleagues.logins(connection, named))
        if unknown:
            raise Invalid(
                f"there is no active user {unknown[0]!r}; `santral user list` shows all",
                field="stand_ins",
            )
        for one in rules.stand_ins:
            if one.login == one.deputy:
                raise Invalid(f"{one.login} cannot stand in for himself", field="stand_ins")


def rules_of(connection: Connection) -> RoutingRules:
    """Return the rules in force."""
    stored = settings.find(connection, RULES, THE_ONE)
    return RoutingRules.model_validate(stored.value if stored else {})


def _name_of(matches: Sequence[Match]) -> str:
    """Return the customer's name, which everybody may know; none when it may be one of several."""
    names = {fold(one.party_name): one.party_name for one in matches}
    return next(iter(names.values())) if len(names) == 1 else ""
