"""AMI's bytes become messages however they are cut, and no value can end its line."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.asterisk.messages import MAX_MESSAGE, MAX_VALUE, Reader, encode, event_name, parse
from gateway.kernel.errors import Invalid

STREAM = (
    "Asterisk Call Manager/5.0.4\r\nResponse: Success\r\nMessage: Authentication accepted\r\n\r\n"
    "Event: Newchannel\r\nCallerIDName: Çağrı\r\nEmpty: \r\nNoSpace:x\r\n\r\n"
    "Event: VarSet\r\nVariable: a\r\nValue: one: two\r\nVariable: b\r\n\r\n"
).encode()


@given(st.lists(st.integers(0, len(STREAM))))
def test_a_stream_is_read_the_same_however_it_is_cut(cuts: list[int]) -> None:
    reader = Reader()
    marks = sorted({0, *cuts, len(STREAM)})
    raw = [message for start, end in pairwise(marks) for message in reader.feed(STREAM[start:end])]
    assert reader.version == "5.0.4"
    assert [parse(one) for one in raw] == [
        {"Response": "Success", "Message": "Authentication accepted"},
        {"Event": "Newchannel", "CallerIDName": "Çağrı", "Empty": "", "NoSpace": "x"},
        {"Event": "VarSet", "Variable": "a\nb", "Value": "one: two"},
    ]
    assert [event_name(one) for one in raw] == [b"", b"Newchannel", b"VarSet"]


def test_a_message_without_end_is_dropped_and_the_next_one_read() -> None:
    reader = Reader()
    for _ in range(40):
        assert reader.feed(b"Junk: " + b"x" * MAX_MESSAGE) == []
        assert len(reader._rest) <= 4
    assert reader.dropped == 1
    assert reader.feed(b"\r\n\r\nEvent: Hangup\r\n\r\n") == [b"Event: Hangup"]


def test_a_header_is_looked_at_up_to_its_bound() -> None:
    [raw] = Reader().feed(b"Event: X\r\nValue: " + b"y" * 10_000 + b"\r\n\r\n")
    assert parse(raw)["Value"] == "y" * MAX_VALUE


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    reader = Reader()
    for raw in [*reader.feed(data), *reader.feed(b"\r\n\r\n")]:
        parse(raw)


@pytest.mark.parametrize("value", ["a\r\nAction: Originate", "a\nb", "a\rb", "a\0b"])
def test_no_value_can_end_its_line(value: str) -> None:
    with pytest.raises(Invalid, match="line break"):
        encode("Setvar", {"Value": value})
    with pytest.raises(Invalid, match="line break"):
        encode("Setvar", {value: "x"})
    with pytest.raises(Invalid, match="line break"):
        encode(value, {"Value": "x"})


def test_an_action_is_lines_of_headers() -> None:
    assert encode("Originate", {"Variable": ["a=1", "b=2"], "Async": "true"}) == (
        b"Action: Originate\r\nVariable: a=1\r\nVariable: b=2\r\nAsync: true\r\n\r\n"
    )


def test_a_zero_byte_reaches_no_database() -> None:
    assert parse(b"Event: X\r\nCallerIDName: a\0b") == {"Event": "X", "CallerIDName": "a?b"}
