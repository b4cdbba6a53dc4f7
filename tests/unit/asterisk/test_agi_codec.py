"""What a dialplan asks, however it arrives, and what it is told: never more than it may take."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.asterisk import agi_codec
from gateway.calls.routing_port import CallerAdvice, CallerQuestion, RouteStep
from gateway.kernel.errors import Invalid
from simulators.pbx.agi import head

SAID = head("+902125550150", name="Çağrı")
ASKED = CallerQuestion(number="+902125550150", did="902125550170", call="1795656325.42")


def whole(pieces: list[bytes]) -> bytes:
    """Return the head that comes in pieces."""
    collecting = agi_codec.Head()
    found = [done for piece in pieces if (done := collecting.feed(piece)) is not None]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("size", [1, 2, 7, 100, len(SAID)])
def test_a_question_is_read_however_it_is_cut(size: int) -> None:
    pieces = [SAID[start : start + size] for start in range(0, len(SAID), size)]
    assert agi_codec.question(agi_codec.read(whole(pieces))) == ASKED


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        (b"x" * (agi_codec.MAX_HEAD + 1), "longer"),
        (SAID + b"200 result=1\n", "speaks before"),
        (head("1\nagi_arg_1: +902125550199"), "comes twice"),
        (head("1\nagi_network_script: caller"), "comes twice"),
        (head("1", script="evil"), "something else"),
        (b"\n\n", "something else"),
        (b"GET / HTTP/1.1\n\n", "something else"),
    ],
    ids=["endless", "early", "forged number", "forged script", "other", "empty", "browser"],
)
def test_what_is_no_question_is_refused(said: bytes, wrong: str) -> None:
    with pytest.raises(Invalid, match=wrong):
        agi_codec.read(whole([said]))


@given(st.lists(st.binary(max_size=300), max_size=30))
def test_garbage_is_refused_or_awaited_and_never_more_than_that(pieces: list[bytes]) -> None:
    collecting = agi_codec.Head()
    with contextlib.suppress(Invalid):
        for piece in pieces:
            done = collecting.feed(piece)
            if done is not None:
                agi_codec.question(agi_codec.read(done))


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("Yıldız Mobilya A.Ş.", "Yıldız Mobilya A.Ş."),
        ("Çelik, Ahmet & Oğlu (Gebze)", "Çelik, Ahmet & Oğlu (Gebze)"),
        ('Ah"met\\ <b>$[1]${EXTEN};`|^', "Ahmet b1EXTEN"),
        ("Ah\r\nSET VARIABLE X 1\x00\x1b[31m\x7f", "Ah SET VARIABLE X 131m"),
        ("\u202eteMhA\u202c \u200b\u200dA\ufeff\u2066B\u2069", "teMhA AB"),
        ("  a \u00a0\u3000\u2028 b ", "a b"),
        ("Жёлтый Дом 🏠", "Жёлтый Дом 🏠"),
        ("I\u0307stanbul", "İstanbul"),
        ("x" * 39 + " yz", "x" * 39),
        ("x" * 200, "x" * 40),
        ("\ud83d", ""),
        ("", ""),
    ],
)
def test_a_name_is_shown_plain_and_short(name: str, seen: str) -> None:
    assert agi_codec.shown(name) == seen


@given(st.text())
def test_no_name_ends_its_line_or_means_something_to_a_dialplan(name: str) -> None:
    seen = agi_codec.shown(name)
    assert len(seen) <= agi_codec.MAX_NAME
    assert not set(seen) & set('"\\<>${}[]\r\n\0\u202e\u200b')
    [command, *_] = agi_codec.commands(CallerAdvice(name=name))
    assert command == f'SET VARIABLE SANTRAL_NAME "{seen}"'
    command.encode()


def test_an_answer_is_variables_and_the_last_one_says_that_it_is_all() -> None:
    route = (RouteStep(extension="102", seconds=15), RouteStep(extension="600", seconds=20))
    advice = CallerAdvice(name="Yıldız", route=route, why="manager free")
    assert agi_codec.commands(advice) == [
        'SET VARIABLE SANTRAL_NAME "Yıldız"',
        'SET VARIABLE SANTRAL_ROUTE "102-600"',
        'SET VARIABLE SANTRAL_ROUTE_S "15-20"',
        'SET VARIABLE SANTRAL_WHY "manager free"',
        'SET VARIABLE SANTRAL_TOLD "told"',
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [("SANTRAL_X", 'a"b'), ("SANTRAL_X", "a\nEXEC System ls"), ("SANTRAL_X", "a\\"),
     ("CALLERID(name)", "x"), ("SANTRAL_X y", "x")],
)  # fmt: skip
def test_a_value_that_could_say_more_is_refused(name: str, value: str) -> None:
    with pytest.raises(Invalid):
        agi_codec.set_variable(name, value)
