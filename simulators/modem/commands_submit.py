"""Commands that hand messages to the network (27.005 §3.5.1, §3.5.2, §3.5.4)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from simulators.modem import address as addresses
from simulators.modem import pdu, text_entry
from simulators.modem.commands_general import only
from simulators.modem.commands_message_setup import number_entered
from simulators.modem.errors import (
    CMS_BAD_INDEX,
    CMS_BAD_PDU,
    CMS_NO_NETWORK,
    CMS_NO_SERVICE_CENTRE,
    CMS_NOT_ALLOWED,
    AtError,
    CmsError,
    PduError,
)
from simulators.modem.faults import Fault, FaultKind
from simulators.modem.journal import Event
from simulators.modem.parser import Command, Kind
from simulators.modem.pdu import MobileOriginated, Submit
from simulators.modem.replies import Later, Prompt, Reply
from simulators.modem.sent import Submission
from simulators.modem.storage import Status, StoredMessage

if TYPE_CHECKING:
    from simulators.modem.modem import Modem


def _send(modem: Modem, command: Command) -> Reply:
    """+CMGS and +CMGC."""
    if command.kind is Kind.TEST:
        return None
    only(command, Kind.SET)
    parameters = command.parameters()
    if not modem.settings.text_mode:
        return Prompt(partial(_send_pdu, modem, command.name, parameters[0].number()))
    number = number_entered(modem, parameters[0])
    if not number or command.name == "+CMGC":
        raise CmsError(CMS_NOT_ALLOWED)
    kind = parameters[1].number(0) if len(parameters) > 1 else 0
    return Prompt(partial(_send_text, modem, number, kind))


def _send_pdu(modem: Modem, name: str, length: int, payload: bytes) -> Reply:
    try:
        centre, tpdu = text_entry.parse_pdu(payload, length)
        decoded = pdu.decode_originated(tpdu)
    except PduError as error:
        modem.journal.write(
            Event.REFUSED, reason=str(error), code=CMS_BAD_PDU, pdu=payload.decode("latin-1")
        )
        raise CmsError(CMS_BAD_PDU) from None
    return _submit(modem, name, centre, tpdu, decoded)


def _send_text(modem: Modem, number: str, kind: int, payload: bytes) -> Reply:
    tpdu = text_entry.build_submit(modem.settings, number, kind, payload)
    centre = addresses.encode_service_centre(None)
    return _submit(modem, "+CMGS", centre, tpdu, pdu.decode_originated(tpdu))


def _send_stored(modem: Modem, command: Command) -> Reply:
    """+CMSS."""
    if command.kind is Kind.TEST:
        return None
    only(command, Kind.SET)
    parameters = command.parameters()
    place = modem.storage.place(modem.selected[1], parameters[0].number())
    stored = place.memory.slots.get(place.index) if place else None
    if stored is None:
        raise CmsError(CMS_BAD_INDEX)
    if stored.received:
        raise CmsError(CMS_NOT_ALLOWED)
    tpdu = stored.tpdu
    if len(parameters) > 1:
        kind = parameters[2].number(0) if len(parameters) > 2 else 0
        tpdu = _readdressed(tpdu, number_entered(modem, parameters[1]), kind)
    try:
        decoded = pdu.decode_originated(tpdu)
    except PduError:
        raise CmsError(CMS_NOT_ALLOWED) from None
    return _submit(modem, "+CMSS", stored.service_centre, tpdu, decoded, stored)


def _readdressed(tpdu: bytes, number: str, kind: int) -> bytes:
    size = 2 + (tpdu[2] + 1) // 2
    try:
        address = addresses.encode(addresses.address_of(number, kind or None))
    except PduError:
        raise AtError from None
    return tpdu[:2] + address + tpdu[2 + size :]


def _submit(
    modem: Modem,
    name: str,
    centre: bytes,
    tpdu: bytes,
    decoded: MobileOriginated,
    stored: StoredMessage | None = None,
) -> Reply:
    submission = Submission(
        message=modem.next_message(),
        time_s=modem.clock(),
        via=name.removeprefix("+"),
        service_centre=_centre(modem, centre),
        tpdu=tpdu,
        decoded=decoded,
    )
    if modem.submit_delay_s:
        return Later(modem.submit_delay_s, partial(_hand_over, modem, submission, stored))
    return _hand_over(modem, submission, stored)


def _hand_over(modem: Modem, submission: Submission, stored: StoredMessage | None) -> Reply:
    code = _refusal(modem, submission)
    if code:
        submission.error = f"+CMS ERROR: {code}"
        modem.sent.add(submission)
        modem.journal.write(
            Event.REFUSED, submission.message, code=code, pdu=submission.tpdu.hex().upper()
        )
        raise CmsError(code)
    submission.reference = modem.next_reference()
    modem.sent.add(submission)
    modem.journal.write(
        Event.SUBMITTED,
        submission.message,
        to=submission.decoded.destination.number,
        reference=submission.reference,
        report=isinstance(submission.decoded, Submit) and submission.decoded.report_requested,
        via=submission.via,
        pdu=submission.tpdu.hex().upper(),
    )
    if stored:
        stored.status = Status.SENT
    modem.network.carry(modem, submission)
    if modem.faults:
        _pull_the_plug(modem)
    return [f"+{submission.via}: {submission.reference}"]


def _pull_the_plug(modem: Modem) -> None:
    """The message is on its way, and the client will never hear of it."""
    fault = modem.faults.get(FaultKind.UNPLUG_ON_SUBMIT)
    if fault:
        modem.faults.end(FaultKind.UNPLUG_ON_SUBMIT)
        modem.faults.begin(Fault(kind=FaultKind.UNPLUG, duration_s=fault.delay_s))


def _refusal(modem: Modem, submission: Submission) -> int:
    """Why the network does not take it; 0 when it does."""
    if modem.faults:
        fault = modem.faults.take(FaultKind.CMS_ERROR, (f"+{submission.via}",))
        if fault:
            return fault.code
    if not modem.radio.registered:
        return CMS_NO_NETWORK
    return 0 if submission.service_centre else CMS_NO_SERVICE_CENTRE


def _centre(modem: Modem, field: bytes) -> str:
    address, _ = addresses.split_service_centre(field)
    return address.number if address else modem.service_centre


COMMANDS = {"+CMGS": _send, "+CMGC": _send, "+CMSS": _send_stored}
