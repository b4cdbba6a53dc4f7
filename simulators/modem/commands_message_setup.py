"""Commands that set up messaging (27.005 §3.1–3.4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from simulators.modem import address as addresses
from simulators.modem.charsets import CharsetError, from_terminal, to_terminal
from simulators.modem.commands_general import only
from simulators.modem.errors import (
    CMS_BAD_PDU,
    CMS_BAD_TEXT,
    CMS_NO_ACKNOWLEDGEMENT_EXPECTED,
    CMS_NOT_ALLOWED,
    CMS_NOT_SUPPORTED,
    AtError,
    CmsError,
)
from simulators.modem.parser import OMITTED, Command, Kind, Parameter
from simulators.modem.replies import Prompt, Reply
from simulators.modem.settings import Indications, TextParameters
from simulators.modem.switches import ranges

if TYPE_CHECKING:
    from simulators.modem.modem import Modem


def number_entered(modem: Modem, parameter: Parameter) -> str:
    """A number in the terminal's character set; CmsError 305 where it is none."""
    try:
        return from_terminal(parameter.text, modem.settings.character_set)
    except CharsetError:
        raise CmsError(CMS_BAD_TEXT) from None


def _format(modem: Modem, command: Command) -> Reply:
    """+CMGF."""
    if command.kind is Kind.TEST:
        return ["+CMGF: (0,1)"]
    if command.kind is Kind.READ:
        return [f"+CMGF: {int(modem.settings.text_mode)}"]
    mode = command.parameters()[0].number(0) if command.arguments else 0
    if mode > 1:
        raise AtError
    modem.settings.text_mode = mode == 1
    return None


def _service(modem: Modem, command: Command) -> Reply:
    """+CSMS."""
    if command.kind is Kind.TEST:
        return ["+CSMS: (0,1)"]
    if command.kind is Kind.READ:
        return [f"+CSMS: {modem.settings.message_service},1,1,1"]
    only(command, Kind.SET)
    service = command.parameters()[0].number()
    if service > 1:
        raise CmsError(CMS_NOT_SUPPORTED)
    modem.settings.message_service = service
    return ["+CSMS: 1,1,1"]


def _service_centre(modem: Modem, command: Command) -> Reply:
    """+CSCA."""
    if command.kind is Kind.TEST:
        return None
    if command.kind is Kind.READ:
        centre = addresses.address_of(modem.service_centre)
        shown = to_terminal(modem.service_centre, modem.settings.character_set)
        kind = centre.type if modem.service_centre else addresses.UNKNOWN
        return [f'+CSCA: "{shown}",{kind}']
    only(command, Kind.SET)
    parameters = command.parameters()
    if not parameters:
        raise AtError
    number = number_entered(modem, parameters[0])
    kind = parameters[1].number(addresses.UNKNOWN) if len(parameters) > 1 else 0
    international = kind == addresses.INTERNATIONAL and number and not number.startswith("+")
    if number and addresses.address_of(number).alphanumeric:
        raise AtError
    modem.service_centre = f"+{number}" if international else number
    return None


def _text_parameters(modem: Modem, command: Command) -> Reply:
    """+CSMP."""
    current = modem.settings.text_parameters
    if command.kind is Kind.TEST:
        return None
    if command.kind is Kind.READ:
        shown = f"{current.first_octet},{current.validity},{current.pid},{current.dcs}"
        return [f"+CSMP: {shown}"]
    only(command, Kind.SET)
    first, validity, pid, dcs = _padded(command, 4)
    numbers = (first.number(current.first_octet), pid.number(current.pid), dcs.number(current.dcs))
    if any(number > 255 for number in numbers):
        raise AtError
    written = f'"{validity.text}"' if validity.quoted else validity.text
    modem.settings.text_parameters = TextParameters(
        first_octet=numbers[0],
        validity=written or current.validity,
        pid=numbers[1],
        dcs=numbers[2],
    )
    return None


def _details(modem: Modem, command: Command) -> Reply:
    """+CSDH."""
    if command.kind is Kind.TEST:
        return ["+CSDH: (0,1)"]
    if command.kind is Kind.READ:
        return [f"+CSDH: {int(modem.settings.show_details)}"]
    shown = command.parameters()[0].number(0) if command.arguments else 0
    if shown > 1:
        raise AtError
    modem.settings.show_details = shown == 1
    return None


