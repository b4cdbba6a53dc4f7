"""Every recorded call is told as the telephones themselves saw it."""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from drivers.asterisk.capture import capture
from drivers.asterisk.recording import explain, read
from gateway.calls.model import CallRecord
from gateway.calls.telling import describe_call
from gateway.kernel.errors import Invalid, Permanent, Temporary
from tests.unit.asterisk.peer import peer
from tests.unit.asterisk.recordings import NAMES, events_of, path_of, truth_of
from tests.waiting import until

OUTCOMES = {
    "ANSWERED": "answered",
    "NO ANSWER": "no_answer",
    "BUSY": "busy",
    "DECLINED": "declined",
    "ABANDONED": "abandoned",
    "VOICEMAIL": "voicemail",
    "agent did not answer": "no_answer",
    "FAILED fax": "fax",
}
TOLD = [name for name in NAMES if {"answered_by", "calls"} & set(truth_of(name))]


def wanted(truth: dict[str, Any]) -> dict[str, Any]:
    """Return what a call must be told as."""
    found: dict[str, Any] = {
        key: truth[key] for key in ("caller", "did", "callee", "queue") if key in truth
    }
    found["answered_by"] = truth["answered_by"]
    found["final_party"] = truth.get("final_party", truth["answered_by"])
    if "ivr" in truth:
        found["digits"] = truth["ivr"]
    for label, outcome in OUTCOMES.items():
        if truth.get("disposition", "").startswith(label):
            found["outcome"] = outcome
    if truth["answered_by"]:
        found["outcome"] = "answered"
        found["transfers"] = [transfer(one) for one in truth.get("transfers", ())]
    return found


def transfer(one: dict[str, Any]) -> dict[str, Any]:
    """Return a transfer of a sidecar in our words; an AMI Redirect has several names there."""
    kind = "redirect" if one["kind"].startswith("ami-redirect") else one["kind"]
    told = {"kind": kind, "from": one["frm"].partition(" ")[0], "to": one["to"]}
    return {**told, "answered": one.get("answered", True), "cancelled": one.get("cancelled", False)}


@pytest.mark.parametrize("name", TOLD)
def test_a_recorded_call_is_told_as_the_telephones_saw_it(name: str) -> None:
    truth = truth_of(name)
    calls = explain(path_of(name))
    expected = truth.get("calls", [truth])
    assert len(calls) == len(expected)
    for one, call in zip(expected, calls, strict=True):
        told = describe_call(call)
        want = wanted(one)
        assert {key: told[key] for key in want} == want
        if "talk_s" in one:
            assert call.talk_s == pytest.approx(one["talk_s"], abs=0.3)
        if "wait_s" in one:
            assert call.wait_s == pytest.approx(one["wait_s"], abs=0.3)
        if "rang" in one:
            rung = dict.fromkeys(p.party for p in call.parties if p.called and p.ring_s)
            assert sorted(rung) == sorted(one["rang"])


def only(name: str) -> CallRecord:
    """Return a recording's single call."""
    [call] = explain(path_of(name))
    return call


def outcomes(call: CallRecord) -> dict[str, str]:
    """Return what became of each who was rung."""
    return {party.party: party.outcome.value for party in call.parties if party.called}


def test_who_was_rung_and_why_he_did_not_answer() -> None:
    assert outcomes(only("a16-ringgroup")) == {
        "101": "answered_elsewhere", "102": "answered_elsewhere", "103": "answered",
    }  # fmt: skip
    assert outcomes(only("a16-in_busy")) == {"101": "busy"}
    assert outcomes(only("a16-in_declined")) == {"101": "declined"}
    assert outcomes(only("a16-in_phone_off")) == {"101": "offline"}
    assert outcomes(only("a16-in_cancel")) == {"101": "cancelled"}
    assert outcomes(only("a16-in_noanswer")) == {"101": "no_answer"}
    assert outcomes(only("b16-blind_noanswer_return"))["102"] == "cancelled"


def test_a_missed_call_says_why() -> None:
    assert only("a16-in_cancel").reason == "the caller hung up"
    assert only("a16-in_phone_off").reason == "the telephone is offline"
    assert only("a16-queue_timeout").reason == "nobody in the queue answered"
    assert only("a16-queue_abandon").reason == "the caller hung up in the queue"
    assert only("b16-ivr_hangup").reason == "the caller hung up"
    assert "agent" in only("a16-originate_agent_noanswer").reason


