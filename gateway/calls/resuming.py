"""A call that was taken up in the middle, told with what was known of it before (pure).

After a restart of ours the telephone system shows who speaks now, and not how they came together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.calls.model import CallOutcome, CallState, Doing

Told = Mapping[str, Any]
"""A call as `telling.describe_call` writes it."""
_SPEAKING = frozenset({CallState.TALKING.value, CallState.HELD.value})
_TAKEN = frozenset({CallOutcome.ANSWERED.value, CallOutcome.FAX.value})
_FIRST = (
    "direction", "caller", "caller_name", "did", "callee", "answered_by", "queue", "digits",
    "recording", "click_to_call", "conference",
)  # fmt: skip
"""What the beginning of a call knows better than its middle."""


def gap_s(before: Told, now: Told, seconds: float) -> float:
    """Return for how long they spoke unseen: all the time, where they did before and do again."""
    return max(0.0, seconds) if {before["state"], now["state"]} <= _SPEAKING else 0.0


def resume(before: Told, now: Told, unseen_s: float) -> dict[str, Any]:
    """Return a call as it is now, completed by what was written of it before."""
    told = {**now, **{name: before[name] or now[name] for name in _FIRST}}
    told["started_at"] = min(before["started_at"], now["started_at"])
    told["final_party"] = now["final_party"] or before["final_party"]
    told["talk_s"] = round(before["talk_s"] + unseen_s + now["talk_s"], 3)
    for name in ("ring_s", "wait_s"):
        told[name] = max(before[name], now[name])
    told["transfers"] = _transfers(before, now)
    told["parties"] = _parties(before, now, unseen_s)
    if before["outcome"] in _TAKEN and before["answered_by"]:
        told["outcome"], told["missed"] = before["outcome"], False
        told["reason"] = "" if now["outcome"] not in _TAKEN else now["reason"]
    return told


def _transfers(before: Told, now: Told) -> list[dict[str, Any]]:
    known = [dict(one) for one in before["transfers"]]
    if known and not known[-1]["answered"] and now["final_party"] == known[-1]["to"]:
        known[-1]["answered"] = True
    seen = {(one["kind"], one["to"]) for one in known}
    return known + [dict(one) for one in now["transfers"] if (one["kind"], one["to"]) not in seen]


def _parties(before: Told, now: Told, unseen_s: float) -> list[dict[str, Any]]:
    """Return each one's part, of who is in both the sum of it."""
    again = {one["party"]: one for one in now["parties"]}
    known = {one["party"]: one for one in before["parties"]}
    found = [{**one, "doing": Doing.GONE.value} if name not in again
             else _sum(one, again[name], unseen_s) for name, one in known.items()]  # fmt: skip
    return found + [one for name, one in again.items() if name not in known]


def _sum(before: Told, now: Told, unseen_s: float) -> dict[str, Any]:
    spoke = before["outcome"] == CallOutcome.ANSWERED and now["talk_s"] > 0
    return {
        **now,
        "called": before["called"],
        "internal": before["internal"],
        "outcome": before["outcome"] if before["outcome"] in _TAKEN else now["outcome"],
        "ring_s": max(before["ring_s"], now["ring_s"]),
        "talk_s": round(before["talk_s"] + now["talk_s"] + (unseen_s if spoke else 0.0), 3),
        "hold_s": round(before["hold_s"] + now["hold_s"], 3),
    }
