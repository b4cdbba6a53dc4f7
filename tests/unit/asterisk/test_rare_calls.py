"""Calls that go in ways that are rare, and were told wrongly once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from drivers.asterisk.calls import MAX_LEGS
from drivers.asterisk.channels import MAX_TALKS
from drivers.asterisk.messages import Message
from drivers.asterisk.snapshot import Snapshot
from drivers.asterisk.tracker import Tracker
from gateway.calls.model import CallRecord, CallState, TransferKind
from tests.unit.asterisk.recordings import events_of

Event = tuple[float, Message]
MAIN = "902125550100"


def new(
    uid: str, name: str, number: str = "", *, linkedid: str = "1.1", exten: str = MAIN
) -> Message:
    """Return a Newchannel event."""
    outside = "trunk" in name
    return {
        "Event": "Newchannel", "Uniqueid": uid, "Linkedid": linkedid, "Channel": name,
        "CallerIDNum": number, "ChannelStateDesc": "Down", "Exten": exten,
        "Context": "from-trunk" if outside else "from-internal",
    }  # fmt: skip


def of(event: str, uid: str, *, linkedid: str = "1.1", **more: str) -> Message:
    """Return another event of a channel."""
    return {"Event": event, "Uniqueid": uid, "Linkedid": linkedid, **more}


def dials(uid: str, dest: str, name: str, string: str, *, linkedid: str = "1.1") -> Message:
    """Return a DialBegin event."""
    return {
        "Event": "DialBegin", "Uniqueid": uid, "Linkedid": linkedid, "DestUniqueid": dest,
        "DestLinkedid": linkedid, "DestChannel": name, "DialString": string,
    }  # fmt: skip


def enters(uid: str, bridge: str, *, linkedid: str = "1.1", **more: str) -> Message:
    """Return a BridgeEnter event."""
    return of("BridgeEnter", uid, linkedid=linkedid, BridgeUniqueid=bridge, **more)


def ends(uid: str, cause: str = "16", *, linkedid: str = "1.1") -> Message:
    """Return a Hangup event."""
    return of("Hangup", uid, linkedid=linkedid, Cause=cause)


TALK = [
    (0, new("1.1", "PJSIP/trunk-1", "905321112233")), (0, new("1.2", "PJSIP/101-2", "101")),
    (1, dials("1.1", "1.2", "PJSIP/101-2", "101")),
    (5, enters("1.2", "b")), (5, enters("1.1", "b")),
]  # fmt: skip


def play(events: Sequence[Event], tracker: Tracker | None = None) -> list[CallRecord]:
    """Return the calls that ended."""
    tracker = tracker or Tracker()
    changes = [change for at, one in events for change in tracker.feed(one, at)]
    return [change.ended for change in changes if change.ended]


def shown(uid: str, name: str, number: str, bridge: str = "", **more: str) -> Message:
    """Return a CoreShowChannel event."""
    return {**new(uid, name, number), "Event": "CoreShowChannel", "ChannelStateDesc": "Up",
            "BridgeId": bridge, **more}  # fmt: skip


def test_an_answer_that_was_told_while_a_snapshot_was_fetched_stays() -> None:
    tracker = Tracker()
    play(TALK, tracker)
    old = [shown("1.1", "PJSIP/trunk-1", "905321112233"), shown("1.2", "PJSIP/101-2", "101")]
    tracker.reconcile(Snapshot(channels=old), 5.1, 4.9)
    record = tracker.record("1.1", 30)
    assert record is not None
    assert (record.state, record.talk_s) == (CallState.TALKING, 25)


def test_who_left_a_queue_or_a_car_park_meanwhile_has_left_it() -> None:
    tracker = Tracker()
    play([
        (0, new("1.1", "PJSIP/trunk-1", "905321112233")),
        (0, of("QueueCallerJoin", "1.1", Queue="sales")),
        (14, of("QueueCallerLeave", "1.1", Queue="sales")),
    ], tracker)  # fmt: skip
    entry = {"Event": "QueueEntry", "Queue": "sales", "Uniqueid": "1.1", "Wait": "14"}
    old = [shown("1.1", "PJSIP/trunk-1", "905321112233")]
    tracker.reconcile(Snapshot(channels=old, queues=[entry]), 14.1, 13.9)
    record = tracker.record("1.1", 60)
    assert record is not None
    assert record.wait_s == 14
    space = {"ParkeeUniqueid": "1.1", "ParkeeLinkedid": "1.1", "ParkingSpace": "701"}
    tracker.feed({"Event": "ParkedCall", "ParkerDialString": "PJSIP/101", **space}, 70)
    tracker.feed({"Event": "ParkedCallGiveUp", **space}, 80)
    tracker.reconcile(Snapshot(channels=old, parked=[space]), 80.1, 79.9)
    record = tracker.record("1.1", 90)
    assert record is not None
    assert record.state is not CallState.PARKED
    assert len(record.transfers) == 1


def test_a_dialplan_that_went_on_during_a_gap_is_no_transfer() -> None:
    tracker = Tracker()
    play([*TALK[:3], (6, ends("1.2", "0"))], tracker)
    now = [
        shown("1.1", "PJSIP/trunk-1", "905321112233", "b", Exten="s"),
        shown("1.3", "PJSIP/102-3", "102", "b", Application="AppDial"),
    ]
    tracker.reconcile(Snapshot(channels=now), 20, 20)
    [call] = play([
        (30, of("BridgeLeave", "1.3", BridgeUniqueid="b")), (30, ends("1.3")),
        (30, of("BridgeLeave", "1.1", BridgeUniqueid="b", Exten="s")), (30, ends("1.1")),
    ], tracker)  # fmt: skip
    assert (call.transfers, call.final_party) == ((), "102")


def test_what_was_not_seen_is_no_talk() -> None:
    tracker = Tracker()
    play(TALK, tracker)
    tracker.lose(15)
    changes = tracker.reconcile(Snapshot(channels=[]), 3600, 3600)
    [ended] = [change.ended for change in changes if change.ended]
    assert (ended.talk_s, ended.reason) == (10, "its end was not seen")
    tracker = Tracker()
    play(TALK, tracker)
    tracker.lose(15)
    [ended] = play([(3600, {"Event": "FullyBooted", "Uptime": "3"})], tracker)
    assert ended.talk_s == 10


def test_who_gives_up_after_a_queue_was_not_lost_in_it() -> None:
    [call] = play([
        (0, new("1.1", "PJSIP/trunk-1", "905321112233")),
        (0, of("QueueCallerJoin", "1.1", Queue="sales")),
        (20, of("QueueCallerAbandon", "1.1", Queue="sales")),
        (20, new("1.2", "PJSIP/101-2", "101")),
        (20, dials("1.1", "1.2", "PJSIP/101-2", "101")),
        (25, of("HangupRequest", "1.1")), (25, ends("1.2", "0")), (25, ends("1.1")),
    ])  # fmt: skip
    assert (call.outcome, call.reason) == ("no_answer", "the caller hung up")


def asking() -> list[Event]:
    """101 speaks with a customer and asks 102, by a feature code."""
    name = "Local/102@from-internal-1"
    return [
        *TALK,
        (9, new("1.3", f"{name};1")), (9, new("1.4", f"{name};2")),
        (9, enters("1.3", "c")), (9, of("BridgeLeave", "1.2", BridgeUniqueid="b")),
        (9, enters("1.2", "c")),
        (9, new("1.5", "PJSIP/102-5", "102")), (9, dials("1.4", "1.5", "PJSIP/102-5", "102")),
        (12, enters("1.5", "d")), (12, enters("1.4", "d")),
    ]  # fmt: skip


def test_a_customer_who_does_not_wait_for_the_answer_was_not_passed_on() -> None:
    [call] = play([
        *asking(),
        (15, of("HangupRequest", "1.1")), (15, of("BridgeLeave", "1.1", BridgeUniqueid="b")),
        (15, ends("1.1")),
        (20, of("HangupRequest", "1.5")),
        *[(20.0, ends(uid)) for uid in ("1.5", "1.4", "1.3", "1.2")],
    ])  # fmt: skip
    [one] = call.transfers
    assert (one.kind, one.to_party, one.cancelled) == (TransferKind.ATTENDED, "102", True)
    assert (call.final_party, call.hung_up_by) == ("101", "905321112233")


def test_an_attended_transfer_that_fails_is_a_cancelled_one() -> None:
    failed = {"Event": "AttendedTransfer", "Result": "Fail", "OrigTransfererUniqueid": "1.2"}
    [call] = play([
        *asking(), (15, failed), *[(20.0, ends(f"1.{n}")) for n in (5, 4, 3, 2, 1)],
    ])  # fmt: skip
    assert [(one.to_party, one.cancelled) for one in call.transfers] == [("102", True)]
    assert call.final_party == "101"


def test_a_forwarded_call_is_answered_by_its_target_only() -> None:
    forward = {
        "Event": "DialEnd", "Uniqueid": "1.1", "Linkedid": "1.1", "DestUniqueid": "1.2",
        "DestLinkedid": "1.1", "DestChannel": "PJSIP/101-2", "DialStatus": "CANCEL",
        "Forward": "103@from-internal",
    }  # fmt: skip
    start = [*TALK[:3], (2.0, forward)]
    [call] = play([
        *start, (9, ends("1.2", "0")), (9, new("1.3", "PJSIP/102-3", "102")),
        (9, dials("1.1", "1.3", "PJSIP/102-3", "102")),
        (12, enters("1.3", "b")), (12, enters("1.1", "b")), (20, ends("1.3")), (20, ends("1.1")),
    ])  # fmt: skip
    [one] = call.transfers
    assert (one.kind, one.to_party, one.answered) == (TransferKind.FORWARD, "103", False)
    assert call.answered_by == "102"
    assert {party.party: party.outcome.value for party in call.parties}["101"] == "forwarded"
    [call] = play([*start, (9, ends("1.2", "0")), (9, ends("1.1"))])
    assert call.reason != "the caller hung up"


def test_of_two_joined_customers_each_keeps_his_next_leg() -> None:
    tracker = Tracker()
    second = [
        (at, {**one, **{key: value.replace("1.", "2.").replace("-", "-9")
                        for key, value in one.items() if key.endswith(("id", "Channel"))}})
        for at, one in TALK
    ]  # fmt: skip
    play([*TALK, *second], tracker)
    join = enters("2.1", "b", SwapUniqueid="1.2")
    told = {
        "Event": "AttendedTransfer", "Result": "Success", "OrigTransfererUniqueid": "2.2",
        "SecondTransfererUniqueid": "1.2", "TransfereeUniqueid": "2.1",
        "TransferTargetUniqueid": "1.1",
    }  # fmt: skip
    play([(8, join), (8, told), (8, ends("1.2")), (8, ends("2.2"))], tracker)
    [first] = play([
        (12, of("BridgeLeave", "1.1", BridgeUniqueid="b")), (12, ends("1.1")),
        (12, of("BridgeLeave", "2.1", BridgeUniqueid="b", Exten="103")),
    ], tracker)  # fmt: skip
    [last] = play([
        (13, new("1.7", "PJSIP/103-7", "103")), (13, dials("2.1", "1.7", "PJSIP/103-7", "103")),
        (14, enters("1.7", "e")), (14, enters("2.1", "e")), (20, ends("1.7")), (20, ends("2.1")),
    ], tracker)  # fmt: skip
    assert "103" not in {party.party for party in first.parties}
    assert (last.final_party, last.talk_s) == ("103", 3 + 4 + 6)
    assert not tracker.calls


def test_actions_reach_the_leg_that_lives() -> None:
    tracker = Tracker()
    play([
        (0, new("1.1", "PJSIP/101-1", "101", exten="005321112233")),
        (0, new("1.2", "PJSIP/trunkA-2")),
        (0, dials("1.1", "1.2", "PJSIP/trunkA-2", "05321112233@trunkA")),
        (1, ends("1.2", "34")),
        (1, new("1.3", "PJSIP/trunkB-3")),
        (1, dials("1.1", "1.3", "PJSIP/trunkB-3", "05321112233@trunkB")),
    ], tracker)  # fmt: skip
    assert tracker.calls["1.1"].reachable.name == "PJSIP/trunkB-3"


def test_a_parked_call_that_comes_back_is_parked_no_more() -> None:
    tracker, states = Tracker(), []
    for event, at in events_of("b16-park_timeout_back"):
        for change in tracker.feed(event, at):
            record = change.ended or tracker.record(change.id, at)
            if record is not None and event["Event"] in {"ParkedCallTimeOut", "DialBegin"}:
                states.append(record.state)
    assert states
    assert states[-1] is not CallState.PARKED


def test_a_telephone_without_contact_is_told_to_be_offline() -> None:
    """Asterisk makes no channel for it: only the application's data name it."""
    execute = of("Newexten", "1.1", Application="Dial", AppData="PJSIP/104&PJSIP/101,20,tT")
    [call] = play([
        (0, new("1.1", "PJSIP/trunk-1", "905321112233")), (0, execute),
        (0, new("1.2", "PJSIP/101-2", "101")), (0, dials("1.1", "1.2", "PJSIP/101-2", "101")),
        (9, ends("1.2", "0")), (9, ends("1.1")),
    ])  # fmt: skip
    outcomes = {party.party: party.outcome.value for party in call.parties if party.called}
    assert outcomes["104"] == "offline"
    assert set(outcomes) == {"101", "104"}
    alone = of("Newexten", "1.1", Application="Dial", AppData="PJSIP/104,20")
    busy = of("Newexten", "1.1", Application="Congestion")
    [call] = play([
        (0, new("1.1", "PJSIP/trunk-1", "905321112233")), (0, alone), (0, busy), (1, ends("1.1")),
    ])  # fmt: skip
    assert (call.outcome, call.reason) == ("no_answer", "the telephone is offline")


