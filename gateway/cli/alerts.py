"""`santral alerts`: what is wrong for longer than it should be."""

from __future__ import annotations

import argparse
from typing import Any

from gateway.cli.client import connect
from gateway.cli.output import table
from gateway.config import Config


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `alerts`."""
    commands.add_parser(
        "alerts", help="what is wrong for longer than it should be; exit code 1 when something is"
    ).set_defaults(run=_alerts)


def alert_table(alerts: list[dict[str, Any]]) -> str:
    """Return a table of alerts."""
    rows = [
        (alert["name"], alert["since"][:19], f"{alert['text']}. {alert['remedy']}")
        for alert in alerts
    ]
    return table(("ALERT", "SINCE (UTC)", "WHAT TO DO"), rows)


async def _alerts(config: Config, _options: argparse.Namespace) -> int:
    async with connect(config) as client:
        found = await client.every("/alerts")
        if not client.service_runs:
            print("the service does not run; these alerts stood when it stopped")
    print(alert_table(found) if found else "no alert")
    return 1 if found else 0
