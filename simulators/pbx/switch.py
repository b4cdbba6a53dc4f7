"""The switch: makes channels, bridges them, ends them, and tells each step as Asterisk does."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from simulators.pbx.channels import Bridge, Channel, ChannelState, Fields, Party

CALL, AGENT, DIALPLAN, DTMF = "call,all", "agent,all", "dialplan,all", "dtmf,all"
TEXTS = {
    0: "Unknown", 1: "Unallocated (unassigned) number", 16: "Normal Clearing", 17: "User busy",
    18: "No user responding", 19: "User alerting, no answer", 20: "Subscriber absent",
    21: "Call Rejected", 26: "Answered elsewhere", 34: "Circuit/channel congestion",
    127: "Interworking, unspecified",
}  # fmt: skip
NO_CAUSE = -1


class Switch:
    """All channels and bridges, and the events that they cause."""

    def __init__(self) -> None:
        self.publish: Callable[[Fields], None] = lambda _event: None
        self.execute: Callable[[Channel], Awaitable[None]] = _nothing
        """Runs the dialplan on a channel until it ends there."""
        self.changed: Callable[[str], None] = lambda _device: None
        """Is told when a device's state may have changed."""
        self.gave_up: Callable[[Channel], None] = lambda _channel: None
        """Is told of who hangs up in the car park."""
        self.channels: dict[str, Channel] = {}
        self.bridges: dict[str, Bridge] = {}
        self._booted = int(time.time())
        self._ids = self._names = self._locals = self._optimised = 0

    # making

    def channel(self, device: str, **known: Any) -> Channel:
        """Make a channel of a device; what is known of it are a Channel's fields."""
        name = f"{device}-{self._names:08x}"
        self._names += 1
        return self._add(name, known)

    def local(
        self, exten: str, context: str, linkedid: str = "", uid: str = ""
    ) -> tuple[Channel, Channel]:
        """Make both halves of a Local channel."""
        name = f"Local/{exten}@{context}-{self._locals:08x}"
        self._locals += 1
        place = {"context": context, "exten": exten}
        one = self._add(f"{name};1", {**place, "linkedid": linkedid, "uid": uid})
        two = self._add(
            f"{name};2", {**place, "linkedid": one.linkedid, "state": ChannelState.RING}
        )
        one.other_half, two.other_half = two, one
        return one, two

    def _add(self, name: str, known: Mapping[str, Any]) -> Channel:
        number = self._ids
        self._ids += 1
        uid = known.get("uid") or f"{self._booted}.{number}"
        linkedid = known.get("linkedid") or uid
        channel = Channel(name=name, born=number, **{**known, "uid": uid, "linkedid": linkedid})
        self.channels[uid] = channel
        self.tell("Newchannel", CALL, channel.fields())
        return channel

    def named(self, name: str) -> Channel | None:
        """Return the channel with a name or id."""
        found = (one for one in self.channels.values() if name in {one.name, one.uid})
        return next(found, None)

    def optimisation(self) -> str:
        """Return the number of a Local channel's stepping aside."""
        self._optimised += 1
        return str(self._optimised - 1)

    def clear(self) -> None:
        """Lose everything without a word, as a process does that is killed."""
        for channel in list(self.channels.values()):
            channel.over = True
            if channel.thread is not None:
                channel.thread.cancel()
        self.channels.clear()
        self.bridges.clear()
        self._booted = max(int(time.time()), self._booted + 1)
        self._ids = self._names = self._locals = self._optimised = 0

    # telling

    def tell(self, event: str, privilege: str, *parts: Fields) -> None:
        """Publish an event."""
        fields = {"Event": event, "Privilege": privilege}
        for part in parts:
            fields |= part
        self.publish(fields)

    def variable(self, channel: Channel, name: str, value: str = "") -> None:
        """Set a channel's variable."""
        channel.variables[name.lstrip("_")] = value
        self.tell("VarSet", DIALPLAN, channel.fields(), {"Variable": name, "Value": value})

    def newexten(self, channel: Channel, application: str, data: str = "") -> None:
        """Note the application that a channel executes."""
        channel.application, channel.data = application, data
        place = (channel.context, channel.exten, channel.priority, application)
        if place == channel.step:
            return
        channel.step = place
        step = {"Extension": channel.exten, "Application": application, "AppData": data}
        self.tell("Newexten", DIALPLAN, channel.fields(), step)

    def state(self, channel: Channel, state: ChannelState) -> None:
        """Change a channel's state."""
        channel.state = state
        if state is ChannelState.UP:
            channel.up_since = time.monotonic()
        self.tell("Newstate", CALL, channel.fields())
        self.changed(channel.device)

    def connect(self, channel: Channel, party: Party) -> None:
        """Show a channel who is at the other end."""
        channel.connected = Party(party.number, party.name)
        self.tell("NewConnectedLine", CALL, channel.fields())

    def identify(self, channel: Channel, party: Party) -> None:
        """Change who a channel is."""
        channel.caller = Party(party.number, party.name)
        presentation = {"CID-CallingPres": "0 (Presentation Allowed, Not Screened)"}
        self.tell("NewCallerid", CALL, channel.fields(), presentation)

    def music(self, channel: Channel, *, on: bool) -> None:
        """Start or stop music on hold."""
        if channel.entertained != on:
            channel.entertained = on
            kind = {"Class": "default"} if on else {}
            self.tell(f"MusicOnHold{'Start' if on else 'Stop'}", CALL, channel.fields(), kind)
            self.changed(channel.device)

    # bridging

    def bridge(self, kind: str = "basic") -> Bridge:
        """Make a bridge."""
        made = Bridge(str(uuid.uuid4()), kind)
        self.bridges[made.uid] = made
        self.tell("BridgeCreate", CALL, made.fields())
        return made

    def enter(self, bridge: Bridge, channel: Channel, swap: Channel | None = None) -> None:
        """Put a channel into a bridge, in another's place if it says so."""
        bridge.channels.append(channel)
        channel.bridge = bridge
        channel.alone.clear()
        if bridge.kind == "basic":  # in a car park everybody keeps to himself
            oldest = min(bridge.channels, key=lambda one: one.born)
            for one in bridge.channels:
                one.linkedid = oldest.linkedid
        swapped = {} if swap is None else {"SwapUniqueid": swap.uid}
        self.tell("BridgeEnter", CALL, bridge.fields(), channel.fields(), swapped)

    def leave(self, channel: Channel) -> Bridge | None:
        """Take a channel out of its bridge, and nothing else."""
        bridge = channel.bridge
        if bridge is not None:
            bridge.channels.remove(channel)
            channel.bridge = None
            self.tell("BridgeLeave", CALL, bridge.fields(), channel.fields())
        return bridge

    def part(self, channel: Channel) -> None:
        """Take a channel out; who stays behind alone in a bridge of two goes on, or ends."""
        bridge = self.leave(channel)
        if bridge is None:
            return
        rest = bridge.channels[0] if len(bridge.channels) == 1 else None
        if bridge.kind == "basic" and rest is not None:
            self.leave(rest)
            self.destroy(bridge)
            self.release(rest)
        elif not bridge.channels and bridge.kind == "basic":
            self.destroy(bridge)

    def destroy(self, bridge: Bridge) -> None:
        """Drop an empty bridge."""
        if self.bridges.pop(bridge.uid, None) is not None:
            self.tell("BridgeDestroy", CALL, bridge.fields())

    def release(self, channel: Channel) -> None:
        """Let a channel go on with its dialplan, or end where it has none."""
        self.music(channel, on=False)
        channel.alone.set()
        if channel.thread is None:
            asyncio.get_running_loop().call_soon(self.finish, channel, 16)

    # ending

    def request(self, channel: Channel, cause: int = NO_CAUSE) -> None:
        """Note that the far end wants to end a channel."""
        told = {} if cause == NO_CAUSE else {"Cause": str(cause)}
        self.tell("HangupRequest", CALL, channel.fields(), told)

    def hang_up(self, channel: Channel, cause: int = 16) -> None:
        """End a channel; a running dialplan is stopped first."""
        if channel.over:
            return
        if channel.thread is not None and channel.thread is not asyncio.current_task():
            channel.cause, channel.redirected = cause, False
            channel.thread.cancel()
        else:
            self.finish(channel, cause)

    def finish(self, channel: Channel, cause: int) -> None:
        """Tell the end of a channel, and its far end and other half."""
        if channel.over or channel.uid not in self.channels:
            return
        channel.over = True
        if channel.asking is not None:
            channel.asking.lost(channel)
        self.music(channel, on=False)
        if channel.bridge is not None and channel.bridge.kind == "parking":
            self.gave_up(channel)
        self.part(channel)
        if channel.thread is not None:
            self.tell("SoftHangupRequest", CALL, channel.fields(), {"Cause": "16"})
        text = {"Cause": str(cause), "Cause-txt": TEXTS.get(cause, "Unknown")}
        self.tell("Hangup", CALL, channel.fields(), text)
        del self.channels[channel.uid]
        if channel.phone is not None:
            channel.phone.ended(channel)
        self.changed(channel.device)
        half = channel.other_half
        if half is not None and not half.over:
            self.request(half, cause)
            self.hang_up(half, cause)

    # running

    def start(self, channel: Channel) -> None:
        """Run the dialplan on a channel."""
        channel.thread = asyncio.create_task(self._run(channel), name=channel.name)

    def send(self, channel: Channel, context: str, exten: str, priority: int = 1) -> None:
        """Send a channel elsewhere in the dialplan, out of whatever it does."""
        channel.context, channel.exten, channel.priority = context, exten, priority
        channel.redirected = True
        if channel.thread is None:
            channel.thread = asyncio.create_task(self._run(channel), name=channel.name)
        else:
            channel.thread.cancel()

    async def _run(self, channel: Channel) -> None:
        while not channel.over:
            try:
                if channel.redirected:
                    self._go(channel)
                await self.execute(channel)
            except asyncio.CancelledError:
                if not channel.redirected:
                    break
            else:
                break
        if channel.thread is not None and channel.uid in self.channels:
            self.finish(channel, channel.cause)

    def _go(self, channel: Channel) -> None:
        channel.redirected = False
        if channel.bridge is not None:
            self.newexten(channel, channel.application, channel.data)
            self.part(channel)


async def _nothing(_channel: Channel) -> None:
    """Do nothing: no dialplan is plugged in."""
