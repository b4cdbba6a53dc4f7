"""Which calls go straight to the responsible manager, by the line that was called (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from gateway.calls.routing_port import RouteStep
from gateway.people.model import Colleague, Deputy, PresenceState
from gateway.web.routes import Schema

ANY = "*"
"""Stands for every line that has no rule of its own."""
_DIALABLE = re.compile(r"[0-9]{1,16}")

RingTime = Annotated[int, Field(ge=3, le=120, description="seconds")]
Login = Annotated[str, Field(min_length=1, max_length=200, examples=["ayse"])]


class LineRule(Schema):
    """What holds for the calls to one line."""

    did: Annotated[
        str,
        Field(
            pattern=r"^(\*|\+?[0-9A-Za-z_]{1,32})$", examples=["+902125550100"],
            description="the line that is called; *: every line without a rule of its own",
        ),
    ]  # fmt: skip
    names: Annotated[bool, Field(description="telephones show the customer's name")] = True
    route: Annotated[
        bool, Field(description="known customers go to who is responsible for them")
    ] = False
    ring_s: Annotated[RingTime, Field(description="how long the manager's telephone rings")] = 15
    deputy_ring_s: Annotated[RingTime, Field(description="how long his deputy's rings")] = 15
    fallback: Annotated[
        str,
        Field(
            pattern="^[0-9]{0,16}$", examples=["600"],
            description="extension of the group or secretary that rings when neither is free or "
            "neither answers; empty: the dialplan goes on as always",
        ),
    ] = ""  # fmt: skip
    fallback_ring_s: Annotated[RingTime, Field(description="how long that one rings")] = 20


class StandIn(Schema):
    """Who takes a manager's calls while he is not free, and no absence names a deputy."""

    login: Annotated[Login, Field(description="the manager")]
    deputy: Annotated[Login, Field(description="who stands in", examples=["ali"])]


class RoutingRules(Schema):
    """Rules by line, and standing deputies."""

    lines: Annotated[tuple[LineRule, ...], Field(max_length=200)] = ()
    stand_ins: Annotated[tuple[StandIn, ...], Field(max_length=500)] = ()

    def of(self, did: str) -> LineRule:
        """Return the rule for a line, by its key: its own, else that of every line, else none."""
        rules = {rule.did: rule for rule in self.lines}
        return rules.get(did) or rules.get(ANY) or LineRule(did=ANY)

    def stand_in(self, login: str) -> str:
        """Return the login of a manager's standing deputy; empty when he has none."""
        return next((one.deputy for one in self.stand_ins if one.login == login), "")


Rung = Colleague | Deputy


def deputy_of(manager: Colleague, standing: Colleague | None) -> Rung | None:
    """Return who stands in for a manager: whom his absence names, else his standing deputy.

    A standing deputy who is absent himself is stood in for by whom his absence names.
    """
    if manager.deputy is not None or standing is None:
        return manager.deputy
    return standing.deputy or standing


def route(
    rule: LineRule, manager: Colleague | None, deputy: Rung | None
) -> tuple[tuple[RouteStep, ...], str]:
    """Return who is to ring for a manager's customer, and why.

    Only who is free is rung, each telephone once; without anybody the dialplan goes on.
    """
    if not rule.route:
        return (), "this line is not routed"
    wanted = [(manager, rule.ring_s), (deputy, rule.deputy_ring_s)]
    steps = [
        RouteStep(extension=one.extension, seconds=seconds)
        for one, seconds in wanted
        if one is not None and _can_be_rung(one)
    ]
    if rule.fallback:
        steps.append(RouteStep(extension=rule.fallback, seconds=rule.fallback_ring_s))
    said = (("manager", manager), ("deputy", deputy))
    why = ", ".join(f"{who} {one.state if one is not None else 'none'}" for who, one in said)
    return tuple(_once(steps)), why


def _can_be_rung(one: Rung) -> bool:
    return one.state is PresenceState.FREE and _DIALABLE.fullmatch(one.extension) is not None


def _once(steps: Iterable[RouteStep]) -> Iterable[RouteStep]:
    """Return the steps without a second one to the same telephone."""
    found: dict[str, RouteStep] = {}
    for step in steps:
        found.setdefault(step.extension, step)
    return found.values()
