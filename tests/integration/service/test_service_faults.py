"""Whatever a modem does wrong is told in words that help, and costs no message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.service.office import Office

if TYPE_CHECKING:
    from tests.integration.service.conftest import OpenOffice


async def works_again(office: Office) -> None:
    """Both directions work, and nothing that was sent so far went out twice."""
    await office.until_condition("ready")
    message_id = await office.send("afterwards")
    await office.until_state(message_id, "delivered")
    before = len(office.received())
    office.modem.receive(text="afterwards")
    await office.until_received(before + 1)
    await office.until_empty()
    assert max(office.submissions().values()) == 1


@pytest.mark.parametrize(
    ("fault", "settles"),
    [
        ({"kind": "drop_prompt", "times": 1}, ("delivered",)),
        ({"kind": "cms_error", "times": 1, "code": 38}, ("delivered",)),
        ({"kind": "late_answer", "command": "AT+CMGS", "times": 1, "delay_s": 3}, ("delivered",)),
        ({"kind": "slow_echo", "gap_ms": 5}, ("delivered",)),
        ({"kind": "urc_storm", "interval_ms": 20, "within": True}, ("delivered",)),
        ({"kind": "dribble", "gap_ms": 2}, ("delivered",)),
        ({"kind": "garble", "ratio": 0.03, "duration_s": 3, "seed": 4}, ("delivered", "uncertain")),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
async def test_a_message_outlives_a_fault_of_the_modem(
    office: OpenOffice, fault: dict[str, Any], settles: tuple[str, ...]
) -> None:
    async with office() as one:
        one.modem.post("fault", **fault)
        one.modem.receive(text="amid the fault")
        message_id = await one.send("amid the fault")
        state = await one.until_state(message_id, *settles)
        assert one.submissions()["amid the fault"] == 1 or state == "uncertain"
        await one.until_received(1)
        one.modem.post("fault", kind="clear")
        await works_again(one)
        assert [item.text for item in one.received()] == ["amid the fault", "afterwards"]


async def test_a_refusal_for_good_is_told_and_the_next_message_goes(office: OpenOffice) -> None:
    async with office() as one:
        one.modem.post("fault", kind="cms_error", times=1, code=1)
        message_id = await one.send("to nobody")
        await one.until_state(message_id, "failed")
        message = await one.service.get(f"/sms/{message_id}")
        assert message["error_code"] == "cms-1"
        assert "not assigned" in message["error"]
        assert [line.outcome for line in one.history(direction="out")] == ["failed"]
        await works_again(one)
        assert one.submissions()["to nobody"] == 0


async def test_without_a_network_messages_wait_and_go_when_it_is_back(office: OpenOffice) -> None:
    async with office() as one:
        one.modem.post("fault", kind="no_network")
        message_id = await one.send("patient")
        told = await one.until_condition("no_network")
        assert "network" in told["detail"]
        assert told["remedy"]
        assert await one.state(message_id) == "queued"
        one.modem.post("fault", kind="clear")
        await one.until_state(message_id, "delivered")
        await works_again(one)


async def test_a_full_memory_is_shown_and_what_it_held_back_arrives(office: OpenOffice) -> None:
    async with office() as one:
        one.modem.post("fault", kind="storage_full")
        one.modem.receive(text="held back")
        await one.until_modem("state", lambda state: state["held"] == 1)
        message_id = await one.send("goes all the same", report=False)
        await one.until_state(message_id, "sent")
        storage = (await one.status())["storage"]
        assert storage["SM"]["total"] > 0
        assert one.received() == []
        one.modem.post("fault", kind="clear")
        await one.until_received(1)
        await works_again(one)


async def test_modems_are_added_changed_and_removed_while_others_work(office: OpenOffice) -> None:
    async with office(count=2) as one:
        service, devices = one.service, [modem.device for modem in one.modems]
        await service.ask("DELETE", "/modems/m1")
        assert [item["id"] for item in (await service.get("/modems"))["items"]] == ["m0"]

        await service.post("/modems", {"id": "nowhere", "device": "/dev/no-such-device"})
        refused = service.command("modem", "add", "nowhere", "--device", devices[1])
        assert refused.returncode == 1
        assert "already" in refused.stderr
        waiting = await one.send("by the new one", modem="nowhere")
        meanwhile = await one.send("by the old one")
        await one.until_state(meanwhile, "delivered")
        assert await one.state(waiting) == "queued"

        changed = service.command("modem", "set", "nowhere", "--device", devices[1])
        assert (changed.returncode, changed.stderr) == (0, "")
        await one.until_state(waiting, "delivered")
        assert (await service.get(f"/sms/{waiting}"))["modem"] == "nowhere"

        removed = service.command("modem", "remove", "nowhere")
        assert (removed.returncode, removed.stderr) == (0, "")
        await works_again(one)
