"""Each defect measured in panoramisk's Manager, and that our connection does not have it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from drivers.asterisk import ami, driver, pickup
from drivers.asterisk.ami import AmiLink, Frozen, Refused
from drivers.asterisk.driver import DEAF, NEEDED, AsteriskDriver, probe
from drivers.asterisk.messages import Message, parse
from gateway.calls.port import PbxCondition
from gateway.kernel.errors import Invalid, Permanent, Temporary, Uncertain
from tests.unit.asterisk.peer import Peer, Sink, peer
from tests.waiting import until


@asynccontextmanager
async def linked(found: Peer, taken: list[bytes] | None = None) -> AsyncIterator[AmiLink]:
    """Hold a connection with a peer."""
    link = await AmiLink.open(found.settings(), (taken if taken is not None else []).append)
    try:
        yield link
    finally:
        link.close()


@asynccontextmanager
async def driven(found: Peer, secret: str = "right") -> AsyncIterator[tuple[AsteriskDriver, Sink]]:
    """Hold a driver that follows a peer."""
    sink = Sink()
    made = AsteriskDriver(found.settings(secret), sink, pause=lambda longest: min(longest, 0.05))
    task = asyncio.create_task(made.run())
    try:
        yield made, sink
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_1_a_line_break_in_a_value_is_refused_and_nothing_is_sent() -> None:
    async with peer() as found, linked(found) as link:
        with pytest.raises(Invalid, match="line break"):
            await link.ask("Setvar", {"Value": "x\r\nAction: Originate\r\nChannel: Local/1"})
        await link.ask("Ping")
        assert [action["Action"] for action in found.asked] == ["Login", "Ping"]


async def test_2_a_listener_that_raises_costs_neither_the_connection_nor_the_rest() -> None:
    taken: list[bytes] = []

    def listener(raw: bytes) -> None:
        taken.append(raw)
        raise ZeroDivisionError

    async with peer() as found:
        link = await AmiLink.open(found.settings(), listener)
        found.tell("Event: One", "Event: Two")
        await until(lambda: len(taken) == 2)
        await link.ask("Ping")
        link.close()


async def test_3_an_action_in_flight_at_a_disconnect_is_uncertain_and_never_sent_again() -> None:
    async with peer() as found, driven(found) as (made, _):
        await until(lambda: made.status.condition is PbxCondition.READY)
        found.answers["Originate"] = lambda _: []
        link = made._link
        assert link is not None
        asking = asyncio.create_task(link.originate({"Channel": "PJSIP/101"}, answer_s=30))
        await until(lambda: found.asked[-1]["Action"] == "Originate")
        found.cut()
        with pytest.raises(Uncertain, match="Originate"):
            await asking
        with pytest.raises(Temporary, match="not sent"):
            await link.ask("Originate")
        await until(lambda: len(found.logins) == 2)
        await until(lambda: made.status.condition is PbxCondition.READY)
        await asyncio.sleep(0.1)
        names = [action["Action"] for action in found.asked]
        assert names.count("Originate") == 1


async def test_4_a_frozen_system_is_noticed_within_ten_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert ami.PING_EACH_S + ami.PONG_S < 10
    assert ami.CONNECT_S + ami.ANSWER_S <= 10
    monkeypatch.setattr(ami, "PING_EACH_S", 0.05)
    monkeypatch.setattr(ami, "PONG_S", 0.1)
    monkeypatch.setattr(ami, "ANSWER_S", 0.2)
    async with peer() as found, driven(found) as (made, sink):
        await until(lambda: made.status.condition is PbxCondition.READY)
        found.frozen = True
        await until(lambda: made.status.condition is PbxCondition.FROZEN)
        found.frozen = False
        await until(lambda: made.status.condition is PbxCondition.READY)
        assert [status.condition for status in sink.statuses][:2] == ["ready", "frozen"]


async def test_5_who_is_stopped_while_disconnected_does_not_come_back() -> None:
    async with peer() as found:
        async with driven(found) as (made, _):
            await until(lambda: made.status.condition is PbxCondition.READY)
            found.cut()
        logins = len(found.logins)
        await asyncio.sleep(0.3)
        assert len(found.logins) == logins
        assert made.status.condition is PbxCondition.STOPPED


async def test_6_a_wrong_secret_is_said_and_tried_seldom() -> None:
    assert driver.REFUSED_PAUSE_S >= 60
    async with peer() as found:
        with pytest.raises(Refused, match="Authentication failed"):
            await AmiLink.open(found.settings("wrong"), print)
        async with driven(found, "wrong") as (made, _):
            await until(lambda: made.status.condition is PbxCondition.REFUSED)
            assert "manager.conf" in made.status.remedy


async def test_7_a_lost_connection_says_so() -> None:
    async with peer() as found, driven(found) as (made, sink):
        await until(lambda: made.status.condition is PbxCondition.READY)
        found.cut()
        await until(lambda: PbxCondition.UNREACHABLE in [s.condition for s in sink.statuses])


async def test_8_the_end_of_an_own_originate_is_told_to_the_listener_too() -> None:
    taken: list[bytes] = []
    async with peer() as found, linked(found, taken) as link:
        found.answers["Originate"] = lambda _: [
            "Response: Success\r\nMessage: Originate successfully queued",
            "Event: OriginateResponse\r\nResponse: Failure\r\nReason: 3",
        ]
        answer = await link.originate({"Channel": "PJSIP/101"}, answer_s=2)
        assert (answer["Response"], answer["Reason"]) == ("Failure", "3")
        assert [parse(raw)["Event"] for raw in taken] == ["OriginateResponse"]


async def test_9_a_letter_torn_between_two_reads_is_whole() -> None:
    taken: list[bytes] = []
    text = "Event: Newchannel\r\nCallerIDName: Çağrı\r\n\r\n".encode()
    async with peer() as found, linked(found, taken):
        for byte in text:
            found.writers[0].write(bytes([byte]))
            await found.writers[0].drain()
            await asyncio.sleep(0)
        await until(lambda: len(taken) == 1)
        assert parse(taken[0])["CallerIDName"] == "Çağrı"


async def test_10_an_action_has_its_time_and_then_is_uncertain() -> None:
    async with peer() as found, linked(found) as link:
        found.answers["Redirect"] = lambda _: []
        began = time.monotonic()
        with pytest.raises(Uncertain, match="Redirect"):
            await link.ask("Redirect", {"Channel": "x"}, answer_s=0.1)
        assert time.monotonic() - began < 5
        assert link._wire.responses == {}


async def test_what_asterisk_refuses_is_refused_also_where_a_list_was_wanted() -> None:
    async with peer() as found, linked(found) as link:
        for name in ("QueueStatus", "Redirect"):
            found.answers[name] = lambda _: ["Response: Error\r\nMessage: Permission denied"]
        with pytest.raises(Permanent, match="Permission denied"):
            await link.ask("Redirect")
        with pytest.raises(Permanent, match="Permission denied"):
            await link.listing("QueueStatus")


async def test_a_peer_that_never_answers_the_login_is_frozen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ami, "ANSWER_S", 0.1)
    async with peer() as found:
        found.frozen = True
        with pytest.raises(Frozen, match="does not answer"):
            await AmiLink.open(found.settings(), print)


async def test_a_peer_that_never_ends_a_message_costs_no_memory_and_is_named_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    taken: list[bytes] = []
    async with peer() as found, linked(found, taken) as link:
        for _ in range(64):
            found.writers[0].write(b"Junk: " + b"x" * 65536)
            await found.writers[0].drain()
        await until(lambda: link._wire._reader.dropped == 1)
        assert len(link._wire._reader._rest) < 300_000
        found.writers[0].write(b"\r\n\r\n")
        await link.ask("Ping")
        found.writers[0].write(b"Junk: " + b"x" * 1_000_000 + b"\r\n\r\n")
        await link.ask("Ping")
    warnings = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert [f"127.0.0.1:{found.port} sends a message of over" in one for one in warnings] == [True]


async def test_a_million_unknown_events_change_nothing() -> None:
    async with peer() as found, driven(found) as (made, sink):
        await until(lambda: made.status.condition is PbxCondition.READY)
        made_up = b"Event: Odd\r\nUniqueid: 1\r\n\r\n" * 10_000
        for _ in range(100):
            found.writers[0].write(made_up)
            await found.writers[0].drain()
        link = made._link
        assert link is not None
        await link.ask("Ping", answer_s=30)
        assert made._tracker.channels == 0
        assert sink.changes == []


async def test_a_probe_tells_what_our_user_may_not_do() -> None:
    async with peer() as found:
        may = "".join(f"\r\n{name}: text (Priv: all)" for name in NEEDED if name != "Park")
        found.answers["ListCommands"] = lambda _: [f"Response: Success{may}"]
        status = await probe(found.settings())
        assert (status.condition, status.missing) == ("ready", ("Park",))
        assert "write" in status.remedy
        assert (await probe(found.settings("wrong"))).condition == "refused"
        found.frozen = True
    assert (await probe(found.settings())).condition == "unreachable"


async def test_what_the_store_does_not_take_is_offered_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(driver, "RETRY_S", 0.01)
    async with peer() as found, driven(found) as (made, sink):
        await until(lambda: made.status.condition is PbxCondition.READY)
        sink.failing = 3
        found.tell(
            "Event: Newchannel\r\nChannel: SIP/101-1\r\nUniqueid: 1.1\r\nLinkedid: 1.1",
            "Event: Hangup\r\nUniqueid: 1.1\r\nCause: 16",
        )
        await until(lambda: len(sink.ended) == 1)
        assert sink.failing == 0


async def test_a_call_that_asterisk_no_longer_shows_is_ended_after_the_gap() -> None:
    async with peer() as found, driven(found) as (made, sink):
        await until(lambda: made.status.condition is PbxCondition.READY)
        found.tell("Event: Newchannel\r\nChannel: SIP/101-1\r\nUniqueid: 1.1\r\nLinkedid: 1.1")
        await until(lambda: made._tracker.channels == 1)
        found.cut()
        await until(lambda: len(sink.ended) == 1)
        assert sink.ended[0].reason == "its end was not seen"
        await until(lambda: sink.living[-1:] == [frozenset()])


async def test_a_living_call_is_passed_on_parked_and_ended_by_its_customers_channel() -> None:
    async with peer() as found, driven(found) as (made, _):
        await until(lambda: made.status.condition is PbxCondition.READY)
        found.tell(
            "Event: Newchannel\r\nChannel: SIP/101-1\r\nUniqueid: 1.1\r\nLinkedid: 1.1",
            "Event: DialBegin\r\nChannel: SIP/101-1\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n"
            "DestChannel: SIP/trunk-2\r\nDestUniqueid: 1.2\r\nDestLinkedid: 1.1\r\n"
            "DialString: trunk/05321234567",
        )
        await until(lambda: made._tracker.channels == 2)
        await made.transfer("1.1", "102")
        asked = found.asked[-1]
        assert (asked["Action"], asked["Channel"], asked["Exten"], asked["Context"]) == (
            "Redirect", "SIP/trunk-2", "102", "from-internal",
        )  # fmt: skip
        await made.park("1.1")
        assert (found.asked[-1]["Action"], found.asked[-1]["Channel"]) == ("Park", "SIP/trunk-2")
        await made.hang_up("1.1")
        assert (found.asked[-1]["Action"], found.asked[-1]["Channel"]) == ("Hangup", "SIP/trunk-2")
        found.answers["Hangup"] = lambda _: ["Response: Error\r\nMessage: No such channel"]
        with pytest.raises(Permanent, match="No such channel"):
            await made.hang_up("1.1")
        with pytest.raises(Permanent, match="no such call"):
            await made.hang_up("7.7")
        found.cut()
        await until(lambda: made._link is None)
        with pytest.raises((Temporary, Permanent)):
            await made.hang_up("1.1")


async def test_a_change_that_cannot_be_written_holds_up_no_other() -> None:
    async with peer() as found, driven(found) as (made, sink):
        await until(lambda: made.status.condition is PbxCondition.READY)
        sink.poison = "2.1"
        for number in (1, 2, 3):
            found.tell(
                f"Event: Newchannel\r\nChannel: SIP/10{number}-1\r\nUniqueid: {number}.1",
                f"Event: Hangup\r\nUniqueid: {number}.1",
            )
        await until(lambda: len(sink.ended) == 2)
        assert [call.id for call in sink.ended] == ["1.1", "3.1"]


async def test_a_user_without_the_right_to_a_snapshot_is_told_so() -> None:
    async with peer() as found:
        found.answers["CoreShowChannels"] = lambda _: [
            "Response: Error\r\nMessage: Permission denied"
        ]
        async with driven(found) as (made, _):
            await until(lambda: made.status.condition is PbxCondition.REFUSED)
            assert "CoreShowChannels" in made.status.detail


async def test_a_callers_name_hides_no_event() -> None:
    taken: list[bytes] = []
    async with peer() as found, linked(found, taken) as link:
        found.tell("Event: Newchannel\r\nCallerIDName: ActionID: santral-1\r\nUniqueid: 7.7")
        await link.ask("Ping")
    assert [parse(raw)["Uniqueid"] for raw in taken] == ["7.7"]


LOCAL = "Local/101@from-internal-1"
RUNG = (
    f"Event: DialBegin\r\nChannel: {LOCAL};1\r\nUniqueid: santral-1\r\nLinkedid: santral-1\r\n"
    "DestChannel: PJSIP/trunk-2\r\nDestUniqueid: 3.3\r\nDestLinkedid: santral-1\r\n"
    "DialString: 02125550160@trunk"
)
"""The customer's telephone is rung."""


