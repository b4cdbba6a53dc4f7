"""Nothing that arrives is lost or doubled, whatever happens to the service meanwhile."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.integration.service.office import Office, doubled, pause
from tests.waiting import until

if TYPE_CHECKING:
    from tests.integration.service.conftest import OpenOffice

SENDER = "+905551112233"
BURST = 200
MANY_BURSTS = 10
KILLS = 5

LONG_TEXT = "".join(f"{place:04d} Yıldız Mobilya'nın şubesi öğlen açık. " for place in range(18))
LONG_PARTS = 12


def arrive(office: Office, count: int, name: str) -> set[str]:
    """Have so many texts arrive at once; returns them."""
    texts = [f"{name} {place}" for place in range(count)]
    office.modem.receive(texts=texts, gap_ms=0, sender=SENDER)
    return set(texts)


async def all_on_record_once(office: Office, sent: set[str]) -> None:
    """Every text is in the inbox and in the history, once, and nothing is left in the modem."""
    await office.until_received(len(sent))
    await office.until_empty()
    for texts in (
        [one.text for one in office.received()],
        [line.text for line in office.history()],
    ):
        assert sorted(sent - set(texts)) == []
        assert doubled(texts) == {}
        assert len(texts) == len(sent)


async def test_a_burst_is_on_record_once_each(office: OpenOffice) -> None:
    async with office() as one:
        sent = arrive(one, BURST, "burst")
        await all_on_record_once(one, sent)
        assert {line.number for line in one.history()} == {SENDER}


async def test_a_burst_amid_sending_is_on_record_once_each(office: OpenOffice) -> None:
    async with office("--submit-delay", "0.03") as one:
        # Late prompts hold each submit open, so that arrivals fall into it too.
        one.modem.post("fault", kind="late_prompt", delay_s=0.03)
        outgoing = {f"outgoing {place}" for place in range(60)}
        for text in outgoing:
            await one.send(text, report=True)
        sent: set[str] = set()
        amid_submits = 0
        for number in range(MANY_BURSTS):
            await one.until_modem("state", lambda state: bool(state["prompt"]))
            sent |= arrive(one, BURST // MANY_BURSTS, f"burst {number}")
            amid_submits += "sending" in one.states().values()
        assert amid_submits == MANY_BURSTS
        await all_on_record_once(one, sent)
        await one.until_settled(unsettled=("queued", "sending", "sent"))
        assert set(one.states().values()) == {"delivered"}
        assert one.submissions() == dict.fromkeys(outgoing, 1)


async def test_a_burst_across_kills_is_on_record_once_each(office: OpenOffice) -> None:
    moments = random.Random(7)
    read_again = 0
    async with office() as one:
        # Slow deletions: many kills fall between the record and the deletion.
        one.modem.post("fault", kind="late_answer", command="AT+CMGD", delay_s=0.01)
        sent: set[str] = set()
        for number in range(KILLS):
            before = len(one.received())
            sent |= arrive(one, BURST // KILLS, f"burst {number}")
            if number % 2:
                await one.until_received(before + 1)
            await pause(moments.uniform(0, 0.15))
            await one.service.kill()
            read_again += max(0, len(one.received()) + _in_the_modem(one) - len(sent))
            sent |= arrive(one, 1, f"while nobody reads {number}")
            await one.service.start()
        assert read_again
        one.modem.post("fault", kind="clear")
        await all_on_record_once(one, sent)


def _in_the_modem(office: Office) -> int:
    return len(office.modem.get("stored")) + int(office.modem.get("state")["held"])


@pytest.mark.parametrize("kill", [False, True], ids=["stopped", "killed"])
async def test_a_long_message_survives_a_restart_in_its_middle(
    office: OpenOffice, kill: bool
) -> None:
    async with office() as one:
        announced = one.modem.receive(text=LONG_TEXT, sender=SENDER, shuffle=3, gap_ms=120)
        assert len(announced["messages"]) == LONG_PARTS
        await _until_some_parts(one, 4)
        await (one.service.kill() if kill else one.service.stop())
        assert 0 < _parts(one) < LONG_PARTS
        assert one.received() == []
        await one.service.start()
        await one.until_received(1)
        await one.until_empty()
        [message] = one.received()
        assert message.text == LONG_TEXT
        assert message.complete
        assert [(line.text, line.outcome) for line in one.history()] == [(LONG_TEXT, "received")]


async def test_a_long_message_that_stays_incomplete_is_delivered_and_mended_later(
    office: OpenOffice,
) -> None:
    text = "".join(f"{place:03d} gün boyunca beklenen yazı. " for place in range(6))
    values = {"text": text, "sender": SENDER, "reference": 77}
    async with office(configuration="[sms]\nincomplete_after_s = 0.5\n") as one:
        one.modem.receive(**values, only_parts=[1, 3])
        await _until_some_parts(one, 2)
        assert one.received() == []
        await one.service.stop()
        await pause(0.5)
        await one.service.start()  # looks for what is overdue at once, and then now and then
        await one.until_received(1)
        [message] = one.received()
        assert not message.complete
        first, missing, last = message.text.partition("[…]")
        assert missing
        assert text.startswith(first)
        assert text.endswith(last)
        assert [line.outcome for line in one.history()] == ["received_incomplete"]

        one.modem.receive(**values, only_parts=[2])
        await until(lambda: one.received()[0].complete)
        await one.until_empty()
        assert [(line.text, line.outcome) for line in one.history()] == [(text, "received")]
        assert [(item.text, item.complete) for item in one.received()] == [(text, True)]


def _parts(office: Office) -> int:
    return int(office.rows("SELECT count(*) FROM sms_parts")[0][0])


async def _until_some_parts(office: Office, count: int) -> None:
    await until(lambda: _parts(office) >= count)
