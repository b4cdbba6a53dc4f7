"""TP-User-Data: coding schemes, headers and the text they carry (23.038 §4, 23.040 §9.2.3.24)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from simulators.modem import alphabet
from simulators.modem.errors import PduError

CONCAT_8 = 0x00
PORTS_8 = 0x04
PORTS_16 = 0x05
CONCAT_16 = 0x08
NATIONAL_SINGLE = 0x24
NATIONAL_LOCKING = 0x25

MAX_OCTETS = 140
MAX_SEPTETS = 160


class Encoding(StrEnum):
    """What the octets of a text are."""

    GSM7 = "gsm7"
    OCTETS = "8bit"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodingScheme:
    """A TP-DCS octet, taken apart."""

    encoding: Encoding
    message_class: int | None = None
    compressed: bool = False
    waiting: str | None = None

    @property
    def flash(self) -> bool:
        """Class 0: shown at once."""
        return self.message_class == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Concatenation:
    """Which part of which message this is."""

    reference: int
    total: int
    part: int
    bits: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A user data header, taken apart; elements keep what is not understood."""

    elements: tuple[tuple[int, bytes], ...] = ()
    concatenation: Concatenation | None = None
    ports: tuple[int, int] | None = None
    single: int = 0
    locking: int = 0


@lru_cache(maxsize=256)
def coding_scheme(octet: int) -> CodingScheme:
    """What a TP-DCS octet says; reserved values mean the default alphabet (23.038 §4)."""
    group = octet >> 4
    if group < 0x8:
        message_class = octet & 3 if octet & 0x10 else None
        encoding = _ENCODINGS[octet >> 2 & 3]
        compressed = bool(octet & 0x20)
        return CodingScheme(encoding=encoding, message_class=message_class, compressed=compressed)
    if group in {0xC, 0xD, 0xE}:
        waiting = ("voicemail", "fax", "email", "other")[octet & 3]
        encoding = Encoding.UCS2 if group == 0xE else Encoding.GSM7
        return CodingScheme(encoding=encoding, waiting=waiting)
    if group == 0xF:
        encoding = Encoding.OCTETS if octet & 4 else Encoding.GSM7
        return CodingScheme(encoding=encoding, message_class=octet & 3)
    return CodingScheme(encoding=Encoding.GSM7)


_ENCODINGS = (Encoding.GSM7, Encoding.OCTETS, Encoding.UCS2, Encoding.GSM7)


def stored_size(dcs: int, length: int) -> int:
    """How many octets a TP-UDL announces."""
    scheme = coding_scheme(dcs)
    if scheme.encoding is Encoding.GSM7 and not scheme.compressed:
        return (length * 7 + 7) // 8
    return length


def check_length(dcs: int, length: int) -> None:
    """Refuse a TP-UDL above what a message may hold."""
    scheme = coding_scheme(dcs)
    seven_bit = scheme.encoding is Encoding.GSM7 and not scheme.compressed
    if length > (MAX_SEPTETS if seven_bit else MAX_OCTETS):
        raise PduError(f"user data length {length} is above what a message holds")


def parse_header(user_data: bytes) -> Header:
    """The header at the front of user data; refuses one that overruns its length."""
    if not user_data or user_data[0] + 1 > len(user_data):
        raise PduError("the user data header is longer than the user data")
    elements: list[tuple[int, bytes]] = []
    place, end = 1, user_data[0] + 1
    while place + 1 < end:
        kind, size = user_data[place], user_data[place + 1]
        place += 2
        if place + size > end:
            raise PduError(f"element {kind:#04x} overruns the user data header")
        elements.append((kind, user_data[place : place + size]))
        place += size
    if place != end:
        raise PduError("a stray octet ends the user data header")
    return _header(elements)


def build_header(header: Header) -> bytes:
    """The octets of a header, its length first; empty when there is nothing to say."""
    elements = list(header.elements)
    if header.single:
        elements.append((NATIONAL_SINGLE, bytes((header.single,))))
    if header.locking:
        elements.append((NATIONAL_LOCKING, bytes((header.locking,))))
    if header.ports:
        ports = header.ports[0].to_bytes(2, "big") + header.ports[1].to_bytes(2, "big")
        elements.append((PORTS_16, ports))
    if header.concatenation:
        elements.append(_concatenation_element(header.concatenation))
    body = b"".join(bytes((kind, len(value))) + value for kind, value in elements)
    return bytes((len(body),)) + body if body else b""


def split_text(dcs: int, length: int, user_data: bytes, header_size: int) -> bytes:
    """The septets (unpacked), or octets, after the header."""
    scheme = coding_scheme(dcs)
    if scheme.encoding is Encoding.GSM7 and not scheme.compressed:
        skipped = (header_size * 8 + 6) // 7
        fill = skipped * 7 - header_size * 8
        return alphabet.unpack(user_data[header_size:], max(length - skipped, 0), fill)
    return user_data[header_size:length]


def text_of(dcs: int, body: bytes, header: Header | None) -> str:
    """The text of `split_text`'s result; octets that are no text come as hexadecimal."""
    scheme = coding_scheme(dcs)
    if scheme.compressed or scheme.encoding is Encoding.OCTETS:
        return body.hex().upper()
    if scheme.encoding is Encoding.UCS2:
        return body.decode("utf-16-be", "replace")
    if header is None:
        return alphabet.decode(body)
    return alphabet.decode(body, header.locking, header.single)


def _header(elements: list[tuple[int, bytes]]) -> Header:
    concatenation: Concatenation | None = None
    ports: tuple[int, int] | None = None
    languages = {NATIONAL_SINGLE: 0, NATIONAL_LOCKING: 0}
    for kind, value in elements:
        if kind in {CONCAT_8, CONCAT_16}:
            concatenation = _concatenation(kind, value) or concatenation
        elif kind == PORTS_16 and len(value) == 4:
            ports = (int.from_bytes(value[:2], "big"), int.from_bytes(value[2:], "big"))
        elif kind == PORTS_8 and len(value) == 2:
            ports = (value[0], value[1])
        elif kind in languages and len(value) == 1:
            languages[kind] = value[0]
    return Header(
        elements=tuple(elements),
        concatenation=concatenation,
        ports=ports,
        single=languages[NATIONAL_SINGLE],
        locking=languages[NATIONAL_LOCKING],
    )


def _concatenation(kind: int, value: bytes) -> Concatenation | None:
    """None for an element that 23.040 §9.2.3.24.1 says to ignore."""
    wide = kind == CONCAT_16
    if len(value) != (4 if wide else 3):
        return None
    reference = int.from_bytes(value[:-2], "big")
    total, part = value[-2], value[-1]
    if not 1 <= part <= total:
        return None
    return Concatenation(reference=reference, total=total, part=part, bits=16 if wide else 8)


def _concatenation_element(concatenation: Concatenation) -> tuple[int, bytes]:
    place = bytes((concatenation.total, concatenation.part))
    if concatenation.bits == 16:
        return CONCAT_16, concatenation.reference.to_bytes(2, "big") + place
    return CONCAT_8, bytes((concatenation.reference & 0xFF,)) + place
