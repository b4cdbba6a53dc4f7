"""Every step from one state to another happens, by what the chart says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import time, timedelta
from pathlib import Path

import pytest

from gateway.kernel.errors import Permanent, Temporary, Uncertain
from gateway.sending.priority import Priority
from gateway.sending.states import STEPS, SendState, Step
from gateway.sms.policy import QuietHoursPolicy, SmsPolicy
from gateway.sms.port import LateAnswer, LateSubmit, OutgoingSegment, ReportOutcome
from gateway.sms.sending import Settlement
from gateway.web.principal import LOCAL_ADMINISTRATOR
from tests.contract.sms_desk import START, Desk, ScriptedModem, open_desk
from tests.waiting import until

S = SendState
HOUR = timedelta(hours=1)
Scenario = Callable[[Desk], Awaitable[tuple[SendState, SendState]]]
SCENARIOS: dict[tuple[SendState, SendState], Scenario] = {}


def scenario(before: SendState, after: SendState) -> Callable[[Scenario], Scenario]:
    """Note a scenario as that of a step."""

    def note(work: Scenario) -> Scenario:
        SCENARIOS[before, after] = work
        return work

    return note


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(database_url, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    "step",
    [step for step in STEPS if not step.of_faxes],
    ids=lambda step: f"{step.before}-{step.after}",
)
async def test_the_step_happens(desk: Desk, step: Step) -> None:
    assert await SCENARIOS[step.before, step.after](desk) == (step.before, step.after)


async def _around(desk: Desk, message: str, work: Awaitable[object]) -> tuple[S, S]:
    before = await desk.state(message)
    await work
    return before, await desk.state(message)


@scenario(S.SCHEDULED, S.QUEUED)
async def _due(desk: Desk) -> tuple[S, S]:
    message = await desk.send(at=START + HOUR)
    await desk.clockwork.look()
    desk.later(hours=1)
    return await _around(desk, message, desk.clockwork.look())


@scenario(S.SCHEDULED, S.CANCELLED)
async def _unscheduled(desk: Desk) -> tuple[S, S]:
    message = await desk.send(at=START + HOUR)
    cancel = desk.service.sending.cancel(LOCAL_ADMINISTRATOR, message)
    return await _around(desk, message, cancel)


@scenario(S.SCHEDULED, S.EXPIRED)
async def _too_late(desk: Desk) -> tuple[S, S]:
    message = await desk.send(at=START + HOUR, expires_at=START + 2 * HOUR)
    desk.later(hours=3)
    return await _around(desk, message, desk.clockwork.look())


@scenario(S.QUEUED, S.SCHEDULED)
async def _night_falls(desk: Desk) -> tuple[S, S]:
    night = QuietHoursPolicy(begins=time(21), ends=time(9))
    desk.service.fleet.dispatch.decide(SmsPolicy(quiet_hours=night))
    message = await desk.send(priority=Priority.BULK)
    before = await desk.state(message)
    desk.later(hours=10)
    modem = ScriptedModem()
    async with desk.working(modem):
        await desk.until_state(message, S.SCHEDULED)
    assert modem.taken == []
    desk.later(hours=11)
    await desk.clockwork.look()
    async with desk.working(modem):
        await desk.until_state(message, S.SENT)
    return before, S.SCHEDULED


@scenario(S.QUEUED, S.SENDING)
async def _taken(desk: Desk) -> tuple[S, S]:
    message = await desk.send()
    before = await desk.state(message)
    seen: list[SendState] = []

    async def look(_segment: OutgoingSegment) -> int:
        seen.append(await desk.state(message))
        return 1

    async with desk.working(ScriptedModem(script=[look])):
        await desk.until_state(message, S.SENT)
    return before, seen[0]


@scenario(S.QUEUED, S.CANCELLED)
async def _cancelled(desk: Desk) -> tuple[S, S]:
    message = await desk.send()
    cancel = desk.service.sending.cancel(LOCAL_ADMINISTRATOR, message)
    found = await _around(desk, message, cancel)
    modem = ScriptedModem()
    async with desk.working(modem):
        other = await desk.send("öbür")
        await desk.until_state(other, S.SENT)
    assert [segment.text for segment in modem.taken] == ["öbür"]
    return found


@scenario(S.QUEUED, S.EXPIRED)
async def _expired(desk: Desk) -> tuple[S, S]:
    message = await desk.send(expires_at=START + HOUR)
    desk.later(hours=1)
    modem = ScriptedModem()
    async with desk.working(modem):
        other = await desk.send("öbür")
        await desk.until_state(other, S.SENT)
    assert [segment.text for segment in modem.taken] == ["öbür"]
    return await _around(desk, message, desk.clockwork.look())


async def _submitted(desk: Desk, answer: object, after: SendState) -> tuple[S, S]:
    """Send one message; `answer` is what the modem says of it."""
    message = await desk.send()
    seen: list[SendState] = []

    async def answered(_segment: OutgoingSegment) -> int:
        seen.append(await desk.state(message))
        if isinstance(answer, ReportOutcome):
            await desk.report(7, answer)
        elif isinstance(answer, Exception):
            raise answer
        return 7

    async with desk.working(ScriptedModem(script=[answered])):
        await until(lambda: bool(seen))
        await desk.until_state(message, after)
    return seen[0], await desk.state(message)


@scenario(S.SENDING, S.QUEUED)
async def _refused_for_now(desk: Desk) -> tuple[S, S]:
    return await _submitted(desk, Temporary("busy", code="CMS 42"), S.QUEUED)


@scenario(S.SENDING, S.SENT)
async def _accepted(desk: Desk) -> tuple[S, S]:
    return await _submitted(desk, None, S.SENT)


@scenario(S.SENDING, S.DELIVERED)
async def _report_first(desk: Desk) -> tuple[S, S]:
    return await _submitted(desk, ReportOutcome.DELIVERED, S.DELIVERED)


@scenario(S.SENDING, S.UNDELIVERED)
async def _bad_report_first(desk: Desk) -> tuple[S, S]:
    return await _submitted(desk, ReportOutcome.FAILED, S.UNDELIVERED)


@scenario(S.SENDING, S.FAILED)
async def _refused_for_good(desk: Desk) -> tuple[S, S]:
    return await _submitted(desk, Permanent("no such number", code="CMS 1"), S.FAILED)


@scenario(S.SENDING, S.UNCERTAIN)
async def _no_answer(desk: Desk) -> tuple[S, S]:
    return await _submitted(desk, Uncertain("no answer"), S.UNCERTAIN)


async def _sent(desk: Desk) -> str:
    message = await desk.send()
    async with desk.working(ScriptedModem(script=[7])):
        await desk.until_state(message, S.SENT)
    return message


@scenario(S.SENT, S.DELIVERED)
async def _delivered(desk: Desk) -> tuple[S, S]:
    message = await _sent(desk)
    return await _around(desk, message, desk.report(7))


@scenario(S.SENT, S.UNDELIVERED)
async def _given_up(desk: Desk) -> tuple[S, S]:
    message = await _sent(desk)
    return await _around(desk, message, desk.report(7, ReportOutcome.FAILED))


@scenario(S.UNDELIVERED, S.DELIVERED)
async def _corrected(desk: Desk) -> tuple[S, S]:
    message = await _sent(desk)
    await desk.report(7, ReportOutcome.FAILED)
    return await _around(desk, message, desk.report(7))


@scenario(S.UNDELIVERED, S.SENT)
async def _one_part_corrected(desk: Desk) -> tuple[S, S]:
    message = await desk.send("a" * 200)
    async with desk.working(ScriptedModem(script=[7, 8])):
        await desk.until_state(message, S.SENT)
    await desk.report(7, ReportOutcome.FAILED)
    return await _around(desk, message, desk.report(7))


async def _uncertain(desk: Desk) -> str:
    message = await desk.send()
    async with desk.working(ScriptedModem(script=[Uncertain("no answer")])):
        await desk.until_state(message, S.UNCERTAIN)
    return message


@scenario(S.UNCERTAIN, S.SENT)
async def _late_yes(desk: Desk) -> tuple[S, S]:
    message = await _uncertain(desk)
    late = LateAnswer(modem_id="m0", token=f"{message}/1", outcome=LateSubmit.ACCEPTED, reference=9)
    return await _around(desk, message, desk.service.inbox.answered_late(late))


@scenario(S.UNCERTAIN, S.DELIVERED)
async def _report_settles(desk: Desk) -> tuple[S, S]:
    message = await _uncertain(desk)
    return await _around(desk, message, desk.report(200))


@scenario(S.UNCERTAIN, S.UNDELIVERED)
async def _bad_report_settles(desk: Desk) -> tuple[S, S]:
    message = await _uncertain(desk)
    return await _around(desk, message, desk.report(200, ReportOutcome.FAILED))


@scenario(S.UNCERTAIN, S.QUEUED)
async def _sent_again(desk: Desk) -> tuple[S, S]:
    message = await _uncertain(desk)
    modem = ScriptedModem()
    async with desk.working(modem):
        await asyncio.sleep(0.2)
    assert modem.taken == [], "sent again by itself"
    again = desk.service.sending.settle(LOCAL_ADMINISTRATOR, message, Settlement.SEND_AGAIN)
    found = await _around(desk, message, again)
    async with desk.working(modem):
        await desk.until_state(message, S.SENT)
    return found


@scenario(S.UNCERTAIN, S.FAILED)
async def _not_sent(desk: Desk) -> tuple[S, S]:
    message = await _uncertain(desk)
    said = desk.service.sending.settle(LOCAL_ADMINISTRATOR, message, Settlement.NOT_SENT)
    return await _around(desk, message, said)
