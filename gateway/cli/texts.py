"""`santral sms`: send a text, look at texts, take one back, settle an uncertain one."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from typing import Any

from gateway.cli import policy, rules
from gateway.cli.client import Client, connect
from gateway.cli.output import fields, plain, table
from gateway.config import Config
from gateway.sending.states import SendState

LOOK_S = 0.25
SHOWN = 50
"""Characters of a text in a list."""
_ENDS = {state: int(state is not SendState.DELIVERED) for state in SendState if state.settled}
"""States in which nothing more happens by itself, and the exit code that each means."""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `sms send|show|list|cancel|settle|rules|policy`."""
    sms = commands.add_parser("sms", help="texts: send, show, list, cancel, settle, rules, policy")
    verbs = sms.add_subparsers(dest="verb", required=True, metavar="VERB")
    send = verbs.add_parser("send", help="queue a text")
    send.add_argument("--to", required=True, metavar="NUMBER")
    send.add_argument("--text", required=True)
    send.add_argument("--modem", default="", metavar="ID", help="only by this modem")
    send.add_argument("--flash", action="store_true", help="show at once, do not keep")
    send.add_argument("--no-report", action="store_true", help="ask for no delivery report")
    send.add_argument("--validity", type=int, metavar="SECONDS", help="how long the network tries")
    send.add_argument("--at", metavar="TIME", help="not before, as 2026-03-01T09:30:00+03:00")
    send.add_argument("--expires", metavar="TIME", help="not after")
    send.add_argument("--priority", choices=("high", "normal", "bulk"), default="normal")
    send.add_argument("--key", default="", metavar="KEY", help="the same key is sent once only")
    send.add_argument("--wait", action="store_true", help="until delivered, or surely not")
    send.add_argument("--timeout", type=float, default=120.0, metavar="SECONDS")
    send.set_defaults(run=_send)
    show = verbs.add_parser("show", help="a message and its segments")
    show.add_argument("id")
    show.set_defaults(run=_show)
    listed = verbs.add_parser("list", help="messages, sent and received, newest first")
    listed.add_argument("--state", action="append", default=[], choices=[*SendState],
                        help="repeat it for several")  # fmt: skip
    listed.add_argument("--direction", choices=("in", "out"), default="")
    listed.add_argument("--number", default="")
    listed.add_argument("--modem", default="", metavar="ID")
    listed.add_argument("--limit", type=int, default=20)
    listed.add_argument("--cursor", default="", help="where the next page begins")
    listed.set_defaults(run=_list)
    cancel = verbs.add_parser("cancel", help="take back a message that waits")
    cancel.add_argument("id")
    cancel.set_defaults(run=_cancel)
    settle = verbs.add_parser("settle", help="say what became of an uncertain message")
    settle.add_argument("id")
    settle.add_argument("became", choices=("sent", "not_sent", "send_again"))
    settle.set_defaults(run=_settle)
    rules.add_commands(verbs)
    policy.add_commands(verbs)


async def _send(config: Config, options: argparse.Namespace) -> int:
    body: dict[str, Any] = {
        "to": options.to,
        "text": options.text,
        "modem": options.modem,
        "flash": options.flash,
        "report": not options.no_report,
        "validity_s": options.validity,
        "priority": options.priority,
        "at": options.at,
        "expires_at": options.expires,
    }
    async with connect(config) as client:
        message = await client.post("/sms", body, key=options.key)
        count = message["segments"]
        print(
            f"{message['id']}  {message['state']}  to {message['to']}, {count} "
            f"segment{'s' if count > 1 else ''} {message['encoding']}: {message['reason']}"
        )
        if not client.service_runs:
            print("the service does not run; it will be sent once it does", file=sys.stderr)
            return 0
        return await _wait(client, message, options) if options.wait else 0


async def _wait(client: Client, message: dict[str, Any], options: argparse.Namespace) -> int:
    """Print each new state until it is final; without a report `sent` is."""
    ends = {**_ENDS, SendState.SENT: 0} if options.no_report else _ENDS
    deadline = time.monotonic() + options.timeout
    shown = message["state"]
    while time.monotonic() < deadline:
        message = await client.get(f"/sms/{message['id']}")
        state = SendState(message["state"])
        if state != shown:
            shown = state
            print(f"{message['id']}  {_state_line(message)}", flush=True)
        if state in ends:
            return ends[state]
        await asyncio.sleep(LOOK_S)
    print(f"still {shown} after {options.timeout:g} s; santral sms show {message['id']}",
          file=sys.stderr)  # fmt: skip
    return 1


def _state_line(message: dict[str, Any]) -> str:
    by = f" by {message['modem']}" if message["modem"] else ""
    why = f": {plain(message['error'])}" if message["error"] else ""
    return f"{message['state']}{by}{why}"


async def _show(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        message = await client.get(f"/sms/{options.id}")
    print(
        fields(
            [
                ("id", message["id"]),
                ("state", _state_line(message)),
                ("to", message["to"]),
                ("text", message["text"]),
                ("encoding", f"{message['encoding']}: {message['reason']}"),
                ("created", message["created_at"]),
                ("sent", message["sent_at"]),
                ("settled", message["settled_at"]),
            ]
        )
    )
    rows = [
        (part["number"], part["state"], part["modem"] or "-", _or_dash(part["reference"]))
        for part in message["parts"]
    ]
    print(table(("SEGMENT", "STATE", "MODEM", "REFERENCE"), rows))
    return 0


async def _list(config: Config, options: argparse.Namespace) -> int:
    names = ("direction", "number", "modem", "cursor")
    query: dict[str, Any] = {name: getattr(options, name) for name in names}
    query = {name: value for name, value in query.items() if value}
    if options.state:
        query["state"] = options.state
    async with connect(config) as client:
        page = await client.get("/sms", limit=str(options.limit), **query)
    if not page["items"]:
        print("no message")
        return 0
    rows = [
        (
            line["id"],
            line["at"][:19],
            "→" if line["direction"] == "out" else "←",
            line["state"],
            line["number"],
            line["modem"] or "-",
            _shortened(line["text"]),
        )
        for line in page["items"]
    ]
    print(table(("ID", "AT (UTC)", " ", "STATE", "NUMBER", "MODEM", "TEXT"), rows))
    if page["next_cursor"]:
        print(f"more: --cursor {page['next_cursor']}")
    return 0


async def _cancel(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        message = await client.delete(f"/sms/{options.id}")
    print(f"{message['id']}  {_state_line(message)}")
    return 0


async def _settle(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        message = await client.post(f"/sms/{options.id}/settle", {"as": options.became})
    print(f"{message['id']}  {_state_line(message)}")
    return 0


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _or_dash(value: object) -> object:
    return "-" if value is None else value
