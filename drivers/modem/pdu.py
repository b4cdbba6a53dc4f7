"""Short messages to PDUs and back (3GPP 23.040 §9.2.2): pure, and total on what comes in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from drivers.modem.dcs import FLASH_CLASS, data_coding, submit_octet
from drivers.modem.delivery_status import report_outcome, status_text
from drivers.modem.pdu_addresses import (
    decode_address,
    decode_smsc,
    encode_recipient,
    encode_smsc,
)
from drivers.modem.pdu_octets import Octets, PduError
from drivers.modem.pdu_timestamps import decode_timestamp, relative_validity
from drivers.modem.pdu_user_data import (
    decode_user_data,
    encode_header,
    encode_user_data,
    is_torn,
)
from gateway.kernel.errors import Permanent
from gateway.sms.alphabet import NationalLanguage
from gateway.sms.port import (
    Concatenation,
    DeliveryReport,
    OutgoingSegment,
    ReceivedSegment,
    Source,
    TextCoding,
)

__all__ = [
    "Deliver",
    "PduError",
    "StatusReport",
    "SubmitEcho",
    "SubmitPdu",
    "decode",
    "encode_submit",
    "status_text",
    "to_received",
    "to_report",
]

# Bits of the first octet of a TPDU, 3GPP 23.040 §9.2.3
_MTI_SUBMIT = 0x01
_MTI_STATUS_REPORT = 0x02
_VPF_RELATIVE = 0x10
_STATUS_REPORT_REQUEST = 0x20
_USER_DATA_HEADER = 0x40
_VALIDITY_OCTETS = (0, 7, 1, 7)  # by TP-VPF: none, enhanced, relative, absolute


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitPdu:
    """What AT+CMGS takes: the PDU, and the length that the command announces."""

    hex: str
    tpdu_length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """One SMS-DELIVER."""

    smsc: str
    sender: str
    alphanumeric: bool
    protocol_id: int
    coding: TextCoding
    message_class: int | None
    sent_at: datetime | None
    text: str
    data: bytes
    """The octets of the user data behind its header, unless they are septets."""
    concatenation: Concatenation | None
    locking: NationalLanguage
    single: NationalLanguage

    @property
    def flash(self) -> bool:
        """Tell whether it is to be shown at once."""
        return self.message_class == FLASH_CLASS


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """One SMS-STATUS-REPORT."""

    smsc: str
    reference: int
    recipient: str
    submitted_at: datetime | None
    discharged_at: datetime | None
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitEcho:
    """An SMS-SUBMIT that lies in a memory of the modem: nothing that was received."""

    smsc: str
    reference: int
    recipient: str
    coding: TextCoding
    text: str
    data: bytes
    concatenation: Concatenation | None


def encode_submit(segment: OutgoingSegment, *, smsc: str = "") -> SubmitPdu:
    """Return the PDU of a segment; raises Permanent for what cannot be put on the wire."""
    scheme = submit_octet(segment.coding, flash=segment.flash)
    if scheme is None:
        raise Permanent("only text can be submitted, not binary data", code="coding")
    header = encode_header(segment)
    first = _MTI_SUBMIT
    validity = b""
    if segment.validity_s is not None:
        first |= _VPF_RELATIVE
        validity = _validity(segment.validity_s)
    if segment.report:
        first |= _STATUS_REPORT_REQUEST
    if header:
        first |= _USER_DATA_HEADER
    tpdu = b"".join(
        (
            bytes((first, 0)),  # the modem chooses the reference
            encode_recipient(segment.recipient),
            bytes((0, scheme)),  # no protocol above
            validity,
            encode_user_data(segment, header),
        )
    )
    return SubmitPdu(hex=(encode_smsc(smsc) + tpdu).hex().upper(), tpdu_length=len(tpdu))


def decode(pdu_hex: str, *, tpdu_length: int | None = None) -> Deliver | StatusReport | SubmitEcho:
    """Read a PDU as +CMGL, +CMGR, +CMT and +CDS give it; raises PduError and nothing else.

    `tpdu_length`, as the modem announced it, tells a PDU that lacks the service centre address.
    """
    octets = Octets.of_hex(pdu_hex)
    smsc = "" if len(octets) == tpdu_length else decode_smsc(octets)
    first = octets.octet("first octet")
    match first & 0x03:
        case 0x01:
            return _submit(octets, smsc, first)
        case 0x02:
            return _status_report(octets, smsc)
        case _:  # the reserved type is to be read as SMS-DELIVER (§9.2.3.1)
            return _deliver(octets, smsc, first)


def to_received(deliver: Deliver, source: Source) -> ReceivedSegment:
    """Return what the SMS feature gets of a received message.

    A part of a longer UCS-2 message that was cut through a surrogate pair keeps its octets, so
    that the pair can be made whole when the parts are joined.
    """
    binary = deliver.coding is TextCoding.BINARY
    torn = (
        deliver.coding is TextCoding.UCS2
        and deliver.concatenation is not None
        and is_torn(deliver.data)
    )
    return ReceivedSegment(
        source=source,
        sender=deliver.sender,
        alphanumeric=deliver.alphanumeric,
        text=deliver.text,
        coding=deliver.coding,
        sent_at=deliver.sent_at,
        concatenation=deliver.concatenation,
        flash=deliver.flash,
        smsc=deliver.smsc,
        data=deliver.data if binary or torn else b"",
    )


def to_report(report: StatusReport, source: Source) -> DeliveryReport:
    """Return what the SMS feature gets of a status report."""
    return DeliveryReport(
        source=source,
        reference=report.reference,
        recipient=report.recipient,
        outcome=report_outcome(report.status),
        status=report.status,
        submitted_at=report.submitted_at,
        discharged_at=report.discharged_at,
    )


def _validity(validity_s: int) -> bytes:
    if validity_s < 1:
        raise Permanent("the message's validity is over; send it anew", code="validity")
    return bytes((relative_validity(validity_s),))


def _deliver(octets: Octets, smsc: str, first: int) -> Deliver:
    sender = decode_address(octets, "sender")
    protocol_id = octets.octet("protocol identifier")
    scheme = data_coding(octets.octet("data coding scheme"))
    sent_at = decode_timestamp(octets, "time stamp")
    has_header = bool(first & _USER_DATA_HEADER)
    content = decode_user_data(octets, scheme.coding, has_header=has_header)
    return Deliver(
        smsc=smsc,
        sender=sender.value,
        alphanumeric=sender.alphanumeric,
        protocol_id=protocol_id,
        coding=scheme.coding,
        message_class=scheme.message_class,
        sent_at=sent_at,
        text=content.text,
        data=content.data,
        concatenation=content.concatenation,
        locking=content.locking,
        single=content.single,
    )


def _submit(octets: Octets, smsc: str, first: int) -> SubmitEcho:
    reference = octets.octet("reference")
    recipient = decode_address(octets, "recipient")
    octets.octet("protocol identifier")
    scheme = data_coding(octets.octet("data coding scheme"))
    octets.take(_VALIDITY_OCTETS[first >> 3 & 0x03], "validity period")
    has_header = bool(first & _USER_DATA_HEADER)
    content = decode_user_data(octets, scheme.coding, has_header=has_header)
    return SubmitEcho(
        smsc=smsc,
        reference=reference,
        recipient=recipient.value,
        coding=scheme.coding,
        text=content.text,
        data=content.data,
        concatenation=content.concatenation,
    )


def _status_report(octets: Octets, smsc: str) -> StatusReport:
    """Take the mandatory fields; what may follow them tells nothing more."""
    return StatusReport(
        smsc=smsc,
        reference=octets.octet("reference"),
        recipient=decode_address(octets, "recipient").value,
        submitted_at=decode_timestamp(octets, "service centre time stamp"),
        discharged_at=decode_timestamp(octets, "discharge time"),
        status=octets.octet("status"),
    )
