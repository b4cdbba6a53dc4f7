"""CRMs are asked side by side, and none keeps a card waiting."""

from __future__ import annotations

import asyncio

from gateway.crm.asking import AnswerState, CrmAsking
from gateway.crm.port import Card, CardParty
from gateway.kernel.errors import Temporary

FOUND = [Card(party=CardParty(ref="7", name="Yıldız Mobilya A.Ş."))]


class Directory:
    """A CRM that answers, fails or keeps silent."""

    def __init__(self, error: Exception | None = None, *, silent: bool = False) -> None:
        self.error = error
        self.silent = silent
        self.given_up = False

    async def find_by_number(self, number: str) -> list[Card]:
        """Answer as made."""
        try:
            if self.silent:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.given_up = True
            raise
        if self.error is not None:
            raise self.error
        assert number == "+905321234567"
        return FOUND


async def test_each_answers_for_itself() -> None:
    silent = Directory(silent=True)
    links = {
        "good": Directory(),
        "silent": silent,
        "down": Directory(Temporary("odoo does not answer")),
        "broken": Directory(KeyError("phone")),
    }
    answers = await CrmAsking(links, patience_s=0.05).ask("+905321234567")
    assert [(one.link, one.state) for one in answers] == [
        ("good", AnswerState.ANSWERED), ("silent", AnswerState.LATE),
        ("down", AnswerState.FAILED), ("broken", AnswerState.FAILED),
    ]  # fmt: skip
    assert answers[0].cards == tuple(FOUND)
    assert answers[2].reason == "odoo does not answer"
    assert "phone" not in answers[3].reason
    assert silent.given_up
