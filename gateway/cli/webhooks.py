"""`santral webhook`: who is told of what happens."""

from __future__ import annotations

import argparse
from typing import Any

from gateway.cli.client import connect
from gateway.cli.output import fields, table
from gateway.config import Config


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `webhook list|add|set|remove`."""
    webhook = commands.add_parser("webhook", help="webhooks: list, add, set, remove")
    verbs = webhook.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list", help="webhooks, and what waits for each").set_defaults(run=_list)
    add = verbs.add_parser("add", help="tell a URL of events; prints the secret that signs them")
    add.add_argument("url")
    _kinds(add)
    add.set_defaults(run=_add)
    change = verbs.add_parser("set", help="change a webhook")
    change.add_argument("id")
    change.add_argument("--url")
    _kinds(change)
    active = change.add_mutually_exclusive_group()
    active.add_argument("--pause", dest="active", action="store_false", default=None)
    active.add_argument("--resume", dest="active", action="store_true", default=None)
    change.set_defaults(run=_set)
    remove = verbs.add_parser("remove", help="tell a URL nothing more")
    remove.add_argument("id")
    remove.set_defaults(run=_remove)


def _kinds(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--kind",
        action="append",
        default=[],
        metavar="KIND",
        help="sms.delivered, sms.*; repeat it for several; default: all",
    )


async def _list(config: Config, _options: argparse.Namespace) -> int:
    async with connect(config) as client:
        found = await client.every("/webhooks")
    if not found:
        print("no webhook; add one with `santral webhook add URL`")
        return 0
    rows = [
        (
            webhook["id"],
            webhook["url"],
            ", ".join(webhook["kinds"]) or "all",
            _condition(webhook),
            webhook["behind"] + webhook["refused"],
            webhook["dropped"],
        )
        for webhook in found
    ]
    print(table(("ID", "URL", "KINDS", "CONDITION", "WAITING", "GIVEN UP"), rows))
    return 0


def _condition(webhook: dict[str, Any]) -> str:
    if not webhook["active"]:
        return "paused"
    return str(webhook["failure"] or "ok")


async def _add(config: Config, options: argparse.Namespace) -> int:
    body = {"url": options.url, "kinds": options.kind}
    async with connect(config) as client:
        webhook = await client.post("/webhooks", body)
    print(fields([("id", webhook["id"]), ("secret", webhook["secret"])]))
    print("keep the secret now: it is not shown again")
    return 0


async def _set(config: Config, options: argparse.Namespace) -> int:
    body: dict[str, Any] = {"url": options.url, "active": options.active}
    body["kinds"] = options.kind or None
    async with connect(config) as client:
        await client.patch(f"/webhooks/{options.id}", body)
    print(f"webhook {options.id} is changed")
    return 0


async def _remove(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        await client.delete(f"/webhooks/{options.id}")
    print(f"webhook {options.id} is removed")
    return 0
