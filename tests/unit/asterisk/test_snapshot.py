"""What a snapshot tells of queues, car parks and waiting rooms that events did not."""

from __future__ import annotations

from drivers.asterisk.messages import Message
from drivers.asterisk.snapshot import Snapshot
from drivers.asterisk.tracker import Tracker
from gateway.calls.model import CallState, TransferKind

NOW = 1.8e9
CAR_PARK = {"BridgeUniqueid": "lot", "BridgeTechnology": "holding_bridge"}


def channel(uid: str, name: str, number: str, **more: str) -> Message:
    """Return a CoreShowChannel event."""
    return {
        "Event": "CoreShowChannel", "Uniqueid": uid, "Linkedid": uid, "Channel": name,
        "CallerIDNum": number, "ChannelStateDesc": "Up", "Context": "from-trunk",
        "Exten": "902125550100", "BridgeId": "", **more,
    }  # fmt: skip


def parked(uid: str, space: str) -> Message:
    """Return a ParkedCall event."""
    return {
        "Event": "ParkedCall", "ParkeeUniqueid": uid, "ParkeeLinkedid": uid,
        "ParkerDialString": "PJSIP/101", "ParkingSpace": space,
    }  # fmt: skip


TWO_PARKED = Snapshot(
    channels=[
        channel("1.1", "PJSIP/trunk-1", "905320000001", BridgeId="lot"),
        channel("2.1", "PJSIP/trunk-2", "905320000002", BridgeId="lot"),
    ],
    bridges=[CAR_PARK],
    parked=[parked("1.1", "701"), parked("2.1", "702")],
    queues=[],
)


def test_two_in_the_car_park_do_not_hear_one_another() -> None:
    tracker = Tracker()
    tracker.reconcile(TWO_PARKED, NOW, NOW)
    for uid, space in (("1.1", "701"), ("2.1", "702")):
        record = tracker.record(uid, NOW + 5)
        assert record is not None
        assert (record.state, record.talk_s) == (CallState.PARKED, 0)
        [one] = record.transfers
        assert (one.kind, one.from_party, one.to_party) == (TransferKind.PARK, "101", space)


def test_a_snapshot_again_changes_nothing_and_one_without_them_frees_them() -> None:
    tracker = Tracker()
    tracker.reconcile(TWO_PARKED, NOW, NOW)
    before = tracker.record("1.1", NOW)
    tracker.reconcile(TWO_PARKED, NOW + 30, NOW + 30)
    again = tracker.record("1.1", NOW)
    assert again == before
    freed = Snapshot(channels=TWO_PARKED.channels, bridges=[CAR_PARK], parked=[], queues=[])
    tracker.reconcile(freed, NOW + 60, NOW + 60)
    record = tracker.record("1.1", NOW + 60)
    assert record is not None
    assert record.state is CallState.RINGING


def test_who_may_not_ask_for_the_car_park_frees_nobody() -> None:
    tracker = Tracker()
    tracker.reconcile(TWO_PARKED, NOW, NOW)
    tracker.reconcile(Snapshot(channels=TWO_PARKED.channels, bridges=[CAR_PARK]), NOW + 9, NOW + 9)
    record = tracker.record("1.1", NOW + 9)
    assert record is not None
    assert record.state is CallState.PARKED


def test_what_was_parked_after_the_question_stays_parked() -> None:
    tracker = Tracker()
    tracker.reconcile(TWO_PARKED, NOW, NOW)
    tracker.reconcile(
        Snapshot(channels=TWO_PARKED.channels, bridges=[CAR_PARK], parked=[]), NOW + 1, NOW - 1
    )
    record = tracker.record("1.1", NOW + 1)
    assert record is not None
    assert record.state is CallState.PARKED


def test_who_waits_in_a_queue_has_waited_since_he_joined_it() -> None:
    tracker = Tracker()
    entry = {"Event": "QueueEntry", "Queue": "sales", "Uniqueid": "3.1", "Wait": "12"}
    shown = channel("3.1", "SIP/trunk-9", "905320000003", Duration="00:00:15")
    member = {"Event": "QueueMember", "Queue": "sales", "Location": "SIP/102"}
    taken = Snapshot(channels=[shown], queues=[member, entry])
    tracker.reconcile(taken, NOW, NOW)
    record = tracker.record("3.1", NOW)
    assert record is not None
    assert record.queue == "sales"
    tracker.reconcile(taken, NOW + 3, NOW + 3)
    tracker.reconcile(Snapshot(channels=[shown], queues=[member]), NOW + 8, NOW + 8)
    record = tracker.record("3.1", NOW + 9)
    assert record is not None
    assert record.wait_s == 20


def test_rubbish_in_a_snapshot_is_borne() -> None:
    tracker = Tracker()
    rubbish: list[Message] = [{}, {"Uniqueid": ""}, {"Wait": "x" * 99, "Event": "QueueEntry"}]
    tracker.reconcile(
        Snapshot(
            channels=rubbish, bridges=rubbish, parked=rubbish, queues=rubbish, devices=rubbish
        ),
        NOW,
        NOW,
    )
    assert not tracker.calls
