"""Queue: a caller waits while its members are rung, all at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulators.pbx.channels import Channel, ChannelState, Fields, Party
from simulators.pbx.dialling import OUTGOING, Dialled, Dialler
from simulators.pbx.switch import AGENT, CALL, Switch

if TYPE_CHECKING:
    from simulators.pbx.phones import Phone

RING_S, RETRY_S = 8.0, 1.0


@dataclass(slots=True)
class Queue:
    """A queue, its members and who waits in it."""

    name: str
    members: Sequence[str]
    waiting: list[Channel] = field(default_factory=list)

    def member_fields(self, number: str, phones: Mapping[str, Phone]) -> Fields:
        """Return a member as events tell of him."""
        device = f"PJSIP/{number}"
        return {
            "Queue": self.name, "MemberName": phones[number].name, "Interface": device,
            "StateInterface": device, "Membership": "static", "Penalty": "0", "CallsTaken": "0",
            "LastCall": "0", "LastPause": "0", "LoginTime": "0", "InCall": "0", "Paused": "0",
            "PausedReason": "", "Ringinuse": "0", "Wrapuptime": "0",
        }  # fmt: skip


class Queues:
    """Executes Queue."""

    def __init__(self, switch: Switch, dialler: Dialler, queues: Mapping[str, Queue]) -> None:
        self.switch, self.dialler, self.queues = switch, dialler, queues

    async def wait(self, channel: Channel, name: str, timeout_s: float) -> None:
        """Let a caller wait until a member answers, he hangs up or the time is over."""
        switch, queue, begun = self.switch, self.queues[name], time.monotonic()
        self._device(name, "RINGING")
        queue.waiting.append(channel)
        place = {"Queue": name, "Position": str(len(queue.waiting))}
        counted = {**place, "Count": str(len(queue.waiting))}
        switch.tell("QueueCallerJoin", AGENT, channel.fields(), counted)
        switch.music(channel, on=True)
        try:
            async with asyncio.timeout(timeout_s):
                answered, rang_s = await self._rounds(channel, queue)
        except TimeoutError:
            self._leave(channel, queue, place)
            switch.variable(channel, "QUEUESTATUS", "TIMEOUT")
            return
        except asyncio.CancelledError:
            switch.music(channel, on=False)
            held = {**place, "OriginalPosition": place["Position"]}
            held["HoldTime"] = str(int(time.monotonic() - begun))
            if not channel.redirected:
                switch.tell("QueueCallerAbandon", AGENT, channel.fields(), held)
            self._leave(channel, queue, place)
            raise
        waited_s = time.monotonic() - begun
        switch.music(channel, on=False)
        self._leave(channel, queue, place)
        await self._talk(channel, queue, answered, waited_s, rang_s)

    async def _rounds(self, channel: Channel, queue: Queue) -> tuple[Channel, float]:
        while True:
            begun, dialled = time.monotonic(), Dialled()
            try:
                async with asyncio.timeout(RING_S):
                    answered = await self._ring(channel, queue, dialled)
                if answered is not None:
                    return answered, time.monotonic() - begun
            except TimeoutError:
                for leg in dialled.legs:
                    self._missed(queue, leg)
                self.dialler.give_up(channel, dialled, "NOANSWER", 0)
            except asyncio.CancelledError:
                self.switch.music(channel, on=False)
                for leg in dialled.legs:  # Asterisk says it twice
                    self.dialler.end(channel, leg, "CANCEL")
                self.dialler.give_up(channel, dialled, "CANCEL", 0)
                raise
            await asyncio.sleep(RETRY_S)

    async def _ring(self, channel: Channel, queue: Queue, dialled: Dialled) -> Channel | None:
        for number in queue.members:
            phone = self.dialler.phones[number]
            if not phone.lines:
                self._call(channel, queue, number, dialled)
        while dialled.legs:
            leg, what, cause = await dialled.reports.get()
            if leg not in dialled.legs:
                continue
            if what == "ringing":
                self._rings(channel, leg)
            elif what == "refuse":
                dialled.legs.remove(leg)
                self.switch.request(leg, cause)
                self.dialler.end(channel, leg, "NOANSWER")
                self._missed(queue, leg)
                self.switch.hang_up(leg, cause)
            else:
                self._answered(channel, dialled, leg)
                return leg
        return None

    def _call(self, channel: Channel, queue: Queue, number: str, dialled: Dialled) -> None:
        switch, target = self.switch, f"PJSIP/{number}"
        leg = self.dialler.leg(channel, target)
        dialled.listen(leg)
        fresh = leg.fields("Dest")
        leg.exten = channel.exten
        leg.connected = Party(channel.caller.number, channel.caller.name)
        member = {"Queue": queue.name, "Interface": target, "MemberName": leg.caller.name}
        switch.tell("AgentCalled", AGENT, channel.fields(), leg.fields("Dest"), member)
        switch.tell("DialBegin", CALL, channel.fields(), fresh, {"DialString": target})
        if leg.phone is not None:
            leg.phone.ring(leg)

    def _rings(self, channel: Channel, leg: Channel) -> None:
        switch = self.switch
        switch.state(leg, ChannelState.RINGING)
        switch.newexten(leg, "AppQueue", OUTGOING)
        switch.connect(leg, channel.caller)
        told = {"DialStatus": "RINGING"}
        switch.tell("DialState", CALL, channel.fields(), leg.fields("Dest"), told)

    def _answered(self, channel: Channel, dialled: Dialled, leg: Channel) -> None:
        switch = self.switch
        dialled.legs.remove(leg)
        switch.state(leg, ChannelState.UP)
        self.dialler.end(channel, leg, "ANSWER")
        for other in dialled.legs:
            self.dialler.end(channel, other, "CANCEL")
        switch.connect(channel, leg.caller)
        self.dialler.give_up(channel, dialled, "CANCEL", 26)

    def _missed(self, queue: Queue, leg: Channel) -> None:
        told = {"Queue": queue.name, "Interface": leg.device, "MemberName": leg.caller.name}
        self.switch.tell("AgentRingNoAnswer", AGENT, leg.fields("Dest"), told)

    async def _talk(
        self, channel: Channel, queue: Queue, leg: Channel, waited_s: float, rang_s: float
    ) -> None:
        switch, begun = self.switch, time.monotonic()
        member = {
            "Queue": queue.name, "Interface": leg.device, "MemberName": leg.caller.name,
            "HoldTime": str(int(waited_s)),
        }  # fmt: skip
        rang = {"RingTime": str(int(rang_s))}
        switch.tell("AgentConnect", AGENT, channel.fields(), leg.fields("Dest"), member, rang)
        bridge = switch.bridge()
        switch.enter(bridge, leg)
        switch.enter(bridge, channel)
        try:
            await channel.alone.wait()
        finally:
            reason = "caller" if not channel.alone.is_set() else "agent"
            talked = {"TalkTime": str(int(time.monotonic() - begun)), "Reason": reason}
            switch.tell(
                "AgentComplete", AGENT, channel.fields(), leg.fields("Dest"), member, talked
            )
        channel.cause = 16

    def _leave(self, channel: Channel, queue: Queue, place: Fields) -> None:
        queue.waiting.remove(channel)
        self._device(queue.name, "NOT_INUSE")
        left = {**place, "Count": str(len(queue.waiting))}
        self.switch.tell("QueueCallerLeave", AGENT, channel.fields(), left)

    def _device(self, name: str, state: str) -> None:
        told = {"Device": f"Queue:{name}", "State": state}
        self.switch.tell("DeviceStateChange", CALL, told)
