"""`santral fax`: send documents, look at faxes, take one back, say whose one is that came in."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path
from typing import Any

from gateway.cli import fax_policy
from gateway.cli.client import Client, connect
from gateway.cli.output import fields, plain, table
from gateway.config import Config
from gateway.kernel.errors import GatewayError
from gateway.sending.states import SendState

LOOK_S = 0.5
_ENDS = {state: int(state is not SendState.DELIVERED) for state in SendState if state.settled}


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `fax send|list|show|cancel|resend|forward|assign|settle|save|servers|covers|policy`."""
    fax = commands.add_parser("fax", help="faxes: send, list, show, cancel, forward, save, servers")
    verbs = fax.add_subparsers(dest="verb", required=True, metavar="VERB")
    _add_send(verbs)
    listed = verbs.add_parser("list", help="faxes, sent and received, newest first")
    listed.add_argument("--state", action="append", default=[], choices=[*SendState],
                        help="repeat it for several")  # fmt: skip
    listed.add_argument("--direction", choices=("in", "out"), default="")
    listed.add_argument("--number", default="")
    listed.add_argument("--unread", action="store_true")
    listed.add_argument("--unknown", action="store_true", help="from nobody's number")
    listed.add_argument("--limit", type=int, default=20)
    listed.add_argument("--cursor", default="", help="where the next page begins")
    listed.set_defaults(run=_list)
    for name, what, run in (
        ("show", "a fax and its attempts", _show),
        ("cancel", "take a fax back, also while it is sent", _cancel),
        ("resend", "send the same pages to the same number again", _resend),
    ):
        verb = verbs.add_parser(name, help=what)
        verb.add_argument("id")
        verb.set_defaults(run=run)
    forward = verbs.add_parser("forward", help="send the pages of a fax to another number")
    forward.add_argument("id")
    forward.add_argument("to", metavar="NUMBER")
    forward.set_defaults(run=_forward)
    _add_office(verbs)
    fax_policy.add_commands(verbs)


