"""USSD codes and the network's answers to them (27.007 §7.15)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from drivers.modem import at_values, septets
from drivers.modem.profiles import UssdStyle
from gateway.kernel.errors import GatewayError, Permanent, Temporary
from gateway.sms import alphabet

CANCEL = "AT+CUSD=2"
_GSM_SCHEME = 15
_CARRIAGE_RETURN = b"\r"
"""Fills the seven bits that eight octets' worth of septets leave over (23.038 §6.1.2.3.1)."""
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_ANSWER = re.compile(r'\+CUSD: ?(\d)(?:,\s*"?(.*?)"?\s*(?:,\s*(\d+))?\s*)?', re.DOTALL)
# Four digits for each character, nearly all of them Latin or Cyrillic.
_UCS2 = re.compile(r"(?:0[0-6][0-9A-Fa-f]{2}|2[0-2][0-9A-Fa-f]{2}|1E[0-9A-Fa-f]{2}){2,}")


class UssdState(IntEnum):
    """How the network goes on."""

    DONE = 0
    MORE_EXPECTED = 1
    ENDED = 2
    OTHER_CLIENT = 3
    NOT_SUPPORTED = 4
    TIMED_OUT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class UssdAnswer:
    """What the network said."""

    state: UssdState
    text: str | None = None

    @property
    def error(self) -> GatewayError | None:
        """What is wrong with the answer, if there is nothing to read."""
        if self.text is not None and self.state is not UssdState.NOT_SUPPORTED:
            return None
        match self.state:
            case UssdState.NOT_SUPPORTED:
                return Permanent("the network does not know this USSD code", code="ussd")
            case UssdState.TIMED_OUT:
                return Temporary("the network took too long to answer", code="ussd")
            case UssdState.ENDED | UssdState.OTHER_CLIENT:
                return Temporary("the network ended the USSD session", code="ussd")
            case _:
                return None


def request(code: str, style: UssdStyle) -> str:
    """Return the command for a code; raises Permanent unless it has digits, * and # only."""
    checked = at_values.ussd_code(code)
    if style is UssdStyle.UCS2:
        checked = checked.encode("utf-16-be").hex().upper()
    elif style is UssdStyle.PACKED:
        checked = _packed(checked)
    return f'AT+CUSD=1,"{checked}",{_GSM_SCHEME}'


def answer(line: str, style: UssdStyle) -> UssdAnswer | None:
    """Read a +CUSD line; None for any other."""
    found = _ANSWER.fullmatch(line)
    if found is None:
        return None
    number, said, scheme = found.groups()
    state = UssdState(int(number)) if int(number) <= UssdState.TIMED_OUT else UssdState.ENDED
    if not said:
        return UssdAnswer(state=state, text="" if state <= UssdState.MORE_EXPECTED else None)
    return UssdAnswer(state=state, text=_decoded(said, int(scheme or _GSM_SCHEME), style))


def _decoded(said: str, scheme: int, style: UssdStyle) -> str:
    if _HEX.fullmatch(said):
        if len(said) % 4 == 0 and (
            _is_ucs2(scheme) or style is UssdStyle.UCS2 or _looks_like_ucs2(said)
        ):
            return bytes.fromhex(said).decode("utf-16-be", "replace")
        if style is UssdStyle.PACKED:
            return _unpacked(bytes.fromhex(said))
    return _plain(said)


def _is_ucs2(scheme: int) -> bool:
    """23.038 §5: 0x11 is UCS-2 with a language before it, 01xx10xx is UCS-2."""
    return scheme == 0x11 or (scheme & 0xCC) == 0x48


def _looks_like_ucs2(said: str) -> bool:
    """Tell hexadecimal UCS-2 that the scheme does not announce from a text of digits."""
    return len(said) >= 12 and _UCS2.fullmatch(said) is not None and said.startswith(("00", "04"))


def _packed(code: str) -> str:
    characters = code.encode("ascii")
    if len(characters) % 8 == 7:
        characters += _CARRIAGE_RETURN
    return septets.pack(characters).hex().upper()


def _unpacked(octets: bytes) -> str:
    found = septets.unpack(octets, len(octets) * 8 // 7)
    if len(octets) % 7 == 0 and found[-1:] in {_CARRIAGE_RETURN, b"\0"}:
        found = found[:-1]
    return alphabet.decode_septets(found)


def _plain(said: str) -> str:
    """Return a text whose octets are ASCII, UTF-8 or Latin-1."""
    octets = said.encode("latin-1", "replace")
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return said
