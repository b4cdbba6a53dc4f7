"""Short message TPDUs: SUBMIT, DELIVER, STATUS-REPORT and COMMAND (3GPP TS 23.040 §9.2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from simulators.modem import address as addresses
from simulators.modem import timestamps, user_data
from simulators.modem.address import Address
from simulators.modem.errors import PduError
from simulators.modem.timestamps import Validity
from simulators.modem.user_data import Header

TYPE_MASK = 0x03
DELIVER = 0x00
SUBMIT = 0x01
REPORT = 0x02

# First octet flags, 23.040 §9.2.3
NO_MORE_MESSAGES = 0x04
REJECT_DUPLICATES = 0x04
STATUS_REPORT_FLAG = 0x20
USER_DATA_HEADER = 0x40
REPLY_PATH = 0x80


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The user data of a message, undecoded."""

    dcs: int
    length: int
    octets: bytes
    has_header: bool = False

    @property
    def header_size(self) -> int:
        """Octets of the header with its length octet."""
        return self.octets[0] + 1 if self.has_header and self.octets else 0

    def header(self) -> Header | None:
        """The header, or None where there is none; raises PduError where it is broken."""
        return user_data.parse_header(self.octets) if self.has_header else None

    def content(self) -> bytes:
        """Septets (one to a byte) or octets of the text."""
        return user_data.split_text(self.dcs, self.length, self.octets, self.header_size)

    def text(self) -> str:
        """The text by its coding scheme and language tables."""
        return user_data.text_of(self.dcs, self.content(), self.header())


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """What a mobile asks the service centre to deliver."""

    first_octet: int
    reference: int
    destination: Address
    pid: int
    validity_octets: bytes
    body: Body

    @property
    def report_requested(self) -> bool:
        """TP-SRR."""
        return bool(self.first_octet & STATUS_REPORT_FLAG)

    def validity(self) -> Validity:
        """The validity period asked for."""
        return timestamps.decode_validity(self.first_octet, self.validity_octets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """What the service centre brings."""

    first_octet: int
    originator: Address
    pid: int
    timestamp: datetime
    body: Body


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """What became of an earlier SUBMIT."""

    first_octet: int
    reference: int
    recipient: Address
    timestamp: datetime
    discharged: datetime
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A COMMAND about an earlier SUBMIT."""

    first_octet: int
    reference: int
    pid: int
    command: int
    message_number: int
    destination: Address


MobileTerminated = Deliver | StatusReport
MobileOriginated = Submit | Request


def decode_originated(tpdu: bytes) -> MobileOriginated:
    """A TPDU that a client hands to its modem."""
    reader = _Reader(tpdu)
    first_octet = reader.octet()
    kind = first_octet & TYPE_MASK
    if kind == SUBMIT:
        return _submit(first_octet, reader)
    if kind == REPORT:
        return _request(first_octet, reader)
    raise PduError(f"message type {kind} is not sent by mobiles")


def decode_terminated(tpdu: bytes) -> MobileTerminated:
    """A TPDU that a network hands to a modem."""
    reader = _Reader(tpdu)
    first_octet = reader.octet()
    kind = first_octet & TYPE_MASK
    if kind == DELIVER:
        originator = reader.address()
        pid, dcs = reader.octet(), reader.octet()
        timestamp = timestamps.decode_timestamp(reader.take(7))
        return Deliver(
            first_octet=first_octet,
            originator=originator,
            pid=pid,
            timestamp=timestamp,
            body=reader.body(dcs, first_octet),
        )
    if kind == REPORT:
        return StatusReport(
            first_octet=first_octet,
            reference=reader.octet(),
            recipient=reader.address(),
            timestamp=timestamps.decode_timestamp(reader.take(7)),
            discharged=timestamps.decode_timestamp(reader.take(7)),
            status=reader.octet(),
        )
    raise PduError(f"message type {kind} does not come from a network")


def encode_submit(submit: Submit) -> bytes:
    """The TPDU of a SUBMIT."""
    return (
        bytes((submit.first_octet, submit.reference))
        + addresses.encode(submit.destination)
        + bytes((submit.pid, submit.body.dcs))
        + submit.validity_octets
        + bytes((submit.body.length,))
        + submit.body.octets
    )


def encode_deliver(deliver: Deliver) -> bytes:
    """The TPDU of a DELIVER."""
    return (
        bytes((deliver.first_octet,))
        + addresses.encode(deliver.originator)
        + bytes((deliver.pid, deliver.body.dcs))
        + timestamps.encode_timestamp(deliver.timestamp)
        + bytes((deliver.body.length,))
        + deliver.body.octets
    )


def encode_status_report(report: StatusReport) -> bytes:
    """The TPDU of a STATUS-REPORT."""
    return (
        bytes((report.first_octet, report.reference))
        + addresses.encode(report.recipient)
        + timestamps.encode_timestamp(report.timestamp)
        + timestamps.encode_timestamp(report.discharged)
        + bytes((report.status,))
    )


def _submit(first_octet: int, reader: _Reader) -> Submit:
    reference = reader.octet()
    destination = reader.address()
    pid, dcs = reader.octet(), reader.octet()
    validity = reader.take(timestamps.validity_size(first_octet))
    return Submit(
        first_octet=first_octet,
        reference=reference,
        destination=destination,
        pid=pid,
        validity_octets=validity,
        body=reader.body(dcs, first_octet),
    )


def _request(first_octet: int, reader: _Reader) -> Request:
    reference, pid, command, number = reader.take(4)
    return Request(
        first_octet=first_octet,
        reference=reference,
        pid=pid,
        command=command,
        message_number=number,
        destination=reader.address(),
    )


class _Reader:
    """Takes fields off the front of a TPDU; running out is a PduError."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._place = 0

    def octet(self) -> int:
        return self.take(1)[0]

    def take(self, size: int) -> bytes:
        end = self._place + size
        if end > len(self._octets):
            raise PduError(f"the PDU ends after {len(self._octets)} octets, {end} are needed")
        taken = self._octets[self._place : end]
        self._place = end
        return taken

    def address(self) -> Address:
        semi_octets, type_of_address = self.take(2)
        value = self.take((semi_octets + 1) // 2)
        return addresses.decode(type_of_address, value, semi_octets)

    def body(self, dcs: int, first_octet: int) -> Body:
        length = self.octet()
        user_data.check_length(dcs, length)
        octets = self.take(user_data.stored_size(dcs, length))
        if self._place != len(self._octets):
            raise PduError(f"{len(self._octets) - self._place} octets follow the user data")
        has_header = bool(first_octet & USER_DATA_HEADER)
        body = Body(dcs=dcs, length=length, octets=octets, has_header=has_header)
        if has_header:
            body.header()
        return body
