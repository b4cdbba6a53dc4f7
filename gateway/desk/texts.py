"""Text messages that suit a call, filled in: to the customer, or to who is responsible for him."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

import phonenumbers
from phonenumbers import PhoneNumberType

from gateway.desk.cards import Cards, DeskCard
from gateway.desk.lookup import Card
from gateway.kernel.numbers import NumberingPlan
from gateway.templates.book import TemplateBook
from gateway.templates.model import Recipient
from gateway.web.preferences import Language
from gateway.web.principal import Permission, Principal

_MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyText:
    """A text that could be sent at once."""

    template: str
    recipient: str
    """His name."""
    number: str
    text: str


class Texts:
    """Fills templates in with what is known of a call."""

    def __init__(
        self, cards: Cards, templates: TemplateBook, plan: NumberingPlan, zone: tzinfo
    ) -> None:
        self._cards = cards
        self._templates = templates
        self._plan = plan
        self._zone = zone

    async def of(
        self, principal: Principal, call_id: str, language: Language
    ) -> tuple[ReadyText, ...]:
        """Return the texts for whom a message can reach; raises NotFound."""
        principal.require(Permission.SMS_SEND)
        card = await self._cards.one(principal, call_id)
        values = self._values(principal, card)
        templates = await self._templates.every()
        return tuple(
            ReadyText(
                template=one.id, recipient=name, number=number,
                text=one.filled(language, values),
            )
            for recipient, name, number in _reachable(card, values)
            for one in templates
            if one.recipient is recipient
        )  # fmt: skip

    def _values(self, principal: Principal, card: DeskCard) -> Mapping[str, str]:
        first = _match(card)
        match = first.match if first and not first.match.restricted else None
        person = match.person.name if match and match.person else ""
        party = first.match.party_name if first else ""
        began = datetime.fromisoformat(card.call["started_at"])
        return {
            "name": person or party or card.call["caller_name"] or card.call["number"],
            "company": party if person else "",
            "number": card.call["number"],
            "time": began.astimezone(self._zone).strftime("%H:%M"),
            "user": principal.name,
            "extension": card.extension,
            "line": self._line(card.call["did"]),
        }

    def _line(self, did: str) -> str:
        """Return our line as somebody outside dials it."""
        number = self._plan.from_network(did)
        return number.key if number.key.startswith("+") else did


def _match(card: DeskCard) -> Card | None:
    cards = card.caller.cards
    return cards[0] if len(cards) == 1 else None


def _reachable(card: DeskCard, values: Mapping[str, str]) -> list[tuple[Recipient, str, str]]:
    """Return whom a text message reaches: mobiles of the customer and of who is responsible."""
    found = []
    if _is_mobile(card.call["number"]):
        found.append((Recipient.CUSTOMER, values["name"], card.call["number"]))
    first = _match(card)
    responsible = first.responsible if first else None
    ours = (responsible, responsible.deputy if responsible else None)
    found += [(Recipient.COLLEAGUE, one.name, one.mobile) for one in ours if one and one.mobile]
    return found


def _is_mobile(number: str) -> bool:
    if not number.startswith("+"):
        return False
    return phonenumbers.number_type(phonenumbers.parse(number)) in _MOBILE
