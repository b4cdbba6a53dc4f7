"""`santral sms rules`: automatic answers to texts that come in."""

from __future__ import annotations

import argparse

from gateway.cli.client import connect
from gateway.cli.output import table
from gateway.config import Config


def add_commands(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `sms rules list|add|remove`."""
    rules = verbs.add_parser("rules", help="automatic answers: list, add, remove")
    actions = rules.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="rules in the order in which they are tried").set_defaults(
        run=_list
    )
    add = actions.add_parser("add", help="add a rule behind the others")
    add.add_argument("--word", action="append", default=[], help="repeat it for several; "
                     "without one, every text is answered")  # fmt: skip
    add.add_argument("--reply", required=True)
    add.add_argument("--begins", metavar="HH:MM", help="only from this time of the day …")
    add.add_argument("--ends", metavar="HH:MM", help="… until this one")
    add.set_defaults(run=_add)
    remove = actions.add_parser("remove", help="remove a rule")
    remove.add_argument("id")
    remove.set_defaults(run=_remove)


async def _list(config: Config, _options: argparse.Namespace) -> int:
    async with connect(config) as client:
        found = await client.every("/sms/rules")
    if not found:
        print("no rule; add one with `santral sms rules add --word WORD --reply TEXT`")
        return 0
    rows = [
        (
            rule["id"],
            ", ".join(rule["words"]) or "every text",
            f"{rule['begins']}-{rule['ends']}" if rule["begins"] else "always",
            "yes" if rule["active"] else "no",
            rule["reply"],
        )
        for rule in found
    ]
    print(table(("ID", "WORDS", "WHEN", "ACTIVE", "REPLY"), rows))
    return 0


async def _add(config: Config, options: argparse.Namespace) -> int:
    body = {
        "words": options.word, "reply": options.reply, "begins": options.begins,
        "ends": options.ends,
    }  # fmt: skip
    async with connect(config) as client:
        rule = await client.post("/sms/rules", body)
    print(f"rule {rule['id']} is added")
    return 0


async def _remove(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        await client.delete(f"/sms/rules/{options.id}")
    print(f"rule {options.id} is removed")
    return 0
