from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.modem.errors import AtError
from simulators.modem.parser import Command, Kind, Parameter, parse_line, split_parameters


@pytest.mark.parametrize(
    ("body", "commands"),
    [
        ("", ()),
        ("E0V1", (Command("E", Kind.RUN, "0"), Command("V", Kind.RUN, "1"))),
        (
            "Q0 V1 E1 S0=0 &C1 &D2 +FCLASS=0",
            (
                Command("Q", Kind.RUN, "0"),
                Command("V", Kind.RUN, "1"),
                Command("E", Kind.RUN, "1"),
                Command("S0", Kind.SET, "0"),
                Command("&C", Kind.RUN, "1"),
                Command("&D", Kind.RUN, "2"),
                Command("+FCLASS", Kind.SET, "0"),
            ),
        ),
        (
            "+CMEE=1;+CREG=2",
            (Command("+CMEE", Kind.SET, "1"), Command("+CREG", Kind.SET, "2")),
        ),
        ("+cmgl=4;", (Command("+CMGL", Kind.SET, "4"),)),
        ("E0+CSQ", (Command("E", Kind.RUN, "0"), Command("+CSQ", Kind.RUN))),
        ("+CPMS=?", (Command("+CPMS", Kind.TEST),)),
        ("+CREG?", (Command("+CREG", Kind.READ),)),
        ("^CPIN?", (Command("^CPIN", Kind.READ),)),
        ("$TSSPCSW=?", (Command("$TSSPCSW", Kind.TEST),)),
        ("S3?", (Command("S3", Kind.READ),)),
        ("D+90 532;", (Command("D", Kind.RUN, "+90532;"),)),
        ('+CUSD=1,"a;b c",15', (Command("+CUSD", Kind.SET, '1,"a;b c",15'),)),
        ("D123;H", (Command("D", Kind.RUN, "123;"), Command("H", Kind.RUN, ""))),
    ],
)
def test_lines_are_taken_apart(body: str, commands: tuple[Command, ...]) -> None:
    assert parse_line(body) == commands


@pytest.mark.parametrize("body", ["+", "5", "+CSQ!", "=1", '+CMGF="'])
def test_what_is_no_command_is_an_error(body: str) -> None:
    with pytest.raises(AtError):
        [command.parameters() for command in parse_line(body)]


def test_parameters_may_be_omitted_quoted_and_escaped() -> None:
    assert split_parameters('1,,"a,b","",\t') == (
        Parameter("1"),
        Parameter(""),
        Parameter("a,b", quoted=True),
        Parameter("", quoted=True),
        Parameter("\t"),
    )
    assert split_parameters('"\\22x\\5C"')[0].text == '"x\\'


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_any_line_is_commands_or_an_at_error(body: str) -> None:
    try:
        commands = parse_line(body)
    except AtError:
        return
    assert all(command.name for command in commands)
