"""How a call is passed on, as Asterisk's events tell it, and where they do not.

Blind and attended transfers, parking and pickup have events of their own. An AMI Redirect has none:
it is seen by a channel that leaves its bridge, or whose ringing ends, at another place in the
dialplan than it was in. A consultation that is taken back has none either: it is seen by who leaves
a customer waiting in a bridge, speaks through a Local channel, and returns.
"""

from __future__ import annotations

from drivers.asterisk.calls import Call, Consultation, Passing
from drivers.asterisk.channels import Board, Channel
from drivers.asterisk.dial_strings import number_in, same_number, short
from drivers.asterisk.messages import Message
from gateway.calls.model import TransferKind

_ENDS = frozenset({"", "h", "t", "T", "i", "e"})
"""Extensions that the dialplan itself enters at a call's end or at an error."""


def blind(call: Call, event: Message, now: float) -> None:
    """Note a BlindTransfer event."""
    if event.get("Result", "Success") != "Success":
        return
    source = call.legs.get(event.get("TransfererUniqueid", ""))
    passing = Passing(
        TransferKind.BLIND,
        source.party if source else "",
        event.get("Extension", ""),
        moved=event.get("TransfereeUniqueid", ""),
    )
    last = call.passings[-1] if call.passings else None
    if last is not None and last.told_early(passing, now):
        last.source = passing.source
        last.kind = passing.kind if last.kind is TransferKind.REDIRECT else last.kind
    else:
        call.pass_on(passing, now)


def attended(call: Call, event: Message, board: Board, now: float) -> None:
    """Note an AttendedTransfer event in a call that it joins with another, or ends in it."""
    transferers = [event.get(f"{one}TransfererUniqueid", "") for one in ("Orig", "Second")]
    asked = [call.consultations.pop(uid, None) for uid in transferers]
    if event.get("Result", "Success") != "Success":
        for consultation in filter(None, asked):
            _give_up(call, consultation, now)
        return
    if event.get("DestType") == "Threeway":
        call.conference = True
        return
    source = next((call.legs[uid] for uid in transferers if uid in call.legs), None)
    moved = event.get("TransfereeUniqueid", "")
    target = _target(event, board) or (asked[0].target if asked[0] else "")
    asked_uid = event.get("TransferTargetUniqueid", "")
    if asked_uid == call.root.uid or (moved not in call.legs and asked_uid in call.legs):
        # who was asked made this call: it is he who is joined with somebody else now
        moved, other = asked_uid, board.channels.get(moved)
        target = other.party if other else ""
    passing = Passing(TransferKind.ATTENDED, source.party if source else "", target, moved=moved)
    call.pass_on(passing, now)


def redirected(call: Call, channel: Channel, source: str, now: float) -> bool:
    """Note that a program sent a channel elsewhere, where its place in the dialplan says so."""
    if channel.place is None or channel.exten == channel.place or channel.exten in _ENDS:
        return False
    channel.place = channel.exten
    last = call.passings[-1] if call.passings else None
    if channel.asked_to_end or (last and last.open and last.moved in {"", channel.uid}):
        return False
    call.pass_on(Passing(TransferKind.REDIRECT, source, channel.exten, moved=channel.uid), now)
    return True


def parked(call: Call, event: Message, now: float) -> None:
    """Note a ParkedCall event; a blind transfer into the car park was its beginning."""
    endpoint = event.get("ParkerDialString", "").rpartition("/")[2]
    last = call.passings[-1] if call.passings else None
    moved = event.get("ParkeeUniqueid", "")
    call.parked = event.get("ParkingSpace", "")
    if last is not None and last.kind is TransferKind.BLIND and last.open and last.moved == moved:
        last.kind, last.target = TransferKind.PARK, call.parked
        return
    source = endpoint if short(endpoint) or not call.last_with else call.last_with
    call.pass_on(Passing(TransferKind.PARK, source, call.parked, moved=moved), now)