def test_endless_dials_of_telephones_that_are_not_there_stay_bounded() -> None:
    tracker = Tracker()
    tracker.feed(new("1.1", "PJSIP/trunk-1", "905321112233"), 0)
    for start in range(0, 5_000, 100):
        data = "&".join(f"PJSIP/{number:05}" for number in range(start, start + 100))
        tracker.feed(of("Newexten", "1.1", Application="Dial", AppData=data), 1)
    assert len(tracker.calls["1.1"].offline) == MAX_LEGS


def test_a_call_dialled_through_local_channels_is_answered_by_who_picked_up() -> None:
    """Two devices of the user ring; the second one is picked up; then the customer answers."""
    name = "Local/101@from-internal-1"
    [call] = play([
        (0, new("c.1", f"{name};1", linkedid="c.1", exten="02125550160")),
        (0, new("1.2", f"{name};2", linkedid="c.1", exten="101")),
        (0, {"Event": "DialBegin", "DestUniqueid": "c.1", "DestLinkedid": "c.1",
             "DestChannel": f"{name};1", "DialString": "101@from-internal"}),
        (0, new("1.3", "PJSIP/101-3", "101", linkedid="c.1")),
        (0, new("1.4", "PJSIP/9101-4", "9101", linkedid="c.1")),
        (0, dials("1.2", "1.3", "PJSIP/101-3", "101", linkedid="c.1")),
        (0, dials("1.2", "1.4", "PJSIP/9101-4", "9101", linkedid="c.1")),
        (3, of("Newstate", "1.4", linkedid="c.1", ChannelStateDesc="Up")),
        (3, ends("1.3", "26", linkedid="c.1")),
        (3, enters("1.4", "a", linkedid="c.1")), (3, enters("1.2", "a", linkedid="c.1")),
        (3, new("1.5", "PJSIP/trunk-5", linkedid="c.1", exten="")),
        (3, dials("c.1", "1.5", "PJSIP/trunk-5", "02125550160@trunk", linkedid="c.1")),
        (6, enters("1.5", "b", linkedid="c.1")), (6, enters("c.1", "b", linkedid="c.1")),
        *[(10.0, ends(uid, linkedid="c.1")) for uid in ("1.5", "c.1", "1.2", "1.4")],
    ])  # fmt: skip
    assert (call.outcome, call.answered_by, call.caller) == ("answered", "02125550160", "9101")
    assert (call.direction, call.talk_s) == ("out", 4)


