"""Texts cut into message bodies: alphabet choice, headers, part limits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from simulators.modem import alphabet, national_tables, user_data
from simulators.modem.alphabet import UnencodableError
from simulators.modem.errors import PduError
from simulators.modem.pdu import Body
from simulators.modem.user_data import Concatenation, Encoding, Header


class Coding(StrEnum):
    """How a text is to be written."""

    AUTO = "auto"
    GSM7 = "gsm7"
    UCS2 = "ucs2"
    OCTETS = "8bit"
    TURKISH = "turkish"
    TURKISH_SINGLE = "turkish-single"
    TURKISH_LOCKING = "turkish-locking"
    SPANISH = "spanish"
    PORTUGUESE = "portuguese"
    PORTUGUESE_SINGLE = "portuguese-single"
    PORTUGUESE_LOCKING = "portuguese-locking"


_LANGUAGES = {
    Coding.TURKISH: (national_tables.TURKISH, national_tables.TURKISH),
    Coding.TURKISH_SINGLE: (0, national_tables.TURKISH),
    Coding.TURKISH_LOCKING: (national_tables.TURKISH, 0),
    Coding.SPANISH: (0, national_tables.SPANISH),
    Coding.PORTUGUESE: (national_tables.PORTUGUESE, national_tables.PORTUGUESE),
    Coding.PORTUGUESE_SINGLE: (0, national_tables.PORTUGUESE),
    Coding.PORTUGUESE_LOCKING: (national_tables.PORTUGUESE, 0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How the bodies of a text are made."""

    coding: Coding = Coding.AUTO
    message_class: int | None = None
    reference: int = 0
    reference_bits: int = 8
    ports: tuple[int, int] | None = None


def bodies(text: str, style: Style) -> list[Body]:
    """The bodies that carry a text, in order; one when it fits."""
    header = _language_header(style)
    units, encoding = _units(text, style)
    dcs = _coding_octet(encoding, style.message_class)
    limit = _capacity(encoding, header)
    if sum(len(unit) for unit in units) <= limit:
        return [_body(dcs, encoding, b"".join(units), header)]
    pieces = _cut(units, _capacity(encoding, _numbered(header, style, 1, 1)))
    if len(pieces) > 255:
        raise PduError(f"{len(pieces)} parts: a message has at most 255")
    return [
        _body(dcs, encoding, piece, _numbered(header, style, len(pieces), place))
        for place, piece in enumerate(pieces, start=1)
    ]


def _units(text: str, style: Style) -> tuple[list[bytes], Encoding]:
    """The characters as septets or octets: pieces that may not be cut."""
    if style.coding is Coding.OCTETS:
        return [bytes((octet,)) for octet in text.encode("utf-8")], Encoding.OCTETS
    locking, single = _LANGUAGES.get(style.coding, (0, 0))
    seven_bit = style.coding is not Coding.UCS2
    if style.coding is Coding.AUTO:
        seven_bit = alphabet.fits(text)
    if not seven_bit:
        return [character.encode("utf-16-be", "surrogatepass") for character in text], Encoding.UCS2
    try:
        return [alphabet.encode(character, locking, single) for character in text], Encoding.GSM7
    except UnencodableError as error:
        raise PduError(str(error)) from None


def _language_header(style: Style) -> Header:
    locking, single = _LANGUAGES.get(style.coding, (0, 0))
    return Header(locking=locking, single=single, ports=style.ports)


def _numbered(header: Header, style: Style, total: int, part: int) -> Header:
    concatenation = Concatenation(
        reference=style.reference, total=total, part=part, bits=style.reference_bits
    )
    return replace(header, concatenation=concatenation)


def _capacity(encoding: Encoding, header: Header) -> int:
    size = len(user_data.build_header(header))
    octets = user_data.MAX_OCTETS - size
    return octets * 8 // 7 if encoding is Encoding.GSM7 else octets


def _cut(units: list[bytes], limit: int) -> list[bytes]:
    pieces: list[bytes] = []
    current = bytearray()
    for unit in units:
        if len(current) + len(unit) > limit:
            pieces.append(bytes(current))
            current.clear()
        current += unit
    pieces.append(bytes(current))
    return pieces


def _body(dcs: int, encoding: Encoding, content: bytes, header: Header) -> Body:
    front = user_data.build_header(header)
    if encoding is not Encoding.GSM7:
        octets = front + content
        return Body(dcs=dcs, length=len(octets), octets=octets, has_header=bool(front))
    skipped = (len(front) * 8 + 6) // 7
    fill = skipped * 7 - len(front) * 8
    octets = front + alphabet.pack(content, fill)
    return Body(dcs=dcs, length=skipped + len(content), octets=octets, has_header=bool(front))


def _coding_octet(encoding: Encoding, message_class: int | None) -> int:
    base = {Encoding.GSM7: 0x00, Encoding.OCTETS: 0x04, Encoding.UCS2: 0x08}[encoding]
    return base if message_class is None else base | 0x10 | message_class
