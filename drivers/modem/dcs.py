"""The data coding scheme octet and what it says of a message (3GPP 23.038 §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.sms.port import TextCoding

FLASH_CLASS: Final = 0
"""Message class 0 is shown at once and not stored."""

_GENERAL_ALPHABETS = (
    TextCoding.GSM7,
    TextCoding.BINARY,
    TextCoding.UCS2,
    TextCoding.GSM7,  # reserved, to be taken for the default alphabet
)
_SUBMIT_OCTETS = {
    (TextCoding.GSM7, False): 0x00,
    (TextCoding.GSM7, True): 0x10,
    (TextCoding.UCS2, False): 0x08,
    (TextCoding.UCS2, True): 0x18,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DataCoding:
    """How the user data is coded, and the message class if one is given."""

    coding: TextCoding
    message_class: int | None = None


def submit_octet(coding: TextCoding, *, flash: bool) -> int | None:
    """Return the octet to submit a text with; None for a coding that is no text."""
    return _SUBMIT_OCTETS.get((coding, flash))


def data_coding(octet: int) -> DataCoding:
    """Return what an octet 0..255 means; every value has a meaning."""
    return _TABLE[octet]


def _meaning(octet: int) -> DataCoding:
    group = octet >> 4
    if group < 0x8:  # general, and the same marked for automatic deletion
        compressed = bool(octet & 0x20)
        return DataCoding(
            # The compression of 3GPP 23.042 is in no network; its octets are kept as they are.
            coding=TextCoding.BINARY if compressed else _GENERAL_ALPHABETS[octet >> 2 & 0x3],
            message_class=octet & 0x3 if octet & 0x10 else None,
        )
    if group == 0xF:
        return DataCoding(
            coding=TextCoding.BINARY if octet & 0x04 else TextCoding.GSM7,
            message_class=octet & 0x3,
        )
    if group == 0xE:  # message waiting, UCS-2
        return DataCoding(coding=TextCoding.UCS2)
    # 0x8..0xB are reserved and read as the default alphabet; 0xC and 0xD are message waiting.
    return DataCoding(coding=TextCoding.GSM7)


_TABLE: Final = tuple(_meaning(octet) for octet in range(256))
