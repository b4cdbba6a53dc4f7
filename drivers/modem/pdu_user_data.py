"""The user data of a PDU: its header and its text (3GPP 23.040 §9.2.3.24)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from drivers.modem.pdu_octets import Octets
from drivers.modem.septets import header_septets, pack, unpack
from gateway.kernel.errors import Permanent
from gateway.sms.alphabet import (
    LOCKING_LANGUAGES,
    NationalLanguage,
    decode_septets,
    septets,
)
from gateway.sms.port import Concatenation, OutgoingSegment, TextCoding

# Information element identifiers, 3GPP 23.040 §9.2.3.24
_CONCATENATION_8: Final = 0x00
_CONCATENATION_16: Final = 0x08
_NATIONAL_SINGLE: Final = 0x24
_NATIONAL_LOCKING: Final = 0x25

_MAX_OCTETS: Final = 140
_MAX_SEPTETS: Final = 160
_KNOWN_LANGUAGES: Final = frozenset(NationalLanguage)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserData:
    """What the user data of a received PDU holds."""

    text: str = ""
    data: bytes = b""
    """The octets behind the header when they are not septets."""
    concatenation: Concatenation | None = None
    locking: NationalLanguage = NationalLanguage.DEFAULT
    single: NationalLanguage = NationalLanguage.DEFAULT


def encode_header(segment: OutgoingSegment) -> bytes:
    """Return the user data header with its length octet, empty when none is needed."""
    elements = b""
    if segment.concatenation is not None:
        elements = _concatenation_element(segment.concatenation)
    if segment.coding is TextCoding.GSM7:
        if segment.locking in LOCKING_LANGUAGES:
            elements += bytes((_NATIONAL_LOCKING, 1, segment.locking))
        if segment.single:
            elements += bytes((_NATIONAL_SINGLE, 1, segment.single))
    return bytes((len(elements),)) + elements if elements else b""


def encode_user_data(segment: OutgoingSegment, header: bytes) -> bytes:
    """Return TP-UDL and TP-UD; raises Permanent when the text does not go into the segment."""
    if segment.coding is TextCoding.UCS2:
        return _ucs2(segment.text, header)
    text = septets(segment.text, segment.locking, segment.single)
    if text is None:
        raise Permanent(
            "the text has characters that are not in its 7-bit tables; plan it again", code="text"
        )
    length = header_septets(len(header)) + len(text)
    if length > _MAX_SEPTETS:
        raise Permanent(f"the segment has {length} septets; {_MAX_SEPTETS} fit", code="text")
    return bytes((length,)) + header + pack(text, len(header))


def decode_user_data(octets: Octets, coding: TextCoding, *, has_header: bool) -> UserData:
    """Take TP-UDL and TP-UD; raises PduError when octets are missing.

    A header that claims to be longer than the user data is read as text: nothing gets lost.
    """
    length = octets.octet("user data length")
    is_text = coding is TextCoding.GSM7
    data = octets.take((length * 7 + 7) // 8 if is_text else length, "user data")
    size = data[0] + 1 if has_header and data else 0
    if size > len(data):
        size = 0
    elements = _elements(data[1:size])
    concatenation = _concatenation(elements)
    if not is_text:
        rest = data[size:]
        text = decode_ucs2(rest) if coding is TextCoding.UCS2 else ""
        return UserData(text=text, data=rest, concatenation=concatenation)
    locking = _language(elements, _NATIONAL_LOCKING)
    single = _language(elements, _NATIONAL_SINGLE)
    text_septets = unpack(data, length)[header_septets(size) :]
    return UserData(
        text=decode_septets(text_septets, locking, single),
        concatenation=concatenation,
        locking=locking,
        single=single,
    )


def decode_ucs2(data: bytes) -> str:
    """Return the text; U+FFFD for a torn surrogate, an odd octet, and NUL, which no store holds."""
    text = data.decode("utf-16-be", "replace")
    return text.replace("\x00", "\ufffd") if "\x00" in text else text


def is_torn(data: bytes) -> bool:
    """Tell whether UCS-2 octets begin or end with half a surrogate pair."""
    if len(data) < 2:
        return False
    return 0xDC <= data[0] <= 0xDF or 0xD8 <= data[len(data) // 2 * 2 - 2] <= 0xDB


def _ucs2(text: str, header: bytes) -> bytes:
    try:
        data = text.encode("utf-16-be")
    except UnicodeEncodeError as error:
        raise Permanent("the text has half a surrogate pair; send it whole", code="text") from error
    length = len(header) + len(data)
    if length > _MAX_OCTETS:
        raise Permanent(f"the segment has {length} octets; {_MAX_OCTETS} fit", code="text")
    return bytes((length,)) + header + data


def _concatenation_element(part: Concatenation) -> bytes:
    if not (
        1 <= part.number <= part.total <= 255
        and 0 <= part.reference <= (0xFFFF if part.wide else 0xFF)
    ):
        raise Permanent(
            f"part {part.number} of {part.total} with reference {part.reference} is no part",
            code="concatenation",
        )
    if part.wide:
        reference = part.reference.to_bytes(2, "big")
        return bytes((_CONCATENATION_16, 4)) + reference + bytes((part.total, part.number))
    return bytes((_CONCATENATION_8, 3, part.reference, part.total, part.number))


def _elements(header: bytes) -> dict[int, bytes]:
    """Return the information elements by identifier; of a repeated one the last counts."""
    elements: dict[int, bytes] = {}
    position = 0
    while position + 2 <= len(header):
        end = position + 2 + header[position + 1]
        if end > len(header):
            break
        elements[header[position]] = header[position + 2 : end]
        position = end
    return elements


def _concatenation(elements: dict[int, bytes]) -> Concatenation | None:
    """Return which part it is; None for a whole message or a nonsensical part."""
    wide = elements.get(_CONCATENATION_16, b"")
    value = wide if len(wide) == 4 else elements.get(_CONCATENATION_8, b"")
    if len(value) not in (3, 4):
        return None
    *reference, total, number = value
    if not 1 <= number <= total:
        return None
    return Concatenation(
        reference=int.from_bytes(reference, "big"),
        total=total,
        number=number,
        wide=len(value) == 4,
    )


def _language(elements: dict[int, bytes], element: int) -> NationalLanguage:
    """Return the language of a shift table; an unknown one means the default table."""
    value = elements.get(element, b"")
    if len(value) == 1 and value[0] in _KNOWN_LANGUAGES:
        return NationalLanguage(value[0])
    return NationalLanguage.DEFAULT