def mailbox(found: Peer, *more: str, ends: bool = True) -> None:
    """Let a telephone be rung through a Local channel whose dialplan goes on to voicemail."""

    def originate(action: Message) -> list[str]:
        ref = action["ChannelId"]
        found.tell(
            f"Event: Newchannel\r\nUniqueid: {ref}\r\nLinkedid: {ref}\r\nChannel: {LOCAL};1",
            f"Event: Newchannel\r\nUniqueid: 2.2\r\nLinkedid: {ref}\r\nChannel: {LOCAL};2",
            *more,
        )
        return [
            "Response: Success\r\nMessage: queued",
            f"Event: OriginateResponse\r\nResponse: Success\r\nUniqueid: {ref}\r\nReason: 4",
        ]

    def hang_up(_action: Message) -> list[str]:
        gone = ("santral-1", "2.2", "3.3") if ends else ()
        found.tell(*(f"Event: Hangup\r\nUniqueid: {uid}\r\nCause: 16" for uid in gone))
        return ["Response: Success\r\nMessage: Channel Hungup"]

    found.answers |= {"Originate": originate, "Hangup": hang_up}


async def test_what_a_mailbox_answers_is_not_picked_up() -> None:
    async with peer() as found, driven(found) as (made, _sink):
        await until(lambda: made.status.condition is PbxCondition.READY)
        mailbox(found)
        with pytest.raises(Permanent, match="mailbox"):
            await made.dial("santral-1", "101", "02125550160", "Ara")
        assert found.asked[-1]["Action"] == "Hangup"
        assert found.asked[-1]["Channel"] == f"{LOCAL};1"


