"""What the API of faxes gives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from gateway.fax.model import Attempt, AttemptState, Document, Fax, Received
from gateway.fax.port import FaxLine, Resolution, ServerCondition, ServerStatus
from gateway.fax.reasons import FaxReason
from gateway.fax.showing import Line, Way
from gateway.kernel.errors import GatewayError
from gateway.web.fields import Id, NoError, Number, PartyId, PersonId, UserId
from gateway.web.paging import NextCursor
from gateway.web.problems import Problem, problem_of
from gateway.web.routes import Schema


class AttemptOut(Schema):
    """One attempt to send a fax."""

    server: Annotated[str, Field(examples=["office"])]
    job: Annotated[str, Field(description="its id at the server", examples=["118"])]
    state: Annotated[AttemptState, Field(examples=["failed"])]
    reason: Annotated[FaxReason | None, Field(examples=["busy"])]
    meaning: Annotated[str, Field(examples=["the recipient's line is busy"])]
    text: Annotated[str, Field(description="the server's words", examples=["Busy signal detected"])]
    code: Annotated[str, Field(description="the server's code", examples=["001"])]
    pages_sent: Annotated[int, Field(examples=[0])]
    station_id: Annotated[str, Field(description="what the recipient's machine calls itself")]
    line: Annotated[str, Field(examples=["ttyFAX0"])]
    began_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        """Return what is shown of an attempt."""
        return cls(
            server=attempt.server_id,
            job=attempt.job_id,
            state=attempt.state,
            reason=attempt.reason,
            meaning=attempt.reason.meaning if attempt.reason else "",
            text=attempt.text,
            code=attempt.code,
            pages_sent=attempt.pages_sent,
            station_id=attempt.station_id,
            line=attempt.line,
            began_at=attempt.began_at,
            ended_at=attempt.ended_at,
        )


class FaxOut(Schema):
    """A fax, sent or received, and what became of it."""

    id: Id
    direction: Annotated[Way, Field(examples=["out"])]
    state: Annotated[
        str, Field(description="of one that came in: received, received_incomplete",
                   examples=["delivered"])
    ]  # fmt: skip
    number: Number
    name: Annotated[str, Field(examples=["Mehmet Yıldız"])]
    company: Annotated[str, Field(examples=["Yıldız Mobilya A.Ş."])]
    station_id: Annotated[
        str,
        Field(description="what the other machine calls itself", examples=["+90 212 555 01 90"]),
    ]
    called: Annotated[str, Field(description="our number, of one that came in", examples=[""])]
    subject: Annotated[str, Field(examples=["Teklif 2026/118"])]
    pages: Annotated[int, Field(examples=[3])]
    pages_sent: Annotated[int, Field(examples=[3])]
    reason: Annotated[FaxReason | None, Field(examples=["sent"])]
    error: NoError
    server: Annotated[str, Field(examples=["office"])]
    attempts: Annotated[int, Field(examples=[1])]
    cancelling: bool
    priority: Annotated[str, Field(examples=["normal"])]
    not_before: datetime | None
    expires_at: Annotated[datetime | None, Field(examples=[None])]
    batch: Annotated[
        str,
        Field(description="the same for everything that one request sent",
              examples=["01a2187bf5e77541aa180a6901cfe813"]),
    ]  # fmt: skip
    origin: Annotated[
        str | None, Field(description="the fax that this one repeats or forwards", examples=[None])
    ]
    party_id: PartyId | None
    person_id: PersonId | None
    user_id: Annotated[UserId | None, Field(description="who sent it, or whose work it is")]
    text: Annotated[str, Field(description="what was read in one that came in", examples=[""])]
    read_at: datetime | None
    at: Annotated[datetime, Field(description="when it was asked for, or came in")]
    settled_at: Annotated[datetime | None, Field(examples=[None])]
    tries: tuple[AttemptOut, ...] = ()

    @classmethod
    def of(cls, fax: Fax | Received, attempts: Sequence[Attempt] = ()) -> Self:
        """Return what is shown of a fax."""
        return cls(**(_of_sent(fax, attempts) if isinstance(fax, Fax) else _of_received(fax)))


def _of_sent(fax: Fax, attempts: Sequence[Attempt]) -> dict[str, object]:
    same = (
        "id", "station_id", "subject", "pages", "pages_sent", "reason", "attempts", "cancelling",
        "not_before", "expires_at", "party_id", "person_id", "user_id", "settled_at",
    )  # fmt: skip
    return {
        **{name: getattr(fax, name) for name in same},
        "direction": Way.OUT,
        "state": fax.state.value,
        "number": fax.recipient,
        "name": fax.recipient_name,
        "company": fax.recipient_company,
        "called": "",
        "error": fax.error_text,
        "server": fax.server_id,
        "priority": fax.priority.name.lower(),
        "batch": fax.batch_id,
        "origin": fax.origin_id,
        "text": "",
        "read_at": None,
        "at": fax.created_at,
        "tries": tuple(AttemptOut.of(one) for one in attempts),
    }


def _of_received(fax: Received) -> dict[str, object]:
    same = (
        "id", "number", "station_id", "called", "pages", "party_id", "person_id", "text", "read_at",
    )  # fmt: skip
    return {
        **{name: getattr(fax, name) for name in same},
        "direction": Way.IN,
        "state": "received" if fax.complete else "received_incomplete",
        "name": fax.caller_name,
        "company": "",
        "subject": "",
        "pages_sent": fax.pages,
        "reason": None,
        "error": fax.problem,
        "server": fax.server_id,
        "attempts": 0,
        "cancelling": False,
        "priority": "normal",
        "not_before": None,
        "expires_at": None,
        "batch": "",
        "origin": None,
        "user_id": fax.assigned_id,
        "at": fax.received_at,
        "settled_at": fax.received_at,
    }


class RefusedOut(Schema):
    """A recipient to whom it does not go, and why."""

    problem: Problem


class FaxesSentOut(FaxOut):
    """The first fax of a request; `faxes` are all of them, `refused` those that are none."""

    faxes: tuple[FaxOut, ...] = ()
    refused: tuple[RefusedOut, ...] = ()

    @classmethod
    def of_all(cls, results: Sequence[Fax | GatewayError]) -> Self:
        """Return what became of a request."""
        faxes = [FaxOut.of(one) for one in results if isinstance(one, Fax)]
        refused = [
            RefusedOut(problem=problem_of(one)) for one in results if isinstance(one, GatewayError)
        ]
        if not faxes:
            raise next(one for one in results if isinstance(one, GatewayError))
        return cls(**dict(faxes[0]), faxes=tuple(faxes), refused=tuple(refused))


class DocumentOut(Schema):
    """Pages as they would be faxed."""

    document: Id
    pages: Annotated[int, Field(examples=[3])]
    resolution: Annotated[Resolution, Field(examples=["fine"])]
    size_bytes: Annotated[int, Field(examples=[154_000])]
    images: Annotated[
        tuple[str, ...],
        Field(description="addresses of the pages' pictures (PNG); `?width=` 200, 800 or 1600"),
    ]

    @classmethod
    def of(cls, document: Document) -> Self:
        """Return what is shown of a document."""
        return cls(
            document=document.id,
            pages=document.pages,
            resolution=document.resolution,
            size_bytes=document.size_bytes,
            images=tuple(
                f"/api/v1/faxes/preview/{document.id}/pages/{number}.png"
                for number in range(1, document.pages + 1)
            ),
        )


class FaxLineOut(Schema):
    """One fax in a list."""

    id: Id
    direction: Annotated[Way, Field(examples=["in"])]
    state: Annotated[str, Field(examples=["received"])]
    number: Number
    name: Annotated[str, Field(examples=["Mehmet Yıldız, Yıldız Mobilya A.Ş."])]
    subject: Annotated[str, Field(examples=[""])]
    pages: Annotated[int, Field(examples=[3])]
    pages_sent: Annotated[int, Field(examples=[3])]
    reason: Annotated[str | None, Field(examples=[None])]
    error: NoError
    party_id: PartyId | None
    person_id: PersonId | None
    user_id: UserId | None
    read_at: datetime | None
    cancelling: bool
    at: datetime

    @classmethod
    def of(cls, line: Line) -> Self:
        """Return what is shown of a line."""
        values = {name: getattr(line, name) for name in cls.model_fields if name != "direction"}
        return cls(direction=line.way, **values)


class FaxLinesOut(Schema):
    """A page of faxes, newest first; without a next cursor it is the last."""

    items: tuple[FaxLineOut, ...]
    next_cursor: NextCursor


class FaxLineStateOut(Schema):
    """One modem or channel of a server."""

    name: Annotated[str, Field(examples=["ttyFAX0"])]
    text: Annotated[str, Field(examples=["Running and idle"])]
    usable: bool

    @classmethod
    def of(cls, line: FaxLine) -> Self:
        """Return what is shown of a line."""
        return cls(name=line.name, text=line.text, usable=line.usable)


class FaxServerOut(Schema):
    """A fax server now."""

    id: Annotated[str, Field(examples=["office"])]
    condition: Annotated[ServerCondition, Field(examples=["ready"])]
    detail: NoError
    remedy: NoError
    version: Annotated[str, Field(examples=["HylaFAX (tm) Version 6.0.7"])]
    where: Annotated[str, Field(examples=["127.0.0.1:4559"])]
    lines: tuple[FaxLineStateOut, ...]

    @classmethod
    def of(cls, status: ServerStatus) -> Self:
        """Return what is shown of a server."""
        return cls(
            id=status.id,
            condition=status.condition,
            detail=status.detail,
            remedy=status.remedy,
            version=status.version,
            where=status.where,
            lines=tuple(FaxLineStateOut.of(line) for line in status.lines),
        )


class CoverOut(Schema):
    """A template of a cover page or a letter."""

    name: Annotated[str, Field(examples=["standard"])]
    title: Annotated[str, Field(examples=["Kapak sayfası"])]


class CoversOut(Schema):
    """The templates that there are."""

    items: tuple[CoverOut, ...]
    next_cursor: NextCursor


class FaxServersOut(Schema):
    """All fax servers."""

    items: tuple[FaxServerOut, ...]
    next_cursor: NextCursor
