"""A telephone system that notes what is asked of it."""

from __future__ import annotations

import asyncio

from gateway.calls.port import PbxCondition, PbxSettings, PbxStatus
from gateway.kernel.errors import GatewayError

SETTINGS = PbxSettings(id="office", host="127.0.0.1", user="santral", secret="s", outside="0")


class Switchboard:
    """Implements the calls feature's port without a wire."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.status = PbxStatus(id="office", condition=PbxCondition.READY)
        self.picked_up = asyncio.Event()
        self.picked_up.set()
        self.failure: GatewayError | None = None

    async def run(self) -> None:
        """Do nothing."""

    async def transfer(self, ref: str, to: str) -> None:
        """Note it."""
        self.asked.append(("transfer", ref, to))

    async def consult(self, ref: str, to: str) -> None:
        """Note it."""
        self.asked.append(("consult", ref, to))

    async def end_consulting(self, ref: str, *, pass_on: bool) -> None:
        """Note it."""
        self.asked.append(("pass on" if pass_on else "take back", ref))

    async def park(self, ref: str) -> None:
        """Note it."""
        self.asked.append(("park", ref))

    async def hang_up(self, ref: str) -> None:
        """Note it."""
        self.asked.append(("hang up", ref))

    async def dial(self, ref: str, extension: str, number: str, shown: str) -> None:
        """Note it; return when it is picked up, or fail as told."""
        self.asked.append(("dial", ref, extension, number, shown))
        await self.picked_up.wait()
        if self.failure is not None:
            raise self.failure
