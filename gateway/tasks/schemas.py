"""Tasks as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from gateway.tasks.model import MAX_KEPT, Resolution, StepKind, TaskKind
from gateway.web.fields import (
    Extension,
    Id,
    Moment,
    Number,
    PartyId,
    PartyName,
    PersonId,
    PersonName,
    UserId,
    UserName,
)
from gateway.web.paging import NextCursor, PageQuery
from gateway.web.routes import Schema

By = Annotated[str, Field(description="name, or extension", examples=["Ayşe Yılmaz"])]
CallId = Annotated[
    str, Field(description="the call", examples=["019a2f3c9e7a7c1d8a3b5e6f70819203"])
]


class TasksQuery(PageQuery):
    """Which tasks are wanted."""

    state: Literal["open", "closed", "all"] = "open"
    kind: TaskKind | None = None
    assigned: Annotated[
        str,
        Field(max_length=64, description="`me`, `nobody`, or a user's login or id; empty: all"),
    ] = ""
    party_id: Annotated[str, Field(max_length=32)] = ""
    since: Annotated[Moment | None, Field(description="of which something happened since")] = None


class MissedCallOut(Schema):
    """A call that nobody took."""

    call_id: CallId
    started_at: datetime
    line: Annotated[str, Field(description="our line that was called", examples=["02125550100"])]
    outcome: Annotated[str, Field(examples=["no_answer"])]
    reason: Annotated[str, Field(examples=["the caller hung up"])]
    ring_s: Annotated[float, Field(examples=[21.5])]
    voicemail: Annotated[bool, Field(description="the caller was sent to a mailbox")]


class AttemptOut(Schema):
    """A call-back that was not answered."""

    call_id: CallId
    at: datetime
    by: By
    user_id: UserId | None
    extension: Extension
    number: Number
    outcome: Annotated[str, Field(examples=["busy"])]


class StepOut(Schema):
    """Something that somebody did with a task by hand."""

    kind: StepKind
    at: datetime
    by: By
    user_id: UserId | None
    to: Annotated[UserId | None, Field(description="whom it was given to; null: nobody")]
    note: Annotated[str, Field(examples=["asked for an offer"])]


class ClosingOut(Schema):
    """How a task was settled."""

    resolution: Resolution
    at: datetime
    by: By
    user_id: UserId | None
    extension: Extension
    call_id: Annotated[Id | None, Field(description="the call that settled it")]
    note: Annotated[str, Field(examples=[""])]


class TaskOut(Schema):
    """Something that must not be forgotten."""

    id: Id
    kind: TaskKind
    state: Literal["open", "closed"]
    number: Annotated[str, Field(description="empty: withheld", examples=["+905321234567"])]
    party_id: PartyId | None
    party_name: PartyName
    person_id: PersonId | None
    person_name: PersonName
    assigned_to: Annotated[UserId | None, Field(description="null: everybody's")]
    assigned_name: UserName
    count: Annotated[int, Field(description="missed calls that it gathers", examples=[1])]
    opened_at: datetime
    last_at: Annotated[datetime, Field(description="when the newest of them was missed")]
    calls: Annotated[tuple[MissedCallOut, ...], Field(description=f"the newest {MAX_KEPT}")]
    attempts: Annotated[tuple[AttemptOut, ...], Field(description=f"the newest {MAX_KEPT}")]
    steps: Annotated[tuple[StepOut, ...], Field(description=f"the newest {MAX_KEPT}")]
    closing: ClosingOut | None


class TasksOut(Schema):
    """A page of tasks; without a next cursor it is the last."""

    items: tuple[TaskOut, ...]
    next_cursor: NextCursor


class TaskFiguresOut(Schema):
    """How many open tasks one sees."""

    open: Annotated[int, Field(examples=[7])]
    mine: Annotated[int, Field(description="given to me", examples=[2])]
    nobodys: Annotated[int, Field(description="given to nobody", examples=[4])]


class DoneIn(Schema):
    """Saying that a task is done."""

    note: Annotated[str, Field(max_length=1000, examples=["wrote to him instead"])] = ""


class AssignIn(Schema):
    """Who is to do a task."""

    to: Annotated[
        str,
        Field(
            min_length=1, max_length=64, examples=["me"],
            description="a user's login or id, `me`, or `nobody`",
        ),
    ]  # fmt: skip
