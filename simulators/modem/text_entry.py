"""What a client enters at the prompt, as PDUs (27.005 §3.1 <pdu> and <data>)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from simulators.modem import address as addresses
from simulators.modem import alphabet, pdu, timestamps, user_data
from simulators.modem.charsets import CharsetError, to_septets
from simulators.modem.errors import CMS_BAD_TEXT, CmsError, PduError
from simulators.modem.pdu import Body, Submit
from simulators.modem.settings import Settings, TextParameters
from simulators.modem.user_data import Encoding, coding_scheme

_BACKSPACE = 0x08
_MOMENT = re.compile(r'"?(\d\d)/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d)([+-]\d\d)"?$')


def parse_pdu(payload: bytes, length: int) -> tuple[bytes, bytes]:
    """The service centre field and the TPDU; PduError unless the TPDU is `length` octets."""
    try:
        octets = bytes.fromhex(payload.decode("ascii"))
    except ValueError:
        raise PduError("not hexadecimal") from None
    _, tpdu = addresses.split_service_centre(octets)
    if len(tpdu) != length:
        raise PduError(f"{len(tpdu)} octets came, {length} were announced")
    return octets[: len(octets) - len(tpdu)], tpdu


def build_submit(settings: Settings, number: str, kind: int, payload: bytes) -> bytes:
    """The SUBMIT that text mode makes of a number and a text; CmsError 305 where it cannot."""
    parameters = settings.text_parameters
    try:
        submit = Submit(
            first_octet=parameters.first_octet & ~pdu.TYPE_MASK | pdu.SUBMIT,
            reference=0,
            destination=addresses.address_of(number, kind or None),
            pid=parameters.pid,
            validity_octets=_validity(parameters),
            body=_body(settings, _corrected(payload)),
        )
        return pdu.encode_submit(submit)
    except (PduError, CharsetError, ValueError):
        raise CmsError(CMS_BAD_TEXT) from None


def _corrected(payload: bytes) -> str:
    """Deletions carried out; CR and CR LF are one line end.

    A line feed at the front belongs to the command line before the prompt.
    """
    kept = bytearray()
    for octet in payload.removeprefix(b"\n"):
        if octet == _BACKSPACE:
            del kept[-1:]
        else:
            kept.append(octet)
    return kept.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")


def _body(settings: Settings, text: str) -> Body:
    parameters = settings.text_parameters
    scheme = coding_scheme(parameters.dcs)
    has_header = bool(parameters.first_octet & pdu.USER_DATA_HEADER)
    if scheme.encoding is Encoding.GSM7 and not has_header:
        septets = to_septets(text, settings.character_set)
        body = Body(dcs=parameters.dcs, length=len(septets), octets=alphabet.pack(septets))
    else:
        octets = bytes.fromhex(text)
        length = len(octets)
        if scheme.encoding is Encoding.GSM7:
            length = len(octets) * 8 // 7
        body = Body(dcs=parameters.dcs, length=length, octets=octets, has_header=has_header)
        body.header()
    user_data.check_length(body.dcs, body.length)
    return body


def _validity(parameters: TextParameters) -> bytes:
    format_bits = parameters.first_octet >> 3 & 3
    if format_bits == 0:
        return b""
    if format_bits == 2:
        return bytes((int(parameters.validity),))
    match = _MOMENT.match(parameters.validity)
    if format_bits == 3 and match:
        year, month, day, hour, minute, second, quarters = (int(part) for part in match.groups())
        zone = timezone(timedelta(minutes=15 * quarters))
        moment = datetime(2000 + year, month, day, hour, minute, second, tzinfo=zone)
        return timestamps.encode_timestamp(moment)
    raise PduError(f"no validity period: {parameters.validity}")
