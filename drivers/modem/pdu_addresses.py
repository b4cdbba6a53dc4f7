"""Telephone numbers and names in a PDU (3GPP 23.040 §9.1.2.5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gsmmodem.pdu import encodeSemiOctets

from drivers.modem.pdu_octets import Octets, PduError, semi_octets
from drivers.modem.septets import unpack
from gateway.kernel.errors import Permanent
from gateway.sms.alphabet import decode_septets

_INTERNATIONAL: Final = 0x91
_UNKNOWN_TYPE: Final = 0x81  # the service centre applies its own numbering plan: short numbers
_MAX_SEMI_OCTETS: Final = 20
_MAX_SMSC_OCTETS: Final = 11

_NUMBER: Final = re.compile(r"\+[0-9]{1,20}|[0-9*#]{1,20}")
_TO_BCD: Final = str.maketrans("*#", "AB")
_FROM_BCD: Final = str.maketrans("abcde", "*#abc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A number (`+` and digits when international), or a name."""

    value: str = ""
    alphanumeric: bool = False


def encode_recipient(number: str) -> bytes:
    """Return TP-DA; raises Permanent for what is no number."""
    international, digits = _checked(number)
    return bytes((len(digits), international)) + _bcd(digits)


def encode_smsc(number: str) -> bytes:
    """Return the service centre's address, or the octet for "the one on the SIM" when empty."""
    if not number:
        return b"\x00"
    type_of_address, digits = _checked(number)
    value = _bcd(digits)
    return bytes((len(value) + 1, type_of_address)) + value


def decode_address(octets: Octets, field: str) -> Address:
    """Take TP-OA, TP-DA or TP-RA; raises PduError when it is longer than an address can be."""
    length = octets.octet(field)
    if length > _MAX_SEMI_OCTETS:
        raise PduError(f"the {field} has {length} half octets; at most {_MAX_SEMI_OCTETS} can be")
    type_of_address = octets.octet(field)
    value = octets.take((length + 1) // 2, field)
    if type_of_address & 0x70 == 0x50:
        return Address(value=_name(value, length), alphanumeric=True)
    return Address(value=_number(type_of_address, semi_octets(value)[:length]))


def decode_smsc(octets: Octets) -> str:
    """Take the service centre's address; empty when there is none."""
    length = octets.octet("service centre address")
    if length == 0:
        return ""
    if length > _MAX_SMSC_OCTETS:
        raise PduError(f"the service centre address has {length} octets")
    type_of_address, *value = octets.take(length, "service centre address")
    return _number(type_of_address, semi_octets(bytes(value)))


def _checked(number: str) -> tuple[int, str]:
    if not _NUMBER.fullmatch(number):
        raise Permanent(
            f"{number[:40]!r} is no telephone number: give + and digits, or a short number",
            code="recipient",
        )
    if number[0] == "+":
        return _INTERNATIONAL, number[1:]
    return _UNKNOWN_TYPE, number


def _bcd(digits: str) -> bytes:
    return bytes(encodeSemiOctets(digits.translate(_TO_BCD)))


def _number(type_of_address: int, half_octets: str) -> str:
    digits = half_octets.partition("f")[0].translate(_FROM_BCD)
    return f"+{digits}" if type_of_address & 0x70 == 0x10 and digits else digits


def _name(value: bytes, length: int) -> str:
    count = length * 4 // 7
    unpacked = unpack(value, count)
    if count % 8 == 0 and unpacked.endswith(b"\x00"):
        # Seven letters padded to whole octets look like eight with an @ at the end.
        unpacked = unpacked[:-1]
    return decode_septets(unpacked)
