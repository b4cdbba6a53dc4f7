"""Commands about the interpreter and the equipment itself (V.250 §6, 27.007 §5 and §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.modem import timestamps
from simulators.modem.errors import AtError, CmeError
from simulators.modem.parser import Command, Kind
from simulators.modem.replies import Reply

if TYPE_CHECKING:
    from simulators.modem.modem import Modem

_FUNCTIONALITIES = {0, 1, 4}


def refuse(command: Command) -> Reply:
    """A form of the command that does not exist."""
    raise AtError


def only(command: Command, *kinds: Kind) -> None:
    """Refuse forms of the command that do not exist."""
    if command.kind not in kinds:
        raise AtError


def flag(command: Command) -> bool:
    """The value of a basic command that takes 0 or 1."""
    if command.arguments not in {"", "0", "1"}:
        raise AtError
    return command.arguments == "1"


def _echo(modem: Modem, command: Command) -> Reply:
    modem.settings.echo = flag(command)
    return None


def _verbose(modem: Modem, command: Command) -> Reply:
    modem.settings.verbose = flag(command)
    return None


def _quiet(modem: Modem, command: Command) -> Reply:
    modem.settings.quiet = flag(command)
    return None


def _restore(modem: Modem, command: Command) -> Reply:
    """ATZ: the stored profile."""
    modem.settings = modem.stored_settings.copy()
    modem.line.hang_up()
    modem.soon(modem.arrivals.pump)
    return None


def _factory(modem: Modem, command: Command) -> Reply:
    """AT&F: the maker's profile."""
    modem.settings = modem.default_settings()
    modem.soon(modem.arrivals.pump)
    return None


def _store(modem: Modem, command: Command) -> Reply:
    """AT&W."""
    modem.stored_settings = modem.settings.copy()
    return None


def _accepted(modem: Modem, command: Command) -> Reply:
    """A basic command without meaning here."""
    return None


def _information(modem: Modem, command: Command) -> Reply:
    """ATI."""
    imei = modem.identity.imei
    return [line.format(imei=imei) for line in modem.profile.information]


def _register(modem: Modem, command: Command) -> Reply:
    """S registers; the interpreter obeys S0, S3 and S5."""
    number = int(command.name[1:])
    if command.kind is Kind.READ:
        return [f"{modem.settings.registers.get(number, 0):03d}"]
    only(command, Kind.SET)
    value = int(command.arguments or 0)
    if value > 255 or (number in {3, 4, 5} and value > 127):
        raise AtError
    modem.settings.registers[number] = value
    return None


def _manufacturer(modem: Modem, command: Command) -> Reply:
    return _shown(command, modem.profile.manufacturer)


def _model(modem: Modem, command: Command) -> Reply:
    return _shown(command, modem.profile.model)


def _revision(modem: Modem, command: Command) -> Reply:
    return _shown(command, modem.profile.revision)


def _serial(modem: Modem, command: Command) -> Reply:
    return _shown(command, modem.identity.imei)


def _capabilities(modem: Modem, command: Command) -> Reply:
    return _shown(command, "+GCAP: +CGSM,+DS,+ES")


def _shown(command: Command, text: str) -> Reply:
    if command.kind is Kind.TEST:
        return None
    only(command, Kind.RUN)
    return [text]


def _list_commands(modem: Modem, command: Command) -> Reply:
    """+CLAC."""
    if command.kind is Kind.TEST:
        return None
    only(command, Kind.RUN)
    if modem.profile.commands is not None:
        return list(modem.profile.commands)
    return sorted(name for name in modem.commands if not name[0].isalpha())


def _error_level(modem: Modem, command: Command) -> Reply:
    """+CMEE."""
    if command.kind is Kind.TEST:
        return ["+CMEE: (0,1,2)"]
    if command.kind is Kind.READ:
        return [f"+CMEE: {modem.settings.error_level}"]
    level = command.parameters()[0].number(0) if command.arguments else 0
    if level > 2:
        raise AtError
    modem.settings.error_level = level
    return None


def _character_set(modem: Modem, command: Command) -> Reply:
    """+CSCS."""
    sets = modem.profile.character_sets
    if command.kind is Kind.TEST:
        names = ",".join(f'"{name}"' for name in sets)
        return [f"+CSCS: ({names})"]
    if command.kind is Kind.READ:
        return [f'+CSCS: "{modem.settings.character_set}"']
    only(command, Kind.SET)
    name = command.parameters()[0].text.upper() if command.arguments else ""
    if name not in sets:
        raise AtError
    modem.settings.character_set = name
    return None


def _functionality(modem: Modem, command: Command) -> Reply:
    """+CFUN."""
    if command.kind is Kind.TEST:
        return ["+CFUN: (0,1,4),(0,1)"]
    if command.kind is Kind.READ:
        return [f"+CFUN: {modem.radio.functionality}"]
    only(command, Kind.SET)
    parameters = command.parameters()
    level = parameters[0].number(1) if parameters else 1
    reset = parameters[1].number(0) if len(parameters) > 1 else 0
    if level not in _FUNCTIONALITIES or reset > 1:
        raise AtError
    if not reset:
        if level != modem.radio.functionality:
            modem.radio.set_functionality(level)
        return None
    if modem.profile.boot_before_ok:
        modem.soon(lambda: modem.restart(greet=False))
        return list(modem.profile.boot_lines)
    modem.soon(modem.restart)
    return None


def _activity(modem: Modem, command: Command) -> Reply:
    """+CPAS."""
    if command.kind is Kind.TEST:
        return ["+CPAS: (0,3,4)"]
    call = modem.line.call
    status = 0 if call is None else 3 if call.state == "ringing" else 4
    return [f"+CPAS: {status}"]


def _battery(modem: Modem, command: Command) -> Reply:
    if command.kind is Kind.TEST:
        return ["+CBC: (0-3),(0-100)"]
    return ["+CBC: 0,100"]


def _clock(modem: Modem, command: Command) -> Reply:
    """+CCLK; the network's time cannot be set."""
    if command.kind is Kind.READ:
        return [f'+CCLK: "{timestamps.text_timestamp(modem.radio.now())}"']
    if command.kind is Kind.SET and not command.parameters()[0].quoted:
        raise CmeError(50)
    return None


COMMANDS = {
    "E": _echo,
    "V": _verbose,
    "Q": _quiet,
    "Z": _restore,
    "&F": _factory,
    "&W": _store,
    "I": _information,
    "+CGMI": _manufacturer,
    "+GMI": _manufacturer,
    "+CGMM": _model,
    "+GMM": _model,
    "+CGMR": _revision,
    "+GMR": _revision,
    "+CGSN": _serial,
    "+GSN": _serial,
    "+GCAP": _capabilities,
    "+CLAC": _list_commands,
    "+CMEE": _error_level,
    "+CSCS": _character_set,
    "+CFUN": _functionality,
    "+CPAS": _activity,
    "+CBC": _battery,
    "+CCLK": _clock,
    **{f"S{number}": _register for number in (0, *range(3, 13), 25, 30)},
    **dict.fromkeys(("X", "L", "M", "B", "N", "O", "P", "T", "&C", "&D", "&K"), _accepted),
    **dict.fromkeys(("&S", "&R", "&Q", "&G", "&Y", "&V", "\\N", "\\Q"), _accepted),
}
