"""The commands that one make of modem understands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from simulators.modem import (
    commands_calls,
    commands_general,
    commands_message_setup,
    commands_message_store,
    commands_network,
    commands_phonebook,
    commands_sim,
    commands_submit,
    switches,
)
from simulators.modem.parser import Command, Kind
from simulators.modem.profiles import Profile
from simulators.modem.replies import Reply

if TYPE_CHECKING:
    from simulators.modem.modem import Modem

Handler = Callable[["Modem", Command], Reply]

MESSAGE_COMMANDS = frozenset(
    {*commands_message_setup.COMMANDS, *commands_message_store.COMMANDS, *commands_submit.COMMANDS}
)

SUBMIT_COMMANDS = frozenset(commands_submit.COMMANDS)

# What needs the SIM's files, and is refused while it is still reading them after the PIN.
ON_SIM = frozenset(
    {
        *commands_message_store.COMMANDS, *commands_submit.COMMANDS, *commands_phonebook.COMMANDS,
        "+CSCA", "+CPMS", "+CIMI", "+CNUM", "+CLCK", "+CPWD",
    }
)  # fmt: skip

# 27.007 §8.3 and common practice: what works while the SIM waits for its PIN.
WITHOUT_PIN = frozenset(
    {
        *commands_general.COMMANDS,
        "+CPIN", "+CREG", "+CGREG", "+CEREG", "+CSQ", "+CMGF", "+CSDH",
        "A", "H", "D", "+IPR", "+IFC", "+ICF", "+CURC", "^CURC",
        "^CPIN", "+CPINR", "+SPIC", "+QPINC", "+CPINC", "+ZPINPUK",
    }
)  # fmt: skip


def commands(profile: Profile) -> dict[str, Handler]:
    """Every command by its name."""
    known: dict[str, Handler] = {}
    for table in (
        commands_general.COMMANDS,
        commands_sim.COMMANDS,
        commands_network.COMMANDS,
        commands_message_setup.COMMANDS,
        commands_message_store.COMMANDS,
        commands_submit.COMMANDS,
        commands_calls.COMMANDS,
        commands_phonebook.COMMANDS,
    ):
        known.update(table)
    for name, (_, test) in (switches.STANDARD | dict(profile.switches)).items():
        known[name] = switches.handler(name, test)
    for written, lines in profile.canned.items():
        name = written.rstrip("?=,0123456789")
        known[name] = _with_canned(written, name, lines, known.get(name))
    for written, lines in profile.tries.items():
        known[written.removesuffix("=?")] = _tries(lines)
    return {name: handler for name, handler in known.items() if name not in profile.lacks}


def switch_defaults(profile: Profile) -> dict[str, str]:
    """The values that AT&F gives to the parameters that only are remembered."""
    named = switches.STANDARD | dict(profile.switches)
    return {name: default for name, (default, _) in named.items()}


def _with_canned(written: str, name: str, lines: tuple[str, ...], other: Handler | None) -> Handler:
    """Answer the command exactly as written; leave other forms to the handler before."""

    def answer(modem: Modem, command: Command) -> Reply:
        if _written(command) == written:
            return list(lines) if lines else None
        if other is None:
            return None if command.kind is Kind.TEST else commands_general.refuse(command)
        return other(modem, command)

    return answer


def _written(command: Command) -> str:
    ending = {Kind.RUN: "", Kind.READ: "?", Kind.TEST: "=?", Kind.SET: f"={command.arguments}"}
    return command.name + ending[command.kind]


def _tries(lines: tuple[str, ...]) -> Handler:
    """How many tries the SIM's codes have left."""

    def answer(modem: Modem, command: Command) -> Reply:
        sim = modem.sim
        now = "" if sim.ready else str(sim.pin_tries or sim.puk_tries)
        values = {"pin": sim.pin_tries, "puk": sim.puk_tries, "lock": sim.lock, "now": now}
        return [line.format(**values) for line in lines]

    return answer
