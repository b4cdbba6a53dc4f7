"""Commands on stored messages (27.005 §3.4.2–3.5.3 and §4.1–4.4)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from simulators.modem import address as addresses
from simulators.modem import pdu, text_entry
from simulators.modem.charsets import CharsetError, from_terminal
from simulators.modem.commands_general import only
from simulators.modem.commands_message_setup import number_entered
from simulators.modem.errors import (
    CMS_BAD_INDEX,
    CMS_BAD_PDU,
    CMS_FULL,
    AtError,
    CmsError,
    PduError,
)
from simulators.modem.journal import Event
from simulators.modem.message_lines import STATUS_WORDS, listed_lines, read_lines
from simulators.modem.parser import Command, Kind, Parameter
from simulators.modem.replies import Prompt, Reply
from simulators.modem.storage import Place, Status, StoredMessage

if TYPE_CHECKING:
    from simulators.modem.modem import Modem

_ALL = 4
# +CMGD <delflag>: which messages go besides the one named.
_DELETED = {
    1: {Status.READ},
    2: {Status.READ, Status.SENT},
    3: {Status.READ, Status.SENT, Status.UNSENT},
    4: set(Status),
}


def _read(modem: Modem, command: Command) -> Reply:
    """+CMGR."""
    if command.kind is Kind.TEST:
        return None
    only(command, Kind.SET)
    parameters = command.parameters()
    place = modem.storage.place(modem.selected[0], parameters[0].number())
    if place is None:
        raise CmsError(CMS_BAD_INDEX)
    stored = place.memory.slots.get(place.index)
    if stored is None:
        if modem.profile.empty_slot_is_error:
            raise CmsError(CMS_BAD_INDEX)
        return None
    status = stored.status
    if not _peeks(parameters):
        _mark_read(modem, place, stored)
    return read_lines("+CMGR", stored, status, modem.settings)


def _list(modem: Modem, command: Command) -> Reply:
    """+CMGL."""
    if command.kind is Kind.TEST:
        return [_list_test(modem)]
    only(command, Kind.SET, Kind.RUN)
    parameters = command.parameters()
    wanted = _wanted(modem, parameters[0]) if parameters else Status.UNREAD
    lines: list[str] = []
    for place in list(modem.storage.taken(modem.selected[0])):
        stored = place.memory.slots[place.index]
        if wanted in {_ALL, stored.status}:
            lines += listed_lines(place.shown_index, stored, stored.status, modem.settings)
            if not _peeks(parameters):
                _mark_read(modem, place, stored)
    return lines or None


def _list_test(modem: Modem) -> str:
    if not modem.settings.text_mode:
        return "+CMGL: (0-4)"
    words = ",".join(f'"{word}"' for word in (*STATUS_WORDS.values(), "ALL"))
    return f"+CMGL: ({words})"


def _wanted(modem: Modem, parameter: Parameter) -> int:
    if not modem.settings.text_mode:
        number = parameter.number(0)
        if number > _ALL:
            raise AtError
        return number
    words = {word: int(status) for status, word in STATUS_WORDS.items()} | {"ALL": _ALL}
    text = parameter.text.upper()
    if text not in words:
        try:
            text = from_terminal(parameter.text, modem.settings.character_set)
        except CharsetError:
            raise AtError from None
    if text not in words:
        raise AtError
    return words[text]


def _delete(modem: Modem, command: Command) -> Reply:
    """+CMGD."""
    name = modem.selected[0]
    if command.kind is Kind.TEST:
        indexes = ",".join(str(place.shown_index) for place in modem.storage.taken(name))
        return [f"+CMGD: ({indexes}),(0-4)"]
    only(command, Kind.SET)
    parameters = command.parameters()
    if not parameters:
        raise AtError
    flag = parameters[1].number(0) if len(parameters) > 1 else 0
    if flag == 0:
        place = modem.storage.place(name, parameters[0].number())
        if place is None:
            raise CmsError(CMS_BAD_INDEX)
        _remove(modem, place)
    elif flag in _DELETED:
        for place in list(modem.storage.taken(name)):
            if place.memory.slots[place.index].status in _DELETED[flag]:
                _remove(modem, place)
    else:
        raise AtError
    modem.soon(modem.arrivals.pump)
    return None


def _write(modem: Modem, command: Command) -> Reply:
    """+CMGW."""
    if command.kind is Kind.TEST:
        return None
    only(command, Kind.SET, Kind.RUN)
    parameters = command.parameters()
    if modem.settings.text_mode:
        number = number_entered(modem, parameters[0]) if parameters else ""
        kind = parameters[1].number(0) if len(parameters) > 1 else 0
        status = _status(parameters, modem, 2)
        return Prompt(partial(_write_text, modem, number, kind, status))
    if not parameters:
        raise AtError
    status = _status(parameters, modem, 1)
    return Prompt(partial(_write_pdu, modem, parameters[0].number(), status))


def _status(parameters: tuple[Parameter, ...], modem: Modem, place: int) -> Status:
    if len(parameters) <= place or not parameters[place].given:
        return Status.UNSENT
    wanted = _wanted(modem, parameters[place])
    if wanted == _ALL:
        raise AtError
    return Status(wanted)


def _write_pdu(modem: Modem, length: int, status: Status, payload: bytes) -> Reply:
    try:
        centre, tpdu = text_entry.parse_pdu(payload, length)
        if status in {Status.UNREAD, Status.READ}:
            pdu.decode_terminated(tpdu)
        else:
            pdu.decode_originated(tpdu)
    except PduError:
        raise CmsError(CMS_BAD_PDU) from None
    return _put(modem, status, centre, tpdu)


def _write_text(modem: Modem, number: str, kind: int, status: Status, payload: bytes) -> Reply:
    tpdu = text_entry.build_submit(modem.settings, number, kind, payload)
    centre = addresses.encode_service_centre(None)
    return _put(modem, Status(status) if status >= Status.UNSENT else Status.UNSENT, centre, tpdu)


def _put(modem: Modem, status: Status, centre: bytes, tpdu: bytes) -> Reply:
    name = modem.selected[1]
    memory = modem.storage.with_room(name)
    if memory is None:
        raise CmsError(CMS_FULL)
    stored = StoredMessage(
        message=modem.next_message(), status=status, service_centre=centre, tpdu=tpdu
    )
    index = memory.put(stored)
    modem.journal.write(
        Event.STORED,
        stored.message,
        memory=memory.name,
        index=index,
        by="client",
        pdu=tpdu.hex().upper(),
    )
    return [f"+CMGW: {modem.storage.shown_index(name, memory, index)}"]


def _mark_read(modem: Modem, place: Place, stored: StoredMessage) -> None:
    modem.journal.write(Event.READ, stored.message, memory=place.memory.name, index=place.index)
    if stored.status is Status.UNREAD:
        stored.status = Status.READ


def _remove(modem: Modem, place: Place) -> None:
    stored = place.memory.slots.pop(place.index, None)
    if stored:
        modem.journal.write(
            Event.DELETED,
            stored.message,
            memory=place.memory.name,
            index=place.index,
            unread=stored.status is Status.UNREAD,
        )


def _peeks(parameters: tuple[Parameter, ...]) -> bool:
    """A second parameter of 1 leaves the status as it is, as many makes allow."""
    return len(parameters) > 1 and parameters[1].text == "1"


COMMANDS = {"+CMGR": _read, "+CMGL": _list, "+CMGD": _delete, "+CMGW": _write}
