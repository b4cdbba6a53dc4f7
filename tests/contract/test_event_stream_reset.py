"""A reader of the live feed that was away for too long is told to start anew, on both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from gateway.kernel import events
from tests.contract.test_event_stream import Office, office, one

assert office  # the fixture


async def prune(office: Office, upto: int) -> None:
    """Drop the oldest events."""
    gone = delete(events.events).where(events.events.c.id <= upto)
    await office.store.write(lambda connection: connection.execute(gone))


async def test_who_missed_what_is_gone_starts_anew(office: Office) -> None:
    await office.log(*(f"call.{number}" for number in range(1, 11)))
    await prune(office, 6)
    async with office.reading("head", last="5") as answer:
        assert await one(answer) == (10, "reset", {})
        await office.log("call.after")
        assert (await one(answer))[1] == "call.after"


@pytest.mark.parametrize("last", ["6", "9"])
async def test_who_missed_nothing_that_is_gone_goes_on(
    office: Office,
    last: str,
) -> None:
    await office.log(*(f"call.{number}" for number in range(1, 11)))
    await prune(office, 6)
    async with office.reading("head", last=last) as answer:
        assert (await one(answer))[1] == f"call.{int(last) + 1}"


async def test_who_knows_events_of_another_log_starts_anew(office: Office) -> None:
    await office.log("call.1")
    async with office.reading("head", last="4711") as answer:
        assert await one(answer) == (1, "reset", {})
        await office.log("call.2")
        assert (await one(answer))[1] == "call.2"


async def test_an_empty_log_has_lost_nothing(office: Office) -> None:
    async with office.reading("head", last="0") as answer:
        await office.log("call.1")
        assert (await one(answer))[1] == "call.1"
