"""Which calls there are, which channels belong to each, and who hears whom in them."""

from __future__ import annotations

from collections import OrderedDict

from drivers.asterisk import transfers
from drivers.asterisk.calls import MAX_LEGS, Call
from drivers.asterisk.channels import Board, Channel, hear, new_channel, refresh, silence, unhold
from drivers.asterisk.dial_strings import endpoints_in
from drivers.asterisk.labels import label
from drivers.asterisk.messages import Message
from gateway.calls.model import CallChange, CallChangeKind

MAX_CHANNELS = 20_000
"""Channels that are held at once; beyond it the oldest call is ended as lost."""
_REMEMBERED = 20_000
_CONFERENCE_S = 1.0
"""Three that hear one another for longer than a transfer takes are a conference."""


class Ledger:
    """Every living call of one telephone system, and its channels."""

    def __init__(self) -> None:
        self.board = Board()
        self.calls: dict[str, Call] = {}
        self.changes: list[CallChange] = []
        """What changed since somebody looked."""
        self._linked: dict[str, str] = {}
        """Linkedid to call."""
        self._shared: dict[str, set[str]] = {}
        """Calls of several customers who were joined, by the one Linkedid that they got."""
        self.dialling: set[str] = set()
        """Channels that execute Dial."""
        self._over: OrderedDict[str, float] = OrderedDict()
        """Channels and calls that ended lately, and when: what comes late makes no new call."""

    def channel(self, event: Message, now: float, prefix: str = "") -> Channel | None:
        """Return the channel an event speaks of, made known if it was not; None if it is over."""
        uid = event.get(f"{prefix}Uniqueid", "")
        if not uid or uid in self._over:
            return None
        channel = self.board.channels.get(uid)
        if channel is None:
            linkedid = event.get(f"{prefix}Linkedid", "")
            if _call_key(linkedid) in self._over and linkedid not in self._linked:
                self.remember(uid, now)
                return None
            return self._adopt(event, now, prefix)
        refresh(channel, event, now, prefix)
        channel.told_at = now
        linkedid = event.get(f"{prefix}Linkedid", "")
        if linkedid and linkedid != channel.linkedid:
            self._relink(channel, linkedid)
        return channel

    def of(self, uid: str) -> Call | None:
        """Return the call that a channel belongs to."""
        channel = self.board.channels.get(uid)
        return None if channel is None else self.calls[channel.call]

    def merge(self, one: Call, other: Call) -> Call:
        """Make two calls one; a customer's call keeps its identity before a call inside."""
        if one is other:
            return one
        if _rank(one) < _rank(other):
            one, other = other, one
        one.absorb(other)
        for linkedid in {leg.linkedid for leg in other.legs.values()} | {other.id} | other.linked:
            self._link(linkedid, one)
        del self.calls[other.id]
        self.changes.append(CallChange(CallChangeKind.MERGED, other.id, one.id))
        return one

    def join(self, calls: list[Call]) -> list[Call]:
        """Make calls that speak with one another one, but each customer's call its own."""
        first, *others = sorted({call.id: call for call in calls}.values(), key=_rank, reverse=True)
        apart = [call for call in others if call.from_outside]
        for call in others:
            if not call.from_outside:
                self.merge(first, call)
        return [first, *apart]

    def put(self, channel: Channel, call: Call) -> None:
        """Make a channel a leg of the call that dialled it, whatever its Linkedid says."""
        mine = self.calls[channel.call]
        if mine is call or channel is mine.root or channel.talks:
            return
        del mine.legs[channel.uid]
        call.add(channel)

    def dials(self, event: Message, now: float) -> None:
        """Take that a channel executes Dial, or something else after it (Newexten)."""
        channel = self.channel(event, now)
        if channel is None:
            return
        self._settle_targets(channel)
        if event.get("Application") == "Dial":
            channel.targets = endpoints_in(event.get("AppData", ""))
            if channel.targets:
                self.dialling.add(channel.uid)

    def _settle_targets(self, channel: Channel) -> None:
        """Note which of the telephones that Dial was to ring never got a channel."""
        call = self.calls[channel.call]
        rung = {leg.endpoint for leg in call.legs.values()}
        missing = [one for one in channel.targets if one not in rung]
        call.offline |= dict.fromkeys(missing[: max(0, MAX_LEGS - len(call.offline))])
        channel.targets = ()
        self.dialling.discard(channel.uid)

    def changed(
        self, call: Call, kind: CallChangeKind = CallChangeKind.CHANGED, who: str = ""
    ) -> None:
        """Tell that a call changed."""
        self.changes.append(CallChange(kind, call.id, who))

    def forgive(self, event: Message, before: float) -> None:
        """Take a channel and its call for living that were thought to be over before then."""
        for key in (event.get("Uniqueid", ""), _call_key(event.get("Linkedid", ""))):
            if self._over.get(key, before) < before:
                del self._over[key]

    def remember(self, uid: str, now: float) -> None:
        """Keep in mind that a channel is over."""
        if uid:
            self._over[uid] = now
            if len(self._over) > _REMEMBERED:
                self._over.popitem(last=False)

    def part(self, channel: Channel, now: float) -> None:
        """Take a channel out of its bridge."""
        others = self.board.heard_by(channel)
        self.board.leave(channel)
        for other in (channel, *others):
            self.meet(other, now)

    def meet(self, channel: Channel, now: float) -> None:
        """Settle who hears whom around a channel."""
        others = self.board.heard_by(channel)
        together = [channel, *others] if channel.real else others
        if len(together) < 2:
            for leg in together:
                silence(leg, now)
                _apart(self.calls[leg.call], now)
                transfers.alone(self.calls[leg.call], leg)
            return
        for leg in together:
            hear(leg, now)
        for call in self.join([self.calls[leg.call] for leg in together]):
            self._heard(call, together, now)

    def finish(self, channel: Channel, now: float, lost: str = "") -> None:
        """End a channel, and its call with its last one."""
        call = self.calls[channel.call]
        others = self.board.heard_by(channel)
        self._close(channel, now)
        for other in others:
            self.meet(other, now)
        transfers.gone(call, channel, now)
        if channel is call.root:
            call.leave_queue(now)
        if not call.alive:
            self.end(call, now, lost)
        elif channel.real:
            self.changed(call)

    def end(self, call: Call, now: float, lost: str) -> None:
        """End a call and what is left of it."""
        for leg in list(call.legs.values()):
            if leg.ended_at is None:
                self._close(leg, now)
        call.leave_queue(now)
        call.ended_at, call.lost = now, lost
        del self.calls[call.id]
        for linkedid in {leg.linkedid for leg in call.legs.values()} | {call.id} | call.linked:
            self._unlink(linkedid, call, now)
        if call.people or call.fax:
            self.changes.append(CallChange(CallChangeKind.ENDED, call.id, "", call.record(now)))

    def _close(self, channel: Channel, now: float) -> None:
        self._settle_targets(channel)
        unhold(channel, now)
        silence(channel, now)
        channel.ended_at = now
        self.board.remove(channel)
        self.remember(channel.uid, now)

    def _adopt(self, event: Message, now: float, prefix: str) -> Channel:
        if len(self.board.channels) >= MAX_CHANNELS:
            oldest = next(iter(self.board.channels.values()))
            self.end(self.calls[oldest.call], now, "too many channels at once")
        channel = new_channel(event, now, prefix)
        channel.linkedid = channel.linkedid or channel.uid
        label(channel)
        self.board.add(channel)
        call = self.calls.get(self._linked.get(channel.linkedid, ""))
        if call is None:
            call = Call(
                id=self._free_id(channel.linkedid), root=channel, started_at=channel.created_at
            )
            call.did = call.wanted = channel.exten if channel.exten != "s" else ""
            self.calls[call.id] = call
            self._link(channel.linkedid, call)
        elif not call.root.real and channel.real and not call.people:
            call.root = channel
        call.add(channel)
        return channel

    def _free_id(self, linkedid: str) -> str:
        """Return an id that no living call has."""
        while linkedid in self.calls:
            linkedid += "+"
        return linkedid

    def _relink(self, channel: Channel, linkedid: str) -> None:
        """Follow a channel into another call."""
        channel.linkedid = linkedid
        other = self.calls.get(self._linked.get(linkedid, ""))
        mine = self.calls[channel.call]
        if other is None:
            self._link(linkedid, mine)
        elif len(together := self.join([mine, other])) > 1:
            self._shared.setdefault(linkedid, set()).update(call.id for call in together)

    def _link(self, linkedid: str, call: Call) -> None:
        self._linked[linkedid] = call.id
        call.linked.add(linkedid)

    def _unlink(self, linkedid: str, call: Call, now: float) -> None:
        """Let go of a Linkedid, to another customer who has it too, if there is one."""
        shared = self._shared.get(linkedid, set())
        shared.discard(call.id)
        heirs = [self.calls[one] for one in shared if one in self.calls]
        if heirs:
            self._link(linkedid, heirs[0])
            return
        self._shared.pop(linkedid, None)
        if self._linked.get(linkedid) == call.id:
            del self._linked[linkedid]
        if linkedid not in self._linked:
            self.remember(_call_key(linkedid), now)

    def _heard(self, call: Call, together: list[Channel], now: float) -> None:
        if call.customer is None or call.customer.ended_at is None:
            call.hung_up_by = ""
        if call.click and call.root not in together and not call.root.talks:
            call.root = next((leg for leg in together if leg.internal), call.root)
        if len(together) < 3:
            _apart(call, now)
        elif call.three_since is None:
            call.three_since = now
        if call.answered_by is None and call.root in together and call.root.real:
            self._answered(call, together, now)
        _note_who_speaks(call, together)
        transfers.joined(call, together)
        now_together = {leg.uid for leg in together}
        if now_together != call.together:
            call.together = now_together
            self.changed(call)

    def _answered(self, call: Call, together: list[Channel], now: float) -> None:
        others = [leg for leg in together if leg is not call.root]
        call.answered_by = next((leg for leg in others if leg.called), others[0])
        call.answered_at = now
        self.changed(call, CallChangeKind.ANSWERED, call.answered_by.party)


def _note_who_speaks(call: Call, together: list[Channel]) -> None:
    """Note whom the customer speaks with now: he is not parked, and this is who had him last."""
    customer = call.customer
    if customer in together:
        call.parked = ""
    if customer is None or customer in together:
        pivot = customer or call.root
        others = [leg for leg in together if leg is not pivot]
        if call.last_with not in {leg.party for leg in others}:
            call.last_with = max(others, key=lambda leg: leg.talks[-1][0]).party


def _call_key(linkedid: str) -> str:
    return f"call {linkedid}"


def _rank(call: Call) -> tuple[bool, float]:
    return call.from_outside, -call.started_at


def _apart(call: Call, now: float) -> None:
    """Note that no three hear one another any more."""
    if call.three_since is not None:
        call.conference = call.conference or now - call.three_since > _CONFERENCE_S
        call.three_since = None
