"""Commands on the phonebooks (27.007 §8.11–8.14)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.modem import address as addresses
from simulators.modem.charsets import CharsetError, from_terminal, to_terminal
from simulators.modem.commands_general import only
from simulators.modem.errors import BAD_PARAMETERS, INVALID_INDEX, NOT_FOUND, AtError, CmeError
from simulators.modem.parser import Command, Kind, Parameter
from simulators.modem.phonebook import CAPACITY, NAMES, NUMBER_LENGTH, TEXT_LENGTH, Entry
from simulators.modem.replies import Reply

if TYPE_CHECKING:
    from simulators.modem.modem import Modem

_MEMORY_FULL = 20
_TEXT_TOO_LONG = 24


def _select(modem: Modem, command: Command) -> Reply:
    """+CPBS."""
    if command.kind is Kind.TEST:
        names = ",".join(f'"{name}"' for name in NAMES)
        return [f"+CPBS: ({names})"]
    name = modem.settings.phonebook
    if command.kind is Kind.READ:
        return [f'+CPBS: "{name}",{len(modem.phonebook.book(name))},{CAPACITY}']
    only(command, Kind.SET)
    wanted = command.parameters()[0].text if command.arguments else ""
    if wanted not in NAMES:
        raise CmeError(NOT_FOUND)
    modem.settings.phonebook = wanted
    return None


def _read(modem: Modem, command: Command) -> Reply:
    """+CPBR."""
    if command.kind is Kind.TEST:
        return [f"+CPBR: (1-{CAPACITY}),{NUMBER_LENGTH},{TEXT_LENGTH}"]
    only(command, Kind.SET)
    parameters = command.parameters()
    first = parameters[0].number()
    last = parameters[1].number() if len(parameters) > 1 else first
    if not 1 <= first <= last <= CAPACITY:
        raise CmeError(INVALID_INDEX)
    book = modem.phonebook.book(modem.settings.phonebook)
    lines = [
        _line(modem, "+CPBR", index, book[index])
        for index in sorted(book)
        if first <= index <= last
    ]
    if not lines and first == last:
        raise CmeError(NOT_FOUND)
    return lines or None


def _find(modem: Modem, command: Command) -> Reply:
    """+CPBF."""
    if command.kind is Kind.TEST:
        return [f"+CPBF: {NUMBER_LENGTH},{TEXT_LENGTH}"]
    only(command, Kind.SET)
    wanted = _text(modem, command.parameters()[0]).casefold()
    book = modem.phonebook.book(modem.settings.phonebook)
    lines = [
        _line(modem, "+CPBF", index, entry)
        for index, entry in sorted(book.items())
        if entry.text.casefold().startswith(wanted)
    ]
    if not lines:
        raise CmeError(NOT_FOUND)
    return lines


def _write(modem: Modem, command: Command) -> Reply:
    """+CPBW: an entry, or with an index alone its deletion."""
    if command.kind is Kind.TEST:
        return [f"+CPBW: (1-{CAPACITY}),{NUMBER_LENGTH},(129,145),{TEXT_LENGTH}"]
    only(command, Kind.SET)
    parameters = command.parameters()
    name = modem.settings.phonebook
    book = modem.phonebook.book(name)
    free = modem.phonebook.free_index(name) or 0
    index = parameters[0].number(free)
    if index == 0:
        raise CmeError(_MEMORY_FULL)
    if index > CAPACITY:
        raise CmeError(INVALID_INDEX)
    if len(parameters) == 1:
        book.pop(index, None)
        return None
    book[index] = _entry(modem, parameters)
    return None


def _entry(modem: Modem, parameters: tuple[Parameter, ...]) -> Entry:
    number = _text(modem, parameters[1])
    kind = addresses.address_of(number)
    if not number or kind.alphanumeric:
        raise CmeError(BAD_PARAMETERS)
    given = parameters[2].number(kind.type) if len(parameters) > 2 else kind.type
    text = _text(modem, parameters[3]) if len(parameters) > 3 else ""
    if len(text) > TEXT_LENGTH:
        raise CmeError(_TEXT_TOO_LONG)
    return Entry(number=number, type=given, text=text)


def _text(modem: Modem, parameter: Parameter) -> str:
    try:
        return from_terminal(parameter.text, modem.settings.character_set)
    except CharsetError:
        raise AtError from None


def _line(modem: Modem, name: str, index: int, entry: Entry) -> str:
    text = to_terminal(entry.text, modem.settings.character_set)
    return f'{name}: {index},"{entry.number}",{entry.type},"{text}"'


COMMANDS = {"+CPBS": _select, "+CPBR": _read, "+CPBF": _find, "+CPBW": _write}
