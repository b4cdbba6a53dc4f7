"""USSD answers are read in whatever form a modem gives them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modem import ussd
from drivers.modem.profiles import UssdStyle
from drivers.modem.ussd import UssdState
from gateway.kernel.errors import Permanent, Temporary


@pytest.mark.parametrize(
    ("style", "line"),
    [
        (UssdStyle.PLAIN, 'AT+CUSD=1,"*100#",15'),
        (UssdStyle.UCS2, 'AT+CUSD=1,"002A0031003000300023",15'),
        (UssdStyle.PACKED, 'AT+CUSD=1,"AA180C3602",15'),
    ],
)
def test_a_code_is_written_as_the_make_wants_it(style: UssdStyle, line: str) -> None:
    assert ussd.request("*100#", style) == line


def test_seven_packed_characters_do_not_end_in_an_eighth() -> None:
    line = ussd.request("*12345#", UssdStyle.PACKED)
    packed = line.split('"')[1]
    answer = ussd.answer(f'+CUSD: 0,"{packed}",15', UssdStyle.PACKED)
    assert answer is not None
    assert answer.text == "*12345#"


@pytest.mark.parametrize(
    ("line", "style", "text"),
    [
        ('+CUSD: 0,"Bakiyeniz 42.50 TL",15', UssdStyle.PLAIN, "Bakiyeniz 42.50 TL"),
        ('+CUSD: 1,"1) Paketler\n2) Bakiye",15', UssdStyle.PLAIN, "1) Paketler\n2) Bakiye"),
        ('+CUSD: 0,"004200610079",72', UssdStyle.PLAIN, "Bay"),
        ('+CUSD: 0,"0042006100790131",15', UssdStyle.PLAIN, "Bayı"),
        ('+CUSD: 0,"041F044004380432",72', UssdStyle.PACKED, "Прив"),
        ('+CUSD: 0,"C8329BFD06",15', UssdStyle.PACKED, "Hello"),
        ('+CUSD: 0,"12345678",15', UssdStyle.PLAIN, "12345678"),
        ('+CUSD: 0,"Kalan: 5 \xe2\x82\xac",15', UssdStyle.PLAIN, "Kalan: 5 €"),
        ('+CUSD: 0,"Bak\xfdye",15', UssdStyle.PLAIN, "Bakýye"),
        ('+CUSD: 0,"say "yes" now",15', UssdStyle.PLAIN, 'say "yes" now'),
        ('+CUSD:2,"bye"', UssdStyle.PLAIN, "bye"),
        ("+CUSD: 0", UssdStyle.PLAIN, ""),
    ],
)
def test_an_answer_is_decoded(line: str, style: UssdStyle, text: str) -> None:
    answer = ussd.answer(line, style)
    assert answer is not None
    assert answer.text == text
    assert answer.error is None


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("+CUSD: 4", Permanent),
        ('+CUSD: 4,"",15', Permanent),
        ("+CUSD: 2", Temporary),
        ("+CUSD: 3", Temporary),
        ("+CUSD: 5", Temporary),
        ("+CUSD: 9", Temporary),
    ],
)
def test_an_answer_without_text_is_an_error(line: str, kind: type[Exception]) -> None:
    answer = ussd.answer(line, UssdStyle.PLAIN)
    assert answer is not None
    assert isinstance(answer.error, kind)


def test_a_menu_says_that_more_is_expected() -> None:
    answer = ussd.answer('+CUSD: 1,"1) a",15', UssdStyle.PLAIN)
    assert answer is not None
    assert answer.state is UssdState.MORE_EXPECTED


@given(st.text(max_size=100), st.sampled_from(list(UssdStyle)))
def test_no_line_is_beyond_reading(text: str, style: UssdStyle) -> None:
    ussd.answer(f"+CUSD: {text}", style)
    ussd.answer(f'+CUSD: 0,"{text}",15', style)


@given(st.binary(max_size=200), st.sampled_from(list(UssdStyle)), st.integers(0, 255))
def test_no_octets_are_beyond_decoding(data: bytes, style: UssdStyle, scheme: int) -> None:
    ussd.answer(f'+CUSD: 0,"{data.hex()}",{scheme}', style)
