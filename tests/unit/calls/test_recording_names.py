"""How recordings are called: keys from their names, our own names from their calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.calls.recording_names import copy_name, download_name, endings, key_of, pause
from gateway.kernel.errors import Invalid

THERE = PurePosixPath("/var/spool/asterisk/monitor")
AT = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "key"),
    [
        (f"{THERE}/2026/a.wav", "2026/a"), ("2026/a.WAV", "2026/a"), ("2026/a.mp3", "2026/a"),
        ("/tmp/a.wav", "/tmp/a"), ("a.b.wav", "a.b"), ("a.txt", "a.txt"), ("a", "a"),
        (f"{THERE}/ş ğ.ulaw", "ş ğ"), ("1795530639.1661.wav", "1795530639.1661"),
    ],
)  # fmt: skip
def test_a_recording_is_known_by_its_name_whatever_it_is_converted_to(told: str, key: str) -> None:
    assert key_of(told, THERE) == key


@pytest.mark.parametrize(
    "told", ["", "/", "..", "../a.wav", "a/../../b", "a\nb", "\x1b[2J", "a" * 1025]
)
def test_what_is_no_name_is_refused(told: str) -> None:
    with pytest.raises(Invalid, match="no name"):
        key_of(told, THERE)


def test_a_dotted_name_keeps_its_stem_with_every_ending() -> None:
    found = list(endings("out-1795.12.wav"))
    assert found[0] == "out-1795.12.wav"
    assert {"out-1795.12.WAV", "out-1795.12.mp3", "out-1795.12.ulaw"} <= set(found)
    assert len(found) == len(set(found))


def test_our_copy_lies_under_the_offices_day() -> None:
    assert copy_name("abc", AT, ZoneInfo("Europe/Istanbul"), ".mp3") == "2027/01/01/abc.mp3"


@given(st.text())
def test_a_saved_file_has_a_plain_name_whatever_the_number_is(number: str) -> None:
    name = download_name(AT, number, ".wav")
    assert name.isascii()
    assert not set(name) & set('"\\/;\r\n%')
    assert name.startswith("call-20261231-223000")
    assert len(name) < 80


def test_the_pause_grows_to_ten_minutes() -> None:
    pauses = [pause(attempts) for attempts in range(1, 40)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(seconds=2), timedelta(minutes=10))
