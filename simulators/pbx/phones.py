"""Telephones: what a person does with one, on the simulated switch."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from simulators.pbx import transfers
from simulators.pbx.channels import Channel, ChannelState, Party
from simulators.pbx.switch import DTMF, NO_CAUSE, Switch

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

NORMAL, BUSY, DECLINED, _NOT_ANSWERED = 16, 17, 21, 127
MODES = ("answer", "ring", "busy", "decline", "off")
_DIAL_S = 0.01
_NAMES = {ChannelState.UP: "up", ChannelState.RINGING: "ringing", ChannelState.DOWN: "called"}


class Phone:
    """One telephone, or the trunk with a customer behind it."""

    def __init__(self, switch: Switch, number: str, name: str, context: str) -> None:
        self.switch, self.number, self.name, self.context = switch, number, name, context
        self.mode, self.delay_s = "answer", 0.3
        self.lines: list[Channel] = []
        """Its calls, the newest last."""
        self.rings = 0
        self.talk_s = 0.0
        """How long its last call was up."""
        self.last = "idle"
        self._keys: dict[str, asyncio.Queue[str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def device(self) -> str:
        """Return its name as Asterisk writes it."""
        return f"PJSIP/{self.number}"

    @property
    def state(self) -> str:
        """Return the state of its newest call: calling, ringing, up, or ended."""
        if not self.lines:
            return self.last
        state = self.lines[-1].state
        names = {
            ChannelState.UP: "up",
            ChannelState.RINGING: "ringing",
            ChannelState.DOWN: "called",
        }
        return names.get(state, "calling")

    def ring(self, channel: Channel) -> None:
        """Be called: react as the mode says."""
        self.rings += 1
        self.lines.append(channel)
        self._start(self._react(channel))

    def ended(self, channel: Channel) -> None:
        """Learn that a call is over."""
        if channel in self.lines:
            self.lines.remove(channel)
            self.last = "ended"
            if channel.up_since:
                self.talk_s = time.monotonic() - channel.up_since
        self._keys.pop(channel.uid, None)

    def dial(self, number: str, caller: str = "", name: str = "") -> Channel:
        """Call a number."""
        trunk = self.context == "from-trunk"
        shown = caller if trunk else self.number
        hidden = shown.casefold() in {"", "anonymous"}
        party = Party("" if hidden else shown, name if trunk else self.name)
        if trunk and hidden:
            party = Party("anonymous", "Anonymous")
        channel = self.switch.channel(
            self.device, context=self.context, exten=number, caller=party, phone=self,
            state=ChannelState.RING,
        )  # fmt: skip
        self.lines.append(channel)
        self.switch.start(channel)
        return channel

    def answer(self) -> None:
        """Pick up."""
        for channel in reversed(self.lines):
            if channel.state in {ChannelState.RINGING, ChannelState.DOWN}:
                channel.report("answer", 0)
                return

    def decline(self) -> None:
        """Press the red button while it rings."""
        for channel in reversed(self.lines):
            if channel.state in {ChannelState.RINGING, ChannelState.DOWN}:
                channel.report("refuse", DECLINED)
                return

    def hang_up(self, channel: Channel | None = None) -> None:
        """Hang up; a telephone that rings declines."""
        channel = channel or (self.lines[-1] if self.lines else None)
        if channel is None:
            return
        if channel.state in {ChannelState.RINGING, ChannelState.DOWN}:
            channel.report("refuse", BUSY)
            return
        if channel.state is not ChannelState.UP:
            self.switch.request(channel, _NOT_ANSWERED)
            self.switch.hang_up(channel, _NOT_ANSWERED)
            return
        told = channel.application in {"Queue", "VoiceMail"} or channel.taken_over
        self.switch.request(channel, NORMAL if told else NO_CAUSE)
        self.switch.hang_up(channel, NORMAL)

    def hold(self, *, on: bool = True) -> None:
        """Hold the newest call, or take it back."""
        transfers.hold(self.switch, self.lines[-1], on=on, music="default" if on else "")

    def pass_on(self, number: str) -> None:
        """Transfer the newest call without asking."""
        channel = self.lines[-1]
        transfers.blind(self.switch, channel, "from-internal", number)

    def consult(self, number: str) -> None:
        """Hold the newest call and call a colleague."""
        self.hold()
        self.dial(number)

    def complete(self) -> None:
        """Connect who is held with who was asked."""
        held, asking = self.lines[-2:]
        transfers.attended(self.switch, held, asking)

    def press(self, digits: str) -> None:
        """Press keys."""
        channel = self.lines[-1]
        for digit in digits:
            told = {"Digit": digit, "Direction": "Received"}
            self.switch.tell("DTMFBegin", DTMF, channel.fields(), told)
            self.switch.tell("DTMFEnd", DTMF, channel.fields(), {**told, "DurationMs": "100"})
            self.keys(channel).put_nowait(digit)

    def keys(self, channel: Channel) -> asyncio.Queue[str]:
        """Return the keys that were pressed in a call."""
        return self._keys.setdefault(channel.uid, asyncio.Queue())

    async def _react(self, channel: Channel) -> None:
        await asyncio.sleep(_DIAL_S)
        if self.mode == "off":
            return
        if self.mode == "busy":
            channel.report("refuse", BUSY)
            return
        channel.report("ringing", 0)
        if self.mode in {"answer", "decline"}:
            await asyncio.sleep(self.delay_s)
            if channel in self.lines:
                channel.report(*(("answer", 0) if self.mode == "answer" else ("refuse", DECLINED)))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