@pytest.mark.parametrize("name", ["a16-fax_loop", "a16-fax_from_trunk_hangup"])
def test_a_fax_call_is_told_as_one(name: str) -> None:
    assert only(name).outcome == "fax"


def test_click_to_call_tells_the_agents_leg_from_the_customers() -> None:
    for name in ("a16-originate_click", "a22-originate_click", "b16-click_local"):
        call = only(name)
        assert (call.click_to_call, call.direction, call.caller) == (True, "out", "101")
        agent, customer = call.parties
        assert (agent.party, agent.internal) == ("101", True)
        assert (customer.party, customer.internal) == ("902125550160", False)
        assert agent.ring_s == pytest.approx(1, abs=0.1)
        assert customer.ring_s == pytest.approx(1, abs=0.1)


def test_hold_conference_recording_and_who_hung_up() -> None:
    held = only("a16-hold_unhold")
    assert {p.party: round(p.hold_s) for p in held.parties} == {"902125550150": 0, "101": 2}
    assert held.hung_up_by == "101"
    assert only("b16-threeway").conference
    assert not only("a16-xfer_ami_atxfer").conference
    assert only("b16-ring_local_rec").recording.startswith("/tmp/rec-")
    assert only("a16-in_answered").hung_up_by == "902125550150"


def test_who_withholds_his_number_has_none_and_a_name_is_only_text() -> None:
    first, second, withheld, _ = explain(path_of("b16-weird_callerid"))
    assert first.caller_name == "Çağrı Şöför İĞÜ"
    assert second.caller_name == "Evil: Event: Hangup"
    assert (withheld.caller, withheld.caller_name) == ("", "")


def test_a_recording_is_read_raw_gzipped_and_as_json(tmp_path: Path) -> None:
    name = "a22-xfer_sip_blind"
    want = [describe_call(call) for call in explain(path_of(name))]
    raw = tmp_path / "call.ami"
    raw.write_bytes(gzip.decompress(path_of(name).read_bytes()))
    events = tmp_path / "call.json"
    events.write_text(json.dumps([dict(event) for event, _ in events_of(name)]))
    for path in (raw, events):
        assert [describe_call(call) for call in explain(path)] == want


def test_without_any_time_the_seconds_in_the_events_are_used(tmp_path: Path) -> None:
    name = "a16-in_answered"
    shutil.copy(path_of(name), tmp_path / "call.ami.gz")
    [call] = explain(tmp_path / "call.ami.gz")
    assert call.started_at.year == 2026
    assert call.talk_s == pytest.approx(truth_of(name)["talk_s"], abs=1)


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"[]", b"[1]", b"{}", b"[{]", b"\x1f\x8bnot gzip", b'{"a": 1}', b"[" * 9999],
)
def test_what_is_no_recording_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.ami"
    path.write_bytes(content)
    with pytest.raises(Invalid, match=r"odd\.ami"):
        list(read(path))


async def test_what_is_recorded_can_be_explained(tmp_path: Path) -> None:
    async with peer() as found:
        path = tmp_path / "call.ami"
        recording = asyncio.create_task(capture(found.settings(), path, 30))
        await until(lambda: bool(found.asked))
        data = gzip.decompress(path_of("a16-in_answered").read_bytes())
        found.writers[0].write(data.partition(b"\r\n\r\n")[2])
        await until(lambda: path.read_bytes().endswith(data[-50:]))
        found.cut()
        assert await asyncio.gather(recording, return_exceptions=True)
        [call] = explain(path)
        assert (call.answered_by, call.outcome) == ("101", "answered")
        assert call.started_at.timestamp() == pytest.approx(time.time(), abs=60)
        with pytest.raises(Invalid, match=r"call\.ami"):
            await capture(found.settings(), path, 1)
        with pytest.raises(Permanent, match="Authentication failed"):
            await capture(found.settings("wrong"), tmp_path / "other.ami", 5)
    with pytest.raises(Temporary, match="cannot be reached"):
        await capture(found.settings(), tmp_path / "third.ami", 1)
