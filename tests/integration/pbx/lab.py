"""An office's telephone system under test, real or simulated, as the suite sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from gateway.calls.port import PbxSettings

TRUNK = "trunk"
CUSTOMER, OTHER = "902125550150", "902125550160"
MAIN, FALL_OVER, GROUP, LOCAL_GROUP, QUEUE, MENU, VOICEMAIL = (
    f"902125550{line}" for line in ("100", "101", "102", "103", "110", "130", "140")
)


class Handset(Protocol):
    """A telephone, and the newest call on it; states: calling, ringing, up, ended."""

    def behave(self, mode: str, delay_s: float = 0.3) -> None:
        """Say what it does when called: answer, ring, busy, decline."""

    async def wait(self, state: str, timeout_s: float = 10.0) -> None:
        """Wait until its newest call is in a state."""

    async def dial(self, number: str, *, caller: str = "", name: str = "") -> None:
        """Call a number."""

    async def answer(self) -> None:
        """Pick up."""

    async def hang_up(self) -> None:
        """Hang up."""

    async def hold(self, *, on: bool = True) -> None:
        """Hold, or take back."""

    async def pass_on(self, number: str) -> None:
        """Transfer blindly."""

    async def consult(self, number: str) -> None:
        """Hold the call and ask a colleague on another line."""

    async def complete(self) -> None:
        """Connect who is held with who was asked."""

    async def press(self, digits: str) -> None:
        """Press keys."""

    @property
    def talk_s(self) -> float:
        """How long its newest call was up, once that ended."""

    @property
    def rings(self) -> int:
        """How many times it was called."""


class Lab(Protocol):
    """The telephone system, its telephones and what can befall it."""

    settings: PbxSettings

    @property
    def phones(self) -> Mapping[str, Handset]:
        """The telephones by extension, and the trunk's."""

    async def unplug(self) -> None:
        """Everybody hangs up whatever he is in."""

    async def freeze(self) -> None:
        """It takes connections and answers nothing."""

    async def thaw(self) -> None:
        """It goes on."""

    async def kill(self) -> None:
        """It is gone, and all its calls with it."""

    async def start(self) -> None:
        """It is there again."""
