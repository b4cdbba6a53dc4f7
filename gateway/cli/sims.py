"""`santral modem sim` and `santral modem figures`: what a SIM may do, and what it did."""

from __future__ import annotations

import argparse
from typing import Any

from gateway.cli.client import connect
from gateway.cli.output import fields, plain, table
from gateway.config import Config
from gateway.kernel.errors import GatewayError

NONE = "none"


def add_commands(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `modem sim` and `modem figures`."""
    sim = verbs.add_parser("sim", help="show or change a SIM's quota, costs and balance check")
    sim.add_argument("id")
    for window in ("minute", "day", "month"):
        sim.add_argument(f"--per-{window}", metavar="N", help=f"segments a {window}, or none")
    sim.add_argument("--cost", action="append", metavar="PREFIX=PRICE",
                     help="replaces all prices; repeat it: --cost +90532=0.25 --cost =0.9; "
                     "a prefix not covered is not served")  # fmt: skip
    sim.add_argument("--balance", metavar="CODE", help="ask by this USSD code, as *100#, or none")
    sim.add_argument("--every", type=int, metavar="SECONDS", help="how often it is asked")
    sim.add_argument("--pattern", metavar="REGEX", help="finds the amount in the answer")
    sim.add_argument("--alert-below", metavar="AMOUNT", help="alert when less is left, or none")
    sim.set_defaults(run=_sim)
    figures = verbs.add_parser("figures", help="what a modem sent, failed and cost in a period")
    figures.add_argument("id")
    figures.add_argument("--since", default="", metavar="TIME", help="default: this midnight")
    figures.add_argument("--until", default="", metavar="TIME", help="default: now")
    figures.set_defaults(run=_figures)


async def _sim(config: Config, options: argparse.Namespace) -> int:
    path = f"/modems/{options.id}/sim"
    async with connect(config) as client:
        policy = await client.get(path)
        if _change(policy, options):
            policy = await client.put(path, policy)
    quota, balance = policy["quota"], policy["balance"]
    print(
        fields(
            [
                ("quota", ", ".join(_limit(name, limit) for name, limit in quota.items())),
                ("costs", ", ".join(_price(*pair) for pair in policy["costs"].items())),
                ("balance", _asked(balance) if balance else "not asked for"),
            ]
        )
    )
    return 0


def _change(policy: dict[str, Any], options: argparse.Namespace) -> bool:
    """Bring what was said on the command line into a policy; tell whether anything was."""
    before = repr(policy)
    for window in ("per_minute", "per_day", "per_month"):
        if (said := getattr(options, window)) is not None:
            policy["quota"][window] = None if said == NONE else _whole(window, said)
    if options.cost:
        policy["costs"] = dict(_cost(said) for said in options.cost)
    policy["balance"] = _balance(policy["balance"], options)
    return repr(policy) != before


def _balance(before: dict[str, Any] | None, options: argparse.Namespace) -> dict[str, Any] | None:
    if options.balance == NONE:
        return None
    balance = dict(before or {})
    if options.balance:
        balance["code"] = options.balance
    told = {"every_s": options.every, "pattern": options.pattern}
    told = {name: value for name, value in told.items() if value is not None}
    if options.alert_below is not None:
        below = options.alert_below
        told["alert_below"] = None if below == NONE else _number("--alert-below", below)
    if told and not balance:
        raise GatewayError("say by which USSD code the balance is asked for: --balance '*100#'")
    return {**balance, **told} or None


def _whole(name: str, said: str) -> int:
    if not said.isdecimal():
        option = f"--{name.replace('_', '-')}"
        raise GatewayError(f"{option} {said!r} is no number; write it as {option} 500, or none")
    return int(said)


def _number(name: str, said: str) -> float:
    try:
        return float(said)
    except ValueError:
        raise GatewayError(f"{name}: {said!r} is no amount; write it as 0.25") from None


def _cost(said: str) -> tuple[str, float]:
    prefix, sign, price = said.partition("=")
    if not sign:
        raise GatewayError(f"--cost {said!r} lacks its price; write it as --cost +90532=0.25")
    return prefix, _number("--cost", price)


def _limit(name: str, limit: int | None) -> str:
    return f"{'no limit' if limit is None else limit} a {name.removeprefix('per_')}"


def _price(prefix: str, price: float) -> str:
    return f"{prefix or 'every number'} {price:.10g}"


def _asked(balance: dict[str, Any]) -> str:
    below = balance["alert_below"]
    alert = "" if below is None else f", alert below {below:.10g}"
    return f"asked by {balance['code']} every {balance['every_s']} s{alert}"


async def _figures(config: Config, options: argparse.Namespace) -> int:
    period = {"since": options.since, "until": options.until}
    period = {name: value for name, value in period.items() if value}
    async with connect(config) as client:
        found = await client.get(f"/modems/{options.id}/figures", **period)
    rows = [(f"SIM {sim}", *_counts(counted)) for sim, counted in found["sims"].items()]
    rows.append(("all", *_counts(found)))
    print(table(("", "SENT", "DELIVERED", "FAILED", "UNCERTAIN", "COST", "CAUSES"), rows))
    print()
    used = ", ".join(f"{count} this {window}" for window, count in found["used"].items())
    balance = found["balance"]
    print(
        fields(
            [
                ("received", found["received"]),
                ("of the quota", used),
                ("balance", plain(f"{balance['text']} ({balance['at'][:19]})") if balance else ""),
            ]
        )
    )
    return 0


def _counts(counted: dict[str, Any]) -> tuple[object, ...]:
    states = counted["by_state"]
    causes = ", ".join(f"{cause}: {count}" for cause, count in counted["failed_by_cause"].items())
    named = [states.get(name, 0) for name in ("delivered", "failed", "uncertain")]
    return (counted["sent"], *named, f"{counted['cost']:.10g}", causes)
