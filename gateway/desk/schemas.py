"""What the desk's API takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.calls.schemas import CallOut
from gateway.crm.asking import AnswerState, CrmAnswer
from gateway.desk.cards import Desk, DeskCard
from gateway.desk.lookup import Caller, CallerKind, Card
from gateway.desk.pop import Part
from gateway.desk.texts import ReadyText
from gateway.history.api import InteractionOut, shown
from gateway.parties.model import Responsible
from gateway.parties.schemas import MatchOut, ResponsibleOut, match_out
from gateway.people.model import Colleague, PresenceState
from gateway.people.schemas import ColleagueOut, DeputyOut
from gateway.web.fields import Number
from gateway.web.preferences import Language
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


class CrmCardOut(Schema):
    """A customer as a CRM knows him."""

    party: Annotated[str, Field(examples=["Yıldız Mobilya A.Ş."])]
    person: Annotated[str, Field(examples=["Ahmet Çelik"])]
    responsible: Annotated[str, Field(examples=["Ayşe Yılmaz"])]
    extension: Annotated[str, Field(description="of the responsible one", examples=["101"])]
    copied_at: Annotated[
        datetime | None, Field(description="since when it is as it is; none: it has just answered")
    ]


class CrmAnswerOut(Schema):
    """What one CRM says of a number."""

    link: Annotated[str, Field(examples=["odoo"])]
    state: AnswerState
    reason: Annotated[str, Field(description="why there is no answer", examples=[""])]
    cards: tuple[CrmCardOut, ...]

    @classmethod
    def of(cls, answer: CrmAnswer) -> CrmAnswerOut:
        """Return what is shown of an answer."""
        cards = tuple(
            CrmCardOut(
                party=card.party.name,
                person=card.person.name if card.person else "",
                responsible=card.responsible.name if card.responsible else "",
                extension=card.responsible.extension if card.responsible else "",
                copied_at=card.copied_at,
            )
            for card in answer.cards
        )
        return cls(link=answer.link, state=answer.state, reason=answer.reason, cards=cards)


class DeskCardOut(Schema):
    """A call before somebody, who it is and whom to connect."""

    call: CallOut
    caller: CallerOut
    part: Annotated[Part, Field(description="what the asker has to do with it")]
    pops: Annotated[bool, Field(description="it is to be put before the asker")]
    crm: tuple[CrmAnswerOut, ...]

    @classmethod
    def of(cls, card: DeskCard) -> DeskCardOut:
        """Return what is shown of a card."""
        return cls(
            call=CallOut.model_validate(card.call),
            caller=CallerOut.of(card.caller),
            part=card.part,
            pops=card.pops,
            crm=tuple(CrmAnswerOut.of(answer) for answer in card.crm),
        )


class TextsQuery(Schema):
    """In which language texts are wanted."""

    language: Language = Language.ENGLISH


class ReadyTextOut(Schema):
    """A text message that could be sent at once."""

    template: Annotated[str, Field(examples=["call_me_back"])]
    recipient: Annotated[str, Field(examples=["Ahmet Çelik"])]
    number: Number
    text: Annotated[str, Field(examples=["Sayın Ahmet Çelik, aramanıza yanıt veremedik."])]


class ReadyTextsOut(Schema):
    """Text messages that suit a call, to whom one can be sent."""

    texts: tuple[ReadyTextOut, ...]

    @classmethod
    def of(cls, texts: tuple[ReadyText, ...]) -> ReadyTextsOut:
        """Return what is shown of texts."""
        return cls(texts=tuple(
            ReadyTextOut(
                template=one.template, recipient=one.recipient, number=one.number, text=one.text
            )
            for one in texts
        ))  # fmt: skip


class DeskOut(Schema):
    """What somebody has before him."""

    event_id: Annotated[
        int, Field(description="events behind it tell what changes: `/events?after=`", examples=[7])
    ]
    me: Annotated[ColleagueOut | None, Field(description="none: the asker has no telephone")]
    cards: tuple[DeskCardOut, ...]
    crm_links: Annotated[
        tuple[str, ...], Field(description="CRMs that can be asked", examples=[["odoo"]])
    ]

    @classmethod
    def of(cls, desk: Desk) -> DeskOut:
        """Return what is shown of a desk."""
        return cls(
            event_id=desk.event_id,
            me=ColleagueOut.of(desk.me) if desk.me else None,
            cards=tuple(DeskCardOut.of(card) for card in desk.cards),
            crm_links=desk.crm_links,
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
