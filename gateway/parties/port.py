"""What others plug into the directory, and what it offers to links."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from gateway.parties.model import Found


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A number key that now belongs to a party, or to its contact person."""

    key: str
    party_id: str
    person_id: str | None = None


NumberAttached = Callable[[Connection, Sequence[Attachment]], None]
"""Told, inside the unit of work, which numbers now belong to somebody."""


class NumberDirectory(Protocol):
    """Knows whose number it is, whoever asks; the caller hides what its reader may not see."""

    async def match(self, number: str) -> Found:
        """Return whose number it may be; never raises for what a network calls a number."""
        ...
