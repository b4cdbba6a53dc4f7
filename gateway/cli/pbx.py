"""`santral pbx`: recordings of the telephone system, for who reports a wrong call."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from gateway.app import explain_recording
from gateway.config import Config


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `pbx`."""
    pbx = commands.add_parser("pbx", help="the telephone system's recordings")
    parts = pbx.add_subparsers(dest="part", required=True, metavar="COMMAND")
    explain = parts.add_parser("explain", help="print the calls that a recording tells of, as JSON")
    explain.add_argument("file", type=Path, metavar="FILE", help="raw AMI (.ami, .ami.gz) or JSON")
    explain.set_defaults(run=_explain, without_config=True)


async def _explain(_config: Config, options: argparse.Namespace) -> int:
    print(json.dumps(explain_recording(options.file), ensure_ascii=False, indent=1))
    return 0
