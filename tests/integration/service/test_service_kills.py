"""The kill campaign: the service dies at random moments while it sends and receives."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

import aiohttp
import pytest

from simulators.modem import journal
from simulators.modem.journal import Event
from tests.integration.service.office import Office, doubled, pause
from tests.waiting import until

if TYPE_CHECKING:
    from tests.integration.service.conftest import OpenOffice

SOAK = bool(os.environ.get("SANTRAL_SOAK"))
KILLS = 100 if SOAK else 8
MODEMS = 4
OUT_PER_KILL = 5
IN_PER_KILL = 2
AMID = 0.3
"""Of the kills, at least so many fall between a submit and its answer."""
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
        self.kills: list[float] = []

    async def one_life(self, number: int) -> None:
        """Ask and be sent texts, kill the service in the midst of it, start it again."""
        self._arrive(number)
        asking = asyncio.create_task(self._ask(number), name="client")
        await self._live(number)
        self.kills.append(time.time())
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
                json={"to": to, "text": self.asked[to], "report": self.reported(to)},
                headers={"Idempotency-Key": to},
            ) as answer,
        ):
            assert answer.status == 202, await answer.text()

    @staticmethod
    def reported(to: str) -> bool:
        """Whether a message asks for a delivery report: one in three has nothing to settle it."""
        return int(to[1:]) % 3 > 0

    def _arrive(self, number: int) -> None:
        for place in range(IN_PER_KILL):
            text = f"arrival {number}.{place}"
            self.arrived.add(text)
            modem = self.random.choice(self.office.modems)
            modem.receive(text=text, gap_ms=0)

    async def until_calm(self) -> None:
        """Wait until everything that can be settled by itself is."""
        left = (
            "SELECT recipient, state FROM sms_messages "
            "WHERE state IN ('queued', 'sending') OR (state = 'sent' AND report)"
        )
        await until(lambda: not self.office.rows(left), timeout_s=CALM_S + KILLS)
        await self.office.until_received(len(self.arrived))
        await self.office.until_empty()

    def amid(self) -> int:
        """How many kills fell between a submit and its answer, by the modems' journals.

        A modem goes on with what it was given, and records it when the network has taken it.
        """
        ends = [
            entry.time_s
            for modem in self.office.modems
            for entry in journal.read(modem.journal)
            if entry.event is Event.SUBMITTED
        ]
        return sum(any(kill < end < kill + SUBMIT_S for end in ends) for kill in self.kills)


def judge(campaign: Campaign) -> str:
    """Compare what the service says with what the modems' journals say; return the tally."""
    office = campaign.office
    went: dict[str, list[str]] = defaultdict(list)
    for one in office.submitted():
        went[one.to].append(one.text)
    states = dict(office.rows("SELECT recipient, state FROM sms_messages"))

    assert sorted(states) == sorted(campaign.asked)
    twice = doubled(f"{to} {text}" for to, texts in went.items() for text in texts)
    assert twice == {}
    whole = {to for to, text in campaign.asked.items() if "".join(went[to]) == text}
    lost = [to for to in states if to not in whole and states[to] != "uncertain"]
    assert lost == []
    settled = {to: states[to] for to in whole if campaign.reported(to)}
    assert set(settled.values()) <= {"delivered"}
    assert {states[to] for to in whole - set(settled)} <= {"sent", "uncertain"}

    for texts in (
        [item.text for item in office.received()],
        [line.text for line in office.history()],
    ):
        assert doubled(texts) == {}
        assert set(texts) == campaign.arrived
    lines = office.history(direction="out")
    assert doubled(line.number for line in lines) == {}
    assert {line.number: line.outcome for line in lines} == states
    uncertain = [to for to, state in states.items() if state == "uncertain"]
    return (
        f"{len(campaign.kills)} kills, {campaign.amid()} of them between a submit and its answer; "
        f"by the modems' journals, of {len(states)} messages accepted {len(whole)} went out once, "
        f"{len(twice)} twice, {len(states) - len(whole) - len(lost)} not and are uncertain, "
        f"{len(lost)} are lost ({len(uncertain)} uncertain in all: {len(whole & set(uncertain))} "
        f"of them went out); of {len(campaign.arrived)} that arrived none is missing or double"
    )


@pytest.mark.timeout(120 + 15 * KILLS)
async def test_kills_at_random_moments_lose_and_double_nothing(
    office: OpenOffice, tell: Callable[[str], None]
) -> None:
    async with office("--submit-delay", str(SUBMIT_S), count=MODEMS) as one:
        for modem in one.modems:
            modem.post("reports", delay_s=0.1, jitter_s=0.4)
        campaign = Campaign(one, seed=int(os.environ.get("SANTRAL_SOAK_SEED", "1")))
        for number in range(KILLS):
            await campaign.one_life(number)
        await campaign.until_calm()
        tell(judge(campaign))
        assert campaign.amid() >= AMID * KILLS
        await _sends_still(one)


async def _sends_still(office: Office) -> None:
    for place in range(len(office.modems)):
        message_id = await office.send(f"after all by {place}", modem=f"m{place}")
        await office.until_state(message_id, "delivered")
