"""Commands about registration, operator and signal (27.007 §7.2, §7.3, §8.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from simulators.modem.commands_general import only
from simulators.modem.errors import AtError
from simulators.modem.parser import Command, Kind
from simulators.modem.replies import Later, Reply

if TYPE_CHECKING:
    from simulators.modem.modem import Modem

_SCAN_S = 0.5
_SHORT_NAME = 1
_NUMERIC = 2


def _registration(name: str) -> Callable[[Modem, Command], Reply]:
    def handle(modem: Modem, command: Command) -> Reply:
        reports = modem.settings.registration_reports
        if command.kind is Kind.TEST:
            return [f"{name}: (0-2)"]
        if command.kind is Kind.READ:
            return [f"{name}: {reports.get(name, 0)},{_place(modem, reports.get(name, 0))}"]
        only(command, Kind.SET, Kind.RUN)
        level = command.parameters()[0].number(0) if command.arguments else 0
        if level > 2:
            raise AtError
        reports[name] = level
        return None

    return handle


def _place(modem: Modem, level: int) -> str:
    radio = modem.radio
    if level < 2 or not radio.registered:
        return str(radio.registration)
    return f'{radio.registration},"{radio.coverage.area}","{radio.coverage.cell}"'


def _signal(modem: Modem, command: Command) -> Reply:
    """+CSQ."""
    if command.kind is Kind.TEST:
        return ["+CSQ: (0-31,99),(0-7,99)"]
    only(command, Kind.RUN)
    strength, errors = modem.radio.signal
    return [f"+CSQ: {strength},{errors}"]


def _operator(modem: Modem, command: Command) -> Reply:
    """+COPS."""
    if command.kind is Kind.TEST:
        return Later(_SCAN_S, lambda: [_scan(modem)])
    if command.kind is Kind.READ:
        return [_selected(modem)]
    only(command, Kind.SET)
    parameters = command.parameters()
    mode = parameters[0].number(0) if parameters else 0
    if mode > 4:
        raise AtError
    if len(parameters) > 1 and parameters[1].given:
        modem.settings.operator_format = min(parameters[1].number(), _NUMERIC)
    if mode in {0, 1, 2, 4}:
        modem.radio.set_left(left=mode == 2)
    return None


def _selected(modem: Modem) -> str:
    if not modem.radio.registered:
        return "+COPS: 0"
    shown = modem.settings.operator_format
    return f'+COPS: 0,{shown},"{_operator_name(modem, shown)}"'


def _operator_name(modem: Modem, shown: int) -> str:
    coverage = modem.radio.coverage
    if shown == _NUMERIC:
        return coverage.operator_code
    return coverage.operator[:8] if shown == _SHORT_NAME else coverage.operator


def _scan(modem: Modem) -> str:
    own = modem.radio.coverage
    found = f'(2,"{own.operator}","{own.operator[:8]}","{own.operator_code}")'
    return f'+COPS: {found},(3,"VODAFONE TR","VODAFONE","28602"),,(0-4),(0-2)'


def _attachment(modem: Modem, command: Command) -> Reply:
    """+CGATT."""
    if command.kind is Kind.TEST:
        return ["+CGATT: (0,1)"]
    if command.kind is Kind.READ:
        return [f"+CGATT: {int(modem.radio.registered)}"]
    only(command, Kind.SET)
    return None


COMMANDS = {
    "+CREG": _registration("+CREG"),
    "+CGREG": _registration("+CGREG"),
    "+CEREG": _registration("+CEREG"),
    "+CSQ": _signal,
    "+COPS": _operator,
    "+CGATT": _attachment,
}
