"""Cursors come back as they were made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kernel.errors import Invalid
from gateway.web import cursor


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), max_size=3))
def test_what_was_encoded_is_decoded(keys: list[str]) -> None:
    assert cursor.decode(cursor.encode(*keys), len(keys)) == keys


@given(st.text(max_size=40))
def test_any_text_is_decoded_or_refused(text: str) -> None:
    try:
        keys = cursor.decode(text, 2)
    except Invalid:
        return
    assert len(keys) == 2


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(Invalid):
        cursor.decode("W1tb" * 5000, 2)
