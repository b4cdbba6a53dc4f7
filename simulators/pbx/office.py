"""The office: a trunk, extensions, and the dialplan that joins them.

DIDs end in: 100 the secretary; 101 the secretary, then the next one; 102 a ring group; 103 a ring
group of Local channels, as FreePBX has it; 110 a queue; 130 a menu; 140 voicemail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from simulators.pbx.channels import Channel, ChannelState, Party
from simulators.pbx.dialling import Dialler
from simulators.pbx.parking import Parking
from simulators.pbx.phones import Phone
from simulators.pbx.queues import Queue, Queues
from simulators.pbx.switch import CALL, Switch

TRUNK, OUTSIDE = "trunk", "from-trunk"
INSIDE = "from-internal"
QUEUE = "sales"
OPTIONS = "tTkK"
NAMES = ("Sekreter", "Mudur A", "Mudur B")
_STATES = {"NOT_INUSE": "1", "INUSE": "2", "BUSY": "3", "RINGING": "6", "ONHOLD": "8"}
_NO_EXTENSION = 1


class Office:
    """Telephones, queue, car park, and what each dialled number does."""

    def __init__(self, extensions: Sequence[str], main: str = "902125550100") -> None:
        self.switch = Switch()
        self.main = main
        self.phones: dict[str, Phone] = {}
        for place, number in enumerate(extensions):
            name = NAMES[place] if place < len(NAMES) else f"Dahili {number}"
            self.phones[number] = Phone(self.switch, number, name, INSIDE)
        self.extensions = tuple(extensions)
        self.phones[TRUNK] = Phone(self.switch, TRUNK, "", OUTSIDE)
        self.dialler = Dialler(self.switch, self.phones)
        members = self.extensions[1:3] or self.extensions
        self.queues = Queues(self.switch, self.dialler, {QUEUE: Queue(QUEUE, members)})
        self.parking = Parking(self.switch)
        self.switch.execute = self.execute
        self.switch.changed = self._device_changed
        self.devices: dict[str, str] = {}
        self.lines = self._dids()

    def exists(self, context: str, exten: str) -> bool:
        """Tell whether the dialplan knows an extension."""
        if context == OUTSIDE:
            return exten in self.lines
        return exten in self.phones or exten[:1] == "0" or exten == "*8" or self._space(exten)

    async def execute(self, channel: Channel) -> None:
        """Run the dialplan from where a channel is."""
        channel.priority = 1
        if channel.context == OUTSIDE and channel.exten in self.lines:
            await self.lines[channel.exten](channel)  # type: ignore[misc]
        elif channel.context == "park-dial":
            target = channel.exten.replace("_", "/", 1)
            await self._dial(channel, [target], 20, f"{target},20,{OPTIONS}")
        elif channel.context == INSIDE:
            await self._inside(channel)
        else:
            channel.cause = _NO_EXTENSION

    def clear(self) -> None:
        """Lose every call, as a killed process does."""
        self.parking.clear()
        self.switch.clear()
        self.devices.clear()
        for queue in self.queues.queues.values():
            queue.waiting.clear()
        for phone in self.phones.values():
            phone.lines.clear()
            phone.last = "ended"

    # dialplan

    def _dids(self) -> dict[str, Callable[[Channel], object]]:
        lines = (
            ("00", self._secretary), ("01", self._fall_over), ("02", self._group),
            ("03", self._local_group), ("10", self._queue), ("30", self._menu),
            ("40", self._voicemail),
        )  # fmt: skip
        return {self.main[:-2] + ending: line for ending, line in lines}

    async def _inside(self, channel: Channel) -> None:
        exten = channel.exten
        if exten in self.phones and exten != TRUNK:
            await self._dial(channel, [f"PJSIP/{exten}"], 20)
        elif exten == "*8":
            await self._pickup(channel)
        elif self._space(exten):
            await self.parking.retrieve(channel, exten)
        elif exten.startswith("0"):
            self.switch.newexten(channel, "Set", f"CALLERID(num)={self.main}")
            self.switch.identify(channel, Party(self.main, channel.caller.name))
            channel.priority = 2
            await self._dial(channel, [f"PJSIP/{exten[1:]}@{TRUNK}"], 30)
            if channel.dial_status == "BUSY":
                self.switch.newexten(channel, "", "")
                await asyncio.sleep(10)
        else:
            channel.cause = _NO_EXTENSION

    async def _secretary(self, channel: Channel) -> None:
        await self._dial(channel, [f"PJSIP/{self.extensions[0]}"], 8)
        if channel.dial_status == "ANSWER":
            return
        channel.priority = 2
        self.switch.newexten(channel, "Goto", f"{channel.dial_status},1")
        channel.exten, channel.priority = channel.dial_status, 1
        if channel.dial_status == "NOANSWER":
            self.switch.newexten(channel, "Hangup", "19")
            channel.cause = 19
            return
        busy = channel.dial_status == "BUSY"
        application = ("Busy", "2") if busy else ("Congestion", "1")
        self.switch.newexten(channel, *application)
        self.switch.state(channel, ChannelState.BUSY)
        await asyncio.sleep(0.01)
        self.switch.request(channel)
        channel.cause = 17 if busy else 34

    async def _fall_over(self, channel: Channel) -> None:
        await self._dial(channel, [f"PJSIP/{self.extensions[0]}"], 2)
        if channel.dial_status != "ANSWER":
            channel.priority = 2
            await self._dial(channel, [f"PJSIP/{self.extensions[1]}"], 20)

    async def _group(self, channel: Channel) -> None:
        await self._dial(channel, [f"PJSIP/{number}" for number in self.extensions[:3]], 20)

    async def _local_group(self, channel: Channel) -> None:
        await self._dial(channel, [f"Local/{one}@{INSIDE}" for one in self.extensions[:2]], 20)

    async def _queue(self, channel: Channel) -> None:
        self._answer(channel)
        channel.priority = 2
        self.switch.newexten(channel, "Queue", f"{QUEUE},{OPTIONS},,,20")
        await self.queues.wait(channel, QUEUE, 20)

    async def _menu(self, channel: Channel) -> None:
        self._answer(channel)
        channel.priority = 2
        self.switch.newexten(channel, "Read", "DIGIT,,1,,1,8")
        assert channel.phone is not None
        digit = ""
        try:
            async with asyncio.timeout(8):
                digit = await channel.phone.keys(channel).get()
        except TimeoutError:
            return
        channel.priority = 3
        place = int(digit) - 1 if digit.isdecimal() else -1
        if 0 <= place < len(self.extensions):
            await self._dial(channel, [f"PJSIP/{self.extensions[place]}"], 20)

    async def _voicemail(self, channel: Channel) -> None:
        box = self.extensions[0]
        await self._dial(channel, [f"PJSIP/{box}"], 2)
        if channel.dial_status != "ANSWER":
            channel.priority = 2
            self.switch.newexten(channel, "VoiceMail", f"{box}@default,us")
            self.switch.state(channel, ChannelState.UP)
            await asyncio.sleep(60)

    async def _pickup(self, channel: Channel) -> None:
        ringing = [
            one
            for phone in self.phones.values()
            for one in phone.lines
            if one.state is ChannelState.RINGING and phone.context == INSIDE
        ]
        if not ringing:
            return
        target = ringing[0]
        switch = self.switch
        switch.connect(channel, target.connected)
        switch.state(channel, ChannelState.UP)
        dialled = channel.exten
        channel.exten = target.exten
        switch.newexten(channel, "AppDial", "(Outgoing Line)")
        channel.exten = dialled
        switch.tell("Pickup", CALL, channel.fields(), target.fields("Target"))
        channel.exten, target.exten = target.exten, dialled
        channel.thread = None  # it takes the place of the leg that rang
        target.picked_by = channel
        target.report("picked up", 0)

    async def _dial(
        self, channel: Channel, targets: Sequence[str], ring_s: float, data: str = ""
    ) -> None:
        data = data or f"{'&'.join(targets)},{ring_s:g},{OPTIONS}"
        self.switch.newexten(channel, "Dial", data)
        await self.dialler.dial(channel, targets, ring_s)

    def _answer(self, channel: Channel) -> None:
        self.switch.newexten(channel, "Answer")
        self.switch.state(channel, ChannelState.UP)
        channel.priority = 2

    def _space(self, exten: str) -> bool:
        return exten in self.parking.spaces or (len(exten) == 3 and exten.startswith("7"))

    # devices

    def device_state(self, device: str) -> str:
        """Return what Asterisk says of a device."""
        lines = [one for one in self.switch.channels.values() if one.device == device]
        if not lines or device.startswith("Local/"):
            return "INUSE" if lines else "NOT_INUSE"
        for state, holds in (
            ("RINGING", any(one.state is ChannelState.RINGING for one in lines)),
            ("ONHOLD", all(one.entertained for one in lines)),
            ("BUSY", all(one.state is ChannelState.BUSY for one in lines)),
        ):
            if holds:
                return state
        return "INUSE"

    def _device_changed(self, device: str) -> None:
        state = self.device_state(device)
        if state == self.devices.get(device, "NOT_INUSE"):
            return
        self.devices[device] = state
        self.switch.tell("DeviceStateChange", CALL, {"Device": device, "State": state})
        number = device.partition("/")[2]
        for queue in self.queues.queues.values():
            if number in queue.members:
                fields = queue.member_fields(number, self.phones)
                fields["Status"] = _STATES[state]
                self.switch.tell("QueueMemberStatus", "agent,all", fields)
