"""FastAGI as bytes: what a dialplan asks, and the variables that answer it (pure)."""

from __future__ import annotations

import re
import unicodedata

from gateway.calls.routing_port import CallerAdvice, CallerQuestion
from gateway.kernel.errors import Invalid

SCRIPT = "caller"
"""The one that is answered: agi://host:port/caller."""
MAX_HEAD = 16_384
MAX_NAME = 40
"""Characters that a telephone shows of a name."""
_END = b"\n\n"
_WANTED = frozenset({"agi_network_script", "agi_arg_1", "agi_arg_2", "agi_arg_3"})
_VARIABLE = re.compile(r"SANTRAL_[A-Z_]{1,32}")
_UNFIT = frozenset('"\\<>$`{}[];|^')
"""Means something to a dialplan, or to SIP, where a name is put."""


class Head:
    """Collects what Asterisk says first, bounded."""

    def __init__(self) -> None:
        self._got = b""

    def feed(self, data: bytes) -> bytes | None:
        """Take bytes; return the whole head once it is there. Raises Invalid."""
        self._got += data
        head, end, rest = self._got.partition(_END)
        if len(head) > MAX_HEAD:
            raise Invalid(f"the question is longer than {MAX_HEAD} bytes")
        if rest:
            raise Invalid("it speaks before it is asked")
        return head if end else None


def read(head: bytes) -> dict[str, str]:
    """Return the headers that are wanted of a head; raises Invalid when one comes twice."""
    found: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\n"):
        name, colon, value = line.partition(": ")
        if not colon or name not in _WANTED:
            continue
        if name in found:
            raise Invalid(f"{name} comes twice")
        found[name] = value.strip()
    if found.get("agi_network_script") != SCRIPT:
        raise Invalid(f"it asks for something else than agi://…/{SCRIPT}")
    return found


def question(headers: dict[str, str]) -> CallerQuestion:
    """Return what is asked."""
    number, did, call = (headers.get(f"agi_arg_{place}", "") for place in (1, 2, 3))
    return CallerQuestion(number=number, did=did, call=call)


def commands(advice: CallerAdvice) -> list[str]:
    """Return what is answered: variables of the asking channel, the last one says it is all."""
    route = advice.route
    return [
        set_variable("SANTRAL_NAME", shown(advice.name)),
        set_variable("SANTRAL_ROUTE", "-".join(step.extension for step in route)),
        set_variable("SANTRAL_ROUTE_S", "-".join(str(step.seconds) for step in route)),
        set_variable("SANTRAL_WHY", advice.why),
        set_variable("SANTRAL_TOLD", "told"),
    ]


def set_variable(name: str, value: str) -> str:
    """Return the command that sets a variable; raises Invalid for what could end the line."""
    if not _VARIABLE.fullmatch(name):
        raise Invalid(f"{name!r} is no variable of ours")
    if '"' in value or "\\" in value or not (value.isprintable() or not value):
        raise Invalid(f"the value of {name} holds a quote or control character")
    return f'SET VARIABLE {name} "{value}"'


def shown(name: str) -> str:
    """Return a name as a telephone's display may have it: plain, on one line, short.

    Letters of every script stay; what steers text (bidi, zero-width, control) and what a dialplan
    would take for its own does not.
    """
    text = unicodedata.normalize("NFC", name)
    spaced = ("".join(" " if char.isspace() else char for char in text)).split()
    plain = "".join(char for char in " ".join(spaced) if _fits(char))
    return " ".join(plain.split())[:MAX_NAME].strip()


def _fits(char: str) -> bool:
    """Tell whether a character may be shown; category C is control, format, surrogate, private."""
    return char == " " or (char not in _UNFIT and unicodedata.category(char)[0] not in "CZ")
