"""Messages as 27.005 shows them, in PDU mode and in text mode (§3.4, §4.1)."""

from __future__ import annotations

from dataclasses import dataclass

from simulators.modem import address as addresses
from simulators.modem import pdu, timestamps
from simulators.modem.address import Address
from simulators.modem.charsets import to_terminal
from simulators.modem.errors import PduError
from simulators.modem.pdu import Body, Deliver, StatusReport, Submit
from simulators.modem.settings import Settings
from simulators.modem.storage import Status, StoredMessage
from simulators.modem.user_data import Encoding, coding_scheme

STATUS_WORDS = {
    Status.UNREAD: "REC UNREAD",
    Status.READ: "REC READ",
    Status.UNSENT: "STO UNSENT",
    Status.SENT: "STO SENT",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A message in text mode: the fields of its header line, and its data."""

    fields: str
    details: str
    data: str | None
    length: int


def pushed_lines(service_centre: bytes, tpdu: bytes, settings: Settings) -> list[str]:
    """+CMT or +CDS with the message itself."""
    report = tpdu[0] & pdu.TYPE_MASK == pdu.REPORT
    name = "+CDS" if report else "+CMT"
    if not settings.text_mode:
        length = f"{len(tpdu)}" if report else f",{len(tpdu)}"
        return [f"{name}: {length}", (service_centre + tpdu).hex().upper()]
    shown = _shown(service_centre, tpdu, settings, terminated=True)
    header = f"{name}: {shown.fields}{shown.details if settings.show_details else ''}"
    return [header] if shown.data is None else [header, shown.data]


def read_lines(name: str, stored: StoredMessage, status: Status, settings: Settings) -> list[str]:
    """The answer of +CMGR."""
    if not settings.text_mode:
        header = f"{name}: {int(status)},,{len(stored.tpdu)}"
        return [header, (stored.service_centre + stored.tpdu).hex().upper()]
    shown = _shown(stored.service_centre, stored.tpdu, settings, terminated=stored.received)
    details = shown.details if settings.show_details else ""
    header = f'{name}: "{STATUS_WORDS[status]}",{shown.fields}{details}'
    return [header] if shown.data is None else [header, shown.data]


def listed_lines(
    index: int, stored: StoredMessage, status: Status, settings: Settings
) -> list[str]:
    """One entry of +CMGL."""
    if not settings.text_mode:
        header = f"+CMGL: {index},{int(status)},,{len(stored.tpdu)}"
        return [header, (stored.service_centre + stored.tpdu).hex().upper()]
    shown = _shown(stored.service_centre, stored.tpdu, settings, terminated=stored.received)
    header = f'+CMGL: {index},"{STATUS_WORDS[status]}",{shown.fields}'
    if shown.data is None:
        return [header]
    if not stored.received:
        header += ","
    if settings.show_details:
        header += f",{_address_type(stored)},{shown.length}"
    return [header, shown.data]


def _address_type(stored: StoredMessage) -> int:
    decoded = _decode(stored.tpdu, terminated=stored.received)
    if isinstance(decoded, Deliver):
        return decoded.originator.type
    return decoded.destination.type if isinstance(decoded, Submit) else addresses.UNKNOWN


def _decode(tpdu: bytes, *, terminated: bool) -> Deliver | StatusReport | Submit | None:
    try:
        if terminated:
            return pdu.decode_terminated(tpdu)
        decoded = pdu.decode_originated(tpdu)
    except PduError:
        return None
    return decoded if isinstance(decoded, Submit) else None


def _shown(service_centre: bytes, tpdu: bytes, settings: Settings, *, terminated: bool) -> _Shown:
    decoded = _decode(tpdu, terminated=terminated)
    centre, _ = addresses.split_service_centre(service_centre)
    if isinstance(decoded, Deliver):
        return _deliver(decoded, centre, settings)
    if isinstance(decoded, StatusReport):
        return _report(decoded, settings)
    if isinstance(decoded, Submit):
        return _submit(decoded, centre, settings)
    return _Shown(fields="", details="", data=tpdu.hex().upper(), length=len(tpdu))


def _deliver(message: Deliver, centre: Address | None, settings: Settings) -> _Shown:
    body = message.body
    moment = timestamps.text_timestamp(message.timestamp)
    origin = message.originator
    details = f"{origin.type},{message.first_octet},{message.pid},{body.dcs}"
    return _Shown(
        fields=f'{_quoted(origin.number, settings)},,"{moment}"',
        details=f",{details},{_centre(centre, settings)},{body.length}",
        data=_data(body, settings),
        length=body.length,
    )


def _submit(message: Submit, centre: Address | None, settings: Settings) -> _Shown:
    body = message.body
    target = message.destination
    period = _period(message)
    details = f"{target.type},{message.first_octet},{message.pid},{body.dcs},{period}"
    return _Shown(
        fields=f"{_quoted(target.number, settings)},",
        details=f",{details},{_centre(centre, settings)},{body.length}",
        data=_data(body, settings),
        length=body.length,
    )


def _report(report: StatusReport, settings: Settings) -> _Shown:
    sent = timestamps.text_timestamp(report.timestamp)
    done = timestamps.text_timestamp(report.discharged)
    recipient = f"{_quoted(report.recipient.number, settings)},{report.recipient.type}"
    fields = (
        f'{report.first_octet},{report.reference},{recipient},"{sent}","{done}",{report.status}'
    )
    return _Shown(fields=fields, details="", data=None, length=0)


def _period(message: Submit) -> str:
    octets = message.validity_octets
    if len(octets) == 1:
        return str(octets[0])
    until = message.validity().until
    return f'"{timestamps.text_timestamp(until)}"' if until else ""


def _centre(centre: Address | None, settings: Settings) -> str:
    return f"{_quoted(centre.number, settings)},{centre.type}" if centre else '"",129'


def _quoted(text: str, settings: Settings) -> str:
    return f'"{to_terminal(text, settings.character_set)}"'


def _data(body: Body, settings: Settings) -> str:
    """27.005 §3.1 <data>: text, or hexadecimal where there is a header or no 7-bit text."""
    scheme = coding_scheme(body.dcs)
    if body.has_header or scheme.encoding is not Encoding.GSM7 or scheme.compressed:
        return body.octets.hex().upper()
    return to_terminal(body.text(), settings.character_set)
