"""`santral sms policy`: quiet hours, opt-out words and the limits of alerts."""

from __future__ import annotations

import argparse
from typing import Any

from gateway.cli.client import connect
from gateway.cli.output import fields, table
from gateway.config import Config
from gateway.kernel.errors import GatewayError

OFF = "off"


def add_commands(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `sms policy`."""
    policy = verbs.add_parser("policy", help="show or change quiet hours, opt-out words, alerts")
    policy.add_argument(
        "--quiet",
        metavar="HH:MM-HH:MM",
        help="mailings wait during these hours of the recipient's clock, or off",
    )
    for name in ("stop", "start"):
        policy.add_argument(f"--{name}", action="append", default=[], metavar="WORD=CONFIRMATION",
                            help="add or change an opt-out word" if name == "stop" else
                            "add or change a word that takes an opt-out back")  # fmt: skip
    policy.add_argument("--forget", action="append", default=[], metavar="WORD")
    policy.add_argument("--confirm", action=argparse.BooleanOptionalAction,
                        help="answer an opt-out with its confirmation")  # fmt: skip
    policy.add_argument("--modem-down", type=int, metavar="SECONDS", help="alert after so long")
    policy.add_argument("--queue-age", type=int, metavar="SECONDS", help="alert after so long")
    policy.add_argument(
        "--patience",
        type=float,
        metavar="SECONDS",
        help="how long a message waits for a cheaper modem that is busy",
    )
    policy.set_defaults(run=_policy)


async def _policy(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        policy = await client.get("/sms/policy")
        before = repr(policy)
        _change(policy, options)
        if repr(policy) != before:
            policy = await client.put("/sms/policy", policy)
    _show(policy)
    return 0


def _change(policy: dict[str, Any], options: argparse.Namespace) -> None:
    if options.quiet:
        policy["quiet_hours"] = _hours(policy["quiet_hours"], options.quiet)
    words = policy["opt_out"]
    for name in ("stop", "start"):
        words[name].update(_word(name, said) for said in getattr(options, name))
    for word in options.forget:
        if word not in {**words["stop"], **words["start"]}:
            raise GatewayError(f"{word!r} is none of the words; `santral sms policy` shows all")
        words["stop"].pop(word, None)
        words["start"].pop(word, None)
    places = (
        (words, "confirm", options.confirm),
        (policy["alerts"], "modem_down_s", options.modem_down),
        (policy["alerts"], "queue_age_s", options.queue_age),
        (policy, "patience_s", options.patience),
    )
    for place, name, said in places:
        if said is not None:
            place[name] = said


def _hours(before: dict[str, Any] | None, said: str) -> dict[str, Any] | None:
    if said == OFF:
        return None
    begins, sign, ends = said.partition("-")
    if not sign:
        raise GatewayError(f"--quiet {said!r} lacks its end; write it as --quiet 21:00-09:00")
    return {**(before or {}), "begins": begins, "ends": ends}


def _word(name: str, said: str) -> tuple[str, str]:
    word, sign, confirmation = said.partition("=")
    if not sign or not word:
        option = f"--{name}"
        raise GatewayError(f"{option} {said!r} is not understood; write it as {option} WORD=TEXT")
    return word, confirmation


def _show(policy: dict[str, Any]) -> None:
    quiet, alerts, words = policy["quiet_hours"], policy["alerts"], policy["opt_out"]
    hours = (
        f"{quiet['begins'][:5]}-{quiet['ends'][:5]} for {', '.join(quiet['priorities'])}"
        if quiet
        else "none"
    )
    print(
        fields(
            [
                ("quiet hours", hours),
                ("confirm an opt-out", "yes" if words["confirm"] else "no"),
                ("alert: modem down", f"{alerts['modem_down_s']} s"),
                ("alert: queue age", f"{alerts['queue_age_s']} s"),
                ("wait for a cheaper modem", f"{policy['patience_s']:g} s"),
            ]
        )
    )
    rows = [
        (word, "no more" if name == "stop" else "again", text)
        for name in ("stop", "start")
        for word, text in words[name].items()
    ]
    print()
    print(table(("WORD", "MEANS", "CONFIRMATION"), rows))
