from __future__ import annotations

import pytest

from simulators.modem import charsets
from simulators.modem.charsets import CharsetError


@pytest.mark.parametrize(
    ("name", "text", "characters"),
    [
        ("GSM", "@é_", "\x00\x05\x11"),
        ("IRA", "a@b", "a@b"),
        ("UCS2", "aş", "0061015F"),
        ("HEX", "@a", "0061"),
        ("8859-1", "é", "\xe9"),
        ("UTF-8", "ş", "\xc5\x9f"),
        ("PCCP437", "é", "\x82"),
    ],
)
def test_texts_go_both_ways(name: str, text: str, characters: str) -> None:
    assert charsets.to_terminal(text, name) == characters
    assert charsets.from_terminal(characters, name) == text
    if "ş" not in text:
        septets = charsets.to_septets(characters, name)
        assert charsets.to_septets(text.encode("utf-16-be").hex(), "UCS2") == septets


def test_what_a_set_lacks_is_a_question_mark() -> None:
    assert charsets.to_terminal("aş", "IRA") == "a?"
    assert charsets.to_terminal("aş", "GSM") == "a?"
    assert charsets.to_septets("015F", "UCS2") == b"?"


@pytest.mark.parametrize(
    ("name", "characters"), [("UCS2", "00"), ("UCS2", "xx"), ("UTF-8", "\xff"), ("GSM", "\xff")]
)
def test_what_is_not_in_the_set_is_refused(name: str, characters: str) -> None:
    with pytest.raises(CharsetError):
        charsets.from_terminal(characters, name)
    with pytest.raises(CharsetError):
        charsets.to_septets(characters, name)
