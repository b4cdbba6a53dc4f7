"""The command `santral-sim`: simulated equipment to try things on."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from simulators.modem import views
from simulators.modem.farm import Farm, FarmConfig, FarmError
from simulators.modem.profiles import PROFILES

_USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 2 for a mistake of the caller's."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = _parser(demo=given[:1] == ["demo"])
    options = parser.parse_args(given)
    if options.equipment == "demo":
        from simulators.demo import run  # noqa: PLC0415 - the demo needs the whole service

        return int(run(options))
    try:
        asyncio.run(_run_modems(_config(options)))
    except FarmError as error:
        print(f"santral-sim modem: {error}", file=sys.stderr)
        return _USAGE_ERROR
    return 0


class _Parser(argparse.ArgumentParser):
    """Says a mistake in one line, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}", file=sys.stderr)
        sys.exit(_USAGE_ERROR)


def _parser(*, demo: bool) -> argparse.ArgumentParser:
    parser = _Parser(prog="santral-sim", description=__doc__)
    equipment = parser.add_subparsers(dest="equipment", required=True, metavar="EQUIPMENT")
    modem = equipment.add_parser("modem", help="GSM modems on pseudo-terminals")
    modem.add_argument("--count", type=_count, default=1, help="how many modems (default 1)")
    modem.add_argument("--link", type=Path, help="symbolic link to the device, or links' prefix")
    modem.add_argument("--profile", default="generic", help=f"one of {', '.join(PROFILES)}")
    modem.add_argument("--pin", type=_pin, help="the SIM asks for this PIN")
    modem.add_argument("--submit-delay", type=_seconds, help="seconds that the network takes")
    modem.add_argument("--control-port", type=_port, default=0, help="HTTP port (default any)")
    modem.add_argument("--journal", type=Path, help="directory of the journals")
    demo_parser = equipment.add_parser("demo", help="a whole office with simulated equipment")
    if demo:
        from simulators.demo import add_arguments  # noqa: PLC0415 - the demo needs the service

        add_arguments(demo_parser)
    return parser


def _config(options: argparse.Namespace) -> FarmConfig:
    return FarmConfig(
        count=options.count,
        link=options.link.absolute() if options.link else None,
        profile=options.profile,
        pin=options.pin,
        submit_delay_s=options.submit_delay,
        control_port=options.control_port,
        journal=options.journal.absolute() if options.journal else None,
    )


async def _run_modems(config: FarmConfig) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with Farm(config) as farm:
        for modem in farm.modems:
            line = views.modem_view(modem) | {"control": farm.control_url(modem)}
            print(json.dumps(line), flush=True)
        await stop.wait()


def _count(text: str) -> int:
    return _within(text, 1, 1000, "a number of modems")


def _port(text: str) -> int:
    return _within(text, 0, 65_535, "a port")


def _within(text: str, low: int, high: int, what: str) -> int:
    if not text.isdigit() or not low <= int(text) <= high:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what} ({low} to {high})")
    return int(text)


def _pin(text: str) -> str:
    if not text.isdigit() or not 4 <= len(text) <= 8:
        raise argparse.ArgumentTypeError(f"{text!r} is not a PIN: four to eight digits")
    return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds (0 to 3600)")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
