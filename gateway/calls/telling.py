"""A call as JSON: the one shape that the API, webhooks and `santral pbx explain` give."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gateway.calls.model import CallRecord, Dial, Party, Transfer
from gateway.kernel.events import Event, audience_of


def describe_call(call: CallRecord) -> dict[str, Any]:
    """Return a call as JSON-ready values; times are ISO 8601 in UTC, spans are seconds."""
    return {
        "id": call.id,
        "state": call.state.value,
        "direction": call.direction.value,
        "caller": call.caller,
        "caller_name": call.caller_name,
        "did": call.did,
        "callee": call.callee,
        "started_at": call.started_at.isoformat(),
        "ended_at": None if call.ended_at is None else call.ended_at.isoformat(),
        "answered_by": call.answered_by,
        "final_party": call.final_party,
        "outcome": call.outcome.value,
        "reason": call.reason,
        "missed": call.missed,
        "transfers": [_transfer(one) for one in call.transfers],
        "ring_s": call.ring_s,
        "talk_s": call.talk_s,
        "wait_s": call.wait_s,
        "queue": call.queue,
        "digits": call.digits,
        "hangup_cause": call.hangup_cause,
        "hung_up_by": call.hung_up_by,
        "click_to_call": call.click_to_call,
        "conference": call.conference,
        "recording": call.recording,
        "asks": call.asks,
        "parties": [_party(one) for one in call.parties],
    }


def recording_url(call_id: str) -> str:
    """Return where a call's recording is heard."""
    return f"/api/v1/calls/{call_id}/recording"


def recorded_event(call: Any, audience: str, at: datetime) -> Event:
    """Return the fact that a call, given by its row, can be heard now."""
    data = {"id": call.id, "pbx": call.pbx, "recording_url": recording_url(call.id)}
    return Event(kind="call.recorded", subject=call.id, at=at, audience=audience, data=data)


def describe_dial(dial: Dial) -> dict[str, Any]:
    """Return a dial as JSON-ready values."""
    return {
        "id": dial.id,
        "pbx": dial.pbx,
        "user_id": dial.user_id,
        "extension": dial.extension,
        "number": dial.number,
        "dialled": dial.dialled,
        "state": dial.state.value,
        "reason": dial.reason,
        "asked_at": dial.asked_at.isoformat(),
        "settled_at": None if dial.settled_at is None else dial.settled_at.isoformat(),
        "call_id": dial.call_id,
    }


def dial_event(dial: Dial, at: datetime) -> Event:
    """Return the fact that a dial is what it is now."""
    return Event(
        kind=f"dial.{dial.state.value}", subject=dial.id, at=at,
        audience=audience_of(dial.user_id), data=describe_dial(dial),
    )  # fmt: skip


def _transfer(one: Transfer) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "from": one.from_party,
        "to": one.to_party,
        "answered": one.answered,
        "cancelled": one.cancelled,
    }


def _party(one: Party) -> dict[str, Any]:
    return {
        "party": one.party,
        "internal": one.internal,
        "called": one.called,
        "outcome": one.outcome.value,
        "ring_s": one.ring_s,
        "talk_s": one.talk_s,
        "hold_s": one.hold_s,
        "hangup_cause": one.hangup_cause,
        "doing": one.doing.value,
    }
