"""`santral modem`: the modems in use, and devices to be tried."""

from __future__ import annotations

import argparse
import sys
from getpass import getpass
from typing import Any

from gateway.app import probe_modem
from gateway.cli import sims
from gateway.cli.client import connect
from gateway.cli.output import fields, plain, table
from gateway.config import Config
from gateway.sms.port import ModemSettings


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `modem list|add|set|remove|probe|ussd|sim|figures`."""
    modem = commands.add_parser(
        "modem", help="modems: list, add, set, remove, probe, ussd, sim, figures"
    )
    verbs = modem.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list", help="modems and what they are doing").set_defaults(run=_list)
    add = verbs.add_parser("add", help="configure a modem")
    add.add_argument("id")
    add.add_argument("--device", required=True, metavar="PATH")
    _settings(add)
    add.set_defaults(run=_add)
    change = verbs.add_parser("set", help="change a modem's settings")
    change.add_argument("id")
    change.add_argument("--device", metavar="PATH")
    _settings(change)
    change.set_defaults(run=_set)
    remove = verbs.add_parser("remove", help="forget a modem")
    remove.add_argument("id")
    remove.set_defaults(run=_remove)
    probe = verbs.add_parser("probe", help="ask a device who it is; changes nothing on it")
    probe.add_argument("device", metavar="DEVICE")
    probe.set_defaults(run=_probe)
    ussd = verbs.add_parser("ussd", help="send a USSD code, as for the balance")
    ussd.add_argument("id")
    ussd.add_argument("code")
    ussd.set_defaults(run=_ussd)
    sims.add_commands(verbs)


def _settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pin", metavar="PIN", help="the SIM's PIN, kept encrypted; - asks for it")
    parser.add_argument("--profile", metavar="NAME", help="default: by what the modem says")
    parser.add_argument("--smsc", metavar="NUMBER", help="default: the one on the SIM")


def modem_rows(modems: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    """Return a table row for each modem."""
    return [
        (
            modem["id"],
            modem["condition"],
            " ".join(filter(None, (modem["manufacturer"], modem["model"]))) or "-",
            modem["operator"] or "-",
            f"{modem['signal_dbm']} dBm" if modem["signal_dbm"] is not None else "-",
            ". ".join(filter(None, (modem["detail"], modem["remedy"]))),
        )
        for modem in modems
    ]


HEADINGS = ("MODEM", "CONDITION", "MODEL", "OPERATOR", "SIGNAL", "WHAT TO DO")


async def _list(config: Config, _options: argparse.Namespace) -> int:
    async with connect(config) as client:
        modems = await client.every("/modems")
        if not client.service_runs:
            print("the service does not run, so no modem is in use; `santral check` tries each")
        elif modems:
            print(table(HEADINGS, modem_rows(modems)))
        else:
            print("no modem is configured; add one with `santral modem add ID --device PATH`")
    return 0


async def _add(config: Config, options: argparse.Namespace) -> int:
    body = {"id": options.id, "device": options.device, **_given(options)}
    async with connect(config) as client:
        await client.post("/modems", body)
    print(f"modem {options.id} is configured")
    return 0


async def _set(config: Config, options: argparse.Namespace) -> int:
    body = _given(options)
    if options.device is not None:
        body["device"] = options.device
    async with connect(config) as client:
        await client.patch(f"/modems/{options.id}", body)
    print(f"modem {options.id} is changed")
    return 0


async def _remove(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        await client.delete(f"/modems/{options.id}")
    print(f"modem {options.id} is removed")
    return 0


async def _ussd(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        answer = await client.post(f"/modems/{options.id}/ussd", {"code": options.code})
    print(plain(answer["text"]))
    return 0


async def _probe(_config: Config, options: argparse.Namespace) -> int:
    status = await probe_modem(ModemSettings(id="probe", device=options.device))
    print(
        fields(
            [
                ("device", status.device or options.device),
                ("condition", status.condition.value),
                ("what is wrong", status.detail),
                ("what to do", status.remedy),
                ("manufacturer", status.manufacturer),
                ("model", status.model),
                ("revision", status.revision),
                ("IMEI", status.imei),
                ("IMSI", status.imsi),
                ("profile", status.profile),
                ("operator", status.operator),
                ("registration", status.registration),
                ("signal", f"{status.signal_dbm} dBm" if status.signal_dbm is not None else ""),
                ("SMSC", status.smsc),
            ]
        )
    )
    return 0 if status.ready else 1


def _given(options: argparse.Namespace) -> dict[str, str]:
    pairs = {name: getattr(options, name) for name in ("pin", "profile", "smsc")}
    if pairs["pin"] == "-":
        pairs["pin"] = _asked("PIN: ")
    return {name: value for name, value in pairs.items() if value is not None}


def _asked(prompt: str) -> str:
    """Read a secret that shall not stand in the process list: unseen, or from a pipe."""
    return getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().strip()
