"""The car park: a customer waits there with music until somebody dials his space."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from simulators.pbx.channels import Bridge, Channel, ChannelState, Fields
from simulators.pbx.switch import CALL, Switch

_FIRST, _LAST = 701, 720
_ANNOUNCED_S = 2.0
"""How long the parker hears the space's number."""


@dataclass(slots=True, eq=False)
class Parked:
    """One who waits."""

    channel: Channel
    space: str
    parker: str
    since: float
    timeout_s: float
    timer: asyncio.TimerHandle | None = None

    def fields(self) -> Fields:
        """Return what events tell."""
        waited = int(time.monotonic() - self.since)
        return {
            **self.channel.fields("Parkee"),
            "ParkerDialString": self.parker,
            "Parkinglot": "default",
            "ParkingSpace": self.space,
            "ParkingTimeout": str(max(0, int(self.timeout_s) - waited)),
            "ParkingDuration": str(waited),
        }


class Parking:
    """The spaces and who is in them."""

    def __init__(self, switch: Switch, timeout_s: float = 45.0) -> None:
        self.switch, self.timeout_s = switch, timeout_s
        self.spaces: dict[str, Parked] = {}
        self._lot: Bridge | None = None
        switch.gave_up = self._gave_up

    def park(self, channel: Channel, parker: Channel | None, timeout_s: float = 0.0) -> str:
        """Park a channel; return its space, empty when the car park is full."""
        numbers = (str(number) for number in range(_FIRST, _LAST + 1))
        space = next((number for number in numbers if number not in self.spaces), "")
        if not space:
            return ""
        switch = self.switch
        if self._lot is None or self._lot.uid not in switch.bridges:
            self._lot = switch.bridge("parking")
        near = switch.leave(channel)
        device = parker.device if parker else channel.device
        parked = Parked(channel, space, device, time.monotonic(), timeout_s or self.timeout_s)
        self.spaces[space] = parked
        self._device(space, "INUSE")
        switch.tell("ParkedCall", CALL, parked.fields())
        switch.enter(self._lot, channel)
        switch.music(channel, on=True)
        loop = asyncio.get_running_loop()
        parked.timer = loop.call_later(parked.timeout_s, self._timeout, parked)
        if near is not None and near.channels:
            loop.call_later(_ANNOUNCED_S, switch.hang_up, near.channels[0], 16)
        return space

    async def retrieve(self, channel: Channel, space: str) -> None:
        """Join who dials a space with who waits in it; execute until they part."""
        switch, parked = self.switch, self.spaces.pop(space, None)
        switch.newexten(channel, "ParkedCall", f"default,{space}")
        if parked is None:
            channel.cause = 16
            return
        self._free(parked)
        switch.state(channel, ChannelState.UP)
        bridge = switch.bridge()
        switch.music(parked.channel, on=False)
        self._device(space, "NOT_INUSE")
        switch.tell("UnParkedCall", CALL, parked.fields(), channel.fields("Retriever"))
        switch.leave(parked.channel)
        switch.enter(bridge, parked.channel)
        switch.enter(bridge, channel)
        switch.connect(channel, parked.channel.caller)
        switch.connect(parked.channel, channel.caller)
        await channel.alone.wait()

    def _timeout(self, parked: Parked) -> None:
        if self.spaces.pop(parked.space, None) is None:
            return
        switch, channel = self.switch, parked.channel
        switch.music(channel, on=False)
        self._device(parked.space, "NOT_INUSE")
        switch.tell("ParkedCallTimeOut", CALL, parked.fields())
        switch.leave(channel)
        switch.send(channel, "park-dial", parked.parker.replace("/", "_"))

    def _gave_up(self, channel: Channel) -> None:
        for parked in list(self.spaces.values()):
            if parked.channel is channel:
                del self.spaces[parked.space]
                self._free(parked)
                self._device(parked.space, "NOT_INUSE")
                self.switch.tell("ParkedCallGiveUp", CALL, parked.fields())

    def clear(self) -> None:
        """Forget everybody."""
        for parked in self.spaces.values():
            self._free(parked)
        self.spaces.clear()

    def _free(self, parked: Parked) -> None:
        if parked.timer is not None:
            parked.timer.cancel()

    def _device(self, space: str, state: str) -> None:
        told = {"Device": f"park:{space}@parkedcalls", "State": state}
        self.switch.tell("DeviceStateChange", CALL, told)
