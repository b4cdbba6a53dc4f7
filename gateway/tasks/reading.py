"""Reads events of calls: what they tell of calls with somebody outside."""

from __future__ import annotations

from datetime import datetime

from gateway.kernel.events import Event
from gateway.tasks.missed_calls import CallFact

KINDS = ("call.missed", "call.answered", "call.changed", "call.ended")
_DIRECTIONS = ("in", "out")


def fact_of(event: Event) -> CallFact | None:
    """Return what an event of a call tells; None of talks inside the company and with colleagues.

    Events that do not say whether they are such are of an older version: they are over.
    """
    told = event.data
    if told.get("private", True) or told["direction"] not in _DIRECTIONS:
        return None
    outgoing = told["direction"] == "out"
    ended_at = told["ended_at"]
    answered = told["outcome"] == "answered"
    extension = told["caller"] if outgoing else told["final_party"] or told["answered_by"]
    rung = any(one["called"] and not one["internal"] for one in told["parties"])
    return CallFact(
        call_id=told["id"],
        outgoing=outgoing,
        number=told["number"],
        at=event.at,
        started_at=datetime.fromisoformat(told["started_at"]),
        ended_at=None if ended_at is None else datetime.fromisoformat(ended_at),
        line=told["did"] or told["pbx"],
        outcome=told["outcome"],
        reason=told["reason"],
        ring_s=told["ring_s"],
        missed=event.kind == "call.missed",
        answered=answered,
        tried=outgoing and rung and ended_at is not None and not answered,
        user_id=told["user_id"],
        extension=extension or "",
        by=extension or "",
    )
