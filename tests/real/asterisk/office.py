"""The suite's laboratory on a real Asterisk and SIP telephones."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

from gateway.calls.port import PbxSettings
from tests.real.asterisk.phone import Dialog, Phone
from tests.real.asterisk.server import SECRET, USER, Asterisk
from tests.real.asterisk.sip import name_of

PBX = "127.77.0.1"
_ADDRESSES = {"trunk": "127.77.0.10", **{f"10{n}": f"127.77.0.10{n}" for n in (1, 2, 3)}}


class SipHandset:
    """A SIP telephone and the newest call on it."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone
        self._held: Dialog | None = None

    def behave(self, mode: str, delay_s: float = 0.3) -> None:
        """Say what it does when called."""
        self._phone.mode, self._phone.delay_s = mode, delay_s

    async def wait(self, state: str, timeout_s: float = 10.0) -> None:
        """Wait until its newest call is in a state."""
        async with asyncio.timeout(timeout_s):
            while not self._phone.dialogs:
                await asyncio.sleep(0.01)
            while self._newest.state != state:
                await asyncio.sleep(0.01)

    async def dial(self, number: str, *, caller: str = "", name: str = "") -> None:
        """Call a number."""
        await self._phone.call(number, caller=caller, name=name)

    async def dial_withheld(self, number: str, *, caller: str) -> None:
        """Call a number that is not to see who calls, though the network does."""
        await self._phone.call(number, caller=caller, withheld=True)

    async def answer(self) -> None:
        """Pick up."""
        self._phone.answer(self._newest)

    async def hang_up(self) -> None:
        """Hang up."""
        await self._phone.hang_up(self._newest)

    async def hold(self, *, on: bool = True) -> None:
        """Hold, or take back."""
        await self._phone.hold(self._newest, on=on)

    async def pass_on(self, number: str) -> None:
        """Transfer blindly."""
        passed = self._newest
        await self._phone.pass_on(passed, number)
        await asyncio.sleep(0.2)
        await self._phone.hang_up(passed)

    async def consult(self, number: str) -> None:
        """Hold the call and ask a colleague on another line."""
        self._held = self._newest
        await self._phone.hold(self._held)
        asking = await self._phone.call(number)
        await asking.wait("up")

    async def complete(self) -> None:
        """Connect who is held with who was asked."""
        held, asking = self._held, self._newest
        assert held is not None
        await self._phone.pass_on(held, "0", other=asking)
        await asyncio.sleep(0.3)
        for dialog in (held, asking):
            await self._phone.hang_up(dialog)

    async def press(self, digits: str) -> None:
        """Press keys."""
        await self._phone.press(self._newest, digits)

    @property
    def talk_s(self) -> float:
        """How long its newest call was up."""
        return self._newest.talk_s

    @property
    def shown(self) -> str:
        """The caller's name on its display."""
        invite = self._newest.invite
        return name_of(invite.get("from")) if invite is not None else ""

    @property
    def ringing(self) -> bool:
        """Whether a call rings on it now."""
        return any(dialog.state == "ringing" and not dialog.outgoing
                   for dialog in self._phone.dialogs.values())  # fmt: skip

    def at(self, state: str) -> float:
        """When its newest call came into a state, in seconds."""
        return self._newest.at[state]

    @property
    def rings(self) -> int:
        """How many times it was called."""
        return sum(not dialog.outgoing for dialog in self._phone.dialogs.values())

    @property
    def _newest(self) -> Dialog:
        return next(reversed(self._phone.dialogs.values()))


class AsteriskLab:
    """A real Asterisk with a trunk and three telephones."""

    def __init__(self, root: Path) -> None:
        self._asterisk = Asterisk(root)
        self.agi_port = self._asterisk.agi_port
        """Where its dialplan asks who calls."""
        self._plugged: list[Phone] = []
        self._names = itertools.count(1)
        self.phones: dict[str, SipHandset] = {}
        self.settings = PbxSettings(
            id="office", host="127.0.0.1", port=self._asterisk.port, user=USER, secret=SECRET,
            outside="0", ring_s=4.0,
        )  # fmt: skip

    @property
    def asterisk(self) -> Asterisk:
        """The process itself."""
        return self._asterisk

    async def start(self) -> None:
        """Start Asterisk."""
        await self._asterisk.start()

    async def plug_in(self) -> None:
        """Give it fresh telephones."""
        for number, address in _ADDRESSES.items():
            phone = await Phone(number, address, PBX).open()
            self._plugged.append(phone)
            self.phones[number] = SipHandset(phone)

    async def unplug(self) -> None:
        """Hang up and take the telephones away."""
        for phone in self._plugged:
            await phone.close()
        self._plugged.clear()

    async def channels(self) -> list[str]:
        """Return the names of its channels."""
        told = await self._asterisk.command("core show channels concise")
        return [line.partition("!")[0] for line in told.splitlines() if "!" in line]

    async def freeze(self) -> None:
        """Stop it in its tracks."""
        self._asterisk.freeze()

    async def thaw(self) -> None:
        """Let it go on."""
        self._asterisk.thaw()

    async def kill(self) -> None:
        """End it without a word."""
        self._asterisk.kill()

    def close(self) -> None:
        """End it and drop its files."""
        self._asterisk.close()
