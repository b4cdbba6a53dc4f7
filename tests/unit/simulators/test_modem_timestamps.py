from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.modem import timestamps
from simulators.modem.errors import PduError
from simulators.modem.timestamps import Validity, ValidityFormat

_MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2089, 12, 31))  # noqa: DTZ001
_ZONES = st.integers(-48, 56).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))


@given(_MOMENTS, _ZONES)
def test_a_time_stamp_keeps_its_moment_and_its_zone(moment: datetime, zone: timezone) -> None:
    there = moment.replace(microsecond=0, tzinfo=zone)
    back = timestamps.decode_timestamp(timestamps.encode_timestamp(there))
    assert back == there
    assert back.utcoffset() == there.utcoffset()


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("62113290042300", "26/11/23,09:40:32+00"),
        ("62113290042321", "26/11/23,09:40:32+12"),
        ("62113290042329", "26/11/23,09:40:32-12"),
        ("62113290042332", "26/11/23,09:40:32+23"),
    ],
)
def test_zones_are_signed_quarter_hours(octets: str, text: str) -> None:
    assert timestamps.text_timestamp(timestamps.decode_timestamp(bytes.fromhex(octets))) == text


@given(st.binary(min_size=7, max_size=7))
def test_garbage_is_a_time_or_a_pdu_error(octets: bytes) -> None:
    try:
        moment = timestamps.decode_timestamp(octets)
    except PduError:
        return
    assert moment.utcoffset() is not None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(0, 300), (143, 43_200), (144, 45_000), (167, 86_400), (168, 172_800), (255, 38_102_400)],
)
def test_relative_validity(value: int, seconds: int) -> None:
    assert timestamps.relative_seconds(value) == seconds
    assert timestamps.encode_relative(seconds) == value


@pytest.mark.parametrize(
    ("first_octet", "octets", "validity"),
    [
        (0x01, "", Validity(format=ValidityFormat.NONE)),
        (0x11, "A7", Validity(format=ValidityFormat.RELATIVE, seconds=86_400)),
        (0x09, "011E0000000000", Validity(format=ValidityFormat.ENHANCED, seconds=9_300)),
        (0x09, "021E0000000000", Validity(format=ValidityFormat.ENHANCED, seconds=30)),
        (0x09, "03100203000000", Validity(format=ValidityFormat.ENHANCED, seconds=4830)),
        (0x09, "00000000000000", Validity(format=ValidityFormat.ENHANCED)),
    ],
)
def test_validity_formats(first_octet: int, octets: str, validity: Validity) -> None:
    assert timestamps.validity_size(first_octet) == len(octets) // 2
    assert timestamps.decode_validity(first_octet, bytes.fromhex(octets)) == validity


def test_absolute_validity_is_a_moment() -> None:
    validity = timestamps.decode_validity(0x19, bytes.fromhex("62113290042300"))
    assert validity.until == datetime(2026, 11, 23, 9, 40, 32, tzinfo=UTC)
    now = datetime(2026, 11, 23, 9, 40, 2, tzinfo=UTC)
    assert timestamps.lifetime_s(validity, now) == 30
