"""Misfortunes that a simulated fax server suffers at the instant that matters."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from drivers.fax.hylafax import client
from gateway.fax.port import OutgoingFax, Resolution, ServerCondition
from gateway.fax.reasons import FaxReason
from gateway.kernel.errors import Temporary, Uncertain
from gateway.kernel.ids import new_id
from tests.integration.fax.kept import KeptSink
from tests.integration.fax.raster import papers
from tests.integration.fax.simulated import SimulatedFaxLab


def fax(folder: Path, number: str) -> OutgoingFax:
    file = folder / f"{new_id()}.tif"
    file.write_bytes(papers.fax([papers.sparse()]))
    return OutgoingFax(token=new_id(), number=number, file=file, pages=1,
                       resolution=Resolution.FINE)  # fmt: skip


async def test_a_document_that_was_cut_on_its_way_is_never_faxed(
    simulated: SimulatedFaxLab, tmp_path: Path
) -> None:
    driver = simulated.driver(KeptSink(tmp_path), tmp_path)
    cut, whole = fax(tmp_path, simulated.good), fax(tmp_path, simulated.good)
    await simulated.befall("drop_transfer", after=50)
    with pytest.raises(Temporary, match=r"of \d+ bytes the fax server has 50"):
        await driver.submit(cut)
    assert await driver.find(cut.token) is None
    await driver.submit(whole)
    assert await driver.find(whole.token) is not None


async def test_a_submit_whose_answer_is_lost_is_uncertain_and_found(
    simulated: SimulatedFaxLab, tmp_path: Path
) -> None:
    driver, sent = simulated.driver(KeptSink(tmp_path), tmp_path), fax(tmp_path, simulated.good)
    await simulated.befall("lose_answer")
    with pytest.raises(Uncertain, match="may have taken it"):
        await driver.submit(sent)
    async with asyncio.timeout(20):
        while (found := await driver.find(sent.token)) is None or not found.phase.over:
            await asyncio.sleep(0.1)
    assert found.reason is FaxReason.SENT


@pytest.mark.parametrize(
    ("breaks", "mends"),
    [("scheduler_down", "scheduler_up"), ("disk_full", "disk_free"), ("refuse", "admit")],
)
async def test_a_server_that_cannot_take_a_fax_costs_none(
    simulated: SimulatedFaxLab, tmp_path: Path, breaks: str, mends: str
) -> None:
    driver, sent = simulated.driver(KeptSink(tmp_path), tmp_path), fax(tmp_path, simulated.good)
    await simulated.befall(breaks)
    try:
        with pytest.raises(Temporary):
            await driver.submit(sent)
    finally:
        await simulated.befall(mends)
    other = fax(tmp_path, simulated.good)
    await driver.submit(other)
    assert await driver.find(other.token) is not None


async def test_a_server_that_answers_no_more_is_frozen_until_it_answers(
    simulated: SimulatedFaxLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "REPLY_S", 0.5)
    sink = KeptSink(tmp_path)
    driver = simulated.driver(sink, tmp_path)
    running = asyncio.create_task(driver.run())
    try:
        await asyncio.wait_for(driver.ready(), 20)
        await simulated.befall("freeze")
        await sink.until(
            lambda: driver.status.condition is ServerCondition.FROZEN or None, within_s=30
        )
        await simulated.befall("thaw")
        await asyncio.wait_for(driver.ready(), 30)
    finally:
        await simulated.befall("thaw")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
