"""What Santral needs of a CRM, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Certainty(StrEnum):
    """How sure a CRM is whose number it is."""

    EXACT = "exact"
    PROBABLE = "probable"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardParty:
    """The customer, by his key in the CRM that was asked."""

    ref: str
    name: str
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPerson:
    """The contact person."""

    ref: str
    name: str
    position: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardResponsible:
    """Our employee who is responsible, and where he is reached; not active when he left."""

    ref: str
    name: str
    extension: str = ""
    mobile: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is shown while a customer's call rings."""

    party: CardParty
    person: CardPerson | None = None
    responsible: CardResponsible | None = None
    certainty: Certainty = Certainty.EXACT
    copied_at: datetime | None = None
    """When the data was copied from the CRM; None when the CRM itself has just answered."""


class Directory(Protocol):
    """Finds a customer by his number.

    It is asked while a telephone rings: it may be cancelled at any moment, and raises Temporary
    when its CRM does not answer. Who sees the cards hides what he may not see.
    """

    async def find_by_number(self, number: str) -> list[Card]:
        """Return nobody, the customer, or several to choose from, the likeliest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """An interaction as it is written to a CRM."""

    kind: str
    direction: str
    number: str
    party_ref: str
    """The customer's key in that CRM; empty when nobody is known by the number."""
    employee_ref: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    text: str


class Journal(Protocol):
    """Keeps interactions with customers."""

    async def log(self, entry: JournalEntry, *, key: str) -> str:
        """Write an entry and return its key there; the same `key` again writes nothing new.

        Raises Temporary when it is not written and may be tried again, Permanent when it never
        will be, Uncertain when it may have been written.
        """
        ...
