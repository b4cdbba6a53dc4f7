"""`santral do-not-contact`: who must not be written to, called or faxed."""

from __future__ import annotations

import argparse
from urllib.parse import quote

from gateway.cli.client import connect
from gateway.cli.output import table
from gateway.config import Config
from gateway.consent.model import Channel


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `do-not-contact list|add|remove`."""
    blocks = commands.add_parser("do-not-contact", help="do-not-contact list: list, add, remove")
    verbs = blocks.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list", help="numbers, by whom and why").set_defaults(run=_list)
    add = verbs.add_parser("add", help="put a number on the list; what waits for it is taken back")
    add.add_argument("number")
    add.add_argument("--reason", default="")
    _channel(add)
    add.set_defaults(run=_add)
    remove = verbs.add_parser("remove", help="take a number off the list")
    remove.add_argument("number")
    _channel(remove)
    remove.set_defaults(run=_remove)


def _channel(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--channel", choices=[*Channel], default=Channel.ALL)


async def _list(config: Config, _options: argparse.Namespace) -> int:
    async with connect(config) as client:
        found = await client.every("/do-not-contact")
    if not found:
        print("nobody is on the do-not-contact list")
        return 0
    rows = [
        (block["number"], block["channel"], block["at"][:19], block["source"], block["reason"])
        for block in found
    ]
    print(table(("NUMBER", "CHANNEL", "SINCE (UTC)", "BY", "REASON"), rows))
    return 0


async def _add(config: Config, options: argparse.Namespace) -> int:
    body = {"number": options.number, "channel": options.channel, "reason": options.reason}
    async with connect(config) as client:
        block = await client.post("/do-not-contact", body)
    print(f"{block['number']} is on the do-not-contact list for {_named(block['channel'])}")
    return 0


async def _remove(config: Config, options: argparse.Namespace) -> int:
    path = f"/do-not-contact/{quote(options.number, safe='')}?channel={options.channel}"
    async with connect(config) as client:
        await client.delete(path)
    print(f"{options.number} is off the do-not-contact list for {_named(options.channel)}")
    return 0


def _named(channel: str) -> str:
    return "every channel" if channel == Channel.ALL else channel
