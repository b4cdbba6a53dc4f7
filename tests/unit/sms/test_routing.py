"""Which modem takes which message."""

from __future__ import annotations

import pytest

from gateway.sms.routing import Seat, Tariff, choice, route_of, routes_of

CHEAP_TURKCELL = Tariff(costs={"": 1.0, "+90532": 0.2})
CHEAP_VODAFONE = Tariff(costs={"": 1.0, "+90542": 0.2})
ABROAD_ONLY = Tariff(costs={"+49": 0.5})
ROUTES = routes_of([CHEAP_TURKCELL, CHEAP_VODAFONE, ABROAD_ONLY])


def test_the_longest_prefix_sets_route_and_cost() -> None:
    assert ROUTES == ("+90532", "+90542", "+49", "")
    assert route_of("+905321234567", ROUTES) == "+90532"
    assert route_of("+905551234567", ROUTES) == ""
    assert CHEAP_TURKCELL.cost("+905321234567") == 0.2
    assert CHEAP_TURKCELL.cost("+4915112345678") == 1.0
    assert ABROAD_ONLY.cost("+905321234567") is None


def test_work_is_left_to_a_cheaper_modem_that_is_idle() -> None:
    me = Seat(modem_id="a", tariff=CHEAP_TURKCELL)
    idle = Seat(modem_id="b", tariff=CHEAP_VODAFONE, idle=True)
    mine = choice(me, [idle], ROUTES)
    assert mine.now == {"+90532", "+49", ""}
    assert "+90542" not in mine.later


def test_a_busy_cheaper_modem_is_waited_for_only_with_patience() -> None:
    me = Seat(modem_id="a", tariff=CHEAP_TURKCELL)
    busy = Seat(modem_id="b", tariff=CHEAP_VODAFONE, idle=False)
    mine = choice(me, [busy], ROUTES)
    assert mine.later == {"+90542"}


def test_a_modem_alone_takes_all_that_it_serves() -> None:
    assert choice(Seat(modem_id="a", tariff=CHEAP_TURKCELL), [], ROUTES).now == set(ROUTES)
    assert choice(Seat(modem_id="c", tariff=ABROAD_ONLY), [], ROUTES).now == {"+49"}


@pytest.mark.parametrize("idle", [True, False])
def test_equals_leave_nothing_to_one_another(idle: bool) -> None:
    me = Seat(modem_id="a")
    other = Seat(modem_id="b", idle=idle)
    assert choice(me, [other], routes_of([me.tariff, other.tariff])).now == {""}
