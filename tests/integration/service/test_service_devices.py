"""A modem that vanishes or hangs is told, comes back into use, and costs no message."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.service.office import CUSTOMER, Office, doubled
from tests.waiting import until

if TYPE_CHECKING:
    from tests.integration.service.conftest import OpenOffice

BACK_IN_USE_S = 5.0
NOTICED_S = 30.0


def once_or_uncertain(office: Office) -> None:
    """Every message was submitted exactly once, or is uncertain and was at most once."""
    states, submissions = office.states(), office.submissions()
    assert doubled(submissions.elements()) == {}
    lost = {
        text: state
        for text, state in states.items()
        if not submissions[text] and state != "uncertain"
    }
    assert lost == {}
    assert set(states.values()) <= {"sent", "delivered", "uncertain"}


@pytest.mark.parametrize("elsewhere", [False, True], ids=["same_pty", "new_pty"])
async def test_an_unplugged_modem_sends_again_within_five_seconds_of_its_return(
    office: OpenOffice, elsewhere: bool
) -> None:
    async with office("--submit-delay", "0.1") as one:
        texts = [f"message {place}" for place in range(30)]
        for text in texts:
            await one.send(text)
        figures = []
        for _ in range(2):
            await one.until_submitted(len(one.submitted()) + 7)
            figures.append(await _pull_and_return(one, elsewhere=elsewhere))
        print(f"in use again after {figures} s")
        assert max(figures) <= BACK_IN_USE_S, f"in use again after {figures} s"
        await one.until_settled()
        assert sorted(one.states()) == sorted(texts)
        once_or_uncertain(one)
        assert list(one.states().values()).count("uncertain") <= len(figures)


async def _pull_and_return(office: Office, *, elsewhere: bool) -> float:
    """Unplug amid a submit and plug in again; returns after how long it had sent again."""
    link = Path(office.modem.device)
    before = link.readlink()
    with ExitStack() as stack:
        office.modem.post("fault", kind="unplug")
        told = await office.until_condition("absent")
        if elsewhere:
            await until(lambda: not before.exists())
            stack.enter_context(_taken(before))
        assert "not there" in told["detail"]
        assert told["remedy"]
        submitted = len(office.submitted())
        returned_s = time.monotonic()
        office.modem.post("fault", kind="replug")
        assert not elsewhere or link.readlink() != before
        await office.until_condition("ready", timeout_s=20)
        await office.until_submitted(submitted + 1, timeout_s=20)
        return round(time.monotonic() - returned_s, 2)


def _taken(path: Path) -> ExitStack:
    """Open pseudo-terminals, which get the lowest free numbers, until one has this path."""
    taken = ExitStack()
    while not path.exists():
        for end in os.openpty():
            taken.callback(os.close, end)
    return taken


async def test_a_message_whose_answer_the_unplugging_cut_off_is_not_sent_again(
    office: OpenOffice,
) -> None:
    async with office() as one:
        one.modem.post("reports", delay_s=1.0)
        one.modem.post("fault", kind="unplug_on_submit", delay_s=0.3)
        message_id = await one.send("cut off")
        assert await one.until_state(message_id, "uncertain") == "uncertain"
        # Its delivery report proves that it went out.
        assert await one.until_state(message_id, "delivered") == "delivered"
        assert one.submissions() == {"cut off": 1}


async def test_hung_modems_are_called_silent_within_thirty_seconds_and_send_once_revived(
    office: OpenOffice,
) -> None:
    async with office(count=2) as one:
        for modem in one.modems:
            modem.post("fault", kind="hang")
        hung_s = time.monotonic()
        message_id = await one.send("into the silence", modem="m1")  # m0 has nothing to send
        await until(lambda: _conditions(one, "silent", "silent"), timeout_s=NOTICED_S)
        assert time.monotonic() - hung_s <= NOTICED_S
        listed = await asyncio.to_thread(one.service.command, "modem", "list")
        assert listed.stdout.count("silent") == 2, listed.stdout
        assert "unplug" in listed.stdout
        assert await one.state(message_id) in {"queued", "sending"}

        for modem in one.modems:
            modem.post("fault", kind="clear")
        await one.service.until_ready(2)
        assert await one.until_state(message_id, "delivered", timeout_s=20) == "delivered"
        after = [await one.send(f"after by m{place}", modem=f"m{place}") for place in range(2)]
        for one_id in after:
            await one.until_state(one_id, "delivered")
        assert set(one.submissions().values()) == {1}
        assert one.submissions()["into the silence"] == 1


async def _conditions(office: Office, *wanted: str) -> bool:
    items = (await office.service.get("/modems"))["items"]
    return tuple(item["condition"] for item in items) == wanted


async def test_a_stop_waits_for_the_message_in_hand_and_begins_no_other(
    office: OpenOffice,
) -> None:
    async with office("--submit-delay", "1.5") as one:
        for text in ("in hand", "next"):
            await one.send(text)
        await until(lambda: one.states()["in hand"] == "sending")
        assert one.submissions() == {}
        assert await one.service.stop() == 0
        assert one.states()["in hand"] in {"sent", "delivered"}
        assert one.states()["next"] == "queued"
        assert one.submissions() == {"in hand": 1}

        await one.service.start()
        await one.until_settled(unsettled=("queued", "sending", "sent"))
        assert one.states() == {"in hand": "delivered", "next": "delivered"}
        assert one.submissions() == {"in hand": 1, "next": 1}
        assert {item.to for item in one.submitted()} == {CUSTOMER}
