"""The whole simulated telephone system: switch, manager interface, what can befall it."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from simulators.pbx.actions import Actions
from simulators.pbx.office import Office
from simulators.pbx.sessions import Sessions, User

_GARBAGE = b"\xff\xfe\x00Event:\r\n: no key\r\nEvent Newchannel\r\nChannel: \xc3(\r\n\r\n"
ALL = frozenset({"all"})


@dataclass(frozen=True, slots=True)
class PbxConfig:
    """What a user of the simulator chooses."""

    ami_port: int = 0
    control_port: int = 0
    extensions: Sequence[str] = ("101", "102", "103")
    user: str = "santral"
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    read: frozenset[str] = ALL
    write: frozenset[str] = ALL


class FaultError(Exception):
    """There is no such fault."""


class Simulator:
    """One telephone system, up or down."""

    def __init__(self, config: PbxConfig) -> None:
        self.config = config
        self.office = Office(config.extensions)
        self.sessions = Sessions()
        self.up = False
        user = User(config.user, config.secret, config.read, config.write)
        self._actions = Actions(self.office, self.sessions, {config.user: user})
        self._waiting: list[Callable[[], object]] = []
        self._dripping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take connections and calls."""
        if not self.up:
            await self.sessions.open(self.config.ami_port)
            self._actions.booted = time.time()
            self.up = True

    async def kill(self) -> None:
        """Be gone, with all calls, without a word."""
        if self.up:
            self.up = False
            await self.sessions.close()
            self.sessions.frozen = False
            self.office.clear()

    async def close(self) -> None:
        """End."""
        await self.kill()
        if self._dripping is not None:
            self._dripping.cancel()

    def act(self, work: Callable[[], object]) -> None:
        """Do what a person does at a telephone; while the switch is frozen it waits."""
        if self.sessions.frozen:
            self._waiting.append(work)
        else:
            work()

    async def befall(self, kind: str, amount: int) -> None:
        """Let a fault begin or end; raises FaultError for one that there is not."""
        if kind in {"kill", "start"}:
            await (self.kill if kind == "kill" else self.start)()
            return
        sessions = self.sessions
        endless = b"Event: Endless\r\nText: " + b"x" * amount
        faults: dict[str, Callable[[], object]] = {
            "freeze": sessions.freeze,
            "thaw": self._thaw,
            "cut": sessions.cut,
            "garbage": lambda: sessions.broadcast(_GARBAGE * max(amount, 1)),
            "endless": lambda: sessions.broadcast(endless),
            "lose": lambda: sessions.lose(max(amount, 1)),
            "slow": lambda: self._slow(amount),
        }
        if kind not in faults:
            raise FaultError(kind)
        faults[kind]()

    def _thaw(self) -> None:
        self.sessions.thaw()
        waiting, self._waiting = self._waiting, []
        for work in waiting:
            work()

    def _slow(self, bytes_s: int) -> None:
        self.sessions.slow_bytes_s = bytes_s
        if bytes_s and (self._dripping is None or self._dripping.done()):
            self._dripping = asyncio.create_task(self.sessions.drip(), name="slow manager")
