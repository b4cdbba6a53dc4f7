"""What arrives at the same moment is stored together, and fails apart."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from gateway.kernel.errors import Conflict, Unavailable
from gateway.sms.accepting import Draft
from gateway.sms.drafting import drafted
from gateway.sms.intake import Intake, Result

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def draft(text: str) -> Draft:
    message, texts = drafted("+905321234567", text, frozenset(), NOW)
    return Draft(message=message, texts=texts)


class Book:
    """Stores drafts, except those that it cannot."""

    def __init__(self) -> None:
        self.units: list[list[str]] = []
        self.works = True

    async def accept(self, drafts: Sequence[Draft]) -> list[Result]:
        await asyncio.sleep(0)
        texts = [one.message.text for one in drafts]
        if not self.works:
            raise Unavailable("the database does not work", retry_after_s=5)
        if "poison" in texts:
            raise ValueError("poison")
        self.units.append(texts)
        return [Conflict("no") if one.message.text == "no" else one.message for one in drafts]


async def _taken(intake: Intake, *texts: str) -> Sequence[Result | BaseException]:
    return await asyncio.gather(
        *(intake.take(draft(text)) for text in texts), return_exceptions=True
    )


async def test_those_of_the_same_moment_share_a_unit_and_each_gets_its_own() -> None:
    book = Book()
    one, two, three = await _taken(Intake(book.accept), "one", "no", "three")
    assert book.units == [["one", "no", "three"]]
    assert (one.text, three.text) == ("one", "three")  # type: ignore[union-attr]
    assert isinstance(two, Conflict)


async def test_one_that_cannot_be_stored_spoils_no_other() -> None:
    book = Book()
    one, bad, three = await _taken(Intake(book.accept), "one", "poison", "three")
    assert book.units == [["one"], ["three"]]
    assert (one.text, three.text) == ("one", "three")  # type: ignore[union-attr]
    assert isinstance(bad, ValueError)


async def test_when_the_store_does_not_work_all_are_told_and_later_ones_are_taken() -> None:
    book = Book()
    intake = Intake(book.accept)
    book.works = False
    assert all(isinstance(one, Unavailable) for one in await _taken(intake, "one", "two"))
    book.works = True
    (result,) = await _taken(intake, "again")
    assert result.text == "again"  # type: ignore[union-attr]


async def test_a_client_that_goes_away_does_not_hold_up_the_others() -> None:
    book = Book()
    intake = Intake(book.accept)
    gone = asyncio.create_task(intake.take(draft("gone")))
    await asyncio.sleep(0)
    gone.cancel()
    (stays,) = await _taken(intake, "stays")
    assert stays.text == "stays"  # type: ignore[union-attr]
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert sorted(text for unit in book.units for text in unit) == ["gone", "stays"]
