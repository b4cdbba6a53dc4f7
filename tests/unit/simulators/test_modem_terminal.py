from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.modem.terminal import Terminal


class Host:
    """Keeps what a terminal says; asks for a payload after a line that begins with P."""

    def __init__(self, *, echo: bool = False) -> None:
        self.echo = echo
        self.line_end = 13
        self.backspace = 8
        self.said: list[str] = []
        self.echoed = b""
        self.terminal = Terminal(self)

    def send_echo(self, data: bytes) -> None:
        self.echoed += data

    def line_received(self, line: str) -> None:
        self.said.append(f"line {line}")
        if line.startswith("P"):
            self.terminal.collect()

    def payload_received(self, payload: bytes) -> None:
        self.said.append(f"payload {payload.decode('latin-1')}")

    def payload_cancelled(self) -> None:
        self.said.append("cancelled")

    def payload_line(self) -> None:
        self.said.append("payload line")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (b"AT\r", ["line "]),
        (b"at+csq\r", ["line +csq"]),
        (b"\x1b\rAT+A\r", ["line +A"]),
        (b"+++~ATH\r", ["line H"]),
        (b"nonsense\r", []),
        (b"AT+A\r\nAT+B\r\n", ["line +A", "line +B"]),
        (b"AT+X\x08A\r", ["line +A"]),
        (b"AT+A\rA/", ["line +A", "line +A"]),
        (b"AT+A\r\na/", ["line +A", "line +A"]),
        (b"\x1aAT\r", ["line "]),
        (b"ATP\rabc\x1aAT\r", ["line P", "payload abc", "line "]),
        (b"ATP\rabc\x1bAT\r", ["line P", "cancelled", "line "]),
        (b"ATP\rAT+CSQ\r\x1a", ["line P", "payload AT+CSQ\r"]),
        (b"ATP\ra\rb\x1a", ["line P", "payload a\rb"]),
    ],
)
def test_bytes_become_lines_and_payloads(written: bytes, said: list[str]) -> None:
    host = Host()
    host.terminal.feed(written)
    assert host.said == said


@given(st.data())
def test_pieces_make_no_difference(data: st.DataObject) -> None:
    written = b"\x1b\rAT\rATE0V1\rA/ATP\r0011\x1a\x1aAT+X\x08Y\rATP\rzz\x1bAT\r\n"
    whole, pieces = Host(echo=True), Host(echo=True)
    whole.terminal.feed(written)
    place = 0
    while place < len(written):
        size = data.draw(st.integers(1, 7))
        pieces.terminal.feed(written[place : place + size])
        place += size
    assert [one for one in pieces.said if one != "payload line"] == whole.said
    assert pieces.echoed == whole.echoed == written


def test_a_line_end_in_a_payload_is_told_once_it_is_not_over() -> None:
    host = Host()
    host.terminal.feed(b"ATP\rab\r")
    host.terminal.feed(b"cd\x1a")
    assert host.said == ["line P", "payload line", "payload ab\rcd"]


def test_a_busy_modem_reads_and_echoes_later() -> None:
    host = Host(echo=True)
    host.terminal.busy = True
    host.terminal.feed(b"AT+A\r")
    assert (host.said, host.echoed) == ([], b"")
    host.terminal.busy = False
    host.terminal.pump()
    assert (host.said, host.echoed) == (["line +A"], b"AT+A\r")


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_garbage_leaves_a_terminal_that_still_works(chunks: list[bytes]) -> None:
    host = Host()
    for chunk in chunks:
        host.terminal.feed(chunk)
    host.terminal.feed(b"\x1b\rAT+OK\r")
    assert host.said[-1] == "line +OK"
