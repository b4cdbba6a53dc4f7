"""Plans faxes: to whom, when, and with which line on top; nothing is stored yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.fax.cheap_hours import next_cheap
from gateway.fax.composing import Addressee, CoverWish
from gateway.fax.model import Document, Fax
from gateway.fax.policy import FaxPolicy
from gateway.fax.port import Resolution, SourceDocument
from gateway.kernel.errors import Invalid
from gateway.kernel.ids import new_id
from gateway.kernel.numbers import NumberingPlan, NumberKind
from gateway.parties.model import Party, PhoneKind
from gateway.sending.priority import Priority
from gateway.sending.states import SendState

MAX_AHEAD = timedelta(days=366)
"""How far ahead a fax may be scheduled."""
MAX_RECIPIENTS = 1000
"""Of one request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFax:
    """A document that somebody wants faxed."""

    to: tuple[str, ...] = ()
    """Numbers."""
    parties: tuple[str, ...] = ()
    """Ids of customers, whose fax numbers are taken."""
    files: tuple[SourceDocument, ...] = ()
    document_id: str = ""
    """Pages that were looked at before; instead of files and cover page."""
    resolution: Resolution = Resolution.FINE
    cover: CoverWish | None = None
    subject: str = ""
    recipient_name: str = ""
    recipient_company: str = ""
    server_id: str = ""
    priority: Priority = Priority.NORMAL
    at: datetime | None = None
    """Not before this time."""
    cheap: bool = False
    """Not before the hours in which lines cost least."""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One number that a fax goes to."""

    number: str
    name: str = ""
    company: str = ""
    party_id: str | None = None
    person_id: str | None = None

    @property
    def addressee(self) -> Addressee:
        """Return what a cover page says of him."""
        return Addressee(number=self.number, name=self.name, company=self.company)


def number_of(plan: NumberingPlan, to: str) -> str:
    """Return the key of a number that somebody wrote; raises Invalid."""
    number = plan.parse(to, field="to")
    if number.kind is NumberKind.SHORT and not number.key.isdigit():
        raise Invalid(f"{to!r} is a service code, not a fax number", field="to")
    return number.key


def fax_number_of(party: Party) -> Recipient:
    """Return a customer's fax number: the company's own, else a contact person's."""
    company = party.name
    for phone in party.phones:
        if phone.kind is PhoneKind.FAX:
            return Recipient(number=phone.key, company=company, party_id=party.id)
    for person in party.persons:
        for phone in person.phones:
            if phone.kind is PhoneKind.FAX:
                return Recipient(number=phone.key, name=person.name, company=company,
                                 party_id=party.id, person_id=person.id)  # fmt: skip
    raise Invalid(
        f"{party.name} has no fax number; write one into the record, or give the number itself",
        field="party",
    )


def check(request: SendFax, now: datetime) -> None:
    """Raise Invalid for what no fax can be."""
    count = len(request.to) + len(request.parties)
    if not count:
        raise Invalid("nobody is named to whom it shall go; give a number or a party", field="to")
    if count > MAX_RECIPIENTS:
        raise Invalid(f"one request goes to at most {MAX_RECIPIENTS} recipients", field="to")
    for field in ("at", "expires_at"):
        moment = getattr(request, field)
        if moment is None:
            continue
        if moment.tzinfo is None:
            raise Invalid(
                f"{field} lacks its time zone; write it as 2026-03-01T09:30:00+03:00", field=field
            )
        if moment - now > MAX_AHEAD:
            raise Invalid(f"{field} is more than a year ahead", field=field)
    if request.at and request.expires_at and request.expires_at <= request.at:
        raise Invalid("expires_at lies before at: it could never be sent", field="expires_at")


def begins(request: SendFax, policy: FaxPolicy, now: datetime, zone: ZoneInfo) -> datetime:
    """Return when a fax may go out; raises Invalid where no cheap hours are known."""
    moment = max(request.at or now, now)
    if not request.cheap:
        return moment
    if policy.cheap_hours is None:
        raise Invalid(
            "no cheap hours are set for this office; an administrator sets them "
            "(santral policy fax), or give a time",
            field="cheap",
        )
    return next_cheap(moment, policy.cheap_hours.begins, policy.cheap_hours.ends, zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What everything that one request sends has in common."""

    id: str
    user_id: str | None
    header: str
    begins_at: datetime
    now: datetime


def drafted(request: SendFax, recipient: Recipient, document: Document, batch: Batch) -> Fax:
    """Return the fax of one recipient."""
    return Fax(
        id=new_id(),
        state=SendState.SCHEDULED if batch.begins_at > batch.now else SendState.QUEUED,
        recipient=recipient.number,
        recipient_name=recipient.name,
        recipient_company=recipient.company,
        document_id=document.id,
        pages=document.pages,
        resolution=document.resolution,
        subject=request.subject or (request.cover.subject if request.cover else ""),
        header=batch.header,
        cover=request.cover.template if request.cover else "",
        priority=request.priority,
        not_before=batch.begins_at,
        expires_at=request.expires_at,
        batch_id=batch.id,
        user_id=batch.user_id,
        party_id=recipient.party_id,
        person_id=recipient.person_id,
        created_at=batch.now,
    )


def once_each(recipients: Sequence[Recipient]) -> list[Recipient]:
    """Return recipients without doubles, in the order given."""
    return list({one.number: one for one in reversed(recipients)}.values())[::-1]
