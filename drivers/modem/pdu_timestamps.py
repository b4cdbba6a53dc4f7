"""Times in a PDU: the service centre's time stamp and the validity period (3GPP 23.040)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from drivers.modem.pdu_octets import Octets, semi_octets

_FIVE_MINUTES_S: Final = 300
_HALF_HOUR_S: Final = 1800
_HALF_DAY_S: Final = 43_200
_DAY_S: Final = 86_400
_WEEK_S: Final = 604_800
_MONTH_S: Final = 30 * _DAY_S
_LONGEST: Final = 255  # 63 weeks

_NOT_DECIMAL: Final = re.compile("[a-f]")


def decode_timestamp(octets: Octets, field: str) -> datetime | None:
    """Take seven octets and return their time in UTC; None when they are no time.

    A half octet that is no decimal digit counts as 0 (3GPP 23.040 §9.2.3.11).
    """
    raw = octets.take(7, field)
    digits = _NOT_DECIMAL.sub("0", semi_octets(raw[:6]))
    year, month, day, hour, minute, second = (int(digits[i : i + 2]) for i in range(0, 12, 2))
    try:
        local = datetime(
            year + (2000 if year < 70 else 1900), month, day, hour, minute, second, tzinfo=UTC
        )
    except ValueError:
        return None
    return local - _zone(raw[6])


def relative_validity(validity_s: int) -> int:
    """Return TP-VP for at least so many seconds: rounded up, from 5 minutes to 63 weeks."""
    if validity_s <= _HALF_DAY_S:
        return max(_rounded_up(validity_s, _FIVE_MINUTES_S) - 1, 0)
    if validity_s <= _DAY_S:
        return 143 + _rounded_up(validity_s - _HALF_DAY_S, _HALF_HOUR_S)
    if validity_s <= _MONTH_S:
        return 166 + _rounded_up(validity_s, _DAY_S)
    return min(192 + _rounded_up(validity_s, _WEEK_S), _LONGEST)


def _zone(octet: int) -> timedelta:
    """Return the offset from UTC: quarters of an hour in BCD, the sign in bit 3."""
    tens, units = octet & 0x07, octet >> 4
    quarters = tens * 10 + (units if units <= 9 else 0)
    return timedelta(minutes=-15 * quarters if octet & 0x08 else 15 * quarters)


def _rounded_up(value: int, step: int) -> int:
    return -(-value // step)
