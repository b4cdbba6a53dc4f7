"""`santral call routing`: which calls go straight to the responsible manager."""

from __future__ import annotations

import argparse
from typing import Any

from gateway.cli.client import connect
from gateway.cli.output import table
from gateway.config import Config
from gateway.kernel.errors import Invalid

HEADINGS = ("LINE", "NAMES", "ROUTED", "MANAGER", "DEPUTY", "THEN")
MIN_DIGITS = 9
"""Of a line's number that is written without its country code."""
_SAID = ("names", "route", "ring_s", "deputy_ring_s", "fallback", "fallback_ring_s")


def add_commands(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `call routing`."""
    routing = verbs.add_parser(
        "routing", help="show or change which calls go to whom by themselves"
    )
    routing.add_argument("--did", default="", metavar="NUMBER",
                         help="the line whose rule is changed; '*': every other line")  # fmt: skip
    routing.add_argument("--route", action=argparse.BooleanOptionalAction,
                         help="known customers go to their manager")  # fmt: skip
    routing.add_argument("--names", action=argparse.BooleanOptionalAction,
                         help="telephones show the customer's name")  # fmt: skip
    for option, who in (("ring", "manager"), ("deputy-ring", "deputy"), ("fallback-ring", "group")):
        routing.add_argument(f"--{option}", dest=f"{option.replace('-', '_')}_s", type=int,
                             metavar="SECONDS", help=f"how long the {who} is rung")  # fmt: skip
    routing.add_argument("--fallback", metavar="EXTENSION",
                         help="group or secretary when nobody is free; '' for none")  # fmt: skip
    routing.add_argument("--forget", action="store_true", help="remove the line's rule")
    routing.add_argument("--deputy", action="append", default=[], metavar="LOGIN=LOGIN",
                         help="who stands in while that manager is not free; "
                         "LOGIN= for nobody")  # fmt: skip
    routing.set_defaults(run=_routing)


async def _routing(config: Config, options: argparse.Namespace) -> int:
    said = {name: getattr(options, name) for name in _SAID if getattr(options, name) is not None}
    if (said or options.forget) and not options.did:
        raise Invalid("say with --did which line is meant; '*' is every line", field="--did")
    async with connect(config) as client:
        rules = await client.get("/routing")
        before = repr(rules)
        if options.did:
            _change(rules["lines"], options.did, said, forget=options.forget)
        rules["stand_ins"] = _stand_ins(rules["stand_ins"], options.deputy)
        if repr(rules) != before:
            rules = await client.put("/routing", rules)
    _print(rules)
    return 0


def _change(lines: list[dict[str, Any]], did: str, said: dict[str, Any], *, forget: bool) -> None:
    """Change, add or remove the rule of a line, however its number is written."""
    digits = did.lstrip("+0")
    whole = len(digits) >= MIN_DIGITS
    found = [one for one in lines if one["did"] == did or (whole and one["did"].endswith(digits))]
    if forget and not found:
        raise Invalid(
            f"there is no rule for {did}; `santral call routing` shows all", field="--did"
        )
    if forget:
        lines.remove(found[0])
    elif found:
        found[0].update(said)
    else:
        lines.append({"did": did, **said})


def _stand_ins(known: list[dict[str, str]], said: list[str]) -> list[dict[str, str]]:
    found = {one["login"]: one["deputy"] for one in known}
    for text in said:
        login, equals, deputy = text.partition("=")
        if not login or not equals:
            raise Invalid(f"{text!r} names nobody; write it as ayse=ali", field="--deputy")
        found[login] = deputy
    return [{"login": login, "deputy": deputy} for login, deputy in found.items() if deputy]


def _print(rules: dict[str, Any]) -> None:
    if rules["lines"]:
        print(table(HEADINGS, [_row(rule) for rule in rules["lines"]]))
    else:
        print("names are shown and nothing is routed; "
              "`santral call routing --did NUMBER --route` routes a line")  # fmt: skip
    for one in rules["stand_ins"]:
        print(f"{one['deputy']} stands in for {one['login']}")


def _row(rule: dict[str, Any]) -> tuple[str, ...]:
    then = (
        f"{rule['fallback']} for {rule['fallback_ring_s']} s" if rule["fallback"] else "as always"
    )
    return (
        rule["did"],
        "yes" if rule["names"] else "no",
        "yes" if rule["route"] else "no",
        f"{rule['ring_s']} s",
        f"{rule['deputy_ring_s']} s",
        then,
    )
