"""The command line's grammar and its entry."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from gateway import config as configuration
from gateway.app import running
from gateway.cli import (
    alerts,
    calls,
    checking,
    consent,
    customers,
    faxes,
    modems,
    pbx,
    people,
    presence,
    tasks,
    texts,
    webhooks,
)
from gateway.config import Config
from gateway.kernel import logs
from gateway.kernel.errors import ConfigError, GatewayError
from gateway.kernel.secrets import new_key

DONE, FAILED, MISUSED = 0, 1, 2
"""Exit codes: done, tried and failed, not understood or not configured."""


COLLECTOR = (20_000, 20, 50)
"""When the cyclic collector looks: seldom, since a request leaves no cycles behind."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `santral`; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        without = getattr(options, "without_config", False) and options.config is None
        config = Config() if without else configuration.load(options.config)
        logs.configure(config.logs.level if options.command == "serve" else "error")
        return asyncio.run(options.run(config, options)) or DONE
    except ConfigError as error:
        print(f"santral: {error}", file=sys.stderr)
        return MISUSED
    except GatewayError as error:
        print(f"santral: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return FAILED
    except BrokenPipeError:
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="santral", description="Connects a CRM with telephones, text messages and faxes."
    )
    parser.add_argument("--version", action="version", version=f"santral {version('santral')}")
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="default: ./santral.toml, /etc/santral/santral.toml",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("serve", help="run the gateway").set_defaults(run=_serve)
    commands.add_parser("key", help="make a key for the secrets in the database").set_defaults(
        run=_key
    )
    for part in (
        checking,
        alerts,
        texts,
        faxes,
        calls,
        modems,
        consent,
        webhooks,
        people,
        presence,
        customers,
        tasks,
        pbx,
    ):
        part.add_commands(commands)
    return parser


async def _serve(config: Config, _options: argparse.Namespace) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for received in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(received, stop.set)
    async with running(config) as service:
        gc.freeze()  # what is loaded by now stays: the collector need not look through it again
        gc.set_threshold(*COLLECTOR)
        loop.add_signal_handler(signal.SIGHUP, service.reload)
        print(
            f"santral {version('santral')} serves {service.scheme}://{config.server.bind}:{service.port}"
            f"/api/v1 and {config.socket_path}",
            flush=True,
        )
        with contextlib.suppress(asyncio.CancelledError):
            await stop.wait()
    return DONE


async def _key(_config: Config, _options: argparse.Namespace) -> int:
    print(new_key())
    return DONE
