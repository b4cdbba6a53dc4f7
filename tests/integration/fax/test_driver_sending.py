"""What a fax server's driver sends arrives, or its end is told with the reason."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from gateway.fax.port import JobChange, JobPhase, JobReport
from gateway.fax.reasons import FaxReason
from gateway.kernel.errors import GatewayError, Permanent, Temporary
from gateway.kernel.ids import new_id
from tests.integration.fax.conftest import Desk, Opening
from tests.integration.fax.lab import FaxLab
from tests.integration.fax.raster import papers
from tests.integration.fax.raster.papers import dots

pytestmark = pytest.mark.timeout(240)
HEADER_ROWS = 40
"""Of a page, on which a server may print its own line."""


async def test_a_fax_arrives_dot_for_dot(desk: Desk, lab: FaxLab) -> None:
    before = set(await lab.sent())
    fax = desk.fax(lab.good, pages=2)
    report = await desk.send(fax)
    assert (report.phase, report.reason) == (JobPhase.DONE, FaxReason.SENT)
    assert (report.pages_sent, report.pages_total, report.text) == (2, 2, "")
    [came] = [one for one in await lab.sent() if one not in before]
    for there, here in zip(dots(came), dots(fax.file), strict=True):
        assert np.array_equal(there[HEADER_ROWS:], here[HEADER_ROWS:])
    told = desk.sink.of(fax.token)
    assert {one.phase for one in told} >= {JobPhase.SENDING, JobPhase.DONE}
    assert 1 in {one.pages_sent for one in told}, "the first page was not told while it went on"


async def test_why_a_fax_did_not_arrive_is_told(desk: Desk, lab: FaxLab) -> None:
    faxes = {reason: desk.fax(number) for reason, number in lab.numbers.items()}
    reports = await asyncio.gather(*(desk.send(fax) for fax in faxes.values()))
    found = {want: one.reason for want, one in zip(faxes, reports, strict=True)}
    assert found == {reason: reason for reason in faxes}
    assert {one.phase for one in reports} == {JobPhase.FAILED}
    assert all(one.text and not one.pages_sent for one in reports), reports


async def test_who_hangs_up_in_page_2_got_page_1(desk: Desk, lab: FaxLab) -> None:
    pages = [papers.sparse(0), papers.scribble(), papers.sparse(1)]
    file = desk.folder / "pages.tif"
    file.write_bytes(papers.fax(pages))
    report = await desk.send(desk.fax(lab.drops_in_page_2, pages=3, file=file))
    assert (report.phase, report.pages_sent) == (JobPhase.FAILED, 1)
    assert report.reason in {FaxReason.HUNG_UP, FaxReason.BAD_LINE}


async def test_a_document_that_cannot_be_read_is_told(desk: Desk, lab: FaxLab) -> None:
    fax = desk.fax(lab.good)
    whole = fax.file.read_bytes()
    fax.file.write_bytes(b"%PDF-1.4\n" + whole[:300])
    report = await desk.send(fax)
    assert (report.phase, report.reason) == (JobPhase.FAILED, FaxReason.UNREADABLE)
    assert report.pages_sent == 0


async def test_a_fax_is_taken_back_while_it_is_sent(desk: Desk, lab: FaxLab) -> None:
    fax = desk.fax(lab.good, pages=4)
    job_id = await desk.driver.submit(fax)
    await desk.sink.until(
        lambda: [one for one in desk.sink.of(fax.token) if one.phase is JobPhase.SENDING] or None
    )
    await desk.driver.cancel(job_id)
    report = await desk.sink.over(fax.token)
    assert (report.phase, report.reason) == (JobPhase.FAILED, FaxReason.CANCELLED)
    assert report.pages_sent < 4


async def test_one_that_waits_is_kept_back_changed_and_let_go(desk: Desk, lab: FaxLab) -> None:
    busy = [desk.fax(lab.numbers[FaxReason.NO_ANSWER]) for _ in range(2)]
    for fax in busy:
        await desk.driver.submit(fax)
    waits = desk.fax(lab.numbers[FaxReason.BUSY])
    job_id = await desk.driver.submit(waits)
    await desk.driver.suspend(job_id)
    await desk.sink.until(lambda: _in(desk, waits.token, JobPhase.SUSPENDED))
    await desk.driver.alter(
        job_id, JobChange(number=lab.numbers[FaxReason.NO_DIALTONE], urgent=True)
    )
    report = await desk.sink.over(waits.token)
    assert report.reason is FaxReason.NO_DIALTONE, "the number was not changed"
    reports = [await desk.sink.over(fax.token) for fax in busy]
    assert {one.reason for one in reports} == {FaxReason.NO_ANSWER}


async def test_a_job_is_found_by_its_token(desk: Desk, lab: FaxLab) -> None:
    fax = desk.fax(lab.numbers[FaxReason.BUSY])
    job_id = await desk.driver.submit(fax)
    found = await desk.driver.find(fax.token)
    assert found is not None
    assert (found.job_id, found.token) == (job_id, fax.token)
    assert await desk.driver.find("0" * 32) is None
    report = await desk.sink.over(fax.token)
    found = await desk.driver.find(fax.token)
    assert found is not None
    assert (found.phase, found.reason) == (report.phase, report.reason)


@pytest.mark.parametrize("number", ["", "not-a-number", "+90\r\nJKILL 1", '1" USER x', "1;2"])
async def test_what_is_no_number_is_never_dialled(desk: Desk, lab: FaxLab, number: str) -> None:
    fax = replace(desk.fax(lab.good), number=number)
    with pytest.raises(Permanent):
        await desk.driver.submit(fax)
    assert await desk.driver.find(fax.token) is None


async def test_peoples_words_are_no_commands(desk: Desk, lab: FaxLab) -> None:
    dead = desk.fax(lab.numbers[FaxReason.NO_DIALTONE])
    faxes = [
        replace(dead, token=new_id(), recipient_name="x" * 3000, recipient_company='"; x',
                subject="a\r\nJNEW", header="%0%q\\|%c"),
        replace(dead, token=new_id(), recipient_name="Ayşe \x1b[2J\x00", subject='"',
                recipient_company="İ" * 3000, header="x" * 3000),
    ]  # fmt: skip
    reports = await asyncio.gather(*(desk.send(fax) for fax in faxes))
    assert [one.reason for one in reports] == [FaxReason.NO_DIALTONE] * 2


async def test_a_server_that_dies_keeps_its_queue(desk: Desk, lab: FaxLab) -> None:
    sending, queued = desk.fax(lab.good, pages=3), desk.fax(lab.numbers[FaxReason.BUSY])
    await desk.driver.submit(sending)
    await desk.driver.submit(queued)
    await desk.sink.until(lambda: _in(desk, sending.token, JobPhase.SENDING))
    await lab.kill()
    with pytest.raises(Temporary):
        await desk.driver.submit(desk.fax(lab.good))
    await lab.start()
    async with asyncio.timeout(60):
        await desk.driver.ready()
    report = await desk.sink.over(queued.token, 90)
    # After its scheduler's death HylaFAX may find a modem in a state that it does not understand.
    assert report.reason in {FaxReason.BUSY, FaxReason.SERVER}, report.text
    assert await desk.driver.find(sending.token) is not None


async def test_nothing_is_known_of_what_was_never_submitted(opened: Opening, lab: FaxLab) -> None:
    async with opened() as desk:
        fax = desk.fax(lab.good)
        await lab.kill()
        with pytest.raises(GatewayError) as refusal:
            await desk.driver.submit(fax)
        assert isinstance(refusal.value, Temporary)
        await lab.start()
        async with asyncio.timeout(60):
            await desk.driver.ready()
        assert await desk.driver.find(fax.token) is None


def _in(desk: Desk, token: str, phase: JobPhase) -> list[JobReport] | None:
    return [one for one in desk.sink.of(token) if one.phase is phase] or None
