"""Nothing gets into a command line that could end it; answers are taken apart as they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modem import at_values
from gateway.kernel.errors import Permanent

NASTY = ["", '1234"', "1234\r", "12\n34", "1234;+CMGD=1", "1234\x1a", "１２３４", "12 34"]


@pytest.mark.parametrize("value", NASTY)
@pytest.mark.parametrize(
    "check", [at_values.pin, at_values.ussd_code, at_values.service_centre, at_values.memory]
)
def test_a_value_that_could_end_the_command_is_refused(
    check: Callable[[str], str], value: str
) -> None:
    with pytest.raises(Permanent):
        check(value)


def test_values_are_quoted_with_their_type() -> None:
    assert at_values.pin("0000") == '"0000"'
    assert at_values.service_centre("+905320000000") == '"+905320000000",145'
    assert at_values.service_centre("5320000000") == '"5320000000",129'
    assert at_values.ussd_code("*100#") == "*100#"
    assert at_values.memory("SM") == '"SM"'


@pytest.mark.parametrize("code", ["*1234#a", "*" * 161, "hello"])
def test_a_ussd_code_has_digits_stars_and_hashes_only(code: str) -> None:
    with pytest.raises(Permanent):
        at_values.ussd_code(code)


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ('+CPMS: "SM",3,30', ["SM", "3", "30"]),
        ("+CMGR: 0,,25", ["0", "", "25"]),
        ('+CMGL: 1,1,"Anna, home",25', ["1", "1", "Anna, home", "25"]),
        ('+CREG: 2,1,"00C3","9A2B"', ["2", "1", "00C3", "9A2B"]),
        ("+CSQ:20,0", ["20", "0"]),
        ("OK", []),
        ('+COPS: 0,0,"broken', ["0", "0", "broken"]),
    ],
)
def test_an_answer_is_split_at_commas_outside_quotes(line: str, fields: list[str]) -> None:
    assert at_values.fields(line) == fields


@given(st.text(max_size=200))
def test_no_answer_is_beyond_splitting(text: str) -> None:
    at_values.numbers(f"+CPMS: {text}")
