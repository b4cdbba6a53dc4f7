"""Refusals of modems and networks in words, and judged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modem import at_errors
from drivers.modem.at_errors import AtRefused, code_of, explain, submit_error
from gateway.kernel.errors import Permanent, Temporary, Uncertain


@pytest.mark.parametrize("family", ["CMS", "CME"])
def test_every_number_has_words_and_a_judgement(family: str) -> None:
    for number in range(700):
        error = submit_error(f"+{family} ERROR: {number}")
        assert f"+{family} ERROR: {number}" in str(error)
        if isinstance(error, Temporary | Permanent):
            assert error.code == f"{family.lower()}-{number}"
        else:
            assert isinstance(error, Uncertain)


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        ("+CMS ERROR: 38", Temporary),
        ("+CMS ERROR: 21", Temporary),
        ("+CMS ERROR: 41", Temporary),
        ("+CMS ERROR: 42", Temporary),
        ("+CMS ERROR: 192", Temporary),
        ("+CMS ERROR: 310", Temporary),
        ("+CMS ERROR: 314", Temporary),
        ("+CMS ERROR: 322", Temporary),
        ("+CMS ERROR: 331", Temporary),
        ("+CMS ERROR: 500", Temporary),
        ("+CMS ERROR: 512", Temporary),
        ("+CME ERROR: 30", Temporary),
        ("+CMS ERROR: 1", Permanent),
        ("+CMS ERROR: 8", Permanent),
        ("+CMS ERROR: 28", Permanent),
        ("+CMS ERROR: 50", Permanent),
        ("+CMS ERROR: 195", Permanent),
        ("+CMS ERROR: 304", Permanent),
        ("+CMS ERROR: 330", Permanent),
        ("+CMS ERROR: 332", Uncertain),
        ("+CME ERROR: 31", Uncertain),
        ("ERROR", Temporary),
        ("COMMAND NOT SUPPORT", Temporary),
        ("+CMS ERROR: something new", Temporary),
    ],
)
def test_a_submit_is_judged_by_its_cause(result: str, kind: type[Exception]) -> None:
    assert type(submit_error(result)) is kind


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("+CMS ERROR: SMSC address unknown", "+CMS ERROR: 330"),
        ("+CMS ERROR: no network service", "+CMS ERROR: 331"),
        ("+CME ERROR: SIM PIN required", "+CME ERROR: 11"),
        ("+CME ERROR:incorrect password", "+CME ERROR: 16"),
    ],
)
def test_words_mean_what_the_number_means(words: str, number: str) -> None:
    assert code_of(words) == code_of(number)
    assert explain(words).partition("(")[0] == explain(number).partition("(")[0]


def test_a_busy_sim_is_told_from_a_refusing_one() -> None:
    assert at_errors.is_sim_busy(AtRefused("AT+CIMI", "+CME ERROR: 14"))
    assert at_errors.is_sim_busy(AtRefused("AT+CSCA?", "+CMS ERROR: 314"))
    assert not at_errors.is_sim_busy(AtRefused("AT+CPIN", "+CME ERROR: 16"))
    assert not at_errors.is_sim_busy(AtRefused("AT", "ERROR"))


@given(st.text(max_size=60))
def test_no_result_is_beyond_explanation(text: str) -> None:
    for result in (text, f"+CMS ERROR: {text}", f"+CME ERROR{text}"):
        assert isinstance(submit_error(result), Temporary | Permanent | Uncertain)
        assert code_of(result)
