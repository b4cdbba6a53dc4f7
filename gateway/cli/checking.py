"""`santral check`: every device tried, what is wrong and how to mend it."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from gateway.app import pbx_settings, probe_modem, probe_pbx, running
from gateway.calls.schemas import pbx_out
from gateway.cli.alerts import alert_table
from gateway.cli.client import connect
from gateway.cli.modems import HEADINGS, modem_rows
from gateway.cli.output import table
from gateway.config import Config
from gateway.sms.modems_api import modem_out

PBX_HEADINGS = ("TELEPHONE SYSTEM", "CONDITION", "WHERE", "AMI", "WHAT TO DO")
_Items = list[dict[str, Any]]


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `check`."""
    commands.add_parser(
        "check", help="try every device; tell what is wrong and how to mend it"
    ).set_defaults(run=_check)


async def _check(config: Config, _options: argparse.Namespace) -> int:
    runs, modems, alerts, telephones = await _state(config)
    print(table(("PART", "CONDITION", "WHERE"), [
        ("service", "running" if runs else "stopped", config.socket_path),
        ("store", "ok", config.database_url.split("@")[-1]),
    ]))  # fmt: skip
    print()
    if modems:
        print(table(HEADINGS, modem_rows(modems)))
    else:
        print("no modem is configured; add one with `santral modem add ID --device PATH`")
    if telephones:
        print()
        print(table(PBX_HEADINGS, [_pbx_row(pbx) for pbx in telephones]))
    faulty = [modem["id"] for modem in modems if modem["condition"] != "ready"]
    if faulty:
        print(f"\n{len(faulty)} of {len(modems)} modems cannot send: {', '.join(faulty)}")
    lacking = [pbx["id"] for pbx in telephones if pbx["condition"] != "ready" or pbx["missing"]]
    if lacking:
        print(f"\n{len(lacking)} of {len(telephones)} telephone systems are not fully usable: "
              f"{', '.join(lacking)}")  # fmt: skip
    if alerts:
        print()
        print(alert_table(alerts))
    return 1 if faulty or lacking or alerts else 0


def _pbx_row(pbx: dict[str, Any]) -> tuple[str, ...]:
    what = "; ".join(part for part in (pbx["detail"], pbx["remedy"]) if part)
    return (pbx["id"], pbx["condition"], pbx["where"], pbx["version"], what)


async def _state(config: Config) -> tuple[bool, _Items, _Items, _Items]:
    """Ask the running service; when there is none, try each device here."""
    async with connect(config) as client:
        if client.service_runs:
            modems, alerts = await client.every("/modems"), await client.every("/alerts")
            return True, modems, alerts, await client.every("/pbx")
    async with running(config, devices=False, tcp=False) as service:
        settings = await service.modem_settings.every()
        found = await asyncio.gather(*(probe_modem(item) for item in settings))
        systems = await asyncio.gather(*(probe_pbx(item) for item in pbx_settings(config)))
    return (
        False,
        [modem_out(status).model_dump(mode="json") for status in found],
        [],
        [pbx_out(status).model_dump(mode="json") for status in systems],
    )
