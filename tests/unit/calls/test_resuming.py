"""A call taken up in the middle, completed by what was written of it before."""

from __future__ import annotations

from typing import Any

from gateway.calls.resuming import resume


def told(**parties: str) -> dict[str, Any]:
    """Return a call in which our people do something."""
    return {
        "state": "ringing", "started_at": "2026-03-01T10:00:00+00:00", "ended_at": None,
        "outcome": "no_answer", "reason": "", "missed": False, "answered_by": None,
        "final_party": None, "transfers": [], "ring_s": 0.0, "talk_s": 0.0, "wait_s": 0.0,
        "caller": "905321234567", "caller_name": "", "did": "", "callee": "", "direction": "in",
        "click_to_call": False, "recording": "", "conference": False, "queue": "", "digits": "",
        "parties": [
            {"party": name, "internal": True, "called": True, "outcome": "no_answer",
             "ring_s": 1.0, "talk_s": 0.0, "hold_s": 0.0, "hangup_cause": 0, "doing": doing}
            for name, doing in parties.items()
        ],
    }  # fmt: skip


def test_whose_telephone_rang_before_and_is_not_in_it_any_more_rings_no_more() -> None:
    before = told(**{"101": "ringing", "102": "ringing"})
    found = resume(before, told(**{"102": "talking"}), 0.0)
    doing = {one["party"]: one["doing"] for one in found["parties"]}
    assert doing == {"101": "gone", "102": "talking"}
