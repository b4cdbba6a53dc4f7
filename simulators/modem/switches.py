"""Parameters that a modem only remembers and shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from simulators.modem.errors import AtError
from simulators.modem.parser import Command, Kind
from simulators.modem.replies import Reply

if TYPE_CHECKING:
    from simulators.modem.modem import Modem

# Name: default and what the test command shows; an empty test allows anything.
STANDARD = {
    "+CCWA": ("0", "(0,1)"),
    "+CLIR": ("0,0", "(0-2)"),
    "+COLP": ("0,0", "(0,1)"),
    "+CVHU": ("0", "(0,1,2)"),
    "+CMMS": ("0", "(0-2)"),
    "+CTZR": ("0", "(0,1)"),
    "+CTZU": ("0", "(0,1)"),
    "+CSSN": ("0,0", "(0,1),(0,1)"),
    "+CMUT": ("0", "(0,1)"),
    "+CLVL": ("50", "(0-100)"),
    "+CALM": ("0", "(0-2)"),
    "+CRSL": ("2", "(0-4)"),
    "+CSTA": ("129", "(129,145)"),
    "+CMOD": ("0", "(0,1)"),
    "+CBST": ("7,0,1", ""),
    "+CR": ("0", "(0,1)"),
    "+CMER": ("0,0,0,0,0", "(0-3),(0),(0),(0,1),(0,1)"),
    "+CGDCONT": ('1,"IP","internet","",0,0', ""),
    "+CGEREP": ("0,0", "(0-2),(0,1)"),
    "+FCLASS": ("0", ""),
    "+CGACT": ("1,0", "(0,1)"),
    "+CSCB": ('0,"",""', "(0,1)"),
    "+IPR": ("0", "(),(0,1200,2400,4800,9600,19200,38400,57600,115200,230400,460800)"),
    "+IFC": ("0,0", "(0-2),(0-2)"),
    "+ICF": ("3,3", "(0-6),(0-3)"),
    "+ILRR": ("0", "(0,1)"),
}


def handler(name: str, test: str) -> Callable[[Modem, Command], Reply]:
    """Set, show and test one parameter."""

    def remember(modem: Modem, command: Command) -> Reply:
        if command.kind is Kind.TEST:
            return [f"{name}: {test}"] if test else None
        if command.kind is Kind.READ:
            return [f"{name}: {modem.settings.switches[name]}"]
        if command.kind is Kind.SET:
            _check(command, test)
            modem.settings.switches[name] = command.arguments
        return None

    return remember


def ranges(test: str) -> list[frozenset[int]]:
    """The numbers that each parenthesis of a test answer allows."""
    return [_numbers(group) for group in re.findall(r"\(([^()]*)\)", test)]


def _numbers(group: str) -> frozenset[int]:
    allowed: set[int] = set()
    for item in group.split(","):
        first, _, last = item.partition("-")
        if first.isdigit():
            allowed.update(range(int(first), int(last or first) + 1))
    return frozenset(allowed)


def _check(command: Command, test: str) -> None:
    """Refuse a number outside its range; parameters without a range are free."""
    for parameter, allowed in zip(command.parameters(), ranges(test), strict=False):
        if parameter.given and allowed and parameter.number() not in allowed:
            raise AtError
