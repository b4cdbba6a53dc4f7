"""`santral call`: the calls of the telephone systems."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import datetime
from typing import Any

from gateway.cli import routing
from gateway.cli.client import connect
from gateway.cli.output import fields, table
from gateway.config import Config
from gateway.kernel.errors import Invalid

LOOK_S = 0.25
HEADINGS = ("ID", "STARTED", "STATE", "FROM", "TO", "ANSWERED BY", "OUTCOME", "TALK")


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `call`."""
    call = commands.add_parser("call", help="calls: those that live now, and the past ones")
    verbs = call.add_subparsers(dest="verb", required=True, metavar="VERB")
    listed = verbs.add_parser("list", help="calls, newest first")
    listed.add_argument("--live", action="store_true", help="only those that live now")
    listed.add_argument("--direction", choices=("in", "out", "internal"), default="")
    listed.add_argument("--number", default="")
    listed.add_argument("--since", default="", metavar="TIME", help="2026-03-01, or with T09:30")
    listed.add_argument("--limit", type=int, default=50)
    listed.set_defaults(run=_list)
    dial = verbs.add_parser("dial", help="ring a user's telephone, then dial a number from it")
    dial.add_argument("number")
    dial.add_argument("--from", dest="extension", default="", metavar="EXTENSION",
                      help="whose telephone rings first")  # fmt: skip
    dial.add_argument("--pbx", default="", metavar="ID")
    dial.add_argument("--key", default="", metavar="KEY", help="the same key is dialled once only")
    dial.set_defaults(run=_dial)
    _add_rules(verbs)
    routing.add_commands(verbs)
    note = verbs.add_parser("note", help="keep a note with a call")
    note.add_argument("id")
    note.add_argument("text")
    note.set_defaults(run=_note)
    transfer = verbs.add_parser("transfer", help="pass the customer on to an extension")
    transfer.add_argument("id")
    transfer.add_argument("to")
    transfer.add_argument("--ask-first", action="store_true",
                          help="who has the customer asks there first")  # fmt: skip
    transfer.set_defaults(run=_transfer)
    for verb, what in (
        ("complete", "pass the customer on to who was asked"),
        ("takeback", "take the customer back from who was asked"),
    ):
        ends = verbs.add_parser(verb, help=what)
        ends.add_argument("id")
        ends.set_defaults(run=_end_transfer)
    for verb, what in (("park", "put the customer into the car park"), ("hangup", "end a call")):
        part = verbs.add_parser(verb, help=what)
        part.add_argument("id")
        part.set_defaults(run=_act)


def _add_rules(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    rules = verbs.add_parser("rules", help="show or change which numbers may be dialled")
    rules.add_argument("--allow", action="append", default=[], metavar="PREFIX")
    rules.add_argument("--block", action="append", default=[], metavar="PREFIX")
    rules.add_argument("--forget", action="append", default=[], metavar="PREFIX")
    rules.add_argument("--costly", action=argparse.BooleanOptionalAction,
                       help="premium-rate numbers too")  # fmt: skip
    rules.add_argument("--per-hour", type=int, metavar="CALLS", help="by one user")
    rules.add_argument("--per-day", type=int, metavar="CALLS", help="by one user")
    rules.set_defaults(run=_rules)


async def _list(config: Config, options: argparse.Namespace) -> int:
    said = {name: getattr(options, name) for name in ("direction", "number", "since")}
    query = {name: value for name, value in said.items() if value}
    if options.since:
        query["since"] = _moment(options.since, config)
    if options.live:
        query["live"] = "true"
    async with connect(config) as client:
        page = await client.get("/calls", **query, limit=str(options.limit))
    print(table(HEADINGS, [_row(call) for call in page["items"]]))
    return 0


def _moment(text: str, config: Config) -> str:
    """Return a moment that was written by the office's clock, with its offset."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"{text[:40]!r} is no time; write it as 2026-03-01 or 2026-03-01T09:30"
        raise Invalid(message, field="--since") from error
    return (found if found.tzinfo else found.replace(tzinfo=config.zone)).isoformat()


async def _dial(config: Config, options: argparse.Namespace) -> int:
    body = {"to": options.number, "from": options.extension, "pbx": options.pbx}
    async with connect(config) as client:
        dial = await client.post("/calls", body, key=options.key)
        print(f"{dial['extension']} rings; once it is picked up, {dial['number']} is dialled")
        while dial["state"] == "asked":
            await asyncio.sleep(LOOK_S)
            dial = await client.get(f"/dials/{dial['id']}")
    if dial["state"] == "answered":
        print(f"{dial['extension']} was picked up, {dial['number']} is dialled")
        return 0
    print(f"{dial['state']}: {dial['reason']}", file=sys.stderr)
    return 1


async def _rules(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        rules = await client.get("/dialling")
        before = repr(rules)
        for name, said in (("allowed", options.allow), ("blocked", options.block)):
            kept = [one for one in rules[name] if one not in options.forget]
            rules[name] = list(dict.fromkeys([*kept, *said]))
        for name in ("costly", "per_hour", "per_day"):
            if getattr(options, name) is not None:
                rules[name] = getattr(options, name)
        if repr(rules) != before:
            rules = await client.put("/dialling", rules)
    allowed = ", ".join(rules["allowed"]) or "numbers of this country"
    print(
        fields(
            [
                ("may be dialled", f"colleagues' extensions; {allowed}"),
                ("may not", ", ".join(rules["blocked"]) or "-"),
                ("premium rate", "yes" if rules["costly"] else "no"),
                ("by one user", f"{rules['per_hour']} an hour, {rules['per_day']} a day"),
            ]
        )
    )
    return 0


async def _note(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        await client.post(f"/calls/{options.id}/note", {"text": options.text})
    print(f"kept with call {options.id}")
    return 0


async def _transfer(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        await client.post(
            f"/calls/{options.id}/transfer", {"to": options.to, "attended": options.ask_first}
        )
    print(f"call {options.id} goes to {options.to}{', who is asked first' * options.ask_first}")
    return 0


async def _end_transfer(config: Config, options: argparse.Namespace) -> int:
    done = "complete" if options.verb == "complete" else "cancel"
    async with connect(config) as client:
        await client.post(f"/calls/{options.id}/transfer/{done}", {})
    print(f"call {options.id}: {options.verb} is asked for")
    return 0


async def _act(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        await client.post(f"/calls/{options.id}/{options.verb}", {})
    print(f"call {options.id}: {options.verb} is asked for")
    return 0


def _row(call: dict[str, Any]) -> tuple[str, ...]:
    minutes, seconds = divmod(round(call["talk_s"]), 60)
    return (
        call["id"],
        call["started_at"][:19],
        call["state"],
        call["caller"] or "withheld",
        call["did"] or call["callee"],
        call["answered_by"] or "-",
        call["outcome"] if call["ended_at"] else "-",
        f"{minutes}:{seconds:02}",
    )
