"""Addresses in PDUs: numbers of every type and alphanumeric names (3GPP TS 23.040 §9.1.2.5)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from simulators.modem import alphabet
from simulators.modem.errors import PduError

INTERNATIONAL = 0x91
UNKNOWN = 0x81
ALPHANUMERIC = 0xD0

_TYPE_OF_NUMBER = 0x70
_SEMI_OCTETS = "0123456789*#abc"
_MAX_DIGITS = 20  # 23.040 §9.1.2.5: twelve octets at most
_MAX_NAME = 11


@dataclass(frozen=True, slots=True)
class Address:
    """A number as digits or a name, with its type-of-address octet."""

    digits: str
    type: int = UNKNOWN

    @property
    def alphanumeric(self) -> bool:
        """Whether the digits are a name."""
        return self.type & _TYPE_OF_NUMBER == 0x50

    @property
    def number(self) -> str:
        """As people write it: `+` before an international number."""
        return f"+{self.digits}" if self.type & _TYPE_OF_NUMBER == 0x10 else self.digits


NOWHERE = Address("", UNKNOWN)


def address_of(text: str, type_of_address: int | None = None) -> Address:
    """The address that a person means: `+90…`, `0532…`, `8000` or a name such as `TURKCELL`."""
    plain = text.strip()
    if plain.startswith("+") and _is_number(plain[1:]):
        return Address(plain[1:], type_of_address or INTERNATIONAL)
    if _is_number(plain):
        return Address(plain, type_of_address or UNKNOWN)
    return Address(plain, ALPHANUMERIC)


def encode(address: Address) -> bytes:
    """The address field of a TPDU: length in semi-octets, type, value."""
    if address.alphanumeric:
        return _encode_name(address)
    if len(address.digits) > _MAX_DIGITS:
        raise PduError(f"an address has at most {_MAX_DIGITS} digits, not {len(address.digits)}")
    return bytes((len(address.digits), address.type)) + semi_octets(address.digits)


@lru_cache(maxsize=4096)
def decode(type_of_address: int, value: bytes, semi_octet_count: int) -> Address:
    """The address in `value`, of which so many semi-octets count."""
    if type_of_address & _TYPE_OF_NUMBER == 0x50:
        septets = alphabet.unpack(value, semi_octet_count * 4 // 7)
        return Address(alphabet.decode(septets), type_of_address)
    digits = digits_of(value)[:semi_octet_count]
    if "f" in digits:
        raise PduError(f"filler inside the address {digits}")
    return Address(digits, type_of_address)


def encode_service_centre(address: Address | None) -> bytes:
    """The SMSC field before a TPDU: length in octets, type, value; empty is one zero octet."""
    if address is None or not address.digits:
        return b"\x00"
    packed = semi_octets(address.digits)
    return bytes((len(packed) + 1, address.type)) + packed


def split_service_centre(pdu: bytes) -> tuple[Address | None, bytes]:
    """The SMSC field of a PDU and the TPDU after it."""
    if not pdu:
        raise PduError("an empty PDU")
    size = pdu[0]
    if size == 0:
        return None, pdu[1:]
    if len(pdu) < size + 1 or size == 1:
        raise PduError("the service centre address is cut short")
    return Address(digits_of(pdu[2 : size + 1]).rstrip("f"), pdu[1]), pdu[size + 1 :]


def semi_octets(digits: str) -> bytes:
    """Digits two to an octet, the low half first, filled with F."""
    try:
        halves = [_SEMI_OCTETS.index(digit) for digit in digits.lower()]
    except ValueError:
        raise PduError(f"not a number: {digits!r}") from None
    if len(halves) % 2:
        halves.append(0xF)
    return bytes(low | high << 4 for low, high in zip(halves[::2], halves[1::2], strict=True))


def digits_of(octets: bytes) -> str:
    """The semi-octets as text, fillers as `f`."""
    text = octets.hex()
    swapped = [text[place ^ 1] for place in range(len(text))]
    return "".join(swapped).translate(_HEX_TO_SEMI_OCTET)


_HEX_TO_SEMI_OCTET = str.maketrans({"a": "*", "b": "#", "c": "a", "d": "b", "e": "c"})


def _encode_name(address: Address) -> bytes:
    try:
        septets = alphabet.encode(address.digits)
    except alphabet.UnencodableError as error:
        raise PduError(str(error)) from None
    if len(septets) > _MAX_NAME:
        raise PduError(f"a name has at most {_MAX_NAME} characters: {address.digits!r}")
    return bytes(((7 * len(septets) + 3) // 4, address.type)) + alphabet.pack(septets)


def _is_number(text: str) -> bool:
    return bool(text) and all(character in _SEMI_OCTETS for character in text.lower())
