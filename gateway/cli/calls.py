"""`santral call`: the calls of the telephone systems."""

from __future__ import annotations

import argparse
from typing import Any

from gateway.cli.client import connect
from gateway.cli.output import table
from gateway.config import Config

HEADINGS = ("ID", "STARTED", "STATE", "FROM", "TO", "ANSWERED BY", "OUTCOME", "TALK")


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `call`."""
    call = commands.add_parser("call", help="calls: those that live now, and the past ones")
    verbs = call.add_subparsers(dest="verb", required=True, metavar="VERB")
    listed = verbs.add_parser("list", help="calls, newest first")
    listed.add_argument("--live", action="store_true", help="only those that live now")
    listed.add_argument("--direction", choices=("in", "out", "internal"), default="")
    listed.add_argument("--number", default="")
    listed.add_argument("--since", default="", metavar="TIME")
    listed.add_argument("--limit", type=int, default=50)
    listed.set_defaults(run=_list)
    transfer = verbs.add_parser("transfer", help="pass the customer on to an extension")
    transfer.add_argument("id")
    transfer.add_argument("to")
    transfer.set_defaults(run=_transfer)
    for verb, what in (("park", "put the customer into the car park"), ("hangup", "end a call")):
        part = verbs.add_parser(verb, help=what)
        part.add_argument("id")
        part.set_defaults(run=_act)


async def _list(config: Config, options: argparse.Namespace) -> int:
    said = {name: getattr(options, name) for name in ("direction", "number", "since")}
    query = {name: value for name, value in said.items() if value}
    if options.live:
        query["live"] = "true"
    async with connect(config) as client:
        page = await client.get("/calls", **query, limit=str(options.limit))
    print(table(HEADINGS, [_row(call) for call in page["items"]]))
    return 0


async def _transfer(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        await client.post(f"/calls/{options.id}/transfer", {"to": options.to})
    print(f"call {options.id} goes to {options.to}")
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
