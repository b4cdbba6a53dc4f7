"""Commands about calls and service codes (V.250 §6.3, 27.007 §6 and §7)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from simulators.modem.charsets import CharsetError
from simulators.modem.commands_general import flag, only
from simulators.modem.errors import BAD_PARAMETERS, NO_NETWORK, NOT_ALLOWED, AtError, CmeError
from simulators.modem.parser import Command, Kind
from simulators.modem.replies import Final, Reply
from simulators.modem.voice import CallState

if TYPE_CHECKING:
    from simulators.modem.modem import Modem

_MODIFIERS = re.compile(r"[TPWtpw,@!\-().IiGg ]")
_NUMBER = re.compile(r"\+?[0-9*#ABCabc]+$")
_TONES = re.compile(r"[0-9A-D#*]$")


def _dial(modem: Modem, command: Command) -> Reply:
    """ATD: a voice call where a semicolon ends the number; nothing else gets a carrier."""
    number = _MODIFIERS.sub("", command.arguments.removesuffix(";"))
    if not _NUMBER.match(number):
        raise AtError
    if not command.arguments.endswith(";"):
        return Final("NO CARRIER")
    if not modem.radio.registered:
        return Final("NO CARRIER")
    if number[0] in "*#" and number.endswith("#"):
        modem.settings.ussd_reports = True
        modem.ussd.dial(number)
        return None
    if not modem.line.free:
        raise CmeError(NOT_ALLOWED)
    modem.soon(lambda: _place(modem, number))
    return None if modem.profile.calls.ok_at_once else Final("")


def _place(modem: Modem, number: str) -> None:
    if modem.line.free:
        modem.line.dial(number)


def _answer(modem: Modem, command: Command) -> Reply:
    """ATA."""
    return None if modem.line.answer() else Final("NO CARRIER")


def _hang_up(modem: Modem, command: Command) -> Reply:
    """ATH and +CHUP."""
    if command.kind is not Kind.TEST:
        modem.line.hang_up()
    return None


def _list(modem: Modem, command: Command) -> Reply:
    """+CLCC."""
    if command.kind is Kind.TEST:
        return None
    only(command, Kind.RUN, Kind.READ)
    return modem.line.listed() or None


def _caller_line(modem: Modem, command: Command) -> Reply:
    """+CLIP."""
    if command.kind is Kind.TEST:
        return ["+CLIP: (0,1)"]
    if command.kind is Kind.READ:
        return [f"+CLIP: {int(modem.settings.caller_line)},1"]
    only(command, Kind.SET)
    modem.settings.caller_line = flag(command)
    return None


def _extended_ring(modem: Modem, command: Command) -> Reply:
    """+CRC."""
    if command.kind is Kind.TEST:
        return ["+CRC: (0,1)"]
    if command.kind is Kind.READ:
        return [f"+CRC: {int(modem.settings.extended_ring)}"]
    modem.settings.extended_ring = flag(command)
    return None


def _tone(modem: Modem, command: Command) -> Reply:
    """+VTS."""
    if command.kind is Kind.TEST:
        return ["+VTS: (0-9,*,#,A,B,C,D)"]
    only(command, Kind.SET)
    digits = [parameter.text for parameter in command.parameters()]
    if len(digits) == 1 and command.parameters()[0].quoted:
        digits = list(digits[0])
    if not digits or not all(_TONES.match(digit) for digit in digits):
        raise CmeError(BAD_PARAMETERS)
    call = modem.line.call
    if call is None or call.state is not CallState.ACTIVE:
        raise CmeError(NOT_ALLOWED)
    modem.line.tone("".join(digits))
    return None


def _service_code(modem: Modem, command: Command) -> Reply:
    """+CUSD."""
    if command.kind is Kind.TEST:
        return ["+CUSD: (0,1,2)"]
    if command.kind is Kind.READ:
        return [f"+CUSD: {int(modem.settings.ussd_reports)}"]
    only(command, Kind.SET, Kind.RUN)
    parameters = command.parameters()
    mode = parameters[0].number(0) if parameters else 0
    if mode > 2:
        raise AtError
    if mode == 2:
        modem.ussd.cancel()
        return None
    modem.settings.ussd_reports = mode == 1
    if len(parameters) > 1 and parameters[1].given:
        _ask(modem, parameters[1].text)
    return None


def _ask(modem: Modem, characters: str) -> None:
    if not modem.radio.registered:
        raise CmeError(NO_NETWORK)
    try:
        modem.ussd.ask(characters)
    except (CharsetError, ValueError):
        raise CmeError(BAD_PARAMETERS) from None


COMMANDS = {
    "D": _dial,
    "A": _answer,
    "H": _hang_up,
    "+CHUP": _hang_up,
    "+CLCC": _list,
    "+CLIP": _caller_line,
    "+CRC": _extended_ring,
    "+VTS": _tone,
    "+CUSD": _service_code,
}
