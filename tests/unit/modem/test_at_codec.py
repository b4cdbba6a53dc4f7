"""Bytes of modems become frames, however they are cut, echoed, interrupted or spoilt."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modem import at_codec
from drivers.modem.at_codec import (
    AtDecoder,
    Frame,
    Information,
    Prompt,
    Result,
    Stray,
    Unsolicited,
    expectation,
)

PDU = "0791093502000000040C9109551511223300006211329083250005C8329BFD06"
OK = Result("OK")
NOISE = bytes((0, *range(128, 256)))


def decoded(command: str, data: bytes, chop: Callable[[bytes], list[bytes]]) -> list[Frame]:
    decoder = AtDecoder()
    if command:
        decoder.begin(expectation(command))
    decoder.prompt_awaited = command.startswith("AT+CMGS")
    return [frame for piece in chop(data) for frame in decoder.feed(piece)]


def at_once(data: bytes) -> list[bytes]:
    return [data]


CASES: dict[str, tuple[str, bytes, list[Frame]]] = {
    "a plain answer": ("AT", b"\r\nOK\r\n", [OK]),
    "an answer with information": (
        "AT+CSQ",
        b"\r\n+CSQ: 20,0\r\n\r\nOK\r\n",
        [Information("+CSQ: 20,0"), OK],
    ),
    "an echo": ("AT+CSQ", b"AT+CSQ\r\r\n+CSQ: 20,0\r\n\r\nOK\r\n", [Information("+CSQ: 20,0"), OK]),
    "an echo interrupted by an unsolicited result": (
        "AT+CGMM",
        b'AT+CG\r\n+CMTI: "SM",1\r\nMM\r\r\nAT900\r\n\r\nOK\r\n',
        [Unsolicited('+CMTI: "SM",1'), Information("AT900"), OK],
    ),
    "an unsolicited result within a listing": (
        "AT+CMGL=4",
        f'\r\n+CMGL: 1,1,,30\r\n+CMTI: "SM",7\r\n{PDU}\r\n^RSSI:18\r\n\r\nOK\r\n'.encode(),
        [
            Information("+CMGL: 1,1,,30"),
            Unsolicited('+CMTI: "SM",7'),
            Information(PDU),
            Unsolicited("^RSSI:18"),
            OK,
        ],
    ),
    "registration told and asked for": (
        "AT+CREG?",
        b'\r\n+CREG: 1,"00C3","9A2B"\r\n\r\n+CREG: 1\r\n\r\n+CREG: 2,1,"00C3","9A2B"\r\n\r\nOK\r\n',
        [
            Unsolicited('+CREG: 1,"00C3","9A2B"'),
            Unsolicited("+CREG: 1"),
            Information('+CREG: 2,1,"00C3","9A2B"'),
            OK,
        ],
    ),
    "a line that only begins like a result": (
        "AT+CSQ",
        b"\r\nOKAY: vendor\r\n\r\nERRORS: 0\r\n\r\n+CSQ: 20,0\r\n\r\nOK\r\n",
        [Unsolicited("OKAY: vendor"), Unsolicited("ERRORS: 0"), Information("+CSQ: 20,0"), OK],
    ),
    "a ring within an answer": (
        "AT+CGMI",
        b"\r\nRING\r\n\r\nSIMSIM\r\n\r\nNO CARRIER\r\n\r\nOK\r\n",
        [Unsolicited("RING"), Information("SIMSIM"), Unsolicited("NO CARRIER"), OK],
    ),
    "a pushed message": (
        "",
        f"\r\n+CMT: ,30\r\n{PDU}\r\n".encode(),
        [Unsolicited("+CMT: ,30", PDU)],
    ),
    "a pushed report within an answer": (
        "AT+CMGR=1",
        f"\r\n+CMGR: 0,,30\r\n+CDS: 30\r\n{PDU}\r\n{PDU}\r\n\r\nOK\r\n".encode(),
        [Information("+CMGR: 0,,30"), Unsolicited("+CDS: 30", PDU), Information(PDU), OK],
    ),
    "something between the lines of a pushed message": (
        "",
        f"\r\n+CMT: ,30\r\n\r\n^RSSI:1\r\n{PDU}\r\n".encode(),
        [Unsolicited("^RSSI:1"), Unsolicited("+CMT: ,30", PDU)],
    ),
    "an error number": ("AT+CMGR=1", b"\r\n+CMS ERROR: 321\r\n", [Result("+CMS ERROR: 321")]),
    "an error in words": (
        "AT+CPIN?",
        b"\r\n+CME ERROR: SIM busy\r\n",
        [Result("+CME ERROR: SIM busy")],
    ),
    "a maker's refusal": (
        "AT+CLAC",
        b"\r\nCOMMAND NOT SUPPORT\r\n",
        [Result("COMMAND NOT SUPPORT")],
    ),
    "a prompt": ("AT+CMGS=17", b"AT+CMGS=17\r\r\n> ", [Prompt()]),
    "a prompt without its space": ("AT+CMGS=17", b"\r\n>", [Prompt()]),
    "a prompt without a new line": ("AT+CMGS=17", b"> ", [Prompt()]),
    "a prompt behind an echo": ("AT+CMGS=17", b"AT+CMGS=17> ", [Prompt()]),
    "a prompt on a line of its own": ("AT+CMGS=17", b"\r\n> \r\n", [Prompt()]),
    "a mark that is no prompt": (
        "AT+CSQ",
        b"\r\n> \r\n+CSQ: 20,0\r\n\r\nOK\r\n",
        [Information("+CSQ: 20,0"), OK],
    ),
    "a text of two lines": (
        "",
        b'\r\n+CUSD: 0,"Satir1\r\nSatir2",15\r\n',
        [Unsolicited('+CUSD: 0,"Satir1\nSatir2",15')],
    ),
    "an OK that is part of a text": (
        "AT",
        b'\r\n+CUSD: 0,"1\r\nOK\r\n2",15\r\n\r\nOK\r\n',
        [Unsolicited('+CUSD: 0,"1\nOK\n2",15'), OK],
    ),
    "bytes of no character set": (
        "",
        b'\r\n+CUSD: 0,"Bak\xfdye",15\r\n',
        [Unsolicited('+CUSD: 0,"Bak\xfdye",15')],
    ),
    "noise within an answer": (
        "AT+CSQ",
        b"\x00\r\n\xfd+CS\xfdQ: 2\x000,0\r\n\xff\r\nO\xfdK\r\n",
        [Information("+CSQ: 20,0"), OK],
    ),
    "a result nobody waits for": ("", b"\r\n+CMS ERROR: 38\r\n", [Stray("+CMS ERROR: 38")]),
    "the late answer to a submit, its OK with it": (
        "AT+CSQ",
        b"\r\n+CMGS: 12\r\n\r\nOK\r\n\r\n+CSQ: 20,0\r\n\r\nOK\r\n",
        [Stray("+CMGS: 12"), Information("+CSQ: 20,0"), OK],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_frames_do_not_depend_on_how_the_bytes_are_cut(
    case: str, transport: str, chop: Callable[[bytes], list[bytes]]
) -> None:
    command, data, frames = CASES[case]
    if transport == "lossy":
        arrived = b"".join(chop(data)).translate(None, NOISE)
        for frame in decoded(command, data, chop):
            assert not isinstance(frame, Result) or frame.text.encode() in arrived
    else:
        assert decoded(command, data, chop) == frames


def test_a_late_refusal_does_not_end_a_command_that_cannot_be_refused_so() -> None:
    decoder = AtDecoder()
    decoder.submit_unanswered = True
    decoder.begin(expectation("AT+CSQ"))
    frames = decoder.feed(b"\r\n+CMS ERROR: 38\r\n\r\n+CSQ: 20,0\r\n\r\nOK\r\n")
    assert frames == [Stray("+CMS ERROR: 38"), Information("+CSQ: 20,0"), OK]


def test_an_ok_before_the_information_that_must_come_belongs_to_an_earlier_command() -> None:
    decoder = AtDecoder()
    decoder.begin(
        at_codec.Expectation(command="AT+CMEE?", prefixes=("+CMEE:",), needs_information=True)
    )
    frames = decoder.feed(b"\r\nOK\r\n\r\n+CMEE: 1\r\n\r\nOK\r\n")
    assert frames == [Stray("OK"), Information("+CMEE: 1"), OK]


def test_the_echo_of_a_pdu_is_not_taken_for_a_pushed_message() -> None:
    decoder = AtDecoder()
    decoder.begin(expectation("AT+CMGS=20"))
    decoder.payload = PDU
    frames = decoder.feed(f"\r\n+CMT: ,30\r\n{PDU}\x1a\r\n00{PDU}\r\n".encode())
    assert frames == [Unsolicited("+CMT: ,30", f"00{PDU}")]


def test_a_line_without_end_is_dropped_and_the_next_one_read() -> None:
    decoder = AtDecoder()
    decoder.begin(expectation("AT"))
    for _ in range(50):
        assert decoder.feed(b"x" * 1000) == []
    assert decoder.feed(b"\r\n\r\nOK\r\n") == [OK]


def test_a_text_whose_end_is_lost_does_not_swallow_everything() -> None:
    decoder = AtDecoder()
    decoder.feed(b'\r\n+CUSD: 0,"begun')
    for _ in range(at_codec.MAX_TEXT_LINES):
        decoder.feed(b"\r\nand on\r\n")
    decoder.begin(expectation("AT"))
    assert decoder.feed(b"\r\nOK\r\n")[-1] == OK


def test_a_pushed_message_whose_pdu_is_lost_does_not_wait_for_ever() -> None:
    decoder = AtDecoder()
    decoder.feed(b"\r\n+CMT: ,30\r\n")
    for _ in range(at_codec.MAX_BETWEEN + 1):
        decoder.feed(b"\r\n^RSSI:1\r\n")
    assert decoder.feed(f"\r\n{PDU}\r\n".encode()) == [Unsolicited(PDU)]


FRAGMENTS = (
    *(b"\r\n", b"\r", b"OK", b"ERROR", b"+CMS ERROR: 38", b"> ", b">", b"+CMT: ,30", b'"', b"RING"),
    *(b"+CMGS: 12", b'+CUSD: 0,"', b"AT+CSQ", b"+CSQ: 1,2", PDU.encode(), b"\x1a", b"\x1b"),
    *(b"\xfd", b"\x00", b"+CMGL: 1,1,,30", b"+CMTI: ", b",", b"+CREG: 1", b"A" * 5000),
)
WIRE = st.sampled_from(FRAGMENTS)


@given(
    st.lists(st.one_of(WIRE, st.binary(max_size=40)), max_size=60),
    st.sampled_from(["", "AT", "AT+CSQ", "AT+CMGL=4", "AT+CMGS=20", "AT+CGMI", "AT+CREG?"]),
    st.booleans(),
)
def test_no_bytes_make_the_decoder_raise_stall_or_grow(
    pieces: list[bytes], command: str, submit_unanswered: bool
) -> None:
    decoder = AtDecoder()
    if command:
        decoder.begin(expectation(command))
    decoder.prompt_awaited = command.startswith("AT+CMGS")
    decoder.submit_unanswered = submit_unanswered
    decoder.payload = PDU
    for piece in pieces:
        decoder.feed(piece)
    held = len(decoder._tail) + sum(map(len, decoder._text)) + len(decoder._header)
    assert held <= 4 * at_codec.MAX_LINE_BYTES
    # Whatever came before: once it is given up, the next command gets its answer.
    decoder.abandon()
    decoder.begin(expectation("AT+CSQ"))
    frames = decoder.feed(b"\r\n\r\n+CSQ: 20,0\r\n\r\nOK\r\n\r\nOK\r\n")
    assert Information("+CSQ: 20,0") in frames
    assert OK in frames


@given(st.binary(max_size=300), st.integers(min_value=1, max_value=299))
def test_where_the_bytes_are_cut_makes_no_difference(data: bytes, place: int) -> None:
    def cut(whole: bytes) -> list[bytes]:
        return [whole[:place], whole[place:]]

    assert decoded("AT+CSQ", data, cut) == decoded("AT+CSQ", data, at_once)
