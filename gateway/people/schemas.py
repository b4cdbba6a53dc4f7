"""What the API of people takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.people.absences import MAX_NOTE, AbsenceDraft, RowResult
from gateway.people.announcing import describe_colleague
from gateway.people.model import Absence, AbsenceKind, Colleague, PresenceState, Role
from gateway.web.fields import Extension, Id, UserId, UserName
from gateway.web.paging import NextCursor, ShortListQuery
from gateway.web.routes import Schema

MAX_ROWS = 1000
Person = Annotated[str, Field(description="login, name, extension or id", examples=["ayse"])]
When = Annotated[
    str,
    Field(
        description="a day, or a moment; without an offset it is the office's time",
        examples=["2026-12-28"],
    ),
]
Mobile = Annotated[str, Field(examples=["+905329876543"])]


class DeputyOut(Schema):
    """Who stands in for somebody who is absent."""

    id: UserId
    name: Annotated[str, Field(examples=["Ali Demir"])]
    extension: Annotated[str, Field(examples=["102"])]
    mobile: Mobile
    state: PresenceState


class ColleagueOut(Schema):
    """One of our people, and whether he can be spoken with now."""

    id: UserId
    login: Annotated[str, Field(examples=["ayse"])]
    name: UserName
    role: Role
    extension: Extension
    mobile: Mobile
    state: Annotated[PresenceState, Field(examples=["absent"])]
    until: Annotated[datetime | None, Field(description="when he is back, where it is known")]
    deputy: Annotated[
        DeputyOut | None,
        Field(description="of who is absent: the first in the chain of deputies who is here"),
    ]

    @classmethod
    def of(cls, colleague: Colleague) -> ColleagueOut:
        """Return what is shown of a colleague."""
        return cls.model_validate(describe_colleague(colleague))


class ColleaguesOut(Schema):
    """A page of people; without a next cursor it is the last."""

    items: list[ColleagueOut]
    next_cursor: NextCursor


class AwayIn(Schema):
    """Whether one is away from his desk."""

    away: bool = True


class AbsencesQuery(ShortListQuery):
    """Which absences are wanted."""

    past: Annotated[bool, Field(description="those that are over, too")] = False


class AbsenceIn(Schema):
    """An absence to be noted."""

    person: Annotated[str, Field(description="login, name, extension or id; empty: who asks",
                                 examples=["ayse"])] = ""  # fmt: skip
    from_: Annotated[When, Field(alias="from")]
    until: Annotated[When, Field(description="the last day of it, or the moment of return",
                                   examples=["2027-01-03"])]  # fmt: skip
    kind: AbsenceKind = AbsenceKind.OTHER
    deputy: Annotated[Person, Field(description="who stands in", examples=["ali"])] = ""
    note: Annotated[
        str, Field(description=f"at most {MAX_NOTE} characters", examples=["Antalya"])
    ] = ""

    def draft(self) -> AbsenceDraft:
        """Return it for the service."""
        return AbsenceDraft(
            person=self.person, begins=self.from_, ends=self.until, kind=self.kind,
            deputy=self.deputy, note=self.note,
        )  # fmt: skip


class AbsenceOut(Schema):
    """An absence."""

    id: Id
    user_id: UserId
    begins: datetime
    ends: Annotated[datetime, Field(description="the first moment in which he is here again")]
    kind: AbsenceKind
    deputy_id: Annotated[str | None, Field(examples=["019a2f00b1c27d4e9f60718293a4b5c7"])]
    note: Annotated[str, Field(examples=["Antalya"])]

    @classmethod
    def of(cls, absence: Absence) -> AbsenceOut:
        """Return what is shown of an absence."""
        return cls(**{name: getattr(absence, name) for name in Absence.__slots__})


class AbsencesOut(Schema):
    """A page of absences; without a next cursor it is the last."""

    items: list[AbsenceOut]
    next_cursor: NextCursor


class AbsenceRowIn(AbsenceIn):
    """A row of a list."""

    line: Annotated[int, Field(ge=0, examples=[2], description="where it stands in the list")]


class AbsencesImportIn(Schema):
    """Rows of a list of absences."""

    rows: Annotated[tuple[AbsenceRowIn, ...], Field(max_length=MAX_ROWS)]
    dry_run: Annotated[bool, Field(description="write nothing, only report")] = False


class AbsenceRowOut(Schema):
    """What became of a row."""

    line: Annotated[int, Field(examples=[2])]
    outcome: Annotated[
        str, Field(examples=["created"], pattern="created|updated|unchanged|rejected")
    ]
    reason: Annotated[str, Field(description="why it was rejected", examples=[""])]
    field: Annotated[str, Field(description="which cell is wrong", examples=[""])]

    @classmethod
    def of(cls, result: RowResult) -> AbsenceRowOut:
        """Return what is shown of a result."""
        return cls(**{name: getattr(result, name) for name in RowResult.__slots__})


class AbsencesImportOut(Schema):
    """What became of each row, in order."""

    results: list[AbsenceRowOut]
