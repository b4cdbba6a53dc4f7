"""Commands about the SIM (27.007 §5.6, §7.1, §7.4, §8.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.modem import address as addresses
from simulators.modem.commands_general import only
from simulators.modem.errors import (
    NOT_ALLOWED,
    SIM_FAILURE,
    SIM_PUK,
    WRONG_PASSWORD,
    AtError,
    CmeError,
)
from simulators.modem.parser import Command, Kind
from simulators.modem.replies import Reply
from simulators.modem.sim_card import Lock

if TYPE_CHECKING:
    from simulators.modem.modem import Modem

_PIN_LENGTHS = range(4, 9)


def _pin(modem: Modem, command: Command) -> Reply:
    """+CPIN."""
    if command.kind is Kind.TEST:
        return None
    if command.kind is Kind.READ:
        if modem.sim.lock is Lock.BLOCKED:
            raise CmeError(SIM_FAILURE)
        return [f"+CPIN: {modem.sim.lock}"]
    only(command, Kind.SET)
    codes = [parameter.text for parameter in command.parameters()]
    if not codes or not all(code.isdigit() and len(code) in _PIN_LENGTHS for code in codes):
        raise CmeError(WRONG_PASSWORD)
    _enter(modem, codes)
    return None


def _enter(modem: Modem, codes: list[str]) -> None:
    lock = modem.sim.lock
    if lock is Lock.READY:
        raise CmeError(NOT_ALLOWED)
    if lock is Lock.BLOCKED:
        raise CmeError(SIM_FAILURE)
    if lock is Lock.PUK:
        if len(codes) != 2:
            raise CmeError(SIM_PUK)
        right = modem.sim.enter_puk(codes[0], codes[1])
    else:
        right = modem.sim.enter_pin(codes[0])
    if not right:
        raise CmeError(WRONG_PASSWORD)
    modem.sim_unlocked()


def _subscriber(modem: Modem, command: Command) -> Reply:
    """+CIMI."""
    if command.kind is Kind.TEST:
        return None
    only(command, Kind.RUN)
    return [modem.identity.imsi]


def _own_number(modem: Modem, command: Command) -> Reply:
    """+CNUM."""
    if command.kind is Kind.TEST:
        return None
    only(command, Kind.RUN)
    own = addresses.address_of(modem.identity.number)
    return [f'+CNUM: "","{own.number}",{own.type}']


def _facility(modem: Modem, command: Command) -> Reply:
    """+CLCK: the PIN request, and facilities that are never locked."""
    if command.kind is Kind.TEST:
        return ['+CLCK: ("SC","AO","OI","OX","AI","IR","FD")']
    only(command, Kind.SET)
    parameters = command.parameters()
    if len(parameters) < 2:
        raise AtError
    name, mode = parameters[0].text, parameters[1].number()
    if mode == 2:
        return [f"+CLCK: {int(name == 'SC' and modem.sim.asks)}"]
    if name != "SC" or mode > 2 or len(parameters) < 3:
        raise CmeError(NOT_ALLOWED)
    _verify(modem, parameters[2].text)
    modem.sim.asks = mode == 1
    return None


def _password(modem: Modem, command: Command) -> Reply:
    """+CPWD: a new PIN."""
    if command.kind is Kind.TEST:
        return ['+CPWD: ("SC",8)']
    only(command, Kind.SET)
    parameters = command.parameters()
    if len(parameters) != 3 or parameters[0].text != "SC":
        raise AtError
    new = parameters[2].text
    if not modem.sim.asks or not new.isdigit() or len(new) not in _PIN_LENGTHS:
        raise CmeError(NOT_ALLOWED)
    _verify(modem, parameters[1].text)
    modem.sim.pin = new
    return None


def _verify(modem: Modem, pin: str) -> None:
    if modem.sim.enter_pin(pin):
        return
    if not modem.sim.ready:
        modem.sim_locked()
    raise CmeError(WRONG_PASSWORD)


COMMANDS = {
    "+CPIN": _pin,
    "+CIMI": _subscriber,
    "+CNUM": _own_number,
    "+CLCK": _facility,
    "+CPWD": _password,
}
