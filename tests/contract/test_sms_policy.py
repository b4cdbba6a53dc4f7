"""Priority, quotas, routes, affinity, opt-out and automatic answers, on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.consent.book import ConsentBook
from gateway.consent.model import Channel
from gateway.kernel.errors import Conflict, GatewayError, Invalid, Permanent, Temporary
from gateway.sending.priority import Priority
from gateway.sending.states import SendState
from gateway.sms.policy import QuietHoursPolicy, QuotaPolicy, SimPolicy, SmsPolicy, SmsRule
from gateway.sms.policy_settings import PolicyBook
from gateway.sms.port import OutgoingSegment
from gateway.sms.sending import SendSms
from gateway.web.principal import LOCAL_ADMINISTRATOR
from tests.contract.sms_desk import CUSTOMER, Desk, ScriptedModem, open_desk
from tests.waiting import until

ISTANBUL = ZoneInfo("Europe/Istanbul")


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(database_url, tmp_path) as opened:
        yield opened


async def _many(desk: Desk, count: int, **fields: object) -> list[str]:
    requests = [
        (SendSms(to=f"+90533{number:07d}", text=f"no {number}", **fields), "")  # type: ignore[arg-type]
        for number in range(count)
    ]
    stored = await desk.service.sending.send_many(LOCAL_ADMINISTRATOR, requests)
    return [one.id for one in stored if not isinstance(one, GatewayError)]


async def test_a_persons_message_overtakes_a_mailing(desk: Desk) -> None:
    modem = ScriptedModem()

    async def interrupt(_segment: object) -> int:
        await desk.send("benden")
        return 1

    modem.script = [1, 2, interrupt]
    await _many(desk, 30, priority=Priority.BULK)
    async with desk.working(modem):
        await until(lambda: len(modem.taken) == 31)
    assert modem.taken[3].text == "benden"


@pytest.mark.parametrize(
    ("quota", "step", "turns"),
    [
        (QuotaPolicy(per_minute=5), timedelta(minutes=1), (5, 10, 15)),
        (QuotaPolicy(per_day=5), timedelta(days=1), (5, 10, 15)),
        (QuotaPolicy(per_month=5), timedelta(days=31), (5, 10, 15)),
        (QuotaPolicy(per_minute=4, per_day=6), timedelta(minutes=1), (4, 6, 6)),
    ],
    ids=["minute", "day", "month", "both"],
)
async def test_a_quota_holds_exactly_also_across_restarts_of_the_worker(
    desk: Desk, quota: QuotaPolicy, step: timedelta, turns: tuple[int, ...]
) -> None:
    modem = ScriptedModem(imsi="286010000000001")
    await _many(desk, 40)
    for wanted in turns:
        for _ in range(2):
            async with desk.working(modem, policy=SimPolicy(quota=quota)):
                await until(lambda wanted=wanted: len(modem.taken) >= wanted)  # type: ignore[misc]
                await asyncio.sleep(0.1)
            assert len(modem.taken) == wanted
        desk.clock.moment += step


async def test_a_day_ends_at_midnight_of_the_office(desk: Desk) -> None:
    desk.clock.moment = datetime(2026, 3, 2, 23, 59, tzinfo=ISTANBUL)
    modem = ScriptedModem(imsi="1")
    await _many(desk, 10)
    policy = SimPolicy(quota=QuotaPolicy(per_day=3))
    async with desk.working(modem, policy=policy):
        await until(lambda: len(modem.taken) == 3)
    desk.later(minutes=1)
    async with desk.working(modem, policy=policy):
        await until(lambda: len(modem.taken) == 6)


async def test_quiet_hours_hold_by_each_recipients_own_clock(desk: Desk) -> None:
    policy = QuietHoursPolicy(begins=time(21), ends=time(9), zones={"+7423": "Asia/Vladivostok"})
    desk.service.fleet.dispatch.decide(SmsPolicy(quiet_hours=policy))
    people = {
        "+905321234567": ("", "Europe/Istanbul"),
        "+4915112345678": ("", "Europe/Berlin"),
        "+74232123456": ("", "Asia/Vladivostok"),
        "+12125550123": ("America/New_York", "America/New_York"),
    }
    modem = ScriptedModem()
    sent: list[tuple[str, datetime]] = []

    async def note(segment: OutgoingSegment) -> int:
        sent.append((segment.recipient, desk.clock.moment))
        return 1

    modem.script = [note] * 100
    desk.clock.moment = datetime(2026, 3, 28, 18, 30, tzinfo=UTC)  # clocks go forward that night
    async with desk.working(modem):
        for _ in range(60):
            for to, (zone, _) in people.items():
                await desk.send(to=to, zone=zone, priority=Priority.BULK)
            await desk.clockwork.look()
            await asyncio.sleep(0.03)
            desk.later(minutes=47)
            desk.service.fleet.wake.all()
    for to, moment in sent:
        there = moment.astimezone(ZoneInfo(people[to][1])).time()
        assert time(9) <= there < time(21), f"{to} was written to at {there}"
    assert {to for to, _ in sent} == set(people)


async def test_a_quota_belongs_to_the_sim_not_to_the_modem(desk: Desk) -> None:
    policy = SimPolicy(quota=QuotaPolicy(per_day=3))
    await _many(desk, 10)
    first, second = ScriptedModem("m0", imsi="1"), ScriptedModem("m1", imsi="1")
    async with desk.working(first, policy=policy):
        await until(lambda: len(first.taken) == 3)
    async with desk.working(second, policy=policy):
        await asyncio.sleep(0.2)
    assert second.taken == []


async def test_a_customer_is_answered_from_the_sim_he_wrote_to(desk: Desk) -> None:
    await desk.receive("Merhaba", modem="m1")
    modems = [ScriptedModem(f"m{number}") for number in range(3)]
    for _ in range(6):
        await desk.send()
    async with desk.working(*modems):
        await until(lambda: len(modems[1].taken) == 6)
    assert modems[0].taken == modems[2].taken == []


async def test_another_sim_answers_while_his_cannot(desk: Desk) -> None:
    await desk.receive("Merhaba", modem="m1")
    his, other = ScriptedModem("m1", ready_now=False), ScriptedModem("m0")
    message = await desk.send()
    async with desk.working(his, other):
        await desk.until_state(message, SendState.SENT)
    assert len(other.taken) == 1


async def test_a_passing_refusal_is_tried_by_another_modem(desk: Desk) -> None:
    bad = ScriptedModem("m0", script=[Temporary("busy", code="CMS 42")] * 20)
    good = ScriptedModem("m1", ready_now=False)
    message = await desk.send()
    async with desk.working(bad, good):
        good.ready_now = True
        await until(lambda: len(bad.script) < 20 or bool(good.taken))
        for _ in range(20):
            desk.later(minutes=10)
            desk.service.fleet.wake.all()
            await asyncio.sleep(0.05)
            if good.taken:
                break
        await desk.until_state(message, SendState.SENT)
    assert len(good.taken) == 1


async def test_what_one_sim_may_not_send_another_sends_at_once(desk: Desk) -> None:
    barred = Permanent("the operator bars messages from this SIM", code="CMS 8", of_sender=True)
    bad, good = ScriptedModem("m0", script=[barred]), ScriptedModem("m1")
    await desk.receive("Merhaba", modem="m0")
    message = await desk.send()
    async with desk.working(bad, good):
        await desk.until_state(message, SendState.SENT)
    assert len(good.taken) == 1


async def test_what_no_sim_may_send_fails_with_its_reason(desk: Desk) -> None:
    barred = Permanent("the operator bars messages from this SIM", code="CMS 8", of_sender=True)
    modems = [ScriptedModem(f"m{number}", script=[barred]) for number in range(2)]
    message = await desk.send()
    async with desk.working(*modems):
        await desk.until_state(message, SendState.FAILED)
    assert not any(modem.script for modem in modems)


async def test_the_cheaper_sim_goes_first(desk: Desk) -> None:
    cheap, dear = ScriptedModem("m0"), ScriptedModem("m1")
    async with (
        desk.working(cheap, policy=SimPolicy(costs={"": 0.1})),
        desk.working(dear, policy=SimPolicy(costs={"": 0.9})),
    ):
        await asyncio.sleep(0.2)
        message = await desk.send()
        await desk.until_state(message, SendState.SENT)
    assert len(cheap.taken) == 1
    assert dear.taken == []


async def test_a_sim_that_does_not_serve_a_prefix_leaves_it_alone(desk: Desk) -> None:
    abroad = ScriptedModem("m0")
    async with desk.working(abroad, policy=SimPolicy(costs={"+49": 0.5})):
        home = await desk.send()
        german = await desk.send(to="+4915112345678")
        await desk.until_state(german, SendState.SENT)
        assert await desk.state(home) is SendState.QUEUED


@pytest.mark.parametrize("word", ["STOP", "İPTAL", "Стоп", "ret"])
async def test_an_opt_out_stops_what_waits_and_is_confirmed_once(desk: Desk, word: str) -> None:
    waiting = await desk.send("reklam", priority=Priority.BULK)
    await desk.receive(word)
    await desk.receive(f"{word}!")
    assert await desk.state(waiting) is SendState.CANCELLED
    modem = ScriptedModem()
    async with desk.working(modem):
        await until(lambda: bool(modem.taken))
        await asyncio.sleep(0.1)
    assert len(modem.taken) == 1, "not confirmed exactly once"
    with pytest.raises(Conflict, match="must not be contacted"):
        await desk.send()
    start = {"STOP": "START", "Стоп": "СТАРТ"}.get(word, "BAŞLA")
    await desk.receive(start)
    assert await desk.send()


async def test_the_do_not_contact_list_of_people_is_not_lifted_by_the_recipient(
    desk: Desk,
) -> None:
    book = ConsentBook(desk.service.store, desk.clock, desk.service.config.numbering_plan)
    await book.add(LOCAL_ADMINISTRATOR, CUSTOMER, Channel.ALL, "avukatı yazdı")
    await desk.receive("START")
    with pytest.raises(Conflict, match="avukatı yazdı"):
        await desk.send()
    await book.remove(LOCAL_ADMINISTRATOR, CUSTOMER, Channel.ALL)
    assert await desk.send()


async def test_a_rule_answers(desk: Desk) -> None:
    rules = PolicyBook(desk.service.store, desk.clock)
    await rules.add_rule(LOCAL_ADMINISTRATOR, SmsRule(words=("adres",), reply="Bağdat Cad. 1"))
    await desk.receive("ADRES nerede?")
    await desk.receive("teşekkürler")
    assert await desk.outgoing() == [(CUSTOMER, "Bağdat Cad. 1")]


async def test_two_robots_fall_silent(desk: Desk) -> None:
    rules = PolicyBook(desk.service.store, desk.clock)
    await rules.add_rule(LOCAL_ADMINISTRATOR, SmsRule(reply="Mesajınız alındı."))
    for turn in range(50):
        await desk.receive(f"Otomatik yanıt {turn}")
        await desk.receive("Mesajınız alındı.")
        desk.later(minutes=2)
    assert len(await desk.outgoing()) == 3


@pytest.mark.parametrize("sender", ["BANKA", "4444"])
async def test_names_and_short_numbers_are_never_answered(desk: Desk, sender: str) -> None:
    rules = PolicyBook(desk.service.store, desk.clock)
    await rules.add_rule(LOCAL_ADMINISTRATOR, SmsRule(reply="Mesajınız alındı."))
    await desk.receive("STOP", sender=sender)
    await desk.receive("Kampanya!", sender=sender)
    assert await desk.outgoing() == []


async def test_one_bad_line_of_many_spoils_no_other(desk: Desk) -> None:
    requests = [
        (SendSms(to="+905331111111", text="bir"), "k1"),
        (SendSms(to="yok", text="iki"), ""),
        (SendSms(to="+905331111111", text="bir"), "k1"),
        (SendSms(to="+905331111111", text="başka"), "k1"),
        (SendSms(to="+905332222222", text="iki"), ""),
    ]
    results = await desk.service.sending.send_many(LOCAL_ADMINISTRATOR, requests)
    first, bad, again, other, last = results
    assert not isinstance(first, GatewayError)
    assert isinstance(bad, Invalid)
    assert not isinstance(again, GatewayError)
    assert again.id == first.id
    assert isinstance(other, Conflict)
    assert not isinstance(last, GatewayError)
    assert len(await desk.outgoing()) == 2
