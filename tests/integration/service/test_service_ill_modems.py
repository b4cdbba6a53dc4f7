"""A thousand messages over modems that fail, each in its own way, and one that does not."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import aiohttp
import pytest

from simulators.modem import journal
from simulators.modem.child import ChildModem
from simulators.modem.journal import Event
from tests.integration.service.office import Office, doubled
from tests.waiting import until

if TYPE_CHECKING:
    from tests.integration.service.conftest import OpenOffice

MESSAGES = 1_000
SUBMIT_S = 0.05
IDLE_S = 1.0
"""A gap that no dialogue and no busy test machine explains, while messages wait."""
ILL: tuple[dict[str, object], ...] = (
    {"kind": "hang"},
    {"kind": "unplug"},
    {"kind": "no_network"},
    {"kind": "late_answer", "command": "+CMGS", "delay_s": 4.0},
)
TOO_LATE_S = 62.0
"""After the time that a submit may take."""
HEALTHY = len(ILL)


@pytest.mark.timeout(400)
async def test_ill_modems_cost_no_message_and_hold_up_no_healthy_one(
    office: OpenOffice, tell: Callable[[str], None]
) -> None:
    async with office("--submit-delay", str(SUBMIT_S), count=len(ILL) + 1) as one:
        reasons: dict[str, str] = {}
        watching = asyncio.create_task(_watch_uncertain(one, reasons))
        await _queue(one)
        await one.until_submitted(5 * len(one.modems))
        for modem, fault in zip(one.modems, ILL, strict=False):
            modem.post("fault", **fault)
        one.modems[3].post("fault", **ILL[3] | {"delay_s": TOO_LATE_S, "times": 1})
        await until(lambda: not one.modems[3].get("state")["faults"], timeout_s=30)
        one.modems[3].post("fault", **ILL[3])
        await one.until_settled(unsettled=("queued",), timeout_s=200)
        idle = _longest_gap(one)
        await one.until_settled(unsettled=("sending",), timeout_s=100)
        watching.cancel()
        for modem in one.modems:
            modem.post("fault", kind="clear")
        await until(lambda: set(_states(one).values()) <= {"delivered", "uncertain"}, timeout_s=60)

        states, submissions = _states(one), one.submissions()
        assert len(states) == MESSAGES
        assert doubled(submissions.elements()) == {}
        assert [text for text, state in states.items()
                if state == "delivered" and not submissions[text]] == []  # fmt: skip
        assert reasons
        assert all(reasons.values())
        by_modem = [
            sum(entry.event is Event.SUBMITTED for entry in journal.read(modem.journal))
            for modem in one.modems
        ]
        tell(
            f"{MESSAGES} messages, of five modems one hangs, one is unplugged, one has no network, "
            f"one answers late: {dict(Counter(states.values()))}, none twice; submitted by each "
            f"{by_modem}; uncertain meanwhile {len(reasons)}; the healthy one's longest gap "
            f"between two submits {idle:.2f} s"
        )
        assert idle < IDLE_S


async def _watch_uncertain(office: Office, reasons: dict[str, str]) -> None:
    """Note every message that is uncertain, also one whose late answer settles it soon after."""
    query = "SELECT text, error_text FROM sms_messages WHERE state = 'uncertain'"
    while True:
        reasons |= dict(office.rows(query))
        await asyncio.sleep(0.2)


async def _queue(office: Office) -> None:
    lines = b"".join(
        json.dumps({"to": f"+90542{number:07d}", "text": f"message {number}"}).encode() + b"\n"
        for number in range(MESSAGES)
    )
    connector = aiohttp.UnixConnector(str(office.service.socket))
    async with (
        aiohttp.ClientSession(connector=connector) as http,
        http.post("http://santral/api/v1/sms/bulk", data=lines) as answer,
    ):
        assert (await answer.text()).count('"state":"queued"') == MESSAGES


def _states(office: Office) -> dict[str, str]:
    """Every message's state; delivered too if its report came to a modem that had just restarted.

    A modem discards reports until it is told to keep them; the message stays `sent`.
    """
    discarded = {
        (f"m{place}", int(entry.fields["reference"]))
        for place, modem in enumerate(office.modems)
        for entry in journal.read(modem.journal)
        if entry.event is Event.REPORTED and entry.message in _discarded(modem)
    }
    rows = office.rows(
        "SELECT m.text, m.state, s.modem_id, s.reference FROM sms_messages m "
        "JOIN sms_segments s ON s.message_id = m.id"
    )
    return {
        text: "delivered" if state == "sent" and (modem, reference) in discarded else state
        for text, state, modem, reference in rows
    }


def _discarded(modem: ChildModem) -> set[str]:
    entries = journal.read(modem.journal)
    return {entry.message for entry in entries if entry.event is Event.DISCARDED}


def _longest_gap(office: Office) -> float:
    """The healthy modem's longest pause between two submits, so far."""
    times = [
        entry.time_s
        for entry in journal.read(office.modems[HEALTHY].journal)
        if entry.event is Event.SUBMITTED
    ]
    return max(later - earlier for earlier, later in pairwise(times))
