"""Ten thousand messages in the queue: people are not kept waiting, and no SIM sends too much."""

from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING

import aiohttp
import pytest

from simulators.modem import journal
from simulators.modem.journal import Entry, Event
from tests.integration.service.office import Office, doubled, pause
from tests.waiting import until

if TYPE_CHECKING:
    from tests.integration.service.conftest import OpenOffice

CAMPAIGN = 10_000
SUBMIT_S = 0.1


async def _queue(office: Office, count: int) -> None:
    lines = b"".join(
        json.dumps({"to": f"+90542{number:07d}", "text": f"campaign {number}"}).encode() + b"\n"
        for number in range(count)
    )
    connector = aiohttp.UnixConnector(str(office.service.socket))
    async with (
        aiohttp.ClientSession(connector=connector) as http,
        http.post("http://santral/api/v1/sms/bulk", data=lines) as answer,
    ):
        assert (await answer.text()).count('"state":"queued"') == count


def _submits(office: Office) -> list[Entry]:
    found = [
        entry
        for modem in office.modems
        for entry in journal.read(modem.journal)
        if entry.event is Event.SUBMITTED
    ]
    return sorted(found, key=lambda entry: entry.time_s)


@pytest.mark.parametrize("modems", [1, 4])
async def test_a_persons_message_takes_the_next_free_submit_of_a_campaign(
    office: OpenOffice, modems: int
) -> None:
    moments = random.Random(modems)
    async with office("--submit-delay", str(SUBMIT_S), count=modems) as one:
        await _queue(one, CAMPAIGN)
        await one.until_submitted(3 * modems)
        for place in range(5):
            await pause(moments.uniform(0, 2 * SUBMIT_S))
            to = f"+90555000000{place}"
            await one.send("a person's own", to=to)
            accepted_s = time.time()
            await until(lambda to=to: any(e.fields["to"] == to for e in _submits(one)))  # type: ignore[misc]
            after = [entry for entry in _submits(one) if entry.time_s > accepted_s]
            before_it = [entry.fields["to"] for entry in after].index(to)
            # What every modem had in hand; and what the others took while one submitted it.
            assert before_it <= modems + (modems - 1)


async def test_a_quota_of_a_day_outlives_kills_of_the_service(office: OpenOffice) -> None:
    async with office("--submit-delay", str(SUBMIT_S), count=2) as one:
        policy = {"quota": {"per_day": 12}}
        for modem in ("m0", "m1"):
            await one.service.ask("PUT", f"/modems/{modem}/sim", json=policy)
        await _queue(one, 200)
        for reached in (5, 11, 17):
            await one.until_submitted(reached)
            await one.service.kill()
            await one.service.start()
        await one.service.until_ready(2)
        await until(lambda: _counted(one) == [12, 12])
        await pause(1.0)
        submits = [
            sum(entry.event is Event.SUBMITTED for entry in journal.read(modem.journal))
            for modem in one.modems
        ]
        # A submit that a kill cut off counts: it may have reached the world.
        assert all(12 - 3 <= count <= 12 for count in submits)
        assert _counted(one) == [12, 12]
        assert doubled(one.submissions().elements()) == {}


def _counted(office: Office) -> list[int]:
    """How many segments were begun by each SIM."""
    query = "SELECT count(*) FROM sms_segments WHERE sender <> '' GROUP BY sender ORDER BY sender"
    return [count for (count,) in office.rows(query)]
