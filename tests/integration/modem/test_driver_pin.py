"""The SIM's PIN is entered once, and no wrong one twice, whatever happens in between."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from drivers.modem.driver import probe
from gateway.sms.port import ModemCondition

if TYPE_CHECKING:
    from tests.integration.modem.conftest import Rig

LOCKED = {"pin": "1234"}
MAKES = ["generic", "huawei", "zte", "simcom", "quectel", "wavecom", "nokia"]
TELLING = ["generic", "huawei", "nokia"]
"""Makes that tell the tries left by the standard, by their own command, and not at all."""


async def tries(rig: Rig) -> int:
    return int((await rig.get("state"))["sim"]["pin_tries"])


@pytest.mark.parametrize("simulated", [LOCKED | {"profile": make} for make in MAKES],
                         indirect=True, ids=MAKES)  # fmt: skip
async def test_the_configured_pin_unlocks_every_make(rig: Rig) -> None:
    rig.configure(pin="1234")
    async with rig.running() as driver:
        assert driver.status.imsi == rig.modem.imsi
    assert await tries(rig) == 3


@pytest.mark.parametrize("simulated", [LOCKED | {"profile": make} for make in TELLING],
                         indirect=True, ids=TELLING)  # fmt: skip
async def test_a_wrong_pin_is_never_tried_twice(rig: Rig) -> None:
    rig.configure(pin="9999", poll_interval_s=0.1)
    async with rig.running(ready=False) as driver:
        await rig.until_condition(ModemCondition.PIN_WRONG)
        assert driver.status.remedy
        assert await tries(rig) == 2
        for _ in range(3):
            await rig.post("fault", kind="unplug")
            await rig.until_condition(ModemCondition.ABSENT)
            await rig.post("fault", kind="replug")
            await rig.until_condition(ModemCondition.PIN_WRONG)
        told = len(rig.sink.statuses)
        await asyncio.sleep(0.5)  # several looks at the locked SIM
        assert len(rig.sink.statuses) == told
    assert await tries(rig) == 2


@pytest.mark.parametrize("simulated", [LOCKED], indirect=True)
async def test_without_a_pin_the_modem_asks_for_one(rig: Rig) -> None:
    async with rig.running(ready=False) as driver:
        await rig.until_condition(ModemCondition.PIN_NEEDED)
        assert "--pin" in driver.status.remedy
        assert driver.status.model == "AT900"
    assert await tries(rig) == 3


@pytest.mark.parametrize("simulated", [LOCKED], indirect=True)
async def test_the_last_try_is_not_risked(rig: Rig) -> None:
    for wrong in ("0001", "0002"):
        rig.configure(pin=wrong)
        assert (await probe(rig.settings, timing=rig.timing)).condition is ModemCondition.PIN_WRONG
    assert await tries(rig) == 1
    rig.configure(pin="1234")
    async with rig.running(ready=False) as driver:
        await rig.until_condition(ModemCondition.PIN_NEEDED)
        assert "single try" in driver.status.detail
    assert await tries(rig) == 1


@pytest.mark.parametrize("simulated", [LOCKED], indirect=True)
async def test_a_pin_whose_answer_is_lost_is_sent_again_only_if_it_cost_no_try(rig: Rig) -> None:
    rig.configure(pin="9999", poll_interval_s=0.1)
    rig.configure_timing(slow_command_s=0.5)
    await rig.post("fault", kind="lost_answer", command="AT+CPIN", times=2)
    async with rig.running(ready=False):
        await rig.until_condition(ModemCondition.PIN_WRONG)
        await asyncio.sleep(0.3)  # several looks at the locked SIM
    assert await tries(rig) == 2


@pytest.mark.parametrize("simulated", [LOCKED], indirect=True)
async def test_a_sim_that_is_unlocked_by_other_means_is_used(rig: Rig) -> None:
    rig.configure(poll_interval_s=0.1)
    async with rig.running(ready=False):
        await rig.until_condition(ModemCondition.PIN_NEEDED)
    rig.configure(pin="1234")
    assert (await probe(rig.settings, timing=rig.timing)).condition is ModemCondition.READY
    rig.configure(pin="")
    async with rig.running():
        pass


@pytest.mark.parametrize("simulated", [LOCKED | {"profile": "nokia"}], indirect=True)
async def test_a_blocked_sim_asks_for_its_puk(rig: Rig) -> None:
    for wrong in ("0001", "0002", "0003"):  # a make that does not tell how many tries are left
        rig.configure(pin=wrong)
        await probe(rig.settings, timing=rig.timing)
    rig.configure(pin="1234")
    async with rig.running(ready=False) as driver:
        await rig.until_condition(ModemCondition.PUK_NEEDED)
        assert "PUK" in driver.status.remedy


@pytest.mark.parametrize("simulated", [LOCKED], indirect=True)
async def test_probing_enters_no_pin_that_it_was_not_given(rig: Rig) -> None:
    status = await probe(rig.settings, timing=rig.timing)
    assert status.condition is ModemCondition.PIN_NEEDED
    assert status.manufacturer == "SIMSIM"
    assert await tries(rig) == 3


@pytest.mark.parametrize(
    ("code", "condition"),
    [
        (10, ModemCondition.NO_SIM),
        (13, ModemCondition.NO_SIM),
        (12, ModemCondition.PUK_NEEDED),
    ],
)
async def test_a_sim_that_cannot_be_used_is_named_and_used_when_it_can(
    rig: Rig, code: int, condition: ModemCondition
) -> None:
    rig.configure(poll_interval_s=0.1)
    await rig.post("fault", kind="cme_error", command="AT+CPIN", code=code)
    async with rig.running(ready=False) as driver:
        await rig.until_condition(condition)
        assert driver.status.remedy
        await rig.post("fault", kind="clear")
        await rig.until_ready()


@pytest.mark.parametrize("code", [14, 515])
async def test_a_busy_sim_is_asked_again_for_a_while(rig: Rig, code: int) -> None:
    await rig.post("fault", kind="cme_error", command="AT+CPIN", code=code, times=5)
    async with rig.running():
        assert ModemCondition.NO_SIM not in rig.sink.conditions


async def test_a_sim_that_stays_busy_is_not_asked_for_ever(rig: Rig) -> None:
    rig.configure_timing(sim_patience_s=0.3)
    await rig.post("fault", kind="cme_error", command="AT+CIMI", code=14)
    async with rig.running(ready=False):
        await rig.until_condition(ModemCondition.NO_SIM)