def retrieved(call: Call, retriever: Channel) -> None:
    """Note who took a parked call back (UnParkedCall)."""
    last = call.passings[-1] if call.passings else None
    call.parked = ""
    retriever.called = True
    if last is not None and last.kind is TransferKind.PARK:
        last.target = retriever.party


def forwarded(call: Call, channel: Channel, target: str, now: float) -> None:
    """Note that a called telephone sent the call on (DialEnd's Forward)."""
    call.pass_on(
        Passing(TransferKind.FORWARD, channel.party, number_in(target), moved=call.root.uid),
        now,
    )


def asks(call: Call, channel: Channel, home: str, board: Board) -> None:
    """Note that a telephone left `home`, where the customer waits, for a Local channel."""
    waiting = board.bridges.get(home)
    if not waiting or channel.uid in call.consultations:
        return
    for uid in board.bridges.get(channel.bridge, ()):
        other = board.channels[uid]
        if other.half == ";1":
            target = other.endpoint.partition("@")[0]
            call.consultations[channel.uid] = Consultation(channel.uid, home, target, uid)


def returns(call: Call, channel: Channel, board: Board, now: float) -> None:
    """Note that a telephone is back with the customer: it took the transfer back.

    Unless it brought along whom it asked: then all three speak together.
    """
    consultation = call.consultations.get(channel.uid)
    if consultation is None or channel.bridge != consultation.home:
        return
    del call.consultations[channel.uid]
    if consultation.local in board.bridges.get(channel.bridge, ()):
        return
    _give_up(call, consultation, now)


def _give_up(call: Call, consultation: Consultation, now: float) -> None:
    """Note that somebody was asked, and the customer not passed on to him."""
    source = call.legs.get(consultation.source)
    asked = any(leg.talks and leg.party == consultation.target for leg in call.people)
    call.pass_on(
        Passing(
            TransferKind.ATTENDED, source.party if source else "", consultation.target,
            answered=asked, cancelled=True, open=False,
        ),
        now,
    )  # fmt: skip


def gone(call: Call, channel: Channel, now: float) -> None:
    """Note that a telephone hung up: what it asked about is now a transfer."""
    customer = call.customer
    if channel is customer:  # he did not wait until who asks was done
        for one in call.consultations.values():
            _give_up(call, one, now)
        call.consultations.clear()
    consultation = call.consultations.pop(channel.uid, None)
    if consultation is not None:
        call.pass_on(
            Passing(
                TransferKind.ATTENDED, channel.party, consultation.target,
                moved=customer.uid if customer else "",
            ),
            now,
        )  # fmt: skip
    for passing in call.passings:
        if passing.moved == channel.uid:
            passing.open = False


def joined(call: Call, together: list[Channel]) -> None:
    """Settle open transfers by who speaks with whom now."""
    for passing in call.passings:
        moved = [leg for leg in together if leg.uid == passing.moved]
        if not passing.open or not moved:
            continue
        others = [leg for leg in together if leg is not moved[0]]
        if passing.kind is TransferKind.FORWARD:
            others = [leg for leg in others if same_number(leg.party, passing.target)]
        if any(leg.party != passing.source for leg in others):
            passing.answered = True
        elif others and passing.parted:
            passing.cancelled = True
        else:
            continue
        passing.open = False


def alone(call: Call, channel: Channel) -> None:
    """Note that nobody speaks with a channel now."""
    for passing in call.passings:
        passing.parted = passing.parted or passing.moved == channel.uid


def _target(event: Message, board: Board) -> str:
    """Return who is at the other end of an attended transfer."""
    target = board.channels.get(event.get("TransferTargetUniqueid", ""))
    if target is not None and target.real:
        return target.party
    name = event.get("TransferTargetChannel", "")
    if name.startswith("Local/"):
        return name[6:].partition("@")[0]
    return event.get("SecondTransfererExten", "") or event.get("DestApp", "")