def test_a_caller_who_is_ended_from_the_screen_did_not_hang_up() -> None:
    tracker = Tracker()
    play(TALK[:3], tracker)
    tracker.end_here("1.1")
    cancel = {"Event": "DialEnd", "Uniqueid": "1.1", "Linkedid": "1.1", "DestUniqueid": "1.2",
              "DestLinkedid": "1.1", "DialStatus": "CANCEL"}  # fmt: skip
    [call] = play([(4, cancel), (4, ends("1.2", "0")), (4, ends("1.1"))], tracker)
    assert call.reason == "it was ended from the screen"


def test_an_endless_call_stays_small_and_quick() -> None:
    tracker = Tracker()
    play(TALK[:1], tracker)
    for number in range(5 * MAX_LEGS):
        uid, at = f"1.{number + 10}", float(number)
        name = f"PJSIP/102-{number}"
        play([
            (at, new(uid, name, "102")), (at, dials("1.1", uid, name, "102")),
            (at, enters(uid, f"b{number}")), (at, enters("1.1", f"b{number}")),
            (at + 0.5, of("BridgeLeave", uid, BridgeUniqueid=f"b{number}")),
            (at + 0.5, of("BridgeLeave", "1.1", BridgeUniqueid=f"b{number}")),
            (at + 0.5, ends(uid)),
        ], tracker)  # fmt: skip
    [call] = tracker.calls.values()
    assert len(call.legs) <= MAX_LEGS + 1
    assert all(len(leg.talks) <= MAX_TALKS for leg in call.legs.values())
    record = tracker.record("1.1", 5.0 * MAX_LEGS)
    assert record is not None
    assert record.talk_s == pytest.approx(0.5 * 5 * MAX_LEGS, abs=0.01)


@pytest.mark.parametrize("name", ["b16-pickup", "b16-park_retrieve", "b16-xfer_sip_attended"])
def test_nothing_is_kept_of_calls_that_are_over(name: str) -> None:
    tracker = Tracker()
    for event, at in events_of(name):
        tracker.feed(event, at)
    tracker.close(2e9, "over")
    ledger = tracker._ledger
    assert (ledger._linked, ledger._shared, ledger.dialling) == ({}, {}, set())