@pytest.mark.parametrize("trouble", ["the number rang", "the end is not told", "it is refused"])
async def test_a_number_that_may_have_rung_is_not_told_as_not_dialled(
    trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pickup, "LOOK_S", 0.02)
    async with peer() as found, driven(found) as (made, _sink):
        await until(lambda: made.status.condition is PbxCondition.READY)
        mailbox(found, *([RUNG] if "rang" in trouble else []), ends="told" not in trouble)
        if "refused" in trouble:
            found.answers["Hangup"] = lambda _: ["Response: Error\r\nMessage: No such channel"]
        with pytest.raises(Uncertain, match="may have rung"):
            await made.dial("santral-1", "101", "02125550160", "Ara")


async def test_an_end_that_asterisk_refuses_is_not_told_as_ours() -> None:
    async with peer() as found, driven(found) as (made, sink):
        await until(lambda: made.status.condition is PbxCondition.READY)
        found.tell(
            "Event: Newchannel\r\nChannel: SIP/trunk-1\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n"
            "Context: from-trunk",
            "Event: DialBegin\r\nChannel: SIP/trunk-1\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n"
            "DestChannel: SIP/101-2\r\nDestUniqueid: 1.2\r\nDestLinkedid: 1.1\r\nDialString: 101",
        )
        await until(lambda: made._tracker.channels == 2)
        found.answers["Hangup"] = lambda _: ["Response: Error\r\nMessage: Permission denied"]
        with pytest.raises(Permanent, match="Permission denied"):
            await made.hang_up("1.1")
        found.tell(*(f"Event: Hangup\r\nUniqueid: {uid}\r\nCause: 16" for uid in ("1.2", "1.1")))
        await until(lambda: len(sink.ended) == 1)
        assert sink.ended[0].reason == "the telephone is offline"


