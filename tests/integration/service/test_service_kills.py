"""The kill campaign: the service dies at random moments while it sends and receives."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.integration.service.office import Office, doubled, pause
from tests.waiting import until

if TYPE_CHECKING:
    from tests.integration.service.conftest import OpenOffice

SOAK = bool(os.environ.get("SANTRAL_SOAK"))
KILLS = 60 if SOAK else 6
OUT_PER_KILL = 10
IN_PER_KILL = 5
LONGEST_LIFE_S = 2.5
SUBMIT_S = 0.2
LONG = " Bu metin iki parçaya sığar." * 7
CALM_S = 60.0


class Campaign:
    """What was asked of the service, and the random moments of its deaths."""

    def __init__(self, office: Office, seed: int) -> None:
        self.office = office
        self.random = random.Random(seed)
        self.asked: dict[str, str] = {}
        self.arrived: set[str] = set()

    async def one_life(self, number: int) -> None:
        """Ask and be sent texts, kill the service in the midst of it, start it again."""
        self._arrive(number)
        asking = asyncio.create_task(self._ask(number), name="client")
        await self._live(number)
        await self.office.service.kill()
        unanswered = await asking
        await self.office.service.start()
        for to in unanswered:
            await self._post(to)

    async def _live(self, number: int) -> None:
        """Wait for the moment to die: any at all, and every other time amid a submit."""
        if number % 2:
            await until(lambda: "sending" in self.office.states().values())
        await pause(self.random.uniform(0, SUBMIT_S if number % 2 else LONGEST_LIFE_S))

    async def _ask(self, number: int) -> list[str]:
        """Ask for new messages, each to another number; returns those that got no answer."""
        unanswered = []
        for place in range(OUT_PER_KILL):
            serial = number * OUT_PER_KILL + place
            to = f"+90542{serial:07d}"
            self.asked[to] = f"campaign {serial}{LONG if serial % 5 == 0 else ''}"
            try:
                await self._post(to)
            except aiohttp.ClientError:
                unanswered.append(to)
        return unanswered

    async def _post(self, to: str) -> None:
        connector = aiohttp.UnixConnector(str(self.office.service.socket))
        async with (
            aiohttp.ClientSession(connector=connector) as http,
            http.post(
                "http://santral/api/v1/sms",
                json={"to": to, "text": self.asked[to]},
                headers={"Idempotency-Key": to},
            ) as answer,
        ):
            assert answer.status == 202, await answer.text()

    def _arrive(self, number: int) -> None:
        for place in range(IN_PER_KILL):
            text = f"arrival {number}.{place}"
            self.arrived.add(text)
            modem = self.random.choice(self.office.modems)
            modem.receive(text=text, gap_ms=0)

    async def until_calm(self) -> None:
        """Wait until everything that can be settled by itself is."""
        await self.office.until_settled(
            unsettled=("queued", "sending", "sent"), timeout_s=CALM_S + KILLS
        )
        await self.office.until_received(len(self.arrived))
        await self.office.until_empty()


async def judge(campaign: Campaign) -> None:
    """Compare what the service says with what the modems' journals say."""
    office = campaign.office
    went: dict[str, list[str]] = defaultdict(list)
    for one in office.submitted():
        went[one.to].append(one.text)
    states = dict(office.rows("SELECT recipient, state FROM sms_messages"))

    assert sorted(states) == sorted(campaign.asked)
    assert doubled(f"{to} {text}" for to, texts in went.items() for text in texts) == {}
    whole = {to for to, text in campaign.asked.items() if "".join(went[to]) == text}
    lost = {to: states[to] for to in campaign.asked if to not in whole}
    assert set(lost.values()) <= {"uncertain"}
    assert {to: states[to] for to in whole if states[to] != "delivered"} == {}

    for texts in (
        [item.text for item in office.received()],
        [line.text for line in office.history()],
    ):
        assert doubled(texts) == {}
        assert set(texts) == campaign.arrived
    lines = office.history(direction="out")
    assert doubled(line.number for line in lines) == {}
    assert {line.number: line.outcome for line in lines} == states


@pytest.mark.timeout(60 + 15 * KILLS)
async def test_kills_at_random_moments_lose_and_double_nothing(office: OpenOffice) -> None:
    async with office("--submit-delay", str(SUBMIT_S), count=2) as one:
        for modem in one.modems:
            modem.post("reports", delay_s=0.1, jitter_s=0.4)
        campaign = Campaign(one, seed=int(os.environ.get("SANTRAL_SOAK_SEED", "1")))
        for number in range(KILLS):
            await campaign.one_life(number)
        await campaign.until_calm()
        await judge(campaign)
        amid = one.log().count("are uncertain since the last stop")
        print(f"{KILLS} kills, {amid} amid a submit: {Counter(one.states().values())}")
        assert amid
        await _sends_still(one)


async def _sends_still(office: Office) -> None:
    for place in range(len(office.modems)):
        message_id = await office.send(f"after all by {place}", modem=f"m{place}")
        await office.until_state(message_id, "delivered")
