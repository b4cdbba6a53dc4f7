"""On a real Asterisk: telephones show the customer's name, and his call finds his manager."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.pbx.callers import KNOWN, NAME, ORIGINAL, RULE, Callers
from tests.integration.pbx.lab import CUSTOMER, OTHER, TRUNK
from tests.real.asterisk.office import AsteriskLab


@pytest.fixture
async def callers(asterisk: AsteriskLab, tmp_path: Path) -> AsyncIterator[Callers]:
    """An office whose dialplan asks."""
    async with Callers.open(asterisk, tmp_path) as opened:
        yield opened


async def test_the_free_manager_is_rung_and_sees_the_customers_name(callers: Callers) -> None:
    phones = callers.lab.phones
    assert await callers.first() == "102"
    assert phones["102"].shown == NAME
    await phones["102"].answer()
    await phones[TRUNK].wait("up")
    await phones["102"].hang_up()
    await phones[TRUNK].wait("ended")
    call = await callers.desk.ended()
    assert (call["outcome"], call["answered_by"]) == ("answered", "102")
    assert call["caller_name"] == ORIGINAL  # what the network said stays in the record
    assert [party["party"] for party in call["parties"] if party["called"]] == ["102"]
    assert len(await callers.desk.calls()) == 1
    assert (phones["101"].rings, phones["103"].rings) == (0, 0)


async def test_who_does_not_answer_in_time_is_followed_by_deputy_group_and_secretary(
    callers: Callers,
) -> None:
    await callers.decide(RULE.model_copy(update={"fallback_ring_s": 3}))
    phones = callers.lab.phones
    assert await callers.first() == "102"
    await phones["103"].wait("ringing")
    assert phones["102"].rings == 1
    assert phones["101"].rings == 0
    await phones["101"].wait("ringing")
    assert phones["103"].rings == 2
    await callers.desk.until(lambda: phones["101"].rings == 2)
    await phones["101"].wait("ringing")
    await phones["101"].answer()
    await phones[TRUNK].wait("up")
    assert phones["101"].shown == NAME
    await phones[TRUNK].hang_up()
    call = await callers.desk.ended()
    assert (call["answered_by"], len(await callers.desk.calls())) == ("101", 1)


async def test_a_busy_managers_deputy_is_rung(callers: Callers) -> None:
    await callers.occupy("102")
    assert await callers.first() == "103"
    assert callers.lab.phones["103"].shown == NAME
    assert callers.lab.phones["102"].rings == 0


async def test_an_absent_manager_is_stood_in_for_by_whom_his_absence_names(
    callers: Callers,
) -> None:
    await callers.absent("user102", deputy="user101")
    assert await callers.first() == "101"
    assert callers.lab.phones["101"].rings == 1
    assert callers.lab.phones["102"].rings == 0
    assert callers.lab.phones["103"].rings == 0


async def test_with_nobody_free_the_group_is_rung(callers: Callers) -> None:
    await callers.absent("user102")
    await callers.absent("user103")
    await callers.first()
    for extension in ("101", "103"):
        await callers.lab.phones[extension].wait("ringing")
        assert callers.lab.phones[extension].shown == NAME
    assert callers.lab.phones["102"].rings == 0


async def test_switched_off_the_dialplan_goes_on_as_before(callers: Callers) -> None:
    await callers.decide(RULE.model_copy(update={"route": False}))
    assert await callers.first() == "101"
    assert callers.lab.phones["101"].shown == NAME
    await callers.lab.phones[TRUNK].hang_up()
    await callers.lab.phones["101"].wait("ended")
    await callers.decide(RULE.model_copy(update={"route": False, "names": False}))
    await callers.call()
    await callers.lab.phones["101"].wait("ringing")
    assert callers.lab.phones["101"].shown == ORIGINAL
    assert callers.lab.phones["102"].rings == 0


async def test_a_stranger_goes_to_the_secretary_as_before(callers: Callers) -> None:
    await callers.call(caller=OTHER)
    await callers.lab.phones["101"].wait("ringing")
    assert callers.lab.phones["101"].shown == ORIGINAL
    assert callers.lab.phones["102"].rings == 0


async def test_who_withholds_his_number_is_neither_named_nor_routed(callers: Callers) -> None:
    await callers.lab.phones[TRUNK].dial_withheld(KNOWN, caller=CUSTOMER)
    await callers.lab.phones["101"].wait("ringing")
    assert NAME not in callers.lab.phones["101"].shown
    assert callers.lab.phones["102"].rings == 0


async def test_a_caller_who_hangs_up_at_once_leaves_nothing_behind(callers: Callers) -> None:
    assert await callers.first() == "102"
    await callers.lab.phones[TRUNK].hang_up()
    await callers.lab.phones["102"].wait("ended")
    call = await callers.desk.ended()
    assert call["missed"]
    assert [party["party"] for party in call["parties"] if party["called"]] == ["102"]
