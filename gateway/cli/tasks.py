"""`santral task`: missed calls and what else must not be forgotten."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any

from gateway.cli.client import connect
from gateway.cli.output import table
from gateway.config import Config

HEADINGS = ("ID", "LAST", "TIMES", "NUMBER", "CUSTOMER", "FOR", "STATE")


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `task list|done|reopen|assign`."""
    task = commands.add_parser("task", help="missed calls that wait for a call-back")
    verbs = task.add_subparsers(dest="verb", required=True, metavar="VERB")
    listed = verbs.add_parser("list", help="tasks, newest first")
    listed.add_argument("--state", choices=("open", "closed", "all"), default="open")
    listed.add_argument("--assigned", default="", metavar="LOGIN", help="or `nobody`")
    listed.add_argument("--limit", type=int, default=50)
    listed.set_defaults(run=_list)
    done = verbs.add_parser("done", help="say that a task is done")
    done.add_argument("id")
    done.add_argument("--note", default="")
    done.set_defaults(run=_done)
    reopen = verbs.add_parser("reopen", help="say that a task is not done yet")
    reopen.add_argument("id")
    reopen.set_defaults(run=_reopen)
    assign = verbs.add_parser("assign", help="give a task to a user, or to `nobody`")
    assign.add_argument("id")
    assign.add_argument("to", metavar="LOGIN")
    assign.set_defaults(run=_assign)


async def _list(config: Config, options: argparse.Namespace) -> int:
    query = {"state": options.state, "assigned": options.assigned, "limit": str(options.limit)}
    async with connect(config) as client:
        page = await client.get("/tasks", **query)
    print(table(HEADINGS, [_row(task, config) for task in page["items"]]))
    if page["next_cursor"]:
        print("and more; --limit shows up to 200")
    return 0


def _row(task: dict[str, Any], config: Config) -> tuple[object, ...]:
    last = datetime.fromisoformat(task["last_at"]).astimezone(config.zone)
    names = [name for name in (task["person_name"], task["party_name"]) if name]
    return (
        task["id"],
        f"{last:%Y-%m-%d %H:%M}",
        task["count"],
        task["number"] or "withheld",
        ", ".join(names) or "-",
        task["assigned_name"] or "everybody",
        _state(task),
    )


def _state(task: dict[str, Any]) -> str:
    closing = task["closing"]
    if closing is not None:
        return f"{closing['resolution'].replace('_', ' ')} by {closing['by'] or 'nobody known'}"
    tries = len(task["attempts"])
    return f"open, tried {tries} times" if tries else "open"


async def _done(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        await client.post(f"/tasks/{options.id}/done", {"note": options.note})
    print(f"task {options.id} is done")
    return 0


async def _reopen(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        await client.post(f"/tasks/{options.id}/reopen", {})
    print(f"task {options.id} is open again")
    return 0


async def _assign(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        task = await client.post(f"/tasks/{options.id}/assign", {"to": options.to})
    print(f"task {options.id} is for {task['assigned_name'] or 'everybody'}")
    return 0
