"""What is counted of each modem and SIM agrees with what was done, on both engines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.kernel.errors import NotFound, Permanent, Uncertain
from gateway.sending.states import SendState
from gateway.sms.figures import FiguresBook
from gateway.sms.policy import SimPolicy
from gateway.web.principal import LOCAL_ADMINISTRATOR
from tests.contract.sms_desk import Desk, ScriptedModem, open_desk

FIRST, SECOND = "286010000000001", "286010000000002"
PRICES = SimPolicy(costs={"": 0.9, "+90532": 0.25})


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(database_url, tmp_path) as opened:
        yield opened


async def test_a_modems_figures_tell_its_sims_apart(desk: Desk) -> None:
    refusal = Permanent("the network refuses this number", code="CMS 28")
    first = ScriptedModem(imsi=FIRST, script=[1, refusal, Uncertain("no answer")])
    async with desk.working(first, policy=PRICES):
        await desk.until_state(await desk.send(), SendState.SENT)
        await desk.until_state(await desk.send(), SendState.FAILED)
        await desk.until_state(await desk.send(), SendState.UNCERTAIN)
    async with desk.working(ScriptedModem(imsi=SECOND), policy=PRICES):
        await desk.until_state(await desk.send(to="+905551234567", text="x" * 200), SendState.SENT)
    await desk.receive("Merhaba")
    desk.later(seconds=1)

    book = FiguresBook(desk.service.store, desk.clock, desk.service.config.zone)
    figures = await book.of_modem(LOCAL_ADMINISTRATOR, "m0", imsi=SECOND, since=None, until=None)
    one, two = figures.sims[FIRST], figures.sims[SECOND]
    assert (one.sent, one.cost, one.failed_by_cause) == (1, 0.25, {"CMS 28": 1})
    assert one.by_state == {"sent": 1, "failed": 1, "uncertain": 1}
    assert (two.sent, two.cost, two.failed_by_cause) == (2, 1.8, {})
    assert figures.total.sent == 3
    assert figures.total.cost == pytest.approx(2.05)
    assert figures.total.failed_by_cause == {"CMS 28": 1}
    assert figures.received == 1
    assert set(figures.used.values()) == {2}

    shown = desk.metrics.exposition().decode()
    for line in (
        f'santral_sms_segments_submitted_total{{modem="m0",outcome="sent",sim="{FIRST}"}} 1.0',
        f'santral_sms_segments_submitted_total{{modem="m0",outcome="sent",sim="{SECOND}"}} 2.0',
        f'santral_sms_segments_refused_total{{cause="CMS 28",modem="m0",sim="{FIRST}"}} 1.0',
        f'santral_sms_segments_refused_total{{cause="uncertain",modem="m0",sim="{FIRST}"}} 1.0',
        f'santral_sms_cost_total{{modem="m0",sim="{FIRST}"}} 0.25',
        f'santral_sms_cost_total{{modem="m0",sim="{SECOND}"}} 1.8',
    ):
        assert line in shown


async def test_a_period_holds_what_was_submitted_in_it(desk: Desk) -> None:
    async with desk.working(ScriptedModem(imsi=FIRST)):
        await desk.until_state(await desk.send(), SendState.SENT)
        began = desk.clock.now()
        desk.later(hours=2)
        await desk.until_state(await desk.send(), SendState.SENT)
    book = FiguresBook(desk.service.store, desk.clock, desk.service.config.zone)

    async def sent(since: timedelta, until: timedelta) -> int:
        period = {"since": began + since, "until": began + until}
        return (await book.of_modem(LOCAL_ADMINISTRATOR, "m0", imsi="", **period)).total.sent

    hour = timedelta(hours=1)
    with pytest.raises(NotFound, match="m9"):
        await book.of_modem(LOCAL_ADMINISTRATOR, "m9", imsi="", since=None, until=None)
    assert await sent(-hour, hour) == 1
    assert await sent(hour, 3 * hour) == 1
    assert await sent(-hour, 3 * hour) == 2
    assert await sent(3 * hour, 4 * hour) == 0
