"""What a command may answer besides information text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prompt:
    """Ask for a payload; `take` makes the reply of it."""

    take: Callable[[bytes], Reply]


@dataclass(frozen=True, slots=True)
class Later:
    """The reply comes after a while; the interpreter takes no command until then."""

    delay_s: float
    then: Callable[[], Reply]


@dataclass(frozen=True, slots=True)
class Final:
    """A result code of the command's own in place of OK; empty when none comes now."""

    code: str


Reply = None | list[str] | Prompt | Later | Final
