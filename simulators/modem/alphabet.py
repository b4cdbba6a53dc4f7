"""The GSM 7-bit alphabet: text to septets to octets, and back (3GPP TS 23.038 §6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from simulators.modem.national_tables import DEFAULT, ESCAPE, LOCKING, SINGLE


class UnencodableError(ValueError):
    """A character that the chosen tables do not hold."""


def pack(septets: bytes, fill_bits: int = 0) -> bytes:
    """Septets in octets, after `fill_bits` zero bits."""
    number = 0
    for position, septet in enumerate(septets):
        number |= septet << (7 * position)
    size = (fill_bits + 7 * len(septets) + 7) // 8
    return (number << fill_bits).to_bytes(size, "little")


def unpack(octets: bytes, count: int, fill_bits: int = 0) -> bytes:
    """`count` septets that begin `fill_bits` bits into the octets."""
    number = int.from_bytes(octets, "little") >> fill_bits
    return bytes((number >> (7 * position)) & 0x7F for position in range(count))


def decode(septets: bytes, locking: int = 0, single: int = 0) -> str:
    """The text of septets; an unknown language falls back to the default tables."""
    table = LOCKING.get(locking, DEFAULT)
    if ESCAPE not in septets:
        return "".join([table[septet] for septet in septets])
    return "".join(_characters(septets, table, SINGLE.get(single, SINGLE[0])))


def encode(text: str, locking: int = 0, single: int = 0) -> bytes:
    """Septets for a text; refuses a character that neither table holds."""
    codes = _codes(locking, single)
    try:
        return b"".join([codes[character] for character in text])
    except KeyError as missing:
        message = f"no 7-bit code for {missing.args[0]!r} in tables {locking}/{single}"
        raise UnencodableError(message) from None


def fits(text: str, locking: int = 0, single: int = 0) -> bool:
    """Whether every character has a code in these tables."""
    codes = _codes(locking, single)
    return all(character in codes for character in text)


def encode_lossy(text: str) -> bytes:
    """Septets of the default alphabet, a question mark for what it lacks."""
    codes = _codes(0, 0)
    return b"".join([codes.get(character, b"\x3f") for character in text])


def _characters(septets: bytes, table: str, extension: Mapping[int, str]) -> Iterator[str]:
    source = iter(septets)
    for septet in source:
        if septet != ESCAPE:
            yield table[septet]
            continue
        following = next(source, None)
        if following is None or following == ESCAPE:
            yield " "  # 23.038 §6.2.1.1 note 1: reserved for another extension, shown as a space
        else:
            yield extension.get(following, table[following])


@cache
def _codes(locking: int, single: int) -> dict[str, bytes]:
    extension = SINGLE.get(single, SINGLE[0])
    codes = {character: bytes((ESCAPE, code)) for code, character in extension.items()}
    for code, character in enumerate(LOCKING.get(locking, DEFAULT)):
        if code != ESCAPE:
            codes[character] = bytes((code,))
    return codes
