"""`santral fax policy`: which numbers may be faxed, when lines are cheap, who gets what came in."""

from __future__ import annotations

import argparse
from typing import Any

from gateway.cli.client import connect
from gateway.cli.output import fields, table
from gateway.config import Config
from gateway.kernel.errors import GatewayError

OFF = "off"


def add_commands(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `fax policy`."""
    policy = verbs.add_parser("policy", help="show or change what holds for faxes")
    policy.add_argument("--allow", action="append", metavar="PREFIX",
                        help="only numbers that begin so; off: every number")  # fmt: skip
    policy.add_argument("--bar", action="append", metavar="PREFIX",
                        help="numbers that begin so may not; off: none")  # fmt: skip
    policy.add_argument("--cheap", metavar="HH:MM-HH:MM", help="when lines cost least, or off")
    policy.add_argument("--pages-per-day", metavar="COUNT", help="for each user, or off")
    policy.add_argument("--route", action="append", metavar="NUMBER=LOGIN", default=[],
                        help="who gets what comes in for a number of ours; =: nobody")  # fmt: skip
    policy.set_defaults(run=_policy)


async def _policy(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        policy = await client.get("/policies/fax")
        before = repr(policy)
        _change(policy, options)
        if repr(policy) != before:
            policy = await client.put("/policies/fax", policy)
    _show(policy)
    return 0


def _change(policy: dict[str, Any], options: argparse.Namespace) -> None:
    for name, said in (("allowed", options.allow), ("barred", options.bar)):
        if said is not None:
            policy[name] = [prefix for prefix in said if prefix != OFF]
    if options.cheap:
        policy["cheap_hours"] = _hours(options.cheap)
    if options.pages_per_day:
        policy["pages_per_user_day"] = _count(options.pages_per_day)
    for said in options.route:
        called, sign, login = said.partition("=")
        if not sign or not called:
            raise GatewayError(f"--route {said!r} is not understood; write it as NUMBER=LOGIN")
        others = [one for one in policy["routes"] if one["called"] != called]
        policy["routes"] = [*others, {"called": called, "user": login}] if login else others


def _hours(said: str) -> dict[str, str] | None:
    if said == OFF:
        return None
    begins, sign, ends = said.partition("-")
    if not sign:
        raise GatewayError(f"--cheap {said!r} lacks its end; write it as --cheap 20:00-07:00")
    return {"begins": begins, "ends": ends}


def _count(said: str) -> int | None:
    if said == OFF:
        return None
    if not said.isdigit():
        raise GatewayError(f"--pages-per-day {said!r} is no number; write a count, or off")
    return int(said)


def _show(policy: dict[str, Any]) -> None:
    cheap = policy["cheap_hours"]
    print(fields([
        ("may be faxed", ", ".join(policy["allowed"]) or "every number"),
        ("may not", ", ".join(policy["barred"]) or "none"),
        ("cheap hours", f"{cheap['begins'][:5]}-{cheap['ends'][:5]}" if cheap else "none"),
        ("pages a user and day", policy["pages_per_user_day"] or "no limit"),
    ]))  # fmt: skip
    if policy["routes"]:
        print()
        rows = [(one["called"], one["user"]) for one in policy["routes"]]
        print(table(("CALLED", "GOES TO"), rows))
