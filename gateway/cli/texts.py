"""`santral sms`: send a text, look at one."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from typing import Any

from gateway.cli.client import Client, connect
from gateway.cli.output import fields, plain, table
from gateway.config import Config
from gateway.sms.model import MessageState

LOOK_S = 0.25
_ENDS = {
    MessageState.DELIVERED: 0,
    MessageState.UNDELIVERED: 1,
    MessageState.FAILED: 1,
    MessageState.UNCERTAIN: 1,
}


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `sms send` and `sms show`."""
    sms = commands.add_parser("sms", help="send a text, look at one")
    verbs = sms.add_subparsers(dest="verb", required=True, metavar="VERB")
    send = verbs.add_parser("send", help="queue a text")
    send.add_argument("--to", required=True, metavar="NUMBER")
    send.add_argument("--text", required=True)
    send.add_argument("--modem", default="", metavar="ID", help="only by this modem")
    send.add_argument("--flash", action="store_true", help="show at once, do not keep")
    send.add_argument("--no-report", action="store_true", help="ask for no delivery report")
    send.add_argument("--validity", type=int, metavar="SECONDS", help="how long the network tries")
    send.add_argument("--key", default="", metavar="KEY", help="the same key is sent once only")
    send.add_argument("--wait", action="store_true", help="until delivered, or surely not")
    send.add_argument("--timeout", type=float, default=120.0, metavar="SECONDS")
    send.set_defaults(run=_send)
    show = verbs.add_parser("show", help="a message and its segments")
    show.add_argument("id")
    show.set_defaults(run=_show)


async def _send(config: Config, options: argparse.Namespace) -> int:
    body: dict[str, Any] = {
        "to": options.to,
        "text": options.text,
        "modem": options.modem,
        "flash": options.flash,
        "report": not options.no_report,
        "validity_s": options.validity,
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
    ends = {**_ENDS, MessageState.SENT: 0} if options.no_report else _ENDS
    deadline = time.monotonic() + options.timeout
    shown = message["state"]
    while time.monotonic() < deadline:
        message = await client.get(f"/sms/{message['id']}")
        state = MessageState(message["state"])
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


def _or_dash(value: object) -> object:
    return "-" if value is None else value
