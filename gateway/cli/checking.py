"""`santral check`: every device tried, what is wrong and how to mend it."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from gateway.app import probe_modem, running
from gateway.cli.alerts import alert_table
from gateway.cli.client import connect
from gateway.cli.modems import HEADINGS, modem_rows
from gateway.cli.output import table
from gateway.config import Config
from gateway.sms.modems_api import modem_out


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `check`."""
    commands.add_parser(
        "check", help="try every device; tell what is wrong and how to mend it"
    ).set_defaults(run=_check)


async def _check(config: Config, _options: argparse.Namespace) -> int:
    runs, modems, alerts = await _state(config)
    print(table(("PART", "CONDITION", "WHERE"), [
        ("service", "running" if runs else "stopped", config.socket_path),
        ("store", "ok", config.database_url.split("@")[-1]),
    ]))  # fmt: skip
    print()
    if modems:
        print(table(HEADINGS, modem_rows(modems)))
    else:
        print("no modem is configured; add one with `santral modem add ID --device PATH`")
    faulty = [modem["id"] for modem in modems if modem["condition"] != "ready"]
    if faulty:
        print(f"\n{len(faulty)} of {len(modems)} modems cannot send: {', '.join(faulty)}")
    if alerts:
        print()
        print(alert_table(alerts))
    return 1 if faulty or alerts else 0


async def _state(
    config: Config,
) -> tuple[bool, list[dict[str, Any]], list[dict[str, Any]]]:
    """Ask the running service; when there is none, try each device here."""
    async with connect(config) as client:
        if client.service_runs:
            return True, await client.every("/modems"), await client.every("/alerts")
    async with running(config, devices=False, tcp=False) as service:
        settings = await service.modem_settings.every()
        found = await asyncio.gather(*(probe_modem(item) for item in settings))
    return False, [modem_out(status).model_dump(mode="json") for status in found], []
