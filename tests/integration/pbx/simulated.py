"""The suite's laboratory on the simulated telephone system, by its control interface."""

from __future__ import annotations

import asyncio
from typing import Any

from gateway.calls.port import PbxSettings
from simulators.pbx.child import PbxProcess
from tests.integration.pbx.lab import TRUNK

READ, WRITE = "call,agent,dialplan,dtmf", "call,reporting,originate"
"""As docs/telephony.md tells administrators to."""


class SimulatedHandset:
    """A simulated telephone."""

    def __init__(self, pbx: PbxProcess, number: str) -> None:
        self._pbx, self._path = pbx, f"/phones/{number}"
        self._rang_before: int = pbx.get(self._path)["rings"]

    def behave(self, mode: str, delay_s: float = 0.3) -> None:
        """Say what it does when called."""
        self._pbx.post(self._path, mode=mode, delay_s=delay_s)

    async def wait(self, state: str, timeout_s: float = 10.0) -> None:
        """Wait until its newest call is in a state."""
        async with asyncio.timeout(timeout_s):
            while (await asyncio.to_thread(self._pbx.get, self._path))["state"] != state:
                await asyncio.sleep(0.02)

    async def dial(self, number: str, *, caller: str = "", name: str = "") -> None:
        """Call a number."""
        if self._path.endswith(TRUNK):
            values = {"did": number, "name": name, **({"from": caller} if caller else {})}
            await asyncio.to_thread(self._pbx.post, "/calls", **values)
        else:
            await self._do("dial", number)

    async def answer(self) -> None:
        """Pick up."""
        await self._do("answer")

    async def hang_up(self) -> None:
        """Hang up."""
        await self._do("hang_up")

    async def hold(self, *, on: bool = True) -> None:
        """Hold, or take back."""
        await self._do("hold" if on else "resume")

    async def pass_on(self, number: str) -> None:
        """Transfer blindly."""
        await self._do("transfer", number)

    async def consult(self, number: str) -> None:
        """Hold the call and ask a colleague on another line."""
        await self._do("consult", number)
        await self.wait("up")

    async def complete(self) -> None:
        """Connect who is held with who was asked."""
        await self._do("complete")

    async def press(self, digits: str) -> None:
        """Press keys."""
        await self._do("press", digits)

    @property
    def talk_s(self) -> float:
        """How long its newest call was up."""
        return float(self._pbx.get(self._path)["talk_s"])

    @property
    def rings(self) -> int:
        """How many times it was called."""
        now: int = self._pbx.get(self._path)["rings"]
        return now - self._rang_before

    async def calls(self) -> int:
        """Return how many calls it has."""
        return int((await asyncio.to_thread(self._pbx.get, self._path))["calls"])

    async def _do(self, deed: str, to: str = "") -> Any:
        values = {"do": deed, **({"to": to} if to else {})}
        return await asyncio.to_thread(self._pbx.post, self._path, **values)


class SimulatedLab:
    """A simulated telephone system, as a process of its own."""

    def __init__(self) -> None:
        secret = "office-secret"
        self._pbx = PbxProcess(["--secret", secret, "--read", READ, "--write", WRITE])
        self._port = int(self._pbx.told["ami"].rpartition(":")[2])
        self.phones: dict[str, SimulatedHandset] = {}
        self.settings = PbxSettings(
            id="office", host="127.0.0.1", port=self._port, user=self._pbx.told["user"],
            secret=secret, outside="0", ring_s=4.0,
        )  # fmt: skip

    async def plug_in(self) -> None:
        """Give it fresh telephones."""
        for number in (TRUNK, "101", "102", "103"):
            self.phones[number] = SimulatedHandset(self._pbx, number)
            self.phones[number].behave("answer")

    async def unplug(self) -> None:
        """Hang everything up."""
        for phone in self.phones.values():
            for _ in range(await phone.calls()):
                await phone.hang_up()

    async def freeze(self) -> None:
        """It takes connections and answers nothing."""
        await self._befall("freeze")

    async def thaw(self) -> None:
        """It goes on."""
        await self._befall("thaw")

    async def kill(self) -> None:
        """It is gone, and all its calls with it."""
        await self._befall("kill")

    async def start(self) -> None:
        """It is there again."""
        await self._befall("start")

    def close(self) -> None:
        """End it."""
        self._pbx.close()

    async def _befall(self, kind: str) -> None:
        await asyncio.to_thread(self._pbx.post, "/fault", kind=kind)
