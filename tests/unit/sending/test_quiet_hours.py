"""Quiet hours by the clock on the recipient's wall."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sending.quiet_hours import QuietHours, zones_of

YEAR = datetime(2026, 1, 1, tzinfo=UTC)
NIGHT = QuietHours(begins=time(21), ends=time(9))
NOON = QuietHours(begins=time(12), ends=time(13, 30))
ISTANBUL, BERLIN, NEW_YORK = (
    ZoneInfo(name) for name in ("Europe/Istanbul", "Europe/Berlin", "America/New_York")
)


@pytest.mark.parametrize(
    ("wall", "quiet"),
    [("20:59", False), ("21:00", True), ("00:00", True), ("08:59", True), ("09:00", False)],
)
def test_hours_over_midnight(wall: str, quiet: bool) -> None:
    moment = datetime.fromisoformat(f"2026-03-01T{wall}:00+03:00")
    assert NIGHT.at(moment, ISTANBUL) is quiet


def test_hours_within_a_day() -> None:
    assert NOON.at(datetime(2026, 3, 1, 12, tzinfo=ISTANBUL), ISTANBUL)
    assert not NOON.at(datetime(2026, 3, 1, 13, 30, tzinfo=ISTANBUL), ISTANBUL)


def test_they_are_over_in_the_morning_of_the_recipient() -> None:
    evening = datetime(2026, 3, 1, 22, tzinfo=ISTANBUL)
    over = NIGHT.over(evening, [ISTANBUL])
    assert over.astimezone(ISTANBUL) == datetime(2026, 3, 2, 9, tzinfo=ISTANBUL)
    assert NIGHT.over(evening, [NEW_YORK]) == evening


def test_several_zones_must_all_be_awake() -> None:
    moment = datetime(2026, 3, 1, 6, tzinfo=UTC)  # 9:00 in Istanbul, 7:00 in Berlin
    assert NIGHT.over(moment, [ISTANBUL, BERLIN]) == datetime(2026, 3, 1, 8, tzinfo=UTC)


@given(
    moment=st.integers(0, 525_600).map(lambda minutes: YEAR + timedelta(minutes=minutes)),
    zone=st.sampled_from([ISTANBUL, BERLIN, NEW_YORK]),
    hours=st.builds(QuietHours, begins=st.times(), ends=st.times()),
)
def test_the_moment_found_is_never_quiet_and_never_far(
    moment: datetime, zone: ZoneInfo, hours: QuietHours
) -> None:
    over = hours.over(moment, [zone])
    assert over >= moment
    assert over - moment <= timedelta(hours=26)
    assert not hours.at(over, zone)
    if not hours.at(moment, zone):
        assert over == moment


def test_a_numbers_zone_is_its_countrys() -> None:
    assert zones_of("+905321234567", BERLIN) == (ISTANBUL,)
    assert zones_of("+4915112345678", ISTANBUL) == (BERLIN,)
    assert zones_of("4444", ISTANBUL) == (ISTANBUL,)
    assert len(zones_of("+79161234567", ISTANBUL)) > 5
