"""Rows of an import, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

MAX_CELL = 10_000
"""Characters of one cell."""
MAX_LISTED = 10_000
"""Rejected rows that a report lists; beyond it they are only counted."""


class ImportField(StrEnum):
    """What a column can hold."""

    NAME = "name"
    KIND = "kind"
    CODE = "code"
    TAX_NUMBER = "tax_number"
    PERSON = "person"
    POSITION = "position"
    MOBILE = "mobile"
    WORK = "work"
    HOME = "home"
    FAX = "fax"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    RESPONSIBLE = "responsible"
    NOTES = "notes"


NUMBER_FIELDS = (
    ImportField.MOBILE,
    ImportField.WORK,
    ImportField.HOME,
    ImportField.FAX,
    ImportField.PHONE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """One customer, or one contact person of him, as a file tells it; nothing is checked yet."""

    line: int
    name: str = ""
    kind: str = ""
    code: str = ""
    tax_number: str = ""
    person: str = ""
    position: str = ""
    email: str = ""
    address: str = ""
    responsible: str = ""
    """A user's login, name or extension."""
    notes: str = ""
    mobile: tuple[str, ...] = ()
    work: tuple[str, ...] = ()
    home: tuple[str, ...] = ()
    fax: tuple[str, ...] = ()
    phone: tuple[str, ...] = ()


class Outcome(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """What became of one row; `reason` tells why it was rejected, `field` where."""

    line: int
    outcome: Outcome
    party_id: str = ""
    field: str = ""
    reason: str = ""


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """What became of all rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    rejections: list[RowResult] = field(default_factory=list)
    """The first MAX_LISTED rejected rows."""

    @property
    def rows(self) -> int:
        """Return how many rows there were."""
        return self.created + self.updated + self.unchanged + self.rejected

    def note(self, result: RowResult) -> None:
        """Count a row."""
        name = result.outcome.value
        setattr(self, name, getattr(self, name) + 1)
        if result.outcome is Outcome.REJECTED and len(self.rejections) < MAX_LISTED:
            self.rejections.append(result)


def rejected(line: int, reason: str, field: str = "") -> RowResult:
    """Return the result of a row that cannot be taken."""
    return RowResult(line=line, outcome=Outcome.REJECTED, field=field, reason=reason)
