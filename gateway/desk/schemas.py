"""What the desk's API takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.desk.lookup import Caller, CallerKind, Card
from gateway.history.api import InteractionOut, shown
from gateway.parties.model import Responsible
from gateway.parties.schemas import MatchOut, ResponsibleOut, match_out
from gateway.people.model import Colleague, PresenceState
from gateway.people.schemas import ColleagueOut, DeputyOut
from gateway.web.fields import Number
from gateway.web.routes import Schema


class ResponsibleNowOut(ResponsibleOut):
    """The responsible manager, and whether he can be spoken with now."""

    state: Annotated[PresenceState, Field(examples=["free"])]
    until: Annotated[datetime | None, Field(description="when he is back from an absence")]
    deputy: Annotated[DeputyOut | None, Field(description="who stands in while he is absent")]


class CardOut(MatchOut):
    """A customer whose number it may be; of another manager's, name and responsible only."""

    responsible: ResponsibleNowOut | None
    notes: Annotated[str, Field(examples=["Fatura adresi Gebze deposu"])]
    last: Annotated[tuple[InteractionOut, ...], Field(description="newest first")]


class CallerOut(Schema):
    """Whose number it is: nobody's, a colleague's, a customer's, or several to choose from."""

    number: Number
    kind: Annotated[CallerKind, Field(examples=["customer"])]
    colleague: ColleagueOut | None
    items: tuple[CardOut, ...]

    @classmethod
    def of(cls, caller: Caller) -> CallerOut:
        """Return what is shown of an answer."""
        return cls(
            number=caller.number,
            kind=caller.kind,
            colleague=ColleagueOut.of(caller.colleague) if caller.colleague else None,
            items=tuple(_card(card) for card in caller.cards),
        )


def _card(card: Card) -> CardOut:
    match = match_out(card.match).model_dump()
    return CardOut(
        **{**match, "responsible": _responsible(card.match.responsible, card.responsible)},
        notes=card.notes,
        last=tuple(shown(entry) for entry in card.last),
    )


def _responsible(known: Responsible | None, now: Colleague | None) -> ResponsibleNowOut | None:
    if known is None:
        return None
    person = ColleagueOut.of(now) if now else None
    return ResponsibleNowOut(
        id=known.id,
        name=known.name,
        extension=known.extension,
        mobile=known.mobile,
        active=known.active,
        state=person.state if person else PresenceState.UNKNOWN,
        until=person.until if person else None,
        deputy=person.deputy if person else None,
    )
