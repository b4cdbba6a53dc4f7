"""The API of policies, rules, SIMs' figures and alerts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

from pydantic import Field, JsonValue

from gateway.kernel.store import Store
from gateway.sending import alerts
from gateway.sms.figures import Figures, FiguresBook, SimFigures
from gateway.sms.fleet import Fleet
from gateway.sms.policy import SimPolicy, SmsPolicy, SmsRule
from gateway.sms.policy_settings import PolicyBook
from gateway.web.fields import Id, ModemId
from gateway.web.paging import NextCursor, ShortListQuery, page_of
from gateway.web.principal import Permission
from gateway.web.routes import Call, NoBody, Route, Schema


class RuleOut(SmsRule):
    """A rule."""

    id: Id


class RulesOut(Schema):
    """A page of rules, in the order in which they are tried."""

    items: tuple[RuleOut, ...]
    next_cursor: NextCursor


class RuleRemoved(Schema):
    """It is gone."""

    id: Id


class FiguresQuery(Schema):
    """Which period is meant; this day when nothing is said."""

    since: datetime | None = None
    until: datetime | None = None


class BalanceOut(Schema):
    """What the network said of a SIM's balance."""

    amount: Annotated[float | None, Field(examples=[87.5])]
    text: Annotated[str, Field(examples=["Bakiyeniz: 87,50 TL"])]
    at: datetime


_BY_SIM: dict[str, JsonValue] = {
    "286010123456789": {
        "sent": 118,
        "by_state": {"delivered": 118, "failed": 2},
        "failed_by_cause": {"CMS 28": 2},
        "cost": 29.5,
    }
}


class SimFiguresOut(Schema):
    """What was sent in a period; counts are segments."""

    sent: Annotated[int, Field(examples=[118])]
    by_state: Annotated[dict[str, int], Field(examples=[{"delivered": 118, "failed": 2}])]
    failed_by_cause: Annotated[
        dict[str, int], Field(description="cause to count", examples=[{"CMS 28": 2}])
    ]
    cost: Annotated[float, Field(description="by the SIM's price list", examples=[29.5])]


class FiguresOut(SimFiguresOut):
    """What a modem did in a period; counts are segments."""

    modem: ModemId
    received: Annotated[int, Field(examples=[41])]
    sims: Annotated[
        dict[str, SimFiguresOut],
        Field(description="the same by SIM that it had then (IMSI)", examples=[_BY_SIM]),
    ]
    used: Annotated[
        dict[str, int],
        Field(
            description="what counts against the quota of the SIM that it has now",
            examples=[{"minute": 3, "day": 120, "month": 2410}],
        ),
    ]
    balance: BalanceOut | None


class AlertOut(Schema):
    """Something that is wrong for longer than it should be."""

    name: Annotated[str, Field(examples=["modem_down:office1"])]
    text: Annotated[str, Field(examples=["modem office1 is silent: no answer to AT"])]
    remedy: Annotated[str, Field(examples=["check its cable and power"])]
    since: datetime


class AlertsOut(Schema):
    """A page of the alerts that stand, the oldest first."""

    items: tuple[AlertOut, ...]
    next_cursor: NextCursor


