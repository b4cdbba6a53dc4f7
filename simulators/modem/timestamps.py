"""Times in PDUs: service centre time stamps and validity periods (3GPP TS 23.040 §9.2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

from simulators.modem.errors import PduError

_QUARTER = timedelta(minutes=15)


def encode_timestamp(moment: datetime) -> bytes:
    """Seven octets; the moment's own offset becomes the zone in quarter hours."""
    offset = moment.utcoffset() or timedelta()
    quarters = round(offset / _QUARTER)
    local = moment.astimezone(timezone(_QUARTER * quarters))
    fields = (
        local.year % 100, local.month, local.day, local.hour, local.minute, local.second,
    )  # fmt: skip
    zone = _swapped(abs(quarters)) | (0x08 if quarters < 0 else 0)
    return bytes(_swapped(field) for field in fields) + bytes((zone,))


def decode_timestamp(octets: bytes) -> datetime:
    """An aware moment in the zone that the octets name."""
    if len(octets) != 7:
        raise PduError("a time stamp has seven octets")
    year, month, day, hour, minute, second = (_plain(octet) for octet in octets[:6])
    quarters = _plain(octets[6] & 0xF7)
    if octets[6] & 0x08:
        quarters = -quarters
    try:
        zone = timezone(_QUARTER * quarters)
        century = 1900 if year >= 90 else 2000
        return datetime(century + year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError as error:
        raise PduError(f"no such time: {octets.hex()} ({error})") from None


def text_timestamp(moment: datetime) -> str:
    """As 27.005 writes it: `yy/MM/dd,hh:mm:ss±zz`, zz in quarter hours."""
    quarters = round((moment.utcoffset() or timedelta()) / _QUARTER)
    return f"{moment:%y/%m/%d,%H:%M:%S}{quarters:+03d}"


class ValidityFormat(StrEnum):
    """How a validity period was written."""

    NONE = "none"
    RELATIVE = "relative"
    ABSOLUTE = "absolute"
    ENHANCED = "enhanced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """How long the service centre may try."""

    format: ValidityFormat
    seconds: int | None = None
    until: datetime | None = None


def validity_size(first_octet: int) -> int:
    """How many octets the validity period takes, by the VPF bits."""
    return (0, 7, 1, 7)[first_octet >> 3 & 3]


def decode_validity(first_octet: int, octets: bytes) -> Validity:
    """The validity period that a SUBMIT asks for."""
    format_bits = first_octet >> 3 & 3
    if format_bits == 0:
        return Validity(format=ValidityFormat.NONE)
    if format_bits == 2:
        return Validity(format=ValidityFormat.RELATIVE, seconds=relative_seconds(octets[0]))
    if format_bits == 3:
        return Validity(format=ValidityFormat.ABSOLUTE, until=decode_timestamp(octets))
    return _enhanced(octets)


def relative_seconds(value: int) -> int:
    """23.040 §9.2.3.12.1."""
    if value <= 143:
        return (value + 1) * 300
    if value <= 167:
        return 43_200 + (value - 143) * 1800
    if value <= 196:
        return (value - 166) * 86_400
    return (value - 192) * 604_800


def encode_relative(seconds: int) -> int:
    """The smallest relative value that is not shorter than asked; at most 63 weeks."""
    return next((value for value in range(256) if relative_seconds(value) >= seconds), 255)


def lifetime_s(validity: Validity, now: datetime) -> float | None:
    """Seconds that remain, or None for as long as the service centre likes."""
    if validity.until is not None:
        return (validity.until - now.astimezone(UTC)).total_seconds()
    return None if validity.seconds is None else float(validity.seconds)


def _enhanced(octets: bytes) -> Validity:
    kind = octets[0] & 0x07
    seconds: int | None = None
    if kind == 1:
        seconds = relative_seconds(octets[1])
    elif kind == 2:
        seconds = octets[1]
    elif kind == 3:
        hours, minutes, rest = (_plain(octet) for octet in octets[1:4])
        seconds = hours * 3600 + minutes * 60 + rest
    elif kind:
        raise PduError(f"unknown validity format {kind}")
    return Validity(format=ValidityFormat.ENHANCED, seconds=seconds)


def _swapped(number: int) -> int:
    return number // 10 | (number % 10) << 4


def _plain(octet: int) -> int:
    low, high = octet & 0x0F, octet >> 4
    if low > 9 or high > 9:
        raise PduError(f"not a decimal octet: {octet:02X}")
    return low * 10 + high
