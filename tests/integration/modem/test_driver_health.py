"""A modem that is unplugged, hangs, restarts or loses its network says so and works again."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drivers.modem.driver import GsmModemDriver, probe
from drivers.modem.timing import Timing
from gateway.kernel.errors import Temporary, Uncertain
from gateway.sms.port import ModemCondition, ModemSettings, OutgoingSegment
from tests.waiting import until

if TYPE_CHECKING:
    from tests.integration.modem.conftest import RecordingSink, Rig

Maker = Callable[..., OutgoingSegment]

REPLUGGED_READY_S = 5.0
OPEN_FILES = Path("/proc/self/fd")


async def test_a_ready_modem_tells_who_it_is(rig: Rig) -> None:
    async with rig.running() as driver:
        await rig.sink.until(lambda: bool(driver.status.operator))
        status = driver.status
    assert (status.manufacturer, status.model, status.revision) == ("SIMSIM", "AT900", "R1.0")
    assert (status.imei, status.imsi) == (rig.modem.imei, rig.modem.imsi)
    assert (status.operator, status.registration) == ("TURKCELL", "home")
    assert (status.signal_dbm, status.smsc) == (-73, "+905320000000")
    assert status.profile == "generic"
    assert rig.sink.conditions[0] is ModemCondition.STARTING
    assert rig.sink.conditions[-1] is ModemCondition.STOPPED


async def test_a_configured_service_centre_is_set(rig: Rig) -> None:
    rig.configure(smsc="+905321111111")
    async with rig.running() as driver:
        assert driver.status.smsc == "+905321111111"
    assert (await rig.get("state"))["settings"]["csca"] == "+905321111111"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [({"smsc": "not a number"}, "service centre"), ({"profile": "acme"}, "no modem profile")],
)
async def test_wrong_settings_are_named(rig: Rig, changes: dict[str, str], fault: str) -> None:
    rig.configure(**changes)
    async with rig.running(ready=False) as driver:
        await rig.sink.until(lambda: fault in driver.status.detail)
        assert driver.status.condition is ModemCondition.STOPPED
        assert driver.status.remedy


async def test_an_unplugged_modem_works_again_when_it_is_back(
    rig: Rig, make_segment: Maker
) -> None:
    async with rig.running() as driver:
        await driver.submit(make_segment("before"), "t1")
        await rig.post("fault", kind="unplug")
        await rig.until_condition(ModemCondition.ABSENT)
        assert driver.status.remedy
        await rig.receive(text="meanwhile")
        await rig.post("fault", kind="replug")
        await rig.until_ready(REPLUGGED_READY_S)
        await driver.submit(make_segment("after"), "t2")
        await rig.sink.until(lambda: rig.sink.texts == ["meanwhile"])
    assert [item["text"] for item in await rig.get("sent")] == ["before", "after"]


async def test_a_modem_that_is_pulled_again_and_again_is_ready_each_time(rig: Rig) -> None:
    async with rig.running():
        for _ in range(5):
            await rig.post("fault", kind="unplug")
            await rig.until_condition(ModemCondition.ABSENT)
            await rig.post("fault", kind="replug")
            await rig.until_ready(REPLUGGED_READY_S)
    assert rig.sink.conditions.count(ModemCondition.ABSENT) == 5


async def test_a_modem_that_is_not_there_yet_is_used_when_it_comes(rig: Rig) -> None:
    device = rig.folder / "later"
    rig.configure(device=str(device))
    async with rig.running(ready=False):
        await rig.until_condition(ModemCondition.ABSENT)
        device.symlink_to(rig.modem.device)
        await rig.until_ready(REPLUGGED_READY_S)


async def test_a_device_that_another_program_holds_is_used_when_it_is_free(rig: Rig) -> None:
    from drivers import serial_link  # noqa: PLC0415 - as the other program

    class Nobody:
        def data_received(self, data: bytes) -> None:
            return None

        def connection_lost(self, error: Exception) -> None:
            return None

    link = await serial_link.open_link(rig.modem.device, 115200, Nobody())
    async with rig.running(ready=False) as driver:
        await rig.until_condition(ModemCondition.SILENT)
        assert "in use" in driver.status.detail
        assert "stop that program" in driver.status.remedy
        await link.close()
        await rig.until_ready()


async def test_a_hung_modem_is_noticed_while_nothing_is_sent_and_revives(
    rig: Rig, make_segment: Maker
) -> None:
    async with rig.running() as driver:
        await rig.post("fault", kind="hang")
        await rig.until_condition(ModemCondition.SILENT)
        assert driver.status.remedy
        with pytest.raises(Temporary, match="silent"):
            await driver.submit(make_segment("no"), "t1")
        await rig.receive(text="meanwhile")
        await rig.post("fault", kind="clear")
        await rig.until_ready()
        await driver.submit(make_segment("after"), "t2")
        await rig.sink.until(lambda: rig.sink.texts == ["meanwhile"])
    assert [item["text"] for item in await rig.get("sent")] == ["after"]


async def test_a_modem_that_hangs_for_long_is_opened_anew_until_it_answers(rig: Rig) -> None:
    rig.configure_timing(probe_patience_s=0.5)
    async with rig.running() as driver:
        await rig.post("fault", kind="hang")
        await rig.sink.until(lambda: "AT commands" in driver.status.detail)
        assert driver.status.condition is ModemCondition.SILENT
        await rig.post("fault", kind="clear")
        await rig.until_ready()


async def test_a_modem_is_called_silent_while_its_answer_is_still_awaited(
    rig: Rig, make_segment: Maker
) -> None:
    async with rig.running() as driver:
        await rig.post("fault", kind="late_answer", command="AT+CMGS", times=1, delay_s=1.5)
        submitting = asyncio.create_task(driver.submit(make_segment("slow"), "t1"))
        await rig.until_condition(ModemCondition.SILENT)
        assert "waiting for its answer" in driver.status.detail
        assert not submitting.done()
        assert (await submitting).reference
        await rig.until_ready()


async def test_a_modem_that_hangs_with_a_message_in_hand_leaves_it_uncertain_and_revives(
    rig: Rig, make_segment: Maker
) -> None:
    rig.configure(submit_timeout_s=1.0)
    async with rig.running() as driver:
        await rig.post("fault", kind="lost_answer", command="AT+CMGS", times=1)
        submitting = asyncio.create_task(driver.submit(make_segment("hung"), "t1"))
        await rig.until_seen("sent", bool)
        await rig.post("fault", kind="hang")
        with pytest.raises(Uncertain):
            await submitting
        await rig.until_condition(ModemCondition.SILENT)
        await rig.post("fault", kind="clear")
        await rig.until_ready()
        await driver.submit(make_segment("after"), "t2")
    assert [item["text"] for item in await rig.get("sent")] == ["hung", "after"]


def test_by_default_a_hang_is_noticed_within_thirty_seconds() -> None:
    timing, settings = Timing(), ModemSettings(id="m", device="d")
    first_probe_s = timing.resync_probe_s + timing.escape_pause_s
    idle_s = settings.poll_interval_s + timing.command_s + first_probe_s
    slowest_s = timing.slow_command_s + first_probe_s
    assert max(idle_s, slowest_s, timing.silent_after_s) < 30


async def test_a_modem_that_restarts_by_itself_is_set_up_again(
    rig: Rig, make_segment: Maker
) -> None:
    async with rig.running() as driver:
        await rig.post("fault", kind="restart")
        await rig.sink.until(lambda: rig.sink.conditions.count(ModemCondition.READY) >= 2)
        settings = (await rig.get("state"))["settings"]
        assert (settings["echo"], settings["cmee"], settings["cnmi"]) == (False, 1, [2, 1, 0, 2, 0])
        await rig.receive(text="after")
        await rig.sink.until(lambda: rig.sink.texts == ["after"])
        await driver.submit(make_segment("out"), "t1")


async def test_a_lost_network_is_told_at_once_and_its_return_too(
    rig: Rig, make_segment: Maker
) -> None:
    async with rig.running() as driver:
        await rig.post("fault", kind="no_network")
        await rig.until_condition(ModemCondition.NO_NETWORK)
        with pytest.raises(Temporary, match="no network"):
            await driver.submit(make_segment("no"), "t1")
        await rig.post("fault", kind="clear")
        await rig.until_ready()
        await driver.submit(make_segment("after"), "t2")


@pytest.mark.parametrize(
    ("registration", "condition", "words"),
    [
        (5, ModemCondition.READY, "roaming"),
        (3, ModemCondition.DENIED, "denied"),
        (2, ModemCondition.NO_NETWORK, "searching"),
        (0, ModemCondition.NO_NETWORK, "not registered"),
    ],
)
async def test_registration_decides_whether_a_modem_can_send(
    rig: Rig, registration: int, condition: ModemCondition, words: str
) -> None:
    await rig.post("network", registration=registration)
    async with rig.running(ready=False) as driver:
        await rig.until_condition(condition)
        assert driver.status.registration == words
        assert driver.status.ready is (condition is ModemCondition.READY)


async def test_a_small_change_of_the_signal_is_kept_but_not_told(rig: Rig) -> None:
    rig.configure(poll_interval_s=0.05)
    async with rig.running() as driver:
        await rig.sink.until(lambda: driver.status.signal_dbm == -73)
        told = len(rig.sink.statuses)
        await rig.post("network", signal=21)
        async with asyncio.timeout(20):
            while driver.status.signal_dbm != -71:
                await asyncio.sleep(0.02)
        assert len(rig.sink.statuses) == told
        await rig.post("network", signal=5)
        await rig.sink.until(lambda: rig.sink.statuses[-1].signal_dbm == -103)


async def test_a_device_that_is_no_modem_is_called_silent(rig: Rig, make_segment: Maker) -> None:
    rig.configure(device="loop://")
    rig.configure_timing(probe_s=0.1, probe_patience_s=0.2)
    async with rig.running(ready=False) as driver:
        await rig.until_condition(ModemCondition.SILENT)
        assert "does not answer AT commands" in driver.status.detail


async def test_probing_tells_who_it_is_and_leaves_messages_alone(rig: Rig) -> None:
    await rig.receive(text="unread")
    status = await probe(rig.settings, timing=rig.timing)
    assert status.condition is ModemCondition.READY
    assert (status.model, status.imei, status.operator) == ("AT900", rig.modem.imei, "TURKCELL")
    [left] = await rig.get("stored")
    assert left["status"] == "unread"


async def test_probing_a_device_that_is_not_there_says_so(rig: Rig) -> None:
    rig.configure(device=str(rig.folder / "nowhere"))
    status = await probe(rig.settings, timing=rig.timing)
    assert status.condition is ModemCondition.ABSENT
    assert "nowhere" in status.detail


async def test_nothing_is_left_open_behind_a_driver_that_reopens(rig: Rig) -> None:
    async with rig.running():
        await rig.receive(text="x")
        await rig.sink.until(lambda: bool(rig.sink.freed))
    before = len(list(OPEN_FILES.iterdir()))
    async with rig.running():
        for _ in range(3):
            await rig.post("fault", kind="unplug")
            await rig.until_condition(ModemCondition.ABSENT)
            await rig.post("fault", kind="replug")
            await rig.until_ready()
    gc.collect()  # a socket of the control interface may wait in a cycle
    await until(lambda: len(list(OPEN_FILES.iterdir())) <= before, timeout_s=5)


def test_a_driver_does_nothing_before_it_runs(rig: Rig, simulated: object) -> None:
    async def look() -> tuple[GsmModemDriver, RecordingSink]:
        return GsmModemDriver(rig.settings, rig.sink), rig.sink

    driver, sink = asyncio.run(look())
    assert driver.status.condition is ModemCondition.STOPPED
    assert sink.statuses == []
