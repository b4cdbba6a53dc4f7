"""The API of contact history."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, field_validator

from gateway.history.model import Direction, InteractionKind, TimelineEntry
from gateway.history.timeline import Timeline
from gateway.web.fields import Id, Number, PersonId, PersonName, UserId, UserName
from gateway.web.paging import NextCursor, PageQuery
from gateway.web.principal import Permission
from gateway.web.routes import Call, NoBody, Route, Schema

Kind = Literal["call", "sms", "fax", "note"]


class InteractionsQuery(PageQuery):
    """Which part of a history is wanted."""

    kinds: Annotated[
        tuple[Kind, ...], Field(max_length=8, description="repeat it for several; all by default")
    ] = ()

    @field_validator("kinds", mode="before")
    @classmethod
    def _as_several(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value


class InteractionOut(Schema):
    """One contact with a customer."""

    id: Id
    kind: Annotated[InteractionKind, Field(examples=["sms"])]
    direction: Annotated[Direction, Field(examples=["in"])]
    ref: Annotated[
        str,
        Field(
            description="the call, message or fax itself",
            examples=["019a2f3c9e7a7c1d8a3b5e6f70819203"],
        ),
    ]
    number: Number
    line: Annotated[
        str,
        Field(description="ours: the modem or the number that was called", examples=["office1"]),
    ]
    person_id: PersonId | None
    person_name: PersonName
    user_id: UserId | None
    user_name: UserName
    started_at: datetime
    ended_at: datetime | None
    outcome: Annotated[str, Field(examples=["received"])]
    text: Annotated[str, Field(examples=["Yarın 10'da uygun."])]
    document: Annotated[
        str, Field(description="where its recording or its pages are", examples=[""])
    ]


class InteractionsOut(Schema):
    """A page of a history, newest first; without a next cursor it is the last."""

    items: tuple[InteractionOut, ...]
    next_cursor: NextCursor


class HistoryApi:
    """Routes of contact history."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route(
                method="GET",
                path="/parties/{party_id}/interactions",
                permission=Permission.PARTIES_READ,
                handler=self._of_party,
                summary="Show a party's calls, messages and faxes, newest first",
                query=InteractionsQuery,
                returns=InteractionsOut,
            )
        ]

    async def _of_party(self, call: Call[NoBody, InteractionsQuery]) -> InteractionsOut:
        query = call.query
        page = await self._timeline.of_party(
            call.principal,
            call.path["party_id"],
            cursor=query.cursor,
            kinds=[InteractionKind(kind) for kind in query.kinds],
            limit=query.limit,
        )
        items = tuple(shown(entry) for entry in page.items)
        return InteractionsOut(items=items, next_cursor=page.next_cursor)


def shown(entry: TimelineEntry) -> InteractionOut:
    """Return what is shown of an interaction."""
    one = entry.interaction
    return InteractionOut(
        id=entry.id,
        kind=one.kind,
        direction=one.direction,
        ref=one.ref,
        number=one.number,
        line=one.line,
        person_id=one.person_id,
        person_name=entry.person_name,
        user_id=one.user_id,
        user_name=entry.user_name,
        started_at=one.started_at,
        ended_at=one.ended_at,
        outcome=one.outcome,
        text=one.text,
        document=one.document,
    )
