"""Dial: calls telephones and Local channels, and joins who dials with who answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulators.pbx import local_channels
from simulators.pbx.channels import Channel, ChannelState, Party
from simulators.pbx.switch import CALL, Switch

if TYPE_CHECKING:
    from simulators.pbx.phones import Phone

OUTGOING = "(Outgoing Line)"
ELSEWHERE, BUSY, NO_CAUSE = 26, 17, 0
_BEFORE = (
    "DIALSTATUS", "DIALEDPEERNUMBER", "DIALEDPEERNAME", "ANSWEREDTIME", "ANSWEREDTIME_MS",
    "DIALEDTIME", "DIALEDTIME_MS", "RINGTIME", "RINGTIME_MS", "PROGRESSTIME", "PROGRESSTIME_MS",
)  # fmt: skip


@dataclass(slots=True)
class Dialled:
    """The legs that are rung for one caller, and what they report."""

    legs: list[Channel] = field(default_factory=list)
    reports: asyncio.Queue[tuple[Channel, str, int]] = field(default_factory=asyncio.Queue)
    causes: list[int] = field(default_factory=list)

    def listen(self, leg: Channel) -> None:
        """Hear of a leg from now on."""
        self.legs.append(leg)
        leg.report = lambda what, cause: self.reports.put_nowait((leg, what, cause))


class Dialler:
    """Executes Dial."""

    def __init__(self, switch: Switch, phones: Mapping[str, Phone]) -> None:
        self.switch, self.phones = switch, phones

    async def dial(self, channel: Channel, targets: Sequence[str], ring_s: float) -> None:
        """Ring targets (`PJSIP/101`, `PJSIP/0212…@trunk`, `Local/101@context`), join who answers.

        The channel's dial status says what became of it; it returns when they have parted.
        """
        switch, begun = self.switch, time.monotonic()
        for name in _BEFORE:
            switch.variable(channel, name)
        dialled = Dialled()
        try:
            for target in targets:
                self._call(channel, target, dialled)
            for leg, target in zip(dialled.legs, targets, strict=True):
                self._begin(channel, leg, target)
            if len(dialled.legs) == 1:
                switch.connect(channel, dialled.legs[0].caller)
                if channel.name.endswith(";1"):
                    local_channels.shows(switch, channel, dialled.legs[0].caller)
            answered = await self._ringing(channel, dialled, ring_s)
        except asyncio.CancelledError:
            self.give_up(channel, dialled, "CANCEL", channel.cause)
            raise
        if answered is not None:
            await self._joined(channel, answered, begun)

    def leg(self, channel: Channel | None, target: str, **more: str) -> Channel:
        """Make the channel of a telephone that is called."""
        number, _, trunk = target.partition("/")[2].partition("@")
        phone = self.phones.get(trunk or number)
        if phone is None:
            raise LookupError(target)
        caller = Party() if trunk else Party(phone.number, phone.name)
        linkedid = more.get("linkedid", "") or (channel.linkedid if channel else "")
        leg = self.switch.channel(
            phone.device, context=phone.context, exten="s", caller=caller, linkedid=linkedid,
            uid=more.get("uid", ""), phone=phone,
        )  # fmt: skip
        if channel is not None:
            if trunk:
                leg.caller = Party(channel.exten, channel.connected.name)
            self.switch.variable(leg, "DIALEDPEERNUMBER", target.partition("/")[2])
        return leg

    def give_up(self, channel: Channel, dialled: Dialled, status: str, cause: int) -> None:
        """End every leg that still rings."""
        for leg in dialled.legs:
            self.end(channel, leg, status)
        for leg in dialled.legs:
            self._hang_up(leg, cause)
        dialled.legs.clear()

    def end(self, channel: Channel | None, leg: Channel, status: str) -> None:
        """Tell what became of a leg."""
        source = channel.fields() if channel else {}
        self.switch.tell("DialEnd", CALL, source, leg.fields("Dest"), {"DialStatus": status})

    def _call(self, channel: Channel, target: str, dialled: Dialled) -> None:
        switch = self.switch
        if target.startswith("Local/"):
            dialled.listen(local_channels.call(switch, channel, target))
            return
        leg = self.leg(channel, target)
        dialled.listen(leg)
        leg.exten = channel.exten
        leg.connected = Party(channel.caller.number, channel.caller.name)
        switch.newexten(leg, "AppDial", OUTGOING)
        if "@" in target:
            switch.identify(leg, leg.caller)
        switch.connect(leg, channel.caller)

    def _begin(self, channel: Channel, leg: Channel, target: str) -> None:
        string = {"DialString": target.partition("/")[2]}
        self.switch.tell("DialBegin", CALL, channel.fields(), leg.fields("Dest"), string)
        if leg.phone is not None:
            leg.phone.ring(leg)
        else:
            local_channels.begin(self.switch, leg)

    async def _ringing(self, channel: Channel, dialled: Dialled, ring_s: float) -> Channel | None:
        try:
            async with asyncio.timeout(ring_s):
                while dialled.legs:
                    leg, what, cause = await dialled.reports.get()
                    if leg in dialled.legs and self._reported(channel, dialled, leg, what, cause):
                        return leg.picked_by or leg
        except TimeoutError:
            self.give_up(channel, dialled, "NOANSWER", NO_CAUSE)
            channel.dial_status, channel.cause = "NOANSWER", 19
            return None
        busy = bool(dialled.causes) and set(dialled.causes) == {BUSY}
        channel.dial_status = "BUSY" if busy else "CHANUNAVAIL"
        channel.cause = BUSY if busy else 34
        return None

    def _reported(
        self, channel: Channel, dialled: Dialled, leg: Channel, what: str, cause: int
    ) -> bool:
        """Take a report; tell whether the leg answered."""
        switch = self.switch
        if what == "ringing":
            self.rings(channel, leg)
        elif what == "refuse":
            dialled.legs.remove(leg)
            dialled.causes.append(cause)
            switch.request(leg, cause)
            self.end(channel, leg, "BUSY" if cause == BUSY else "NOANSWER")
            self._hang_up(leg, cause)
        elif what == "picked up":
            dialled.legs.remove(leg)
            assert leg.picked_by is not None
            channel.taken_over = True
            switch.connect(channel, leg.picked_by.caller)
            self._taken(channel, dialled, leg.picked_by)
            self._hang_up(leg, 16)
            self._up(channel)
            return True
        else:
            dialled.legs.remove(leg)
            if leg.phone is not None:
                switch.state(leg, ChannelState.UP)
            if dialled.legs or leg.local:
                switch.connect(channel, leg.caller)
            self._taken(channel, dialled, leg)
            self._up(channel)
            return True
        return False

    def rings(self, channel: Channel | None, leg: Channel) -> None:
        """Tell that a leg rings."""
        switch = self.switch
        if leg.phone is not None:
            switch.state(leg, ChannelState.RINGING)
        if channel is not None:
            for name in ("RINGTIME", "RINGTIME_MS"):
                switch.variable(channel, name, "0")
            if channel.other_half is not None:
                local_channels.rings(switch, channel, leg.caller)
        source = channel.fields() if channel else {}
        switch.tell("DialState", CALL, source, leg.fields("Dest"), {"DialStatus": "RINGING"})

    def _taken(self, channel: Channel, dialled: Dialled, leg: Channel) -> None:
        for other in dialled.legs:
            self.end(channel, other, "CANCEL")
        self.switch.variable(channel, "DIALSTATUS", "ANSWER")
        self.switch.variable(channel, "DIALEDPEERNAME", leg.name)
        channel.dial_status = "ANSWER"
        self.end(channel, leg, "ANSWER")
        for other in dialled.legs:
            self._hang_up(other, ELSEWHERE)
        dialled.legs.clear()

    def _up(self, channel: Channel) -> None:
        if channel.state is not ChannelState.UP:
            self.switch.state(channel, ChannelState.UP)
            if channel.other_half is not None:
                local_channels.answers(self.switch, channel)

    def _hang_up(self, leg: Channel, cause: int) -> None:
        self.switch.hang_up(leg, cause)

    async def _joined(self, channel: Channel, leg: Channel, begun: float) -> None:
        switch = self.switch
        bridge = switch.bridge()
        leg.exten = ""
        switch.newexten(leg, "AppDial", OUTGOING)
        switch.enter(bridge, leg)
        switch.enter(bridge, channel)
        for one, peer in ((leg, channel), (channel, leg)):
            switch.variable(one, "BRIDGEPEER", peer.name)
        local_channels.optimise_soon(switch, bridge)
        answered = time.monotonic()
        await channel.alone.wait()
        now = time.monotonic()
        switch.variable(channel, "ANSWEREDTIME", str(int(now - answered)))
        switch.variable(channel, "DIALEDTIME", str(int(now - begun)))
        channel.cause = 16
