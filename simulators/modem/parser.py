"""Command lines taken apart as ITU-T V.250 §5.2–5.4 says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from simulators.modem.errors import AtError


class Kind(StrEnum):
    """What is asked of a command."""

    RUN = "run"
    SET = "set"
    READ = "read"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a line; `arguments` is what stands after `=`, or the basic command's value."""

    name: str
    kind: Kind
    arguments: str = ""

    def parameters(self) -> tuple[Parameter, ...]:
        """The arguments between commas; an omitted one is an empty, unquoted parameter."""
        if self.kind is Kind.SET and not self.arguments:
            return (OMITTED,)
        return split_parameters(self.arguments)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument: its text, and whether it stood in quotes."""

    text: str
    quoted: bool = False

    @property
    def given(self) -> bool:
        """Whether anything stood between the commas."""
        return self.quoted or bool(self.text)

    def number(self, default: int | None = None) -> int:
        """A decimal number; the default when omitted; AtError for anything else."""
        if not self.given and default is not None:
            return default
        if self.quoted or not self.text.isascii() or not self.text.isdigit():
            raise AtError
        return int(self.text)


OMITTED = Parameter("")

_EXTENDED = re.compile(r"[+^$*%#!@_][A-Za-z0-9+\-./:_]*[A-Za-z0-9_]|[+^$*%#!@_][A-Za-z]")
_S_REGISTER = re.compile(r"[Ss](\d+)(=\?|=\d*|\?)")
_BASIC = re.compile(r"([&\\]?[A-Za-z])(\d*)")


@lru_cache(maxsize=2048)
def parse_line(body: str) -> tuple[Command, ...]:
    """The commands of a line, its `AT` taken off; AtError where it is none."""
    commands: list[Command] = []
    rest = _without_blanks(body)
    while rest:
        if rest[0] == ";":
            rest = rest[1:]
            continue
        command, rest = _first(rest)
        commands.append(command)
    return tuple(commands)


@lru_cache(maxsize=2048)
def split_parameters(arguments: str) -> tuple[Parameter, ...]:
    """The parameters between commas that stand outside quotes."""
    if not arguments:
        return ()
    return tuple(_parameter(text) for text in _split_outside_quotes(arguments, ","))


def _first(rest: str) -> tuple[Command, str]:
    if rest[0].upper() == "D":
        end = rest.find(";")
        cut = len(rest) if end < 0 else end + 1
        return Command("D", Kind.RUN, rest[1:cut]), rest[cut:]
    register = _S_REGISTER.match(rest)
    if register:
        return _register(register), rest[register.end() :]
    basic = _BASIC.match(rest)
    if basic:
        return Command(basic[1].upper(), Kind.RUN, basic[2]), rest[basic.end() :]
    return _extended(rest)


def _register(match: re.Match[str]) -> Command:
    name, action = f"S{int(match[1])}", match[2]
    if action == "?":
        return Command(name, Kind.READ)
    if action == "=?":
        return Command(name, Kind.TEST)
    return Command(name, Kind.SET, action[1:])


def _extended(rest: str) -> tuple[Command, str]:
    text = _split_outside_quotes(rest, ";")[0]
    following = rest[len(text) + 1 :]
    name = _EXTENDED.match(text)
    if not name:
        raise AtError
    tail = text[name.end() :]
    if tail == "":
        return Command(name[0].upper(), Kind.RUN), following
    if tail == "?":
        return Command(name[0].upper(), Kind.READ), following
    if tail == "=?":
        return Command(name[0].upper(), Kind.TEST), following
    if tail[0] == "=":
        return Command(name[0].upper(), Kind.SET, tail[1:]), following
    raise AtError


def _parameter(text: str) -> Parameter:
    if text.startswith('"'):
        if len(text) < 2 or not text.endswith('"'):
            raise AtError
        return Parameter(_unescape(text[1:-1]), quoted=True)
    if '"' in text:
        raise AtError
    return Parameter(text)


def _unescape(text: str) -> str:
    """V.250 §5.4.2.2: a backslash and two hexadecimal digits stand for a character."""
    if "\\" not in text:
        return text
    return re.sub(r"\\([0-9A-Fa-f]{2})", lambda match: chr(int(match[1], 16)), text)


def _without_blanks(body: str) -> str:
    if " " not in body:
        return body
    pieces = body.split('"')
    pieces[::2] = [piece.replace(" ", "") for piece in pieces[::2]]
    return '"'.join(pieces)


def _split_outside_quotes(text: str, separator: str) -> list[str]:
    if '"' not in text:
        return text.split(separator)
    parts: list[str] = []
    start, quoted = 0, False
    for place, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif character == separator and not quoted:
            parts.append(text[start:place])
            start = place + 1
    parts.append(text[start:])
    return parts
