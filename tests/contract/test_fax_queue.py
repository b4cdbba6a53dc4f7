"""Faxes go through the queue to servers and back: each once, and nothing unknown stays unsaid."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.fax.model import AttemptState
from gateway.fax.port import JobPhase, OutgoingFax
from gateway.fax.reasons import FaxReason
from gateway.kernel.errors import Temporary, Uncertain
from gateway.kernel.store import Store
from gateway.sending.states import SendState
from gateway.web.principal import LOCAL_ADMINISTRATOR
from tests.contract.fax_desk import FaxDesk, ScriptedServer


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> FaxDesk:
    """The feature on each engine."""
    return FaxDesk(store, tmp_path)


async def test_a_fax_is_handed_over_once_and_its_end_is_known(desk: FaxDesk) -> None:
    server = ScriptedServer()
    fax = await desk.send()
    assert fax.state is SendState.QUEUED
    async with desk.working(server):
        given = await desk.until_taken(server)
        await desk.told(server.report(given.token, JobPhase.SENDING, pages_sent=1, line="modem1"))
        assert (await desk.now(fax)).pages_sent == 1
        await desk.ended(server, given.token, FaxReason.SENT, station_id="ACME")
        done = await desk.until_state(fax, SendState.DELIVERED)
    assert (done.pages_sent, done.station_id, done.reason) == (3, "ACME", FaxReason.SENT)
    assert given.header == "Ofis +90 212 555 01 00"
    assert given.file.read_text() == "page 1\npage 2\npage 3"
    assert len(server.taken) == 1


async def test_a_busy_line_is_tried_again_later_and_not_for_ever(desk: FaxDesk) -> None:
    server = ScriptedServer()
    fax = await desk.send()
    async with desk.working(server):
        for number in range(1, 9):
            given = await desk.until_taken(server, number)
            await desk.ended(server, given.token, FaxReason.BUSY, text="Busy signal detected")
            desk.clock.moment += timedelta(minutes=20)
            desk.wake()
        failed = await desk.until_state(fax, SendState.FAILED)
    assert failed.attempts == 8
    assert failed.error_text == "the recipient's line is busy: Busy signal detected"


async def test_what_another_attempt_would_not_mend_fails_at_once(desk: FaxDesk) -> None:
    server = ScriptedServer()
    fax = await desk.send()
    async with desk.working(server):
        given = await desk.until_taken(server)
        await desk.ended(server, given.token, FaxReason.UNREADABLE)
        assert (await desk.until_state(fax, SendState.FAILED)).reason is FaxReason.UNREADABLE


async def test_a_lost_answer_is_settled_by_asking(desk: FaxDesk) -> None:
    server = ScriptedServer(script=[_answer_lost])
    fax = await desk.send()
    async with desk.working(server):
        await desk.until_state(fax, SendState.UNCERTAIN)
        desk.clock.moment += timedelta(seconds=30)
        await desk.settle(server)
        assert (await desk.now(fax)).state is SendState.SENDING
        await desk.ended(server, server.taken[0].token, FaxReason.SENT)
        await desk.until_state(fax, SendState.DELIVERED)
    assert len(server.taken) == 1


async def test_what_a_server_surely_never_got_is_given_to_it_again(desk: FaxDesk) -> None:
    server = ScriptedServer(script=[Uncertain("the connection broke")])
    fax = await desk.send()
    async with desk.working(server):
        await desk.until_state(fax, SendState.UNCERTAIN)
        await desk.settle(server)  # too early: it may still come
        assert (await desk.now(fax)).state is SendState.UNCERTAIN
        desk.clock.moment += timedelta(seconds=30)
        await desk.settle(server)
        assert (await desk.now(fax)).state is SendState.QUEUED
        desk.clock.moment += timedelta(seconds=30)
        desk.wake()
        await desk.until_taken(server)
    assert (await desk.now(fax)).attempts == 1


async def test_what_a_server_may_have_forgotten_stays_uncertain(desk: FaxDesk) -> None:
    server = ScriptedServer(script=[Uncertain("the connection broke")])
    fax = await desk.send()
    async with desk.working(server):
        await desk.until_state(fax, SendState.UNCERTAIN)
        desk.clock.moment += timedelta(minutes=30)
        await desk.settle(server)
    assert (await desk.now(fax)).state is SendState.UNCERTAIN
    assert not server.taken


async def test_a_job_that_vanished_is_uncertain_and_not_repeated(desk: FaxDesk) -> None:
    server = ScriptedServer()
    fax = await desk.send()
    async with desk.working(server):
        given = await desk.until_taken(server)
        await desk.told(server.report(given.token, JobPhase.SENDING))
        del server.known[given.token]
        desk.clock.moment += timedelta(minutes=5)
        await desk.settle(server)
        assert (await desk.now(fax)).state is SendState.UNCERTAIN
    assert len(server.taken) == 1


async def test_a_stop_in_the_middle_of_a_submit_doubles_nothing(desk: FaxDesk) -> None:
    server = ScriptedServer(script=[_never_answers])
    fax = await desk.send()
    async with desk.working(server):
        await desk.until_taken(server)
    async with desk.working(server):
        await desk.until_state(fax, SendState.UNCERTAIN)
        desk.clock.moment += timedelta(seconds=30)
        await desk.settle(server)
        assert (await desk.now(fax)).state is SendState.SENDING
    assert len(server.taken) == 1


async def test_another_server_takes_what_one_does_not(desk: FaxDesk) -> None:
    ill, well = (
        ScriptedServer(id="s0", script=[Temporary("disk full")] * 9),
        ScriptedServer(id="s1"),
    )
    faxes = [await desk.send(f"+9021255502{number:02}") for number in range(6)]
    async with desk.working(ill, well):
        for number in range(1, 7):
            given = await desk.until_taken(well, number)
            await desk.ended(well, given.token, FaxReason.SENT)
            desk.wake()
        for fax in faxes:
            await desk.until_state(fax, SendState.DELIVERED)
    assert not ill.taken


async def test_two_faxes_to_one_machine_go_one_after_the_other(desk: FaxDesk) -> None:
    server = ScriptedServer(lines=4)
    first, second = await desk.send(), await desk.send()
    async with desk.working(server):
        given = await desk.until_taken(server)
        await asyncio.sleep(0.1)
        assert len(server.taken) == 1
        await desk.ended(server, given.token, FaxReason.SENT)
        await desk.until_taken(server, 2)
    assert (await desk.now(first)).state is SendState.DELIVERED
    assert (await desk.now(second)).state is SendState.SENDING


async def test_a_fax_that_is_sent_is_taken_back_at_its_server(desk: FaxDesk) -> None:
    server = ScriptedServer()
    fax = await desk.send()
    async with desk.working(server):
        given = await desk.until_taken(server)
        taken_back = await desk.sending.cancel(LOCAL_ADMINISTRATOR, fax.id)
        assert (taken_back.state, taken_back.cancelling) == (SendState.SENDING, True)
        await desk.settle(server)
        assert server.cancelled == ["1"]
        await desk.ended(server, given.token, FaxReason.CANCELLED)
        await desk.until_state(fax, SendState.CANCELLED)


async def test_what_was_sent_before_it_could_be_taken_back_is_told_truly(desk: FaxDesk) -> None:
    server = ScriptedServer()
    fax = await desk.send()
    async with desk.working(server):
        given = await desk.until_taken(server)
        await desk.sending.cancel(LOCAL_ADMINISTRATOR, fax.id)
        await desk.ended(server, given.token, FaxReason.SENT)
        assert not (await desk.until_state(fax, SendState.DELIVERED)).cancelling


async def test_a_report_told_twice_counts_once(desk: FaxDesk) -> None:
    server = ScriptedServer()
    fax = await desk.send()
    async with desk.working(server):
        given = await desk.until_taken(server)
        for _ in range(2):
            await desk.ended(server, given.token, FaxReason.BUSY)
        await desk.until_state(fax, SendState.QUEUED)
    _, [attempt] = await desk.faxes.show(LOCAL_ADMINISTRATOR, fax.id)
    assert attempt.state is AttemptState.FAILED


async def _answer_lost(_fax: OutgoingFax) -> None:
    raise Uncertain("the connection broke")


async def _never_answers(_fax: OutgoingFax) -> None:
    await asyncio.Event().wait()
