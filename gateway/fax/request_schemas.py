"""What the API of faxes takes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, field_validator

from gateway.fax.composing import CoverWish
from gateway.fax.drafting import MAX_RECIPIENTS, SendFax
from gateway.fax.port import Resolution, SourceDocument
from gateway.fax.sending import Settlement
from gateway.fax.showing import Filter, Way
from gateway.fax.sorting import Assignment
from gateway.sending.priority import Priority
from gateway.sending.states import SendState
from gateway.web.fields import Moment
from gateway.web.paging import PageQuery, ShortListQuery
from gateway.web.routes import Schema, UploadedFile

PriorityName = Literal["high", "normal", "bulk"]
Several = Annotated[tuple[str, ...], Field(max_length=MAX_RECIPIENTS)]


class FaxIn(Schema):
    """A document to be faxed; the files are parts of the form."""

    to: Annotated[Several, Field(examples=[["+902125550190"]])] = ()
    party: Annotated[Several, Field(description="customers, whose fax numbers are taken")] = ()
    document: Annotated[
        str, Field(max_length=32, description="pages that a preview made, instead of files")
    ] = ""
    resolution: Resolution = Resolution.FINE
    cover: Annotated[str, Field(max_length=64, description="template of a cover page")] = ""
    cover_language: Annotated[str, Field(max_length=8, examples=["tr"])] = ""
    subject: Annotated[str, Field(max_length=200, examples=["Teklif 2026/118"])] = ""
    note: Annotated[str, Field(max_length=5000, description="on the cover page")] = ""
    name: Annotated[str, Field(max_length=200, description="the recipient's")] = ""
    company: Annotated[str, Field(max_length=200, description="the recipient's")] = ""
    server: Annotated[str, Field(max_length=32, description="only by this fax server")] = ""
    priority: PriorityName = "normal"
    at: Annotated[
        datetime | None, Field(description="not before", examples=["2026-03-01T09:30:00+03:00"])
    ] = None
    cheap: Annotated[bool, Field(description="in the hours in which lines cost least")] = False
    expires_at: Annotated[datetime | None, Field(description="not after; then it expires")] = None

    @field_validator("to", "party", mode="before")
    @classmethod
    def _as_several(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @field_validator("at", "expires_at", mode="before")
    @classmethod
    def _none_when_empty(cls, value: object) -> object:
        return None if value == "" else value

    def request(self, files: Sequence[UploadedFile]) -> SendFax:
        """Return what the service is asked for."""
        cover = CoverWish(
            template=self.cover, language=self.cover_language, subject=self.subject, note=self.note
        )
        return SendFax(
            to=tuple(one for one in self.to if one.strip()),
            parties=tuple(one for one in self.party if one.strip()),
            files=tuple(SourceDocument(name=one.name, file=one.file) for one in files),
            document_id=self.document,
            resolution=self.resolution,
            cover=cover if self.cover else None,
            subject=self.subject,
            recipient_name=self.name,
            recipient_company=self.company,
            server_id=self.server,
            priority=Priority.named(self.priority),
            at=self.at,
            cheap=self.cheap,
            expires_at=self.expires_at,
        )


class FaxQuery(PageQuery):
    """Which faxes are wanted; all filters must hold."""

    direction: Literal["in", "out"] | None = None
    state: Annotated[
        tuple[SendState, ...], Field(max_length=10, description="repeat it for several")
    ] = ()
    number: Annotated[str, Field(max_length=64)] = ""
    party: Annotated[str, Field(max_length=32)] = ""
    batch: Annotated[str, Field(max_length=32)] = ""
    unread: bool = False
    unknown: Annotated[bool, Field(description="only from senders who are nobody's customer")] = (
        False
    )
    since: Moment | None = None
    until: Moment | None = None

    @field_validator("state", mode="before")
    @classmethod
    def _as_several(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    def filter(self) -> Filter:
        """Return what the service is asked for."""
        return Filter(
            way=Way(self.direction) if self.direction else None,
            states=self.state,
            number=self.number,
            party_id=self.party,
            batch_id=self.batch,
            unread=self.unread,
            unknown=self.unknown,
            since=self.since,
            until=self.until,
        )


class CoverQuery(ShortListQuery):
    """In which language templates shall be called."""

    language: Annotated[str, Field(max_length=8, examples=["tr"])] = "tr"


class PictureQuery(Schema):
    """How wide a page's picture shall be."""

    width: Annotated[int, Field(ge=1, le=1600)] = 800


class ForwardIn(Schema):
    """Where a fax shall go on to."""

    to: Annotated[str, Field(max_length=64, examples=["+902125550191"])]


class AssignIn(Schema):
    """Whose a fax is that came in."""

    party: Annotated[str | None, Field(max_length=32)] = None
    person: Annotated[str | None, Field(max_length=32)] = None
    user: Annotated[str, Field(max_length=64, description="login of whose work it is")] = ""
    remember: Annotated[
        bool, Field(description="the sender's number is the party's from now on")
    ] = True

    def assignment(self) -> Assignment:
        """Return what the service is asked for."""
        return Assignment(
            party_id=self.party, person_id=self.person, user=self.user, remember=self.remember
        )


class FaxSettleIn(Schema):
    """What became of an uncertain fax."""

    as_: Annotated[Settlement, Field(alias="as", examples=["sent"])]
