"""All that lives on a telephone system at one moment, and what follows from it (pure).

It is asked for at connect, after every gap and from time to time: what was missed heals.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from drivers.asterisk import transfers
from drivers.asterisk.calls import Call
from drivers.asterisk.ledger import Ledger
from drivers.asterisk.messages import Message
from gateway.calls.model import CallChangeKind

_OUTGOING = frozenset({"AppDial", "AppDial2", "AppQueue"})
"""Applications of channels that were dialled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Events of the lists that were asked for; None where we may not ask, or there is no such."""

    channels: Sequence[Message]
    """CoreShowChannel."""
    bridges: Sequence[Message] | None = None
    """BridgeListItem."""
    parked: Sequence[Message] | None = None
    """ParkedCall."""
    queues: Sequence[Message] | None = None
    """QueueEntry, and of no concern here QueueParams and QueueMember."""
    devices: Sequence[Message] | None = None
    """DeviceStateChange."""


def reconcile(ledger: Ledger, taken: Snapshot, now: float, asked_at: float, lost_at: float) -> None:
    """Bring calls in line with a snapshot.

    What events told after it was asked for is left as it is: they know better. What ended unseen
    ended when the connection was lost: nothing is counted that was not seen.
    """
    shown = {event.get("Uniqueid", ""): event for event in taken.channels}
    board = ledger.board
    for uid in [uid for uid in board.channels if uid not in shown]:
        channel = board.channels.get(uid)
        if channel is not None and channel.seen_at < asked_at:
            ledger.finish(channel, min(now, lost_at), "its end was not seen")
    holding, known = _holding(taken), set(ledger.calls)
    for event in sorted(shown.values(), key=_not_the_first):
        ledger.forgive(event, asked_at)
        _place(ledger, event, now, asked_at, holding)
    for channel in list(board.channels.values()):
        ledger.meet(channel, now)
    for call in ledger.calls.values():
        call.adopted = call.adopted or call.id not in known
        waited = (call.queue, call.queued_at, call.parked)
        _settle_queue(call, taken.queues, now, asked_at)
        _settle_space(call, taken.parked, now, asked_at)
        if call.id not in known or waited != (call.queue, call.queued_at, call.parked):
            _tell(ledger, call)


def _not_the_first(event: Message) -> bool:
    """Sort the channel that made a call before those that were rung for it."""
    return event.get("Uniqueid") != event.get("Linkedid")


def _holding(taken: Snapshot) -> frozenset[str]:
    """Return the bridges in which nobody hears anybody: car parks and waiting rooms."""
    parked = {one.get("ParkeeUniqueid", "") for one in taken.parked or ()}
    car_parks = {one.get("BridgeId", "") for one in taken.channels if one.get("Uniqueid") in parked}
    return frozenset(car_parks) | {
        bridge.get("BridgeUniqueid", "")
        for bridge in taken.bridges or ()
        if bridge.get("BridgeTechnology") == "holding_bridge"
    }


def _place(
    ledger: Ledger, event: Message, now: float, asked_at: float, holding: Collection[str]
) -> None:
    """Put a channel that a snapshot shows where it is."""
    known = ledger.board.channels.get(event.get("Uniqueid", ""))
    told_at = known.told_at if known is not None else 0.0
    if known is not None and told_at >= asked_at:
        return
    channel = ledger.channel(event, now)
    if channel is None:
        return
    channel.told_at = told_at
    if channel.place is not None:
        channel.place = channel.exten
    channel.called = channel.called or event.get("Application") in _OUTGOING
    bridge = event.get("BridgeId", "")
    bridge = "" if bridge in holding else bridge
    if bridge != channel.bridge:
        ledger.board.leave(channel)
        if bridge:
            ledger.board.enter(channel, bridge)


def _tell(ledger: Ledger, call: Call) -> None:
    """Tell of a call that is new or waits otherwise, and who is rung in it."""
    ringing = [leg for leg in call.people if leg.called and leg.state == "Ringing"]
    for leg in ringing:
        ledger.changed(call, CallChangeKind.RINGING, leg.party)
    if not ringing:
        ledger.changed(call)


def _settle_queue(
    call: Call, queues: Sequence[Message] | None, now: float, asked_at: float
) -> None:
    """Note that a caller waits in a queue, or does not any more."""
    if queues is None or call.waits_told_at >= asked_at:
        return
    mine = [one for one in queues if one.get("Event") == "QueueEntry"]
    entry = next((one for one in mine if one.get("Uniqueid") == call.root.uid), None)
    if entry is None:
        if call.queued_at is not None and call.queued_at < asked_at:
            call.leave_queue(now)
    elif call.queued_at is None:
        waited = entry.get("Wait", "")[:9]
        call.queue = entry.get("Queue", "")
        call.queued_at = now - (int(waited) if waited.isdecimal() else 0)


def _settle_space(
    call: Call, parked: Sequence[Message] | None, now: float, asked_at: float
) -> None:
    """Note that somebody is parked, or is not any more."""
    if parked is None or call.waits_told_at >= asked_at:
        return
    space = next((one for one in parked if one.get("ParkeeUniqueid", "") in call.legs), None)
    if space is None:
        if call.parked and all(passing.at < asked_at for passing in call.passings):
            call.parked = ""
    elif not call.parked:
        transfers.parked(call, space, now)
