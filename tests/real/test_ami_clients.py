"""Programs written for Asterisk, and not for us, talk to `santral-sim pbx`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from basicami import BasicAMI
from cacofonisk import AmiRunner, BaseReporter
from panoramisk import Manager

from simulators.pbx.child import PbxProcess

CUSTOMER, MAIN = "902125550150", "902125550100"
SECRET = "office-secret"

pytestmark = pytest.mark.real


@pytest.fixture
def office() -> Iterator[PbxProcess]:
    """A simulated telephone system whose telephones are picked up at once."""
    with PbxProcess(["--secret", SECRET]) as pbx:
        for number in ("101", "102"):
            pbx.post(f"/phones/{number}", mode="answer", delay_s=0.1)
        yield pbx


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.02)


async def called(office: PbxProcess, *deeds: tuple[str, dict[str, str]]) -> None:
    """Have a customer speak with 101, things done, and both hang up."""
    values = {"from": CUSTOMER, "did": MAIN, "name": "Çağrı"}
    await asyncio.to_thread(lambda: office.post("/calls", **values))
    await _up(office, "101")
    for phone, what in deeds:
        await asyncio.to_thread(lambda: office.post(f"/phones/{phone}", **what))  # noqa: B023
        await _up(office, what.get("to", "101"))
    await asyncio.to_thread(lambda: office.post("/phones/trunk", do="hang_up"))


async def _up(office: PbxProcess, phone: str) -> None:
    async with asyncio.timeout(10):
        while (await asyncio.to_thread(office.get, f"/phones/{phone}"))["state"] != "up":
            await asyncio.sleep(0.02)


ONE_CALL = [
    "Newchannel", "Newchannel", "DialBegin", "DialEnd", "BridgeEnter", "BridgeEnter",
    "BridgeLeave", "BridgeLeave", "Hangup", "Hangup",
]  # fmt: skip


def of_a_call(names: list[str]) -> list[str]:
    """Return the events that every call has, in the order of the kinds."""
    return sorted((name for name in names if name in ONE_CALL), key=ONE_CALL.index)


async def test_panoramisk(office: PbxProcess) -> None:
    host, _, port = office.told["ami"].partition(":")
    seen: list[Any] = []
    manager = Manager(
        loop=asyncio.get_running_loop(), host=host, port=port, username="santral", secret=SECRET
    )
    manager.register_event("*", lambda _manager, event: seen.append(event))
    await manager.connect()
    try:
        answer = await manager.send_action({"Action": "Ping"})
        assert answer.success
        await called(office)
        await until(lambda: sum(event.event == "Hangup" for event in seen) == 2)
        assert of_a_call([event.event for event in seen]) == ONE_CALL
        new = next(event for event in seen if event.event == "Newchannel")
        assert (new.CallerIDNum, new.CallerIDName, new.Exten) == (CUSTOMER, "Çağrı", MAIN)
        shown = await manager.send_action({"Action": "CoreShowChannels"}, as_list=True)
        assert [one["Event"] for one in shown[1:]] == ["CoreShowChannelsComplete"]
        console = await manager.send_command("core show version")
        assert "Asterisk 16" in str(console["Output"])
        originated = await manager.send_action(
            {"Action": "Originate", "Channel": "PJSIP/101", "Context": "from-internal",
             "Exten": "102", "Priority": "1", "Async": "true"}
        )  # fmt: skip
        assert [one["Response"] for one in originated] == ["Success", "Success"]
        assert originated[1]["Event"] == "OriginateResponse"
    finally:
        manager.close()


class _Reporter(BaseReporter):  # type: ignore[misc]
    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []

    def on_b_dial(self, caller: Any, targets: Any) -> None:
        self.told.append(("dial", _number(caller), *map(_number, targets)))

    def on_up(self, caller: Any, target: Any) -> None:
        self.told.append(("up", _number(caller), _number(target)))

    def on_blind_transfer(self, caller: Any, transferer: Any, targets: Any) -> None:
        self.told.append(("blind", _number(caller), _number(transferer), *map(_number, targets)))

    def on_hangup(self, caller: Any, reason: str) -> None:
        self.told.append(("hangup", _number(caller), reason))


def _number(channel: Any) -> str:
    return str(channel.caller_id.num)


async def test_cacofonisk(office: PbxProcess) -> None:
    reporter = _Reporter()
    runner = AmiRunner([f"tcp://santral:{SECRET}@{office.told['ami']}"], reporter)
    runner.attach_all()
    [manager] = runner.ami_managers
    try:
        await until(lambda: bool(manager.authenticated))
        await called(office)
        await until(lambda: any(one[0] == "hangup" for one in reporter.told))
        assert reporter.told == [
            ("dial", CUSTOMER, "101"), ("up", CUSTOMER, "101"), ("hangup", CUSTOMER, "completed"),
        ]  # fmt: skip
        reporter.told.clear()
        await called(office, ("101", {"do": "transfer", "to": "102"}))
        await until(lambda: any(one[0] == "hangup" for one in reporter.told))
        assert reporter.told[2][:3] == ("blind", CUSTOMER, "101")
        assert ("up", CUSTOMER, "102") in reporter.told
    finally:
        manager.close()


async def test_basicami(office: PbxProcess) -> None:
    host, _, port = office.told["ami"].partition(":")
    client = await BasicAMI.connect(host, int(port), "santral", SECRET)
    seen: list[dict[str, str]] = []
    try:
        await called(office)
        async with asyncio.timeout(10):
            while sum(event["Event"] == "Hangup" for event in seen) < 2:
                seen += await client.get_events(timeout=0.2)
        assert of_a_call([event["Event"] for event in seen]) == ONE_CALL
        assert {event["Uniqueid"] for event in seen if event["Event"] == "Hangup"} == {
            event["Uniqueid"] for event in seen if event["Event"] == "Newchannel"
        }
        answer = await client.originate(
            channel="PJSIP/101", context="from-internal", exten="102", priority="1", timeout=4
        )
        assert answer["Response"] == "Success"
        refused = await client.send_action({"Action": "Redirect", "Channel": "PJSIP/9-1"})
        assert refused["Response"] == "Error"
    finally:
        await client.close()


async def test_a_wrong_secret_is_refused(office: PbxProcess) -> None:
    host, _, port = office.told["ami"].partition(":")
    with pytest.raises(Exception, match="Authentication failed"):
        await BasicAMI.connect(host, int(port), "santral", "wrong")
