"""The embedded directory as a CRM."""

from __future__ import annotations

from gateway.crm.port import Card, CardParty, CardPerson, CardResponsible, Certainty
from gateway.parties.model import Match
from gateway.parties.port import NumberDirectory


class LocalDirectory:
    """Answers from our own database, so its cards are never old."""

    def __init__(self, directory: NumberDirectory) -> None:
        self._directory = directory

    async def find_by_number(self, number: str) -> list[Card]:
        """Return nobody, the customer, or several to choose from, the likeliest first."""
        found = await self._directory.match(number)
        return [_card(match) for match in found.matches]


def _card(match: Match) -> Card:
    person, responsible = match.person, match.responsible
    return Card(
        party=CardParty(ref=match.party_id, name=match.party_name, code=match.code),
        person=CardPerson(ref=person.id, name=person.name, position=person.position)
        if person
        else None,
        responsible=CardResponsible(
            ref=responsible.id,
            name=responsible.name,
            extension=responsible.extension,
            mobile=responsible.mobile,
            active=responsible.active,
        )
        if responsible
        else None,
        certainty=Certainty(match.certainty.value),
    )
