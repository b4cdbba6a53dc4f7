"""Every text comes out drawable: letters stay, and what has no shape does not come out at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fax.typeface import BOLD, PLAIN, drawable, width


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("Ğüşıöç Щука Ёж Ωμέγα ₺ € №", "Ğüşıöç Щука Ёж Ωμέγα ₺ € №"),
        ("g\u0306 s\u0327 и\u0306", "ğ ş й"),
        ("10\u00a0000\u202fTL", "10\u00a0000 TL"),
        ("so\u00adft \u202eltr\u202c \ufeffmark \u200bzero", "soft ltr mark zero"),
        ("漢字 ع", "?? ?"),
        ("😀👍🏽!", "!"),
        ("a\ud800b\x00\x1b[0m", "ab[0m"),
        ("a\r\nb\rc\x0cd\u2028e\n", "a\nb\nc\nd\ne"),
        ("a\tb", "a   b"),
    ],
)
def test_text_is_made_drawable(text: str, drawn: str) -> None:
    assert drawable(text) == drawn


@given(st.text())
def test_nothing_that_cannot_be_seen_comes_out(text: str) -> None:
    assert all(char.isprintable() or char in "\n\u00a0" for char in drawable(text))


def test_bold_is_wider() -> None:
    assert 0 < width("Sayfa sayısı", PLAIN, 10) < width("Sayfa sayısı", BOLD, 10)