def _add_send(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    send = verbs.add_parser("send", help="queue documents as a fax")
    send.add_argument("files", nargs="*", type=Path, metavar="FILE",
                      help="PDF, picture, text, HTML, Word or Excel, in this order")  # fmt: skip
    send.add_argument("--to", action="append", default=[], metavar="NUMBER",
                      help="repeat it for several")  # fmt: skip
    send.add_argument("--party", action="append", default=[], metavar="ID",
                      help="a customer, whose fax number is taken")  # fmt: skip
    send.add_argument("--cover", default="", metavar="NAME", help="`santral fax covers` shows them")
    send.add_argument("--language", default="", choices=("tr", "ru", "en"), help="of the cover")
    send.add_argument("--subject", default="")
    send.add_argument("--note", default="", help="on the cover page")
    send.add_argument("--name", default="", help="the recipient's")
    send.add_argument("--company", default="", help="the recipient's")
    send.add_argument("--resolution", choices=("standard", "fine", "superfine"), default="fine")
    send.add_argument("--server", default="", metavar="ID", help="only by this fax server")
    send.add_argument("--priority", choices=("high", "normal", "bulk"), default="normal")
    send.add_argument("--at", default="", metavar="TIME", help="as 2026-03-01T09:30:00+03:00")
    send.add_argument("--cheap", action="store_true", help="in the hours in which lines cost least")
    send.add_argument("--expires", default="", metavar="TIME", help="not after")
    send.add_argument("--key", default="", metavar="KEY", help="the same key is sent once only")
    send.add_argument("--wait", action="store_true", help="until it arrived, or surely did not")
    send.add_argument("--timeout", type=float, default=600.0, metavar="SECONDS")
    send.set_defaults(run=_send)


def _add_office(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    assign = verbs.add_parser("assign", help="say whose a fax is that came in")
    assign.add_argument("id")
    assign.add_argument("--party", metavar="ID")
    assign.add_argument("--user", default="", metavar="LOGIN", help="whose work it is")
    assign.add_argument("--once", action="store_true", help="do not remember the sender's number")
    assign.set_defaults(run=_assign)
    settle = verbs.add_parser("settle", help="say what became of an uncertain fax")
    settle.add_argument("id")
    settle.add_argument("became", choices=("sent", "not_sent", "send_again"))
    settle.set_defaults(run=_settle)
    save = verbs.add_parser("save", help="write a fax's pages into a PDF")
    save.add_argument("id")
    save.add_argument("file", type=Path)
    save.set_defaults(run=_save)
    verbs.add_parser("servers", help="the fax servers and their lines").set_defaults(run=_servers)
    verbs.add_parser("covers", help="the cover pages to choose from").set_defaults(run=_covers)


async def _send(config: Config, options: argparse.Namespace) -> int:
    values = {
        "to": options.to, "party": options.party, "cover": options.cover,
        "cover_language": options.language, "subject": options.subject, "note": options.note,
        "name": options.name, "company": options.company, "resolution": options.resolution,
        "server": options.server, "priority": options.priority, "at": options.at,
        "cheap": "true" if options.cheap else "", "expires_at": options.expires,
    }  # fmt: skip
    async with connect(config) as client:
        sent = await client.send_form("/faxes", values, options.files, key=options.key)
        for fax in sent["faxes"]:
            print(f"{fax['id']}  {fax['state']}  to {fax['number']}, {_pages(fax['pages'])}")
        for refused in sent["refused"]:
            print(f"refused: {plain(refused['problem']['detail'])}", file=sys.stderr)
        if not client.service_runs:
            print("the service does not run; it will be sent once it does", file=sys.stderr)
            return 0
        ends = [await _wait(client, fax, options) for fax in sent["faxes"] if options.wait]
    return max([*ends, int(bool(sent["refused"]))])


async def _wait(client: Client, fax: dict[str, Any], options: argparse.Namespace) -> int:
    """Print each new state until it is final."""
    deadline = time.monotonic() + options.timeout
    shown = ""
    while time.monotonic() < deadline:
        fax = await client.get(f"/faxes/{fax['id']}")
        line = _state_line(fax)
        if line != shown:
            shown = line
            print(f"{fax['id']}  {line}", flush=True)
        state = SendState(fax["state"])
        if state in _ENDS:
            return _ENDS[state]
        await asyncio.sleep(LOOK_S)
    print(f"still {shown} after {options.timeout:g} s; santral fax show {fax['id']}",
          file=sys.stderr)  # fmt: skip
    return 1


def _state_line(fax: dict[str, Any]) -> str:
    going = fax["direction"] == "out" and fax["state"] in {"sending", "delivered", "failed"}
    pages = f", {fax['pages_sent']} of {_pages(fax['pages'])}" if going else ""
    back = ", being taken back" if fax["cancelling"] else ""
    why = f": {plain(fax['error'])}" if fax["error"] else ""
    return f"{fax['state']}{pages}{back}{why}"


def _pages(count: int) -> str:
    return f"{count} page{'' if count == 1 else 's'}"


async def _show(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        fax = await client.get(f"/faxes/{options.id}")
    out = fax["direction"] == "out"
    print(fields([
        ("id", fax["id"]),
        ("state", _state_line(fax)),
        ("to" if out else "from", fax["number"]),
        ("name", ", ".join(part for part in (fax["name"], fax["company"]) if part)),
        ("machine", fax["station_id"]),
        ("called", fax["called"]),
        ("subject", fax["subject"]),
        ("pages", fax["pages"]),
        ("server", fax["server"]),
        ("customer", fax["party_id"]),
        ("at", fax["at"]),
        ("settled", fax["settled_at"]),
    ]))  # fmt: skip
    if fax["tries"]:
        rows = [
            (one["began_at"][:19], one["server"], one["job"] or "-", one["state"],
             one["pages_sent"], one["meaning"] or one["text"] or "-")
            for one in fax["tries"]
        ]  # fmt: skip
        print(table(("ATTEMPT (UTC)", "SERVER", "JOB", "STATE", "PAGES", "WHY"), rows))
    return 0


async def _list(config: Config, options: argparse.Namespace) -> int:
    names = ("direction", "number", "cursor")
    query: dict[str, Any] = {name: getattr(options, name) for name in names}
    query |= {name: "true" for name in ("unread", "unknown") if getattr(options, name)}
    query = {name: value for name, value in query.items() if value}
    if options.state:
        query["state"] = options.state
    async with connect(config) as client:
        page = await client.get("/faxes", limit=str(options.limit), **query)
    if not page["items"]:
        print("no fax")
        return 0
    rows = [
        (line["id"], line["at"][:19], "→" if line["direction"] == "out" else "←", line["state"],
         line["number"] or "withheld", line["name"] or "-",
         f"{line['pages_sent']}/{line['pages']}", line["error"] or line["subject"])
        for line in page["items"]
    ]  # fmt: skip
    print(table(("ID", "AT (UTC)", " ", "STATE", "NUMBER", "NAME", "PAGES", "SUBJECT"), rows))
    if page["next_cursor"]:
        print(f"more: --cursor {page['next_cursor']}")
    return 0


async def _cancel(config: Config, options: argparse.Namespace) -> int:
    return await _post(config, options.id, "cancel", {})


async def _resend(config: Config, options: argparse.Namespace) -> int:
    return await _post(config, options.id, "resend", {})


async def _forward(config: Config, options: argparse.Namespace) -> int:
    return await _post(config, options.id, "forward", {"to": options.to})


async def _settle(config: Config, options: argparse.Namespace) -> int:
    return await _post(config, options.id, "settle", {"as": options.became})


async def _assign(config: Config, options: argparse.Namespace) -> int:
    body = {"party": options.party, "user": options.user, "remember": not options.once}
    return await _post(config, options.id, "assign", body)


async def _post(config: Config, fax_id: str, deed: str, body: dict[str, Any]) -> int:
    async with connect(config) as client:
        fax = await client.post(f"/faxes/{fax_id}/{deed}", body)
    print(f"{fax['id']}  {_state_line(fax)}")
    return 0


async def _save(config: Config, options: argparse.Namespace) -> int:
    if options.file.exists():
        raise GatewayError(f"{options.file} is there already; name another file")
    async with connect(config) as client:
        content = await client.fetch(f"/faxes/{options.id}/document.pdf")
    try:
        options.file.write_bytes(content)
    except OSError as error:
        raise GatewayError(f"{options.file} cannot be written: {error.strerror}") from error
    print(f"{options.file}: {len(content):,} bytes")
    return 0


async def _servers(config: Config, _options: argparse.Namespace) -> int:
    async with connect(config) as client:
        servers = await client.every("/fax-servers")
        runs = client.service_runs
    if not servers:
        print("no fax server is configured; add [[fax_server]] to the configuration")
        return 0
    for server in servers:
        why = f": {plain(server['detail'])}" if server["detail"] else ""
        print(f"{server['id']}  {server['where']}  {server['condition']}{why}")
        if server["remedy"]:
            print(f"  {server['remedy']}")
        for line in server["lines"]:
            print(f"  {line['name']}  {plain(line['text'])}")
    if not runs:
        print("the service does not run: nothing is known of them now", file=sys.stderr)
        return 1
    return int(any(server["condition"] != "ready" for server in servers))


async def _covers(config: Config, _options: argparse.Namespace) -> int:
    async with connect(config) as client:
        covers = await client.every("/fax-covers", language=config.fax.language)
    print(table(("NAME", "TITLE"), [(one["name"], one["title"]) for one in covers]))
    return 0
