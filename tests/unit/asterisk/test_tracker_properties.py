"""However events are lost, doubled, swapped, cut or interleaved: every call ends, none leaks."""

from __future__ import annotations

import gzip
import random
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.asterisk.ledger import MAX_CHANNELS
from drivers.asterisk.messages import Message, Reader, parse
from drivers.asterisk.snapshot import Snapshot
from drivers.asterisk.tracker import Tracker
from gateway.calls.model import CallChangeKind, CallRecord
from tests.unit.asterisk.recordings import NAMES, events_of, path_of

Events = Iterable[tuple[Message, float]]
_IDS = re.compile(r"niqueid$|inkedid$|^Bridge", re.IGNORECASE)
FEW = settings(max_examples=max(10, settings().max_examples // 10))
"""There are many recordings."""
READ = {"call", "agent", "dialplan", "dtmf", "system"}
"""The classes that docs/telephony.md names, and what every user is sent."""
_SEEDS = st.integers(0, 2**32)


def track(events: Events) -> list[CallRecord]:
    """Track events to their end and check what must hold always."""
    tracker = Tracker()
    ended: list[CallRecord] = []
    over: Counter[str] = Counter()
    now = 0.0
    changes = []
    for event, now in events:
        changes += tracker.feed(event, now)
        for living in list(tracker.calls)[:3]:
            assert tracker.record(living, now) is not None
    changes += tracker.close(now, "the test ended")
    for change in changes:
        if change.kind in {CallChangeKind.ENDED, CallChangeKind.MERGED}:
            over[change.id] += 1
        if change.ended is not None:
            ended.append(change.ended)
    assert not tracker.calls
    assert tracker.channels == 0
    assert all(count == 1 for count in over.values()), "a call ended twice"
    for call in ended:
        check(call)
    return sorted(ended, key=lambda call: (call.started_at, call.id))


def check(call: CallRecord) -> None:
    """Check that a call's figures can be true."""
    assert call.ended_at is not None
    span = (call.ended_at - call.started_at).total_seconds() + 0.01
    assert 0 <= call.talk_s <= span
    assert 0 <= call.ring_s <= span
    assert 0 <= call.wait_s <= span
    assert all(0 <= party.talk_s <= span for party in call.parties)


def essence(calls: list[CallRecord]) -> list[tuple[object, ...]]:
    """Return what a call is about."""
    return [(c.caller, c.did, c.answered_by, c.final_party, c.outcome, c.transfers) for c in calls]


@cache
def plain(name: str) -> list[tuple[object, ...]]:
    """Return what a recording's calls are about, as it was recorded."""
    return essence(track(events_of(name)))


@pytest.mark.parametrize("name", NAMES)
def test_chan_sips_channel_names_give_the_same_calls(name: str) -> None:
    events = events_of(name)
    renamed = [
        ({key: value.replace("PJSIP/", "SIP/") for key, value in event.items()}, at)
        for event, at in events
    ]
    assert essence(track(renamed)) == plain(name)


@pytest.mark.parametrize("late_by", [1, 3, 8, 20])
@pytest.mark.parametrize("name", NAMES)
def test_a_blind_transfer_may_be_told_after_what_it_brings_about(name: str, late_by: int) -> None:
    """Asterisk tells it by a thread of its own."""
    events = list(events_of(name))
    late = list(events)
    for place, (event, at) in enumerate(events):
        if event.get("Event") == "BlindTransfer":
            behind = [one for one, (_, then) in enumerate(events) if then < at + 0.5]
            late.remove((event, at))
            late.insert(min(place + late_by, behind[-1]), (event, at))
    if late != events:
        assert essence(track(late)) == plain(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_doubled_event_changes_nothing(name: str) -> None:
    events = events_of(name)
    doubled = [pair for pair in events for _ in range(2)]
    assert essence(track(doubled)) == plain(name)


@pytest.mark.parametrize("name", NAMES)
@FEW
@given(seed=_SEEDS)
def test_events_may_be_lost(name: str, seed: int) -> None:
    chance = random.Random(seed)
    share = chance.choice([0.02, 0.1, 0.5])
    track([pair for pair in events_of(name) if chance.random() > share])


@pytest.mark.parametrize("name", NAMES)
@FEW
@given(seed=_SEEDS)
def test_events_may_be_swapped_and_doubled_late(name: str, seed: int) -> None:
    chance = random.Random(seed)
    events = list(events_of(name))
    for _ in range(len(events) // 5):
        at = chance.randrange(len(events) - 1)
        other = min(len(events) - 1, at + chance.choice([1, 1, 1, 5]))
        events[at], events[other] = (
            (events[other][0], events[at][1]),
            (events[at][0], events[other][1]),
        )
    for _ in range(5):
        event, _at = events[chance.randrange(len(events))]
        at = chance.randrange(len(events))
        events.insert(at, (event, events[at][1]))
    track(events)


@pytest.mark.parametrize("name", NAMES)
@FEW
@given(at=st.integers(0), size=st.integers(1, 70_000))
def test_a_stream_may_be_cut_at_any_byte(name: str, at: int, size: int) -> None:
    data = gzip.decompress(path_of(name).read_bytes())
    data = data[: at % len(data)]
    reader = Reader()
    events = []
    for start in range(0, len(data), size):
        events += [parse(raw) for raw in reader.feed(data[start : start + size])]
    events += [parse(raw) for raw in reader.feed(b"\r\n\r\n")]
    track([(event, 1.7e9 + number / 100) for number, event in enumerate(events)])


@pytest.mark.parametrize("name", NAMES)
def test_fully_booted_in_the_middle_ends_no_call_that_lives(name: str) -> None:
    events = list(events_of(name))
    [booted] = [pair for pair in events if pair[0].get("Event") == "FullyBooted"]
    middle = len(events) // 2
    later = ({**booted[0], "Uptime": "86400"}, events[middle][1])
    assert essence(track([*events[:middle], later, *events[middle:]])) == plain(name)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_documented_manager_user_reads_is_enough(name: str) -> None:
    events = events_of(name)
    read = [
        (event, at)
        for event, at in events
        if event.get("Event") != "CEL"
        and event.get("Privilege", "system,").partition(",")[0] in READ
    ]
    assert essence(track(read)) == plain(name)


def test_a_restart_ends_the_calls_before_it() -> None:
    events = [pair for pair in events_of("a16-in_answered") if pair[0].get("Event") != "Hangup"]
    now = events[-1][1] + 60
    tracker = Tracker()
    for event, at in events:
        tracker.feed(event, at)
    [change] = tracker.feed({"Event": "FullyBooted", "Uptime": "3"}, now)
    assert change.ended is not None
    assert (change.ended.answered_by, change.ended.reason) == (
        "101", "the telephone system was restarted",
    )  # fmt: skip
    assert not tracker.calls


def test_a_hundred_calls_at_once_are_told_apart() -> None:
    chance = random.Random(7)
    streams = []
    for number in range(100):
        name = NAMES[number % len(NAMES)]
        streams.append([(renamed(event, number), 0.0) for event, _ in events_of(name)])
    want = Counter(map(repr, essence([call for stream in streams for call in track(stream)])))
    mixed = []
    while streams:
        stream = chance.choice(streams)
        mixed.append(stream.pop(0))
        if not stream:
            streams.remove(stream)
    assert Counter(map(repr, essence(track(mixed)))) == want


def renamed(event: Message, number: int) -> Message:
    """Return an event of a call that shares no channel and no bridge with another."""
    found = {}
    for key, value in event.items():
        if value and _IDS.search(key):
            found[key] = f"{value}-{number}"
        elif value and key.endswith("Channel"):
            found[key] = re.sub(r"-(\w+)(;[12])?$", rf"-\g<1>{number:03d}\2", value)
        else:
            found[key] = value
    return found


def test_a_snapshot_ends_what_is_gone_and_takes_in_what_is_new() -> None:
    tracker = Tracker()
    for event, at in events_of("a16-in_answered")[:60]:
        tracker.feed(event, at)
    assert len(tracker.calls) == 1
    shown = [
        {
            "Event": "CoreShowChannel", "Uniqueid": uid, "Linkedid": "77.1", "BridgeId": "b",
            "Channel": name, "CallerIDNum": number, "ChannelStateDesc": "Up", "Exten": "100",
        }
        for uid, name, number in (
            ("77.1", "SIP/trunk-1", "905550001122"), ("77.2", "SIP/102-2", "102"),
        )
    ]  # fmt: skip
    changes = tracker.reconcile(Snapshot(channels=shown), 1.8e9, 1.8e9)
    ended = [change.ended for change in changes if change.ended]
    assert [call.reason for call in ended if call] == ["its end was not seen"]
    record = tracker.record("77.1", 1.8e9 + 5)
    assert record is not None
    assert (record.answered_by, record.talk_s) == ("102", 5.0)
    changes = tracker.reconcile(Snapshot(channels=[]), 1.8e9 + 9, 1.8e9 + 9)
    assert [change.kind for change in changes if change.ended] == ["ended"]
    assert not tracker.calls


def test_endless_new_channels_do_not_fill_the_memory() -> None:
    tracker = Tracker()
    for number in range(MAX_CHANNELS + 5000):
        event = {"Event": "Newchannel", "Uniqueid": f"{number}.1", "Channel": f"SIP/101-{number}"}
        tracker.feed(event, float(number))
    assert tracker.channels == MAX_CHANNELS
    assert len(tracker.calls) <= MAX_CHANNELS


def leg(uid: str, name: str, number: str = "", **more: str) -> Message:
    """Return a new channel's event."""
    return {
        "Event": "Newchannel", "Uniqueid": uid, "Linkedid": uid, "Channel": name,
        "CallerIDNum": number, **more,
    }  # fmt: skip


def enters(uid: str, bridge: str, linkedid: str = "") -> Message:
    """Return a channel's entry into a bridge."""
    return {
        "Event": "BridgeEnter", "Uniqueid": uid, "BridgeUniqueid": bridge,
        "Linkedid": linkedid or uid,
    }  # fmt: skip


def test_a_customers_call_stays_his_when_an_older_one_inside_becomes_part_of_it() -> None:
    tracker = Tracker()
    tracker.feed(leg("1.1", "SIP/101-1", "101"), 1)
    tracker.feed(leg("2.1", "SIP/trunk-2", "905321234567", Exten="100"), 5)
    tracker.feed(enters("2.1", "b"), 6)
    tracker.feed(enters("1.1", "b"), 6)
    [call] = tracker.calls
    record = tracker.record(call, 9)
    assert record is not None
    assert (record.id, record.caller, record.direction) == ("2.1", "905321234567", "in")
    assert (record.answered_by, record.started_at.timestamp()) == ("101", 5)
    assert not record.missed


def test_two_customers_who_are_joined_keep_a_call_each() -> None:
    tracker = Tracker()
    tracker.feed(leg("1.1", "SIP/trunk-1", "905321111111"), 1)
    tracker.feed(leg("2.1", "SIP/trunk-2", "905322222222"), 2)
    tracker.feed(enters("1.1", "b"), 3)
    tracker.feed(enters("2.1", "b", linkedid="1.1"), 3)
    told = {tracker.record(call, 9) for call in tracker.calls}
    assert {(call.caller, call.final_party) for call in told if call} == {
        ("905321111111", "905322222222"), ("905322222222", "905321111111"),
    }  # fmt: skip
    changes = tracker.close(10, "over")
    assert sorted(change.id for change in changes if change.ended) == ["1.1", "2.1"]
