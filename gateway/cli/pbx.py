"""`santral pbx`: recordings of the telephone system, for who reports a wrong call."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
from pathlib import Path

from gateway.app import explain_recording, pbx_settings, record_pbx
from gateway.config import Config
from gateway.kernel.errors import Invalid


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `pbx`."""
    pbx = commands.add_parser("pbx", help="the telephone system's recordings")
    parts = pbx.add_subparsers(dest="part", required=True, metavar="COMMAND")
    explain = parts.add_parser("explain", help="print the calls that a recording tells of, as JSON")
    explain.add_argument("file", type=Path, metavar="FILE", help="raw AMI (.ami, .ami.gz) or JSON")
    explain.set_defaults(run=_explain, without_config=True)
    record = parts.add_parser("record", help="write down what a telephone system says")
    record.add_argument("file", type=Path, metavar="FILE", help="must not exist yet; NAME.ami")
    record.add_argument("--pbx", default="", metavar="ID", help="when several are configured")
    record.add_argument("--seconds", type=float, default=3600.0, help="default: 3600, or Ctrl-C")
    record.set_defaults(run=_record)


async def _explain(_config: Config, options: argparse.Namespace) -> int:
    print(json.dumps(explain_recording(options.file), ensure_ascii=False, indent=1))
    return 0


async def _record(config: Config, options: argparse.Namespace) -> int:
    known = {settings.id: settings for settings in pbx_settings(config)}
    chosen = options.pbx or (next(iter(known)) if len(known) == 1 else "")
    if chosen not in known:
        names = ", ".join(known) or "none: add a [[pbx]] section to the configuration"
        raise Invalid(f"name the telephone system with --pbx; configured: {names}", field="--pbx")
    print(f"recording {chosen} into {options.file}; end it with Ctrl-C", flush=True)
    with contextlib.suppress(asyncio.CancelledError):
        await record_pbx(known[chosen], options.file, options.seconds)
    size = options.file.stat().st_size
    print(f"{size:,} bytes in {options.file}; it holds numbers and names")
    return 0
