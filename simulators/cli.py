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

from aiohttp import web

from simulators.fax import control as fax_control
from simulators.fax.scheduler import Pace
from simulators.fax.server import FaxConfig, FaxSimulator
from simulators.modem import views
from simulators.modem.farm import Farm, FarmConfig, FarmError
from simulators.modem.profiles import PROFILES
from simulators.pbx import control
from simulators.pbx.sessions import CLASSES
from simulators.pbx.simulator import PbxConfig, Simulator

_USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 2 for a mistake of the caller's."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = _parser(demo=given[:1] == ["demo"])
    options = parser.parse_args(given)
    if options.equipment == "demo":
        from simulators.demo import run  # noqa: PLC0415 - the demo needs the whole service

        return int(run(options))
    if options.equipment == "pbx":
        return asyncio.run(_run_pbx(_pbx_config(options)))
    if options.equipment == "fax":
        return asyncio.run(_run_fax(_fax_config(options)))
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
    _add_pbx(equipment)
    _add_fax(equipment)
    demo_parser = equipment.add_parser("demo", help="a whole office with simulated equipment")
    if demo:
        from simulators.demo import add_arguments  # noqa: PLC0415 - the demo needs the service

        add_arguments(demo_parser)
    return parser


def _add_pbx(equipment: argparse._SubParsersAction[_Parser]) -> None:
    pbx = equipment.add_parser("pbx", help="an Asterisk with a trunk and extensions")
    pbx.add_argument("--ami-port", type=_port, default=0, help="manager's port (default any)")
    pbx.add_argument("--control-port", type=_port, default=0, help="HTTP port (default any)")
    pbx.add_argument("--extensions", type=_extensions, default=("101", "102", "103"),
                     help="separated by commas (default 101,102,103)")  # fmt: skip
    pbx.add_argument("--user", type=_word, default="santral", help="manager's user")
    pbx.add_argument("--secret", type=_word, help="his secret (default random)")
    for name in ("read", "write"):
        pbx.add_argument(f"--{name}", type=_classes, default=frozenset({"all"}),
                         help=f"his classes, as in manager.conf ({name}; default all)")  # fmt: skip


def _add_fax(equipment: argparse._SubParsersAction[_Parser]) -> None:
    fax = equipment.add_parser("fax", help="a HylaFAX server with lines and far ends")
    fax.add_argument("--port", type=_port, default=0, help="clients' port (default any)")
    fax.add_argument("--control-port", type=_port, default=0, help="HTTP port (default any)")
    fax.add_argument("--lines", type=_lines, default=2, help="how many modems (default 2)")
    fax.add_argument("--spool", type=Path, help="folder that is there again at the next start")
    fax.add_argument("--user", type=_word, help="who may log in (default everyone)")
    fax.add_argument("--password", type=_word, help="his password (default none)")
    fax.add_argument("--admin", type=_word, help="administrators' password")
    fax.add_argument("--private", action="store_true",
                     help="received faxes are for administrators only")  # fmt: skip
    pace = Pace()
    for name, of in (("dial-s", pace.dial_s), ("page-s", pace.page_s), ("retry-s", pace.retry_s),
                     ("done-s", pace.done_s)):  # fmt: skip
        fax.add_argument(f"--{name}", type=_seconds, default=of, help=f"seconds (default {of:g})")


def _fax_config(options: argparse.Namespace) -> FaxConfig:
    pace = Pace(dial_s=options.dial_s, page_s=options.page_s, retry_s=options.retry_s,
                done_s=options.done_s)  # fmt: skip
    return FaxConfig(
        port=options.port, control_port=options.control_port, lines=options.lines,
        spool=options.spool.absolute() if options.spool else None, user=options.user or "",
        password=options.password or "", admin=options.admin or "", private=options.private,
        pace=pace,
    )  # fmt: skip


async def _run_fax(config: FaxConfig) -> int:
    stop = _stop_by_signal()
    simulator = FaxSimulator(config)
    runner = web.AppRunner(fax_control.application(simulator), access_log=None)
    try:
        await simulator.start()
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", config.control_port).start()
    except OSError as error:
        print(f"santral-sim fax: {error.strerror or error}", file=sys.stderr)
        return _USAGE_ERROR
    host, port = runner.addresses[0][:2]
    line = {
        "fax": f"127.0.0.1:{simulator.port}", "port": simulator.port, "control_port": port,
        "lines": [one.name for one in simulator.scheduler.lines],
        "control": f"http://{host}:{port}",
    }  # fmt: skip
    print(json.dumps(line), flush=True)
    await stop.wait()
    await simulator.close()
    await runner.cleanup()
    return 0


def _pbx_config(options: argparse.Namespace) -> PbxConfig:
    chosen = {} if not options.secret else {"secret": options.secret}
    return PbxConfig(
        ami_port=options.ami_port, control_port=options.control_port,
        extensions=options.extensions, user=options.user, read=options.read, write=options.write,
        **chosen,
    )  # fmt: skip


async def _run_pbx(config: PbxConfig) -> int:
    stop = _stop_by_signal()
    simulator = Simulator(config)
    runner = web.AppRunner(control.application(simulator), access_log=None)
    try:
        await simulator.start()
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", config.control_port)
        await site.start()
    except OSError as error:
        print(f"santral-sim pbx: {error.strerror or error}", file=sys.stderr)
        return _USAGE_ERROR
    host, port = runner.addresses[0][:2]
    line = {
        "ami": f"127.0.0.1:{simulator.sessions.port}", "user": config.user,
        "secret": config.secret, "extensions": list(config.extensions),
        "dids": sorted(simulator.office.lines), "control": f"http://{host}:{port}",
    }  # fmt: skip
    print(json.dumps(line), flush=True)
    await stop.wait()
    await simulator.close()
    await runner.cleanup()
    return 0


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


def _stop_by_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _run_modems(config: FarmConfig) -> None:
    stop = _stop_by_signal()
    async with Farm(config) as farm:
        for modem in farm.modems:
            line = views.modem_view(modem) | {"control": farm.control_url(modem)}
            print(json.dumps(line), flush=True)
        await stop.wait()


def _count(text: str) -> int:
    return _within(text, 1, 1000, "a number of modems")


def _lines(text: str) -> int:
    return _within(text, 1, 240, "a number of lines")


def _port(text: str) -> int:
    return _within(text, 0, 65_535, "a port")


def _within(text: str, low: int, high: int, what: str) -> int:
    if not text.isdigit() or not low <= int(text) <= high:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what} ({low} to {high})")
    return int(text)


def _extensions(text: str) -> tuple[str, ...]:
    numbers = tuple(dict.fromkeys(text.split(",")))
    if not all(number.isdecimal() and 2 <= len(number) <= 6 for number in numbers):
        raise argparse.ArgumentTypeError(f"{text!r}: extensions are 2 to 6 digits each")
    if any(number.startswith(("0", "7")) for number in numbers) or len(numbers) > 1000:
        raise argparse.ArgumentTypeError("extensions do not begin with 0 or 7, at most 1000")
    return numbers


def _word(text: str) -> str:
    if not text.isprintable() or not text or " " in text:
        raise argparse.ArgumentTypeError(f"{text!r} must be one word")
    return text


def _classes(text: str) -> frozenset[str]:
    names = frozenset(text.split(","))
    if not names <= set(CLASSES):
        unknown = ", ".join(sorted(names - set(CLASSES)))
        raise argparse.ArgumentTypeError(f"no such class: {unknown}; of {', '.join(CLASSES)}")
    return names


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