class PolicyApi:
    """Routes of what administrators decide; `apply` brings it into force after a change."""

    def __init__(
        self,
        book: PolicyBook,
        figures: FiguresBook,
        fleet: Fleet,
        store: Store,
        *,
        apply: Callable[[], Awaitable[None]],
    ) -> None:
        self._book = book
        self._figures = figures
        self._fleet = fleet
        self._store = store
        self._apply = apply

    def routes(self) -> list[Route]:
        """Return the routes."""
        manage, read = Permission.SETTINGS_MANAGE, Permission.MODEMS_READ
        return [
            Route(method="GET", path="/sms/policy", permission=manage, handler=self._policy,
                  summary="Show quiet hours, opt-out words and alert limits", returns=SmsPolicy),
            Route(method="PUT", path="/sms/policy", permission=manage, handler=self._decide,
                  summary="Replace them; in force at once", body=SmsPolicy, returns=SmsPolicy),
            Route(method="GET", path="/sms/rules", permission=manage, handler=self._rules,
                  summary="List the rules of automatic answers", query=ShortListQuery,
                  returns=RulesOut),
            Route(method="POST", path="/sms/rules", permission=manage, handler=self._add,
                  summary="Add a rule behind the others", body=SmsRule, returns=RuleOut,
                  status=201),
            Route(method="PUT", path="/sms/rules/{rule_id}", permission=manage,
                  handler=self._change, summary="Replace a rule", body=SmsRule, returns=RuleOut),
            Route(method="DELETE", path="/sms/rules/{rule_id}", permission=manage,
                  handler=self._remove, summary="Remove a rule", returns=RuleRemoved),
            Route(method="GET", path="/modems/{modem_id}/sim", permission=read,
                  handler=self._sim, summary="Show a SIM's quota, costs and balance check",
                  returns=SimPolicy),
            Route(method="PUT", path="/modems/{modem_id}/sim", permission=manage,
                  handler=self._decide_sim, summary="Replace them; in force at once",
                  body=SimPolicy, returns=SimPolicy),
            Route(method="GET", path="/modems/{modem_id}/figures", permission=read,
                  handler=self._count, summary="Count what a modem did in a period",
                  query=FiguresQuery, returns=FiguresOut),
            Route(method="GET", path="/alerts", permission=read, handler=self._alerts,
                  summary="List what is wrong for longer than it should be",
                  query=ShortListQuery, returns=AlertsOut),
        ]  # fmt: skip

    async def _policy(self, _call: Call[NoBody, NoBody]) -> SmsPolicy:
        return await self._book.policy()

    async def _decide(self, call: Call[SmsPolicy, NoBody]) -> SmsPolicy:
        policy = await self._book.decide(call.principal, call.body)
        await self._apply()
        return policy

    async def _rules(self, call: Call[NoBody, ShortListQuery]) -> RulesOut:
        page, next_cursor = page_of(await self._book.rules(), lambda pair: pair[0], call.query)
        return RulesOut(items=tuple(_rule(*pair) for pair in page), next_cursor=next_cursor)

    async def _add(self, call: Call[SmsRule, NoBody]) -> RuleOut:
        return _rule(await self._book.add_rule(call.principal, call.body), call.body)

    async def _change(self, call: Call[SmsRule, NoBody]) -> RuleOut:
        await self._book.change_rule(call.principal, call.path["rule_id"], call.body)
        return _rule(call.path["rule_id"], call.body)

    async def _remove(self, call: Call[NoBody, NoBody]) -> RuleRemoved:
        await self._book.remove_rule(call.principal, call.path["rule_id"])
        return RuleRemoved(id=call.path["rule_id"])

    async def _sim(self, call: Call[NoBody, NoBody]) -> SimPolicy:
        return await self._book.sim(call.path["modem_id"])

    async def _decide_sim(self, call: Call[SimPolicy, NoBody]) -> SimPolicy:
        policy = await self._book.decide_sim(call.principal, call.path["modem_id"], call.body)
        await self._apply()
        return policy

    async def _count(self, call: Call[NoBody, FiguresQuery]) -> FiguresOut:
        modem_id = call.path["modem_id"]
        modem = self._fleet.modems().get(modem_id)
        return _figures(
            await self._figures.of_modem(
                call.principal,
                modem_id,
                imsi=modem.status.imsi if modem else "",
                since=call.query.since,
                until=call.query.until,
            )
        )

    async def _alerts(self, call: Call[NoBody, ShortListQuery]) -> AlertsOut:
        found = await self._store.read(alerts.every)
        page, next_cursor = page_of(found, lambda alert: alert.name, call.query)
        return AlertsOut(
            items=tuple(
                AlertOut(name=one.name, text=one.text, remedy=one.remedy, since=one.since)
                for one in page
            ),
            next_cursor=next_cursor,
        )


def _rule(rule_id: str, rule: SmsRule) -> RuleOut:
    return RuleOut(id=rule_id, **rule.model_dump())


def _figures(figures: Figures) -> FiguresOut:
    balance = figures.balance
    return FiguresOut(
        modem=figures.modem_id,
        received=figures.received,
        **_counted(figures.total).model_dump(),
        sims={sim: _counted(counted) for sim, counted in sorted(figures.sims.items())},
        used={window.value: count for window, count in figures.used.items()},
        balance=BalanceOut(amount=balance.amount, text=balance.text, at=balance.at)
        if balance
        else None,
    )


def _counted(counted: SimFigures) -> SimFiguresOut:
    return SimFiguresOut(
        sent=counted.sent,
        by_state=counted.by_state,
        failed_by_cause=counted.failed_by_cause,
        cost=round(counted.cost, 6),
    )
