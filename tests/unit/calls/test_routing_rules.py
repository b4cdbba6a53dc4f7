"""Who rings for a known customer: manager, deputy, group, in this order and only who is free."""

from __future__ import annotations

import pytest

from gateway.calls.routing_port import RouteStep
from gateway.calls.routing_rules import LineRule, RoutingRules, StandIn, deputy_of, route
from gateway.people.model import Colleague, Deputy, PresenceState, Role

FREE, BUSY, ABSENT = PresenceState.FREE, PresenceState.BUSY, PresenceState.ABSENT
RULE = LineRule(
    did="*", route=True, ring_s=15, deputy_ring_s=10, fallback="600", fallback_ring_s=20
)
MANAGER, DEPUTY, GROUP = (
    RouteStep(extension=extension, seconds=seconds)
    for extension, seconds in (("102", 15), ("103", 10), ("600", 20))
)


def colleague(
    extension: str, state: PresenceState = FREE, deputy: Deputy | None = None
) -> Colleague:
    """Return one of our people."""
    return Colleague(
        id=extension, login=f"u{extension}", name=extension, role=Role.MANAGER, mobile="",
        extension=extension, state=state, deputy=deputy,
    )  # fmt: skip


def stands_in(extension: str, state: PresenceState = FREE) -> Deputy:
    """Return whom an absence names."""
    return Deputy(id=extension, name=extension, extension=extension, mobile="", state=state)


@pytest.mark.parametrize(
    ("manager", "deputy", "steps"),
    [
        (colleague("102"), None, (MANAGER, GROUP)),
        (colleague("102"), colleague("103"), (MANAGER, DEPUTY, GROUP)),
        (colleague("102", BUSY), colleague("103"), (DEPUTY, GROUP)),
        (colleague("102", ABSENT), stands_in("103"), (DEPUTY, GROUP)),
        (colleague("102", BUSY), colleague("103", BUSY), (GROUP,)),
        (None, None, (GROUP,)),
        (colleague("102"), colleague("102"), (MANAGER, GROUP)),
        (colleague("600"), None, (RouteStep(extension="600", seconds=15),)),
        (colleague(""), colleague("10a"), (GROUP,)),
    ],
)
def test_only_who_is_free_rings_and_each_telephone_once(
    manager: Colleague | None, deputy: Colleague | Deputy | None, steps: tuple[RouteStep, ...]
) -> None:
    assert route(RULE, manager, deputy)[0] == steps
    without = RULE.model_copy(update={"fallback": ""})
    expected = tuple(one for one in steps if one != GROUP)
    assert route(without, manager, deputy)[0] == expected


@pytest.mark.parametrize("state", [one for one in PresenceState if one is not FREE])
def test_who_is_not_free_is_not_rung(state: PresenceState) -> None:
    assert route(RULE, colleague("102", state), colleague("103", state))[0] == (GROUP,)


def test_a_line_is_not_routed_unless_it_is_said() -> None:
    assert route(LineRule(did="*"), colleague("102"), None)[0] == ()
    assert not RoutingRules().of("+902125550170").route


def test_the_rule_of_a_line_goes_before_that_of_every_line() -> None:
    own, others = LineRule(did="+902125550170"), LineRule(did="*", route=True)
    rules = RoutingRules(lines=(others, own))
    assert rules.of("+902125550170") is own
    assert rules.of("+902125550171") is others


def test_whom_an_absence_names_goes_before_the_standing_deputy() -> None:
    standing = colleague("103")
    assert deputy_of(colleague("102", ABSENT, stands_in("104")), standing) == stands_in("104")
    assert deputy_of(colleague("102", ABSENT), standing) is standing
    assert deputy_of(colleague("102", BUSY), standing) is standing
    assert deputy_of(colleague("102", BUSY), None) is None


def test_a_standing_deputy_who_is_absent_is_stood_in_for() -> None:
    absent = colleague("103", ABSENT, stands_in("104"))
    assert deputy_of(colleague("102", BUSY), absent) == stands_in("104")


def test_a_managers_standing_deputy_is_found_by_login() -> None:
    rules = RoutingRules(stand_ins=(StandIn(login="ayse", deputy="ali"),))
    assert (rules.stand_in("ayse"), rules.stand_in("ali")) == ("ali", "")
