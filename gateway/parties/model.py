"""Companies, people, their numbers, and whom a number belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.kernel.numbers import PhoneNumber

MAX_NAME = 200
MAX_CODE = 64
MAX_TAX_NUMBER = 32
MAX_POSITION = 200
MAX_EMAIL = 254
"""RFC 5321 §4.5.3.1.3, without its angle brackets."""
MAX_ADDRESS = 1000
MAX_NOTES = 10_000
MAX_PERSONS = 500
"""Contact persons of one party."""
MAX_PHONES = 100
"""Numbers of one party or one contact person."""


class PartyKind(StrEnum):
    """What a customer is."""

    COMPANY = "company"
    PERSON = "person"


class PhoneKind(StrEnum):
    """What a number is for."""

    MOBILE = "mobile"
    WORK = "work"
    HOME = "home"
    FAX = "fax"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A number; `key` is its E.164 form, `written` how somebody wrote it."""

    id: str
    key: str
    kind: PhoneKind
    written: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPerson:
    """Somebody who speaks for a party."""

    id: str
    name: str
    position: str = ""
    email: str = ""
    phones: tuple[Phone, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Responsible:
    """The user who is responsible for a party, and where he is reached."""

    id: str
    name: str
    extension: str = ""
    mobile: str = ""
    active: bool = True
    """False when his access was taken away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A customer with all that is known of him; `phones` are those of no particular person."""

    id: str
    kind: PartyKind
    name: str
    code: str = ""
    """His key in another system, unique where set."""
    tax_number: str = ""
    responsible: Responsible | None = None
    email: str = ""
    address: str = ""
    notes: str = ""
    phones: tuple[Phone, ...] = ()
    persons: tuple[ContactPerson, ...] = ()
    version: int = 1
    created_at: datetime
    updated_at: datetime

    @property
    def responsible_id(self) -> str | None:
        """Return the id of the responsible user."""
        return self.responsible.id if self.responsible else None


class Certainty(StrEnum):
    """How sure a match is."""

    EXACT = "exact"
    PROBABLE = "probable"
    """Only the end of the number is the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedPerson:
    """The contact person whose number it is."""

    id: str
    name: str
    position: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Whose number it may be."""

    party_id: str
    party_kind: PartyKind
    party_name: str
    code: str = ""
    person: MatchedPerson | None = None
    responsible: Responsible | None = None
    phone_kind: PhoneKind = PhoneKind.OTHER
    certainty: Certainty = Certainty.EXACT
    restricted: bool = False
    """The asker may know name and responsible only, to whom he transfers the call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The answer to a look-up: no match, the match, or several to choose from."""

    number: PhoneNumber
    matches: tuple[Match, ...] = ()
