"""Texts of a customer are made storable."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.kernel.errors import Invalid
from gateway.parties import fields


@given(st.text(max_size=60))
def test_a_line_is_stable_storable_and_one_line(text: str) -> None:
    try:
        line = fields.line(text, "name", 200)
    except Invalid:
        return
    assert fields.line(line, "name", 200) == line
    assert "\x00" not in line
    assert len(line.splitlines()) <= 1
    line.encode()


@given(st.text(max_size=60))
def test_a_block_is_stable_and_storable(text: str) -> None:
    try:
        block = fields.block(text, "notes", 200)
    except Invalid:
        return
    assert fields.block(block, "notes", 200) == block
    block.encode()


@given(st.text(max_size=60))
def test_a_names_words_do_not_depend_on_case_or_blanks(text: str) -> None:
    assert fields.words(f"  {text} ") == fields.words(text)
    assert fields.words("IŞIK Gıda") == {"isik", "gida"}
