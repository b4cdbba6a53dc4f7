"""What a telephone system's dialplan may ask while a call comes in, and what it is told.

Whoever cannot answer in time answers nothing: the dialplan then goes on as it always does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiSettings:
    """Where the dialplan of one telephone system asks, and who may."""

    pbx: str
    bind: str
    port: int
    peers: frozenset[str]
    """Addresses that are answered; all others are hung up on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerQuestion:
    """A call that comes in, as the dialplan tells of it."""

    number: str
    """The caller's; empty when withheld."""
    did: str
    """The line that he called."""
    call: str = ""
    """The unique id of his channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStep:
    """An extension that is to ring, and how long."""

    extension: str
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerAdvice:
    """What to show of a caller, and who is to ring before the dialplan goes on."""

    name: str = ""
    route: tuple[RouteStep, ...] = ()
    """In this order; empty: the dialplan goes on at once."""
    why: str = ""
    """In a few words, for who reads the dialplan's log."""


class CallerAdviser(Protocol):
    """Knows callers."""

    async def advise(self, question: CallerQuestion) -> CallerAdvice:
        """Return what to show and who is to ring; raises Unavailable."""
