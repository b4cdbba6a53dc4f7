"""Events in, calls out: what Asterisk tells of channels becomes what people know as a call.

Pure: no I/O and no clock; each event comes with its time in seconds. A call is all channels with
one Linkedid, and what is joined to them later. It lives until its last channel ended; events may be
lost, doubled or swapped. Asterisk's own Cdr is not used: after a transfer, a queue or a menu it is
not true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from drivers.asterisk import applications, snapshot, transfers
from drivers.asterisk.calls import Call
from drivers.asterisk.channels import Board, Channel, rename, unhold
from drivers.asterisk.labels import identify, label
from drivers.asterisk.ledger import Ledger
from drivers.asterisk.messages import Message
from drivers.asterisk.snapshot import Snapshot
from gateway.calls.model import CallChange, CallChangeKind, CallRecord


class Tracker:
    """Follows every call of one telephone system."""

    def __init__(self) -> None:
        self._ledger = Ledger()
        self._lost_at: float | None = None
        self._heard_at = 0.0
        """When an event that matters was last told."""
        self._handlers: Final[Mapping[str, Callable[[Message, float], None]]] = {
            "Newchannel": self._seen,
            "Newstate": self._seen,
            "NewConnectedLine": self._seen,
            "NewCallerid": self._identified,
            "Rename": self._rename,
            "HangupRequest": self._hangup_request,
            "Hangup": self._hangup,
            "DialBegin": self._dial_begin,
            "DialEnd": self._dial_end,
            "DialState": self._dial_state,
            "OriginateResponse": self._originate_response,
            "BridgeEnter": self._bridge_enter,
            "BridgeLeave": self._bridge_leave,
            "BridgeMerge": self._bridge_merge,
            "LocalBridge": self._local_bridge,
            "Pickup": self._pickup,
            "BlindTransfer": self._blind_transfer,
            "AttendedTransfer": self._attended_transfer,
            "ParkedCall": self._parked,
            "ParkedCallSwap": self._parked,
            "ParkedCallTimeOut": self._left_car_park,
            "ParkedCallGiveUp": self._left_car_park,
            "UnParkedCall": self._retrieved,
            "Hold": self._hold,
            "Unhold": self._unhold,
            "QueueCallerJoin": self._queue_join,
            "QueueCallerLeave": self._queue_leave,
            "QueueCallerAbandon": self._queue_abandon,
            "AgentConnect": self._queue_leave,
            "DTMFEnd": self._digit,
            "VarSet": self._variable,
            "MixMonitorStart": self._recording,
            "Newexten": self._application,
            "ReceiveFAX": self._fax,
            "SendFAX": self._fax,
            "FullyBooted": self._booted,
        }
        self.names: Final = frozenset(name.encode() for name in self._handlers)
        """Events that matter; all others need not be parsed."""

    @property
    def calls(self) -> Mapping[str, Call]:
        """Calls that live now, by id."""
        return self._ledger.calls

    @property
    def channels(self) -> int:
        """How many channels live now."""
        return len(self._ledger.board.channels)

    def knows(self, uid: str) -> bool:
        """Tell whether a channel lives, as far as we know."""
        return uid in self._ledger.board.channels

    def heard_by(self, channel: Channel) -> list[Channel]:
        """Return who speaks with a channel now."""
        return self._ledger.board.heard_by(channel)

    def feed(self, event: Message, now: float) -> list[CallChange]:
        """Take one event; return what it changed."""
        handler = self._handlers.get(event.get("Event", ""))
        if handler is None:
            return []
        handler(event, now)
        self._heard_at = now
        return self._taken()

    def lose(self, now: float) -> None:
        """Note that the connection is lost: what ends before the next snapshot ends unseen."""
        if self._lost_at is None:
            self._lost_at = now

    def end_here(self, call_id: str, times: int = 1) -> None:
        """Note that somebody ends a call from the screen; -1: that it was refused."""
        call = self._ledger.calls.get(call_id)
        if call is not None:
            call.ended_here += times

    def record(self, call_id: str, now: float) -> CallRecord | None:
        """Return a living call as people read it."""
        call = self._ledger.calls.get(call_id)
        return None if call is None else call.record(now)

    def close(self, now: float, why: str) -> list[CallChange]:
        """End every call: the telephone system is gone, or its recording is at its end."""
        for call in list(self._ledger.calls.values()):
            self._ledger.end(call, now, why)
        self._ledger.board = Board()
        return self._taken()

    def reconcile(self, taken: Snapshot, now: float, asked_at: float) -> list[CallChange]:
        """Take a snapshot: what it lacks has ended."""
        lost_at, self._lost_at = self._lost_at, None
        snapshot.reconcile(self._ledger, taken, now, asked_at, now if lost_at is None else lost_at)
        return self._taken()

    def _taken(self) -> list[CallChange]:
        changes, self._ledger.changes = self._ledger.changes, []
        return changes

    # channels

    def _seen(self, event: Message, now: float) -> None:
        self._ledger.channel(event, now)

    def _identified(self, event: Message, now: float) -> None:
        channel = self._ledger.channel(event, now)
        if channel is not None:
            identify(channel, event)

    def _rename(self, event: Message, now: float) -> None:
        channel = self._ledger.channel(event, now)
        if channel is not None and event.get("Newname"):
            rename(channel, event["Newname"])
            self._ledger.board.names[channel.name] = channel.uid

    def _hangup_request(self, event: Message, now: float) -> None:
        channel = self._ledger.channel(event, now)
        if channel is not None and channel.real:
            channel.asked_to_end = True
            call = self._ledger.calls[channel.call]
            if not call.hung_up_by and (channel.bridge or channel is call.root):
                call.hung_up_by = channel.party or "caller"

    def _hangup(self, event: Message, now: float) -> None:
        channel = self._ledger.board.channels.get(event.get("Uniqueid", ""))
        if channel is None:
            self._ledger.remember(event.get("Uniqueid", ""), now)
            return
        cause = event.get("Cause", "")
        channel.cause = int(cause) if cause.isdecimal() and len(cause) < 4 else 0
        self._ledger.finish(channel, now)

    def _booted(self, event: Message, now: float) -> None:
        """End calls that are older than the telephone system's last start."""
        uptime = event.get("Uptime", "")
        if not uptime.isdecimal():
            return
        started = now - int(uptime[:12])
        gone_at = max(self._heard_at, started) if self._lost_at is None else self._lost_at
        for call in [call for call in self._ledger.calls.values() if call.started_at < started - 2]:
            self._ledger.end(call, min(now, gone_at), "the telephone system was restarted")

    # dials

    def _dial_begin(self, event: Message, now: float) -> None:
        dialler = self._ledger.channel(event, now)
        channel = self._ledger.channel(event, now, "Dest")
        if channel is None:
            return
        call = self._ledger.calls[channel.call]
        channel.called, channel.dialled_at = True, now
        label(channel, event.get("DialString", ""))
        if dialler is not None:
            dialler.place = dialler.exten
            identify(dialler, event)
            self._ledger.put(channel, self._ledger.calls[dialler.call])
            call = self._ledger.calls[channel.call]
            if dialler is call.root:
                call.wanted, call.cancelled = call.wanted or dialler.exten, False
                call.gave_up = False
        elif not event.get("Uniqueid") and len(call.people) <= 1:
            call.click = True
        if not channel.real:
            return
        if call.ringing_from is None and not (call.click and channel is call.root):
            call.ringing_from = now
        self._ledger.changed(call, CallChangeKind.RINGING, channel.party)

    def _dial_end(self, event: Message, now: float) -> None:
        dialler = self._ledger.channel(event, now)
        channel = self._ledger.channel(event, now, "Dest")
        status = event.get("DialStatus", "")
        if channel is not None:
            channel.dial_status = channel.dial_status or status
            if event.get("Forward"):
                call, channel.forwarded = self._ledger.calls[channel.call], True
                transfers.forwarded(call, channel, event["Forward"], now)
                self._ledger.changed(call)
                return
        if dialler is None or status != "CANCEL" or not dialler.real:
            return
        call = self._ledger.calls[dialler.call]
        call.cancelled = call.cancelled or dialler is call.root
        rung = (channel.party or channel.endpoint.partition("@")[0]) if channel is not None else ""
        if not self._ledger.board.heard_by(dialler) and transfers.redirected(
            call, dialler, rung, now
        ):
            self._ledger.changed(call)

    def _dial_state(self, event: Message, now: float) -> None:
        """Take that a telephone makes itself heard before it is picked up (SIP's 183)."""
        channel = self._ledger.channel(event, now, "Dest")
        if channel is not None and event.get("DialStatus") == "PROGRESS":
            channel.rang_at = channel.rang_at if channel.rang_at is not None else now

    def _originate_response(self, event: Message, _now: float) -> None:
        """Take whom a click-to-call wanted, where the agent never answered."""
        name, number = event.get("Channel", ""), event.get("CallerIDNum", "")
        dialled = event.get("Exten", "")
        for call in self._ledger.calls.values():
            if call.click and not call.wanted and f"{call.root.name}-".startswith(f"{name}-"):
                call.wanted = number if number and dialled.endswith(number) else dialled

    # bridges

    def _bridge_enter(self, event: Message, now: float) -> None:
        channel = self._ledger.channel(event, now)
        bridge = event.get("BridgeUniqueid", "")
        if channel is None or not bridge:
            return
        board = self._ledger.board
        swapped = board.channels.get(event.get("SwapUniqueid", ""))
        if swapped is not None and swapped is not channel:
            self._ledger.part(swapped, now)
        if event.get("BridgeTechnology") == "holding_bridge":
            self._ledger.part(channel, now)
            return
        if channel.bridge != bridge:
            board.leave(channel)
        channel.place = channel.exten
        board.enter(channel, bridge)
        call = self._ledger.calls[channel.call]
        stays = swapped is not None and not swapped.real  # a Local channel stepped aside
        if channel.home and channel.home != bridge and channel.real and not stays:
            transfers.asks(call, channel, channel.home, board)
            transfers.returns(call, channel, board, now)
        self._ledger.meet(channel, now)

    def _bridge_leave(self, event: Message, now: float) -> None:
        channel = self._ledger.channel(event, now)
        if channel is None or channel.bridge != event.get("BridgeUniqueid"):
            return
        before = self._ledger.board.heard_by(channel)
        self._ledger.part(channel, now)
        call = self._ledger.calls[channel.call]
        source = before[0].party if before else ""
        if channel.real and transfers.redirected(call, channel, source, now):
            self._ledger.changed(call)

    def _bridge_merge(self, event: Message, now: float) -> None:
        board = self._ledger.board
        target = event.get("ToBridgeUniqueid", "")
        source = event.get("FromBridgeUniqueid", "")
        moved = [board.channels[uid] for uid in board.bridges.get(source, ())]
        if not moved or not target or target == source:
            return
        for channel in moved:
            channel.told_at = now
            board.enter(channel, target)
        self._ledger.meet(moved[0], now)

    def _local_bridge(self, event: Message, now: float) -> None:
        one = self._ledger.channel(event, now, "LocalOne")
        two = self._ledger.channel(event, now, "LocalTwo")
        if one is not None and two is not None and one is not two:
            self._ledger.board.pair(one.uid, two.uid)

    # transfers

    def _pickup(self, event: Message, now: float) -> None:
        channel = self._ledger.channel(event, now)
        target = self._ledger.of(event.get("TargetUniqueid", ""))
        if channel is not None and target is not None:
            channel.called = True
            self._ledger.merge(target, self._ledger.calls[channel.call])

    def _blind_transfer(self, event: Message, now: float) -> None:
        for key in ("TransfereeUniqueid", "TransfererUniqueid"):
            call = self._ledger.of(event.get(key, ""))
            if call is not None:
                transfers.blind(call, event, now)
                self._ledger.changed(call)
                return

    def _attended_transfer(self, event: Message, now: float) -> None:
        keys = ("TransfereeUniqueid", "OrigTransfererUniqueid", "TransferTargetUniqueid")
        found = [self._ledger.of(event.get(key, "")) for key in keys]
        known = [call for call in found if call is not None]
        if not known:
            return
        for call in self._ledger.join(known):
            transfers.attended(call, event, self._ledger.board, now)
            self._ledger.changed(call)
        moved = self._ledger.board.channels.get(event.get("TransfereeUniqueid", ""))
        if moved is not None:
            self._ledger.meet(moved, now)

    def _parked(self, event: Message, now: float) -> None:
        channel = self._ledger.channel(event, now, "Parkee")
        if channel is not None:
            call = self._ledger.calls[channel.call]
            call.waits_told_at = now
            transfers.parked(call, event, now)
            self._ledger.changed(call)

    def _left_car_park(self, event: Message, now: float) -> None:
        channel = self._ledger.channel(event, now, "Parkee")
        if channel is not None:
            call = self._ledger.calls[channel.call]
            call.parked, call.waits_told_at = "", now
            self._ledger.changed(call)

    def _retrieved(self, event: Message, now: float) -> None:
        parkee = self._ledger.channel(event, now, "Parkee")
        retriever = self._ledger.channel(event, now, "Retriever")
        if parkee is None or retriever is None:
            return
        call = self._ledger.merge(
            self._ledger.calls[parkee.call], self._ledger.calls[retriever.call]
        )
        call.waits_told_at = now
        transfers.retrieved(call, retriever)
        self._ledger.changed(call)

    def _hold(self, event: Message, now: float) -> None:
        channel = self._ledger.channel(event, now)
        if channel is not None and channel.held_at is None:
            channel.held_at = now
            self._ledger.changed(self._ledger.calls[channel.call])

    def _unhold(self, event: Message, now: float) -> None:
        channel = self._ledger.channel(event, now)
        if channel is not None and channel.held_at is not None:
            unhold(channel, now)
            self._ledger.changed(self._ledger.calls[channel.call])

    def _queue_join(self, event: Message, now: float) -> None:
        channel = self._ledger.channel(event, now)
        if channel is not None:
            call = self._ledger.calls[channel.call]
            call.queue, call.queued_at = event.get("Queue", ""), now
            call.gave_up, call.waits_told_at = False, now
            self._ledger.changed(call)

    def _queue_leave(self, event: Message, now: float) -> None:
        channel = self._ledger.channel(event, now)
        if channel is not None:
            call = self._ledger.calls[channel.call]
            call.waits_told_at = now
            call.leave_queue(now)

    def _queue_abandon(self, event: Message, now: float) -> None:
        channel = self._ledger.channel(event, now)
        if channel is not None:
            call = self._ledger.calls[channel.call]
            call.gave_up, call.waits_told_at = True, now
            call.leave_queue(now)

    def _digit(self, event: Message, now: float) -> None:
        channel = self._ledger.channel(event, now)
        if channel is None or event.get("Direction", "Received") != "Received":
            return
        call = self._ledger.calls[channel.call]
        if channel is call.root and not channel.bridge:
            call.press(event.get("Digit", "")[:1])

    def _variable(self, event: Message, now: float) -> None:
        applications.variable(self._ledger, event, now)

    def _recording(self, event: Message, now: float) -> None:
        applications.records(self._ledger, event, now)

    def _application(self, event: Message, now: float) -> None:
        applications.executed(self._ledger, event, now)

    def _fax(self, event: Message, now: float) -> None:
        applications.faxes(self._ledger, event, now)
