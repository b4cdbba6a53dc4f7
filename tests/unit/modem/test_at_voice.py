"""A call rings once, with its caller, and ends once, whatever the modem says in which order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modem.voice import Change, RingTracker
from gateway.calls.model import CallChangeKind, CallOutcome, CallState

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENDED = ("NO CARRIER", "^CEND:")
Said = list[tuple[str, str]]


class Listener:
    """Feeds a tracker line by line at given seconds, and ticks it when it is due."""

    def __init__(self) -> None:
        self.tracker = RingTracker("m1", caller_wait_s=1.0, ring_end_s=7.0)
        self.said: Said = []
        self.changes: list[Change] = []

    def hears(self, second: float, line: str) -> None:
        self.waits(second)
        for event in self.tracker.feed(line, ENDED, second, START + timedelta(seconds=second)):
            self._note(event)

    def waits(self, second: float) -> None:
        while (due := self.tracker.due_s) is not None and due <= second:
            for event in self.tracker.tick(due, START + timedelta(seconds=due)):
                self._note(event)

    def _note(self, told: Change) -> None:
        change, call = told
        self.changes.append(told)
        ringing = change.kind is CallChangeKind.RINGING
        self.said.append(("ring" if ringing else "end", call.caller))


@pytest.fixture
def listener() -> Listener:
    return Listener()


def test_a_call_with_its_number_rings_once_until_it_ends(listener: Listener) -> None:
    for second in (0, 5, 10):
        listener.hears(second, "RING")
        listener.hears(second + 0.01, '+CLIP: "+905559998877",145,"",0,"",0')
    listener.hears(12, "NO CARRIER")
    assert listener.said == [("ring", "+905559998877"), ("end", "+905559998877")]


def test_a_call_is_told_as_a_telephone_system_would(listener: Listener) -> None:
    listener.hears(0, '+CLIP: "+905559998877",145')
    listener.hears(5, '+CLIP: "+905559998877",145')
    listener.hears(8, "NO CARRIER")
    (first, ringing), (last, ended) = listener.changes
    assert first.id == last.id == ringing.id == ended.id
    assert (ringing.state, ringing.did, ringing.missed) == (CallState.RINGING, "m1", False)
    assert last.ended == ended
    assert (ended.state, ended.outcome, ended.missed, ended.ring_s) == (
        CallState.ENDED, CallOutcome.NO_ANSWER, True, 8.0,
    )  # fmt: skip
    assert [party.party for party in ended.parties] == ["+905559998877"]


def test_a_call_without_number_rings_after_a_moment(listener: Listener) -> None:
    listener.hears(0, "+CRING: VOICE")
    assert listener.said == []
    listener.waits(1)
    assert listener.said == [("ring", "")]


def test_ringing_that_stops_has_ended(listener: Listener) -> None:
    listener.hears(0, '+CLIP: "+905559998877",145')
    listener.waits(6.9)
    assert listener.said == [("ring", "+905559998877")]
    listener.waits(7)
    assert listener.said[-1] == ("end", "+905559998877")


def test_a_call_that_ends_before_its_number_came_rang_all_the_same(listener: Listener) -> None:
    listener.hears(0, "RING")
    listener.hears(0.1, "^CEND:1,0,29,16")
    assert listener.said == [("ring", ""), ("end", "")]


def test_the_next_call_rings_anew(listener: Listener) -> None:
    for second, number in ((0, "+905551110000"), (10, "+905552220000")):
        listener.hears(second, f'+CLIP: "{number}",145')
        listener.hears(second + 2, "NO CARRIER")
    assert [kind for kind, _ in listener.said] == ["ring", "end"] * 2


@pytest.mark.parametrize(
    ("line", "caller"),
    [
        ('+CLIP: "905559998877",145', "+905559998877"),
        ('+CLIP: "05559998877",129', "05559998877"),
        ('+CLIP: "",128,"",0,"",1', ""),
        ('+CLIP: "<script>",145', ""),
        ("+CLIP: ", ""),
    ],
)
def test_the_caller_is_a_number_or_empty(listener: Listener, line: str, caller: str) -> None:
    listener.hears(0, line)
    assert listener.said == [("ring", caller)]


@pytest.mark.parametrize("line", ["NO CARRIER", "+CRING: GPRS", "RINGING", "+CREG: 1"])
def test_other_results_ring_nothing(listener: Listener, line: str) -> None:
    listener.hears(0, line)
    listener.waits(100)
    assert listener.said == []


LINES = st.sampled_from(
    ["RING", "+CRING: VOICE", '+CLIP: "+905559998877",145', "NO CARRIER", "^CEND:1", "noise"]
)


@given(st.lists(st.tuples(st.floats(0, 9, allow_nan=False), LINES), max_size=30))
def test_rings_and_ends_alternate_and_every_call_ends(heard: list[tuple[float, str]]) -> None:
    listener, now_s = Listener(), 0.0
    for pause_s, line in heard:
        now_s += pause_s
        listener.hears(now_s, line)
    listener.waits(now_s + 100)
    assert listener.tracker.due_s is None
    kinds = [kind for kind, _ in listener.said]
    assert kinds == ["ring", "end"] * (len(kinds) // 2)
