"""Opt-out and opt-in words."""

from __future__ import annotations

import pytest

from gateway.consent.model import Wish, wish_in

STOP, START = ("STOP", "İPTAL", "RET", "СТОП"), ("START", "BAŞLA", "СТАРТ")


@pytest.mark.parametrize(
    "text",
    ["STOP", "stop", " Stop! ", "İPTAL", "iptal", "IPTAL", "ıptal.", "RET", "ret B001", "Стоп",
     "СТОП!!", "«stop»"],
)  # fmt: skip
def test_a_stop_word_alone_or_with_a_code(text: str) -> None:
    assert wish_in(text, STOP, START) is Wish.STOP


@pytest.mark.parametrize("text", ["başla", "BASLA", "Start", "старт"])
def test_a_start_word(text: str) -> None:
    assert wish_in(text, STOP, START) is Wish.START


@pytest.mark.parametrize(
    "text",
    ["", "!!!", "don't stop", "stop it please", "iptal etmeyin", "return", "нестоп", "ret ret"],
)
def test_a_text_that_merely_contains_one_is_none(text: str) -> None:
    assert wish_in(text, STOP, START) is None
