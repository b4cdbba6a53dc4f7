"""An absence's days and moments, as people and spreadsheets write them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kernel.errors import Invalid
from gateway.people.absence_dates import span, without_midnight

ISTANBUL, BERLIN = ZoneInfo("Europe/Istanbul"), ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    """Return a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        ("2026-12-28", "2027-01-03"),
        ("28.12.2026", "3.1.2027"),
        ("28/12/2026", "03/01/2027"),
        ("2026-12-28T00:00", "2027-01-04T00:00"),
        ("2026-12-27T21:00:00+00:00", "03.01.2027"),
    ],
)
def test_days_are_absent_as_a_whole_in_the_offices_zone(begins: str, ends: str) -> None:
    assert span(begins, ends, ISTANBUL) == (at("2026-12-27T21:00"), at("2027-01-03T21:00"))


def test_a_moment_is_a_moment() -> None:
    expected = (at("2026-12-28T10:00"), at("2026-12-28T12:30"))
    for begins, ends in (
        ("2026-12-28T13:00", "2026-12-28T15:30"),
        ("28.12.2026 13:00", "28.12.2026, 15:30"),
        ("2026-12-28T13:00+03:00", "2026-12-28T12:30Z"),
    ):
        assert span(begins, ends, ISTANBUL) == expected


def test_a_day_on_which_the_clocks_change_is_a_day() -> None:
    assert span("2027-03-28", "2027-03-28", BERLIN) == (
        at("2027-03-27T23:00"), at("2027-03-28T22:00"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("begins", "ends", "says"),
    [
        ("tomorrow", "2027-01-03", "'tomorrow' is no date"),
        ("31.02.2027", "2027-03-03", "no date"),
        ("2027-01-03", "2027-01-02", "ends .* before it begins"),
        ("2027-01-03T10:00", "2027-01-03T10:00", "before it begins"),
        ("2027-01-03", "2037-01-03", "longer than"),
        ("0001-01-01", "0001-01-02", "no year"),
        ("9999-12-31", "9999-12-31", "no year"),
        ("01.12.2026", "31.12.9999", "no year"),
        ("", "", "is no date"),
    ],
)
def test_what_is_wrong_is_said(begins: str, ends: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        span(begins, ends, ISTANBUL)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-12-28 00:00:00", "2026-12-28"), ("28.12.2026 00:00", "28.12.2026"),
        ("28.12.2026 0:00:00", "28.12.2026"), ("2026-12-28T00:00:00.000", "2026-12-28"),
        ("28.12.2026 10:00", "28.12.2026 10:00"), ("28.12.2026", "28.12.2026"), ("", ""),
    ],
)  # fmt: skip
def test_a_spreadsheets_midnight_is_a_plain_day(cell: str, day: str) -> None:
    assert without_midnight(cell) == day


_DATES = st.builds(
    "{:02}.{:02}.{:04}{}".format,
    st.integers(0, 40), st.integers(0, 20), st.integers(0, 9999),
    st.sampled_from(["", " 00:00", " 25:00", ", 13:45:10"]),
)  # fmt: skip
_ISO = st.datetimes().map(lambda value: value.isoformat())
_TEXTS = st.one_of(st.text(max_size=30), _DATES, _ISO)


@given(_TEXTS, _TEXTS)
def test_no_text_raises_anything_else(begins: str, ends: str) -> None:
    try:
        first, last = span(begins, ends, ISTANBUL)
    except Invalid:
        return
    assert first < last
