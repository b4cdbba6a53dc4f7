"""The character sets of AT+CSCS: what the terminal sees of the modem's texts (27.007 §5.5)."""

from __future__ import annotations

from simulators.modem import alphabet
from simulators.modem.alphabet import UnencodableError

_CODECS = {"8859-1": "latin-1", "UTF-8": "utf-8", "PCCP437": "cp437", "PCDN": "cp865"}


class CharsetError(ValueError):
    """Characters that the selected set does not allow."""


def to_terminal(text: str, name: str) -> str:
    """A text as the characters (one per byte) that the terminal receives."""
    if name == "UCS2":
        return text.encode("utf-16-be", "surrogatepass").hex().upper()
    if name == "HEX":
        return alphabet.encode_lossy(text).hex().upper()
    if name == "GSM":
        return alphabet.encode_lossy(text).decode("latin-1")
    if name in _CODECS:
        return text.encode(_CODECS[name], "replace").decode("latin-1")
    return text.encode("ascii", "replace").decode()


def from_terminal(characters: str, name: str) -> str:
    """The text that a terminal means by what it sent; CharsetError where it is none."""
    try:
        if name in {"UCS2", "HEX"}:
            return _from_hexadecimal(characters, name)
        if name == "GSM":
            return alphabet.decode(characters.encode("latin-1"))
        if name in _CODECS:
            return characters.encode("latin-1").decode(_CODECS[name])
    except (ValueError, IndexError) as error:
        raise CharsetError(f"not {name}: {error}") from error
    return characters


def to_septets(characters: str, name: str) -> bytes:
    """What a terminal entered as a message, in the GSM alphabet."""
    if name == "GSM":
        septets = characters.encode("latin-1")
        if any(septet > 0x7F for septet in septets):
            raise CharsetError("not GSM: a character above 7F")
        return septets
    text = from_terminal(characters, name)
    try:
        return alphabet.encode(text)
    except UnencodableError:
        return alphabet.encode_lossy(text)


def _from_hexadecimal(characters: str, name: str) -> str:
    octets = bytes.fromhex(characters)
    if name == "HEX":
        return alphabet.decode(octets)
    return octets.decode("utf-16-be")