async def test_an_end_that_is_told_before_the_answer_is_ours() -> None:
    async with peer() as found, driven(found) as (made, sink):
        await until(lambda: made.status.condition is PbxCondition.READY)
        found.tell(
            "Event: Newchannel\r\nChannel: SIP/trunk-1\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n"
            "Context: from-trunk"
        )
        await until(lambda: made._tracker.channels == 1)

        def hang_up(_action: Message) -> list[str]:
            found.tell("Event: Hangup\r\nUniqueid: 1.1\r\nCause: 16")
            return ["Response: Success\r\nMessage: Channel Hungup"]

        found.answers["Hangup"] = hang_up
        await made.hang_up("1.1")
        await until(lambda: len(sink.ended) == 1)
        assert sink.ended[0].reason == "it was ended from the screen"


async def test_a_user_who_is_told_of_no_call_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "SNAPSHOTS_AT_FIRST_S", (0.05, 0.05, 0.05))
    monkeypatch.setattr(driver, "SNAPSHOT_EACH_S", 0.05)
    shown = [
        "Response: Success\r\nEventList: start",
        "Event: CoreShowChannel\r\nUniqueid: 3.3\r\nLinkedid: 3.3\r\nChannel: PJSIP/101-3",
        "Event: CoreShowChannelsComplete\r\nEventList: Complete",
    ]
    async with peer() as found, driven(found) as (made, _sink):
        await until(lambda: made.status.condition is PbxCondition.READY)
        await until(lambda: made._compared_once)
        assert DEAF not in made.status.missing
        found.answers["CoreShowChannels"] = lambda _: shown
        await until(lambda: DEAF in made.status.missing)
        assert "`read`" in made.status.remedy
        found.tell("Event: Newchannel\r\nUniqueid: 4.4\r\nLinkedid: 4.4\r\nChannel: PJSIP/1-4")
        await until(lambda: DEAF not in made.status.missing)
