"""Septets packed into octets and back (3GPP 23.038 §6.1.2)."""

from __future__ import annotations

from typing import Final

from gsmmodem.pdu import packSeptets

_GROUPS: Final = 40  # 8 septets each: more than TP-UDL can count


def _repeated(low_bits: int, width_bits: int) -> int:
    """Return a mask with `low_bits` ones in every `width_bits`, for all groups."""
    field = ((1 << low_bits) - 1).to_bytes(width_bits // 8, "little")
    return int.from_bytes(field * (_GROUPS * 64 // width_bits), "little")


_LOW_28_OF_64: Final = _repeated(28, 64)
_LOW_14_OF_32: Final = _repeated(14, 32)
_LOW_7_OF_16: Final = _repeated(7, 16)


def header_septets(header_octets: int) -> int:
    """Return how many septets a user data header takes, its fill bits included."""
    return (header_octets * 8 + 6) // 7


def pack(septets: bytes, header_octets: int = 0) -> bytes:
    """Pack septets so that they begin on a septet boundary behind a header."""
    return bytes(packSeptets(bytearray(septets), padBits=header_octets * 8 % 7))


def unpack(data: bytes, count: int) -> bytes:
    """Return the first `count` septets of packed octets, fewer when the octets hold fewer.

    All groups of 8 septets in 7 octets are spread at once, in three steps on one long integer.
    """
    groups = (len(data) + 6) // 7
    padded = data.ljust(groups * 7, b"\x00")
    spread = bytearray(groups * 8)
    for place in range(7):
        spread[place::8] = padded[place::7]
    bits = int.from_bytes(spread, "little")
    bits = bits & _LOW_28_OF_64 | bits << 4 & _LOW_28_OF_64 << 32
    bits = bits & _LOW_14_OF_32 | bits << 2 & _LOW_14_OF_32 << 16
    bits = bits & _LOW_7_OF_16 | bits << 1 & _LOW_7_OF_16 << 8
    return bits.to_bytes(groups * 8, "little")[: min(count, len(data) * 8 // 7)]
