"""What a telephone system's driver offers to the calls feature, and what it hands over.

Errors of a driver's methods: `Temporary` (surely not done, worth another try), `Permanent` (surely
not done, hopeless), `Uncertain` (may have been done: never repeat it). Nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gateway.calls.model import CallChange, CallRecord, TelephoneState


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxSettings:
    """One telephone system and who we are to it."""

    id: str
    host: str
    port: int = 5038
    user: str
    secret: str
    tls: bool = False
    tls_ca: str = ""
    """File of the authority that signed its certificate; empty for the machine's own list."""
    context: str = "from-internal"
    """Where in the dialplan a user's telephone dials from: transfers and dials go there."""
    channel: str = "PJSIP/{extension}"
    """How a user's telephone is rung; FreePBX: `Local/{extension}@from-internal`."""
    outside: str = ""
    """What is dialled before a number outside the company."""
    ring_s: float = 30.0
    """How long a user's telephone rings before his dial is given up."""


class PbxCondition(StrEnum):
    """What state the connection with a telephone system is in."""

    READY = "ready"
    CONNECTING = "connecting"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    """It does not take our name, secret or address."""
    FROZEN = "frozen"
    """It is connected and does not answer."""
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxStatus:
    """What is known of a telephone system right now."""

    id: str
    condition: PbxCondition
    detail: str = ""
    remedy: str = ""
    version: str = ""
    """Of its manager interface."""
    where: str = ""
    missing: tuple[str, ...] = ()
    """Actions that our user may not ask for there."""


MODEM = "modem:"
"""What stands before a GSM modem's id where it is named beside telephone systems."""


class CallSink(Protocol):
    """Takes what becomes of calls, from telephone systems and from modems alike."""

    async def calls_changed(
        self, pbx: str, changes: Sequence[tuple[CallChange, CallRecord | None]]
    ) -> None:
        """Commit what changed; with each change the call as it is now, None for a merged one."""

    async def calls_living(self, pbx: str, living: Collection[str]) -> None:
        """Take the ids of all calls that live: whatever else is open has ended unseen."""


class PbxSink(CallSink, Protocol):
    """Takes what a telephone system tells."""

    def telephones_changed(self, pbx: str, states: Mapping[str, TelephoneState]) -> None:
        """Note what extensions' telephones do now; must not block."""

    def status_changed(self, status: PbxStatus) -> None:
        """Note the state of the connection; must not block."""


class Pbx(Protocol):
    """One telephone system."""

    @property
    def status(self) -> PbxStatus:
        """Return what is known right now, without I/O."""

    async def run(self) -> None:
        """Hold the connection until cancelled."""

    async def transfer(self, ref: str, to: str) -> None:
        """Send who is beyond the line, else who called, to an extension or number."""

    async def consult(self, ref: str, to: str) -> None:
        """Let who speaks with the customer ask at an extension before passing him on."""

    async def end_consulting(self, ref: str, *, pass_on: bool) -> None:
        """Pass the customer on to who was asked, or take him back."""

    async def park(self, ref: str) -> None:
        """Put who is beyond the line, else who called, into the car park."""

    async def hang_up(self, ref: str) -> None:
        """End a call."""

    async def dial(self, ref: str, extension: str, number: str, shown: str) -> None:
        """Ring an extension and, once it is picked up, dial a number from it.

        Returns when it was picked up. The call has `ref` as its id; `shown` is what the telephone
        shows while it rings. Raises Permanent when it was not picked up.
        """