def _indications(modem: Modem, command: Command) -> Reply:
    """+CNMI; an omitted value stays as it is (V.250 §5.4.3.2)."""
    test = modem.profile.indication_test
    if command.kind is Kind.TEST:
        return [f"+CNMI: {test}"]
    now = modem.settings.indications
    values = (now.mode, now.messages, now.broadcasts, now.reports, now.buffer)
    if command.kind is Kind.READ:
        return [f"+CNMI: {','.join(map(str, values))}"]
    only(command, Kind.SET, Kind.RUN)
    given = _padded(command, 5)
    wanted = [parameter.number(value) for parameter, value in zip(given, values, strict=True)]
    for number, allowed in zip(wanted, ranges(test), strict=True):
        if number not in allowed:
            raise CmsError(CMS_NOT_SUPPORTED)
    mode, messages, broadcasts, reports, buffer = wanted
    modem.settings.indications = Indications(
        mode=mode, messages=messages, broadcasts=broadcasts, reports=reports, buffer=buffer
    )
    modem.arrivals.indications_changed()
    return None


def _acknowledge(modem: Modem, command: Command) -> Reply:
    """+CNMA."""
    if command.kind is Kind.TEST:
        return None if modem.settings.text_mode else ["+CNMA: (0-2)"]
    only(command, Kind.SET, Kind.RUN)
    if not modem.arrivals.awaits_acknowledgement:
        raise CmsError(CMS_NO_ACKNOWLEDGEMENT_EXPECTED)
    parameters = command.parameters()
    verdict = parameters[0].number(0) if parameters else 0
    if verdict > 2 or (modem.settings.text_mode and parameters):
        raise CmsError(CMS_NOT_ALLOWED)
    if len(parameters) > 1:
        return Prompt(lambda payload: _acknowledged_with(modem, verdict, payload))
    modem.arrivals.acknowledge(accepted=verdict != 2)
    return None


def _acknowledged_with(modem: Modem, verdict: int, payload: bytes) -> Reply:
    try:
        bytes.fromhex(payload.decode("ascii"))
    except ValueError:
        raise CmsError(CMS_BAD_PDU) from None
    modem.arrivals.acknowledge(accepted=verdict != 2)
    return None


def _memories(modem: Modem, command: Command) -> Reply:
    """+CPMS."""
    if command.kind is Kind.TEST:
        return [f"+CPMS: {modem.profile.memory_test}"]
    groups = memory_groups(modem.profile.memory_test)
    if command.kind is Kind.READ:
        shown = [f'"{name}",{_fill(modem, name)}' for name in modem.selected[: len(groups)]]
        return [f"+CPMS: {','.join(shown)}"]
    only(command, Kind.SET)
    parameters = command.parameters()
    if not 1 <= len(parameters) <= len(groups):
        raise AtError
    for parameter, allowed in zip(parameters, groups, strict=False):
        if parameter.text not in allowed or parameter.text not in modem.storage.names():
            raise CmsError(CMS_NOT_ALLOWED)
    for place, parameter in enumerate(parameters):
        modem.selected[place] = parameter.text
    if len(groups) == 2:
        modem.selected[2] = modem.selected[1]
    modem.soon(modem.arrivals.pump)
    return [f"+CPMS: {','.join(_fill(modem, name) for name in modem.selected[: len(groups)])}"]


def memory_groups(test: str) -> list[list[str]]:
    """The memory names that each place of +CPMS allows."""
    groups = re.findall(r'\(("[^()]*")\)', test)
    return [re.findall(r'"(\w+)"', group) for group in groups]


def _fill(modem: Modem, name: str) -> str:
    return f"{modem.storage.used(name)},{modem.storage.capacity(name)}"


def _save(modem: Modem, command: Command) -> Reply:
    """+CSAS and +CRES: the messaging settings survive anyway."""
    return [f"{command.name}: (0)"] if command.kind is Kind.TEST else None


def _padded(command: Command, count: int) -> list[Parameter]:
    parameters = list(command.parameters())
    if len(parameters) > count:
        raise AtError
    return parameters + [OMITTED] * (count - len(parameters))


COMMANDS = {
    "+CMGF": _format,
    "+CSMS": _service,
    "+CSCA": _service_centre,
    "+CSMP": _text_parameters,
    "+CSDH": _details,
    "+CNMI": _indications,
    "+CNMA": _acknowledge,
    "+CPMS": _memories,
    "+CSAS": _save,
    "+CRES": _save,
}
