"""Reports find their message, replies and calls their customer, however late they come."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.service.office import Office
from tests.waiting import until

if TYPE_CHECKING:
    from tests.integration.service.conftest import OpenOffice

CUSTOMER = "+905447654321"
UNSETTLED = ("queued", "sending", "sent")


async def test_reports_in_any_order_settle_each_message(office: OpenOffice) -> None:
    async with office(count=2) as one:
        for modem in one.modems:
            modem.post("reports", delay_s=0.05, jitter_s=1.5, seed=5)
        for place in range(20):  # one recipient: only the reference tells the reports apart
            await one.send(f"message {place}", to=CUSTOMER)
        await one.until_settled(unsettled=UNSETTLED)
        assert set(one.states().values()) == {"delivered"}


async def test_the_last_word_of_the_network_counts(office: OpenOffice) -> None:
    cases = {
        "tried again": (["temporary", "delivered"], "delivered"),
        "told too late": (["delivered", "temporary"], "delivered"),
        "given up": (["temporary", "expired"], "undelivered"),
        "rejected": (["rejected"], "undelivered"),
    }
    async with office() as one:
        told = 0
        for text, (statuses, _) in cases.items():
            one.modem.post("reports", delay_s=0.1, status=statuses)
            await one.send(text, to=CUSTOMER)
            told += len(statuses)
            await one.until_modem("state", partial(_has_reported, told))
        await one.until_empty()
        wanted = {text: state for text, (_, state) in cases.items()}
        await until(lambda: one.states() == wanted)
        assert {line.text: line.outcome for line in one.history(direction="out")} == wanted


async def test_a_lost_report_leaves_a_message_sent_and_the_next_ones_alone(
    office: OpenOffice,
) -> None:
    async with office() as one:
        one.modem.post("reports", delay_s=0, loss=1)
        lost = await one.send("lost", to=CUSTOMER)
        await one.until_modem("journal?event=report_lost", bool)
        one.modem.post("reports", delay_s=0.1)
        reported = await one.send("reported", to=CUSTOMER)
        await one.until_state(reported, "delivered")
        assert await one.state(lost) == "sent"


@pytest.mark.parametrize("kill", [False, True], ids=["stopped", "killed"])
async def test_a_report_that_comes_while_nobody_listens_is_applied_at_the_next_start(
    office: OpenOffice, kill: bool
) -> None:
    async with office() as one:
        one.modem.post("reports", delay_s=1.0)
        message_id = await one.send("message", to=CUSTOMER)
        await one.until_state(message_id, "sent")
        await (one.service.kill() if kill else one.service.stop())
        await one.until_modem("journal?event=reported", bool)
        assert one.states() == {"message": "sent"}
        await one.service.start()
        await one.until_state(message_id, "delivered")
        await one.until_empty()


async def test_a_customers_reply_and_call_are_in_his_history(office: OpenOffice) -> None:
    async with office() as one:
        party = await one.service.post(
            "/parties",
            {"name": "Yıldız Mobilya A.Ş.", "phones": [{"number": "0544 765 43 21"}]},
        )
        await one.send("Siparişiniz hazır", to=CUSTOMER)
        await one.until_settled(unsettled=UNSETTLED)
        one.modem.receive(text="Teşekkürler", sender=CUSTOMER)
        one.modem.receive(text="Kim o?", sender="+905550000000")
        await one.until_received(2)
        one.modem.post("call", **{"from": CUSTOMER}, rings=2, interval_s=1.0)
        await until(lambda: [line.outcome for line in one.history("call")] == ["no_answer"])

        seen = [
            (item["kind"], item["direction"], item["text"], item["outcome"], item["number"])
            for item in await _interactions(one, party["id"])
        ]
        assert seen == [
            ("call", "in", "", "no_answer", CUSTOMER),
            ("sms", "in", "Teşekkürler", "received", CUSTOMER),
            ("sms", "out", "Siparişiniz hazır", "delivered", CUSTOMER),
        ]
        strangers = [line for line in one.history() if line.party_id is None]
        assert [line.text for line in strangers] == ["Kim o?"]


def _has_reported(count: int, state: dict[str, Any]) -> bool:
    return int(state["counters"]["journal"].get("reported", 0)) == count


async def _interactions(office: Office, party_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await office.service.get(f"/parties/{party_id}/interactions"))[
        "items"
    ]
    return found
