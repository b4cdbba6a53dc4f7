"""The embedded directory answers as a CRM does."""

from __future__ import annotations

import pytest

from crm_link.local import LocalDirectory
from gateway.crm.port import Card, CardParty, CardPerson, CardResponsible, Certainty, Directory
from gateway.kernel.numbers import NumberingPlan
from gateway.parties import model
from gateway.parties.model import Found, Match, MatchedPerson, PartyKind, Responsible


class Numbers:
    """Knows one number."""

    async def match(self, number: str) -> Found:
        """Return its owner."""
        parsed = NumberingPlan().from_network(number)
        if parsed.key != "+905321234567":
            return Found(number=parsed)
        match = Match(
            party_id="p1",
            party_kind=PartyKind.COMPANY,
            party_name="Deniz",
            code="C-1",
            person=MatchedPerson(id="e1", name="Ece", position="Müdür"),
            responsible=Responsible(id="u1", name="Ayşe", extension="101", active=False),
            certainty=model.Certainty.PROBABLE,
        )
        return Found(number=parsed, matches=(match,))


@pytest.fixture
def directory() -> Directory:
    """Return the link."""
    return LocalDirectory(Numbers())


async def test_a_match_is_a_card_that_is_not_old(directory: Directory) -> None:
    assert await directory.find_by_number("0532 123 45 67") == [
        Card(
            party=CardParty(ref="p1", name="Deniz", code="C-1"),
            person=CardPerson(ref="e1", name="Ece", position="Müdür"),
            responsible=CardResponsible(ref="u1", name="Ayşe", extension="101", active=False),
            certainty=Certainty.PROBABLE,
            copied_at=None,
        )
    ]


async def test_a_stranger_has_no_card(directory: Directory) -> None:
    assert await directory.find_by_number("anonymous") == []
