"""The message memories of a modem: which there are, and which is selected (27.005 §3.2.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from drivers.modem import at_values
from drivers.modem.at_client import AtClient
from drivers.modem.at_errors import AtRefused
from drivers.modem.profiles import Profile

# SM: SIM, ME: the device, SR: reports, TA: the adaptor. MT shows SM and ME together, and is used
# only where neither can be named; BM holds broadcasts.
_REAL = ("SM", "ME", "SR", "TA")
_JOINED = "MT"
_GROUP = re.compile(r"\(((?:\s*\"\w+\"\s*,?)+)\)")
_QUOTED = re.compile(r'"(\w+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryMap:
    """What AT+CPMS=? allows: for reading, for writing, for arrivals."""

    groups: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, test_answer: str) -> MemoryMap:
        """Read the answer; without one that can be read, only SM is taken for granted."""
        groups = [tuple(_QUOTED.findall(group)) for group in _GROUP.findall(test_answer)]
        if not groups:
            groups = [tuple(_QUOTED.findall(test_answer)) or ("SM",)]
        return cls(groups=tuple(groups[:3]))

    @property
    def swept(self) -> tuple[str, ...]:
        """The memories to look into."""
        readable = self.groups[0]
        real = tuple(name for name in _REAL if name in readable)
        return real if set(real) - {"SR"} or _JOINED not in readable else (*real, _JOINED)

    def arrivals(self, profile: Profile) -> str:
        """The memory where messages are to be stored as they arrive."""
        allowed = self.groups[-1]
        return next((name for name in profile.arrivals if name in allowed), "SM")


class Memories:
    """Selects memories at the modem, and remembers which one is."""

    def __init__(self, client: AtClient, layout: MemoryMap, *, slow_s: float) -> None:
        self._client = client
        self._layout = layout
        self._slow_s = slow_s
        self._reading = ""
        self.usage: dict[str, tuple[int, int]] = {}
        """Memory to (used, total) as last told."""

    @property
    def swept(self) -> tuple[str, ...]:
        """The memories to look into."""
        return self._layout.swept

    async def choose(self, profile: Profile) -> None:
        """Select the memories for reading, writing and arrivals; raises AtError."""
        name = self._layout.arrivals(profile)
        quoted = [at_values.memory(name)] * len(self._layout.groups)
        while True:
            try:
                await self._select(name, ",".join(quoted))
            except AtRefused:
                if len(quoted) == 1:
                    raise
                quoted.pop()
            else:
                return

    async def read_from(self, name: str) -> None:
        """Select the memory that AT+CMGR, +CMGL and +CMGD mean; raises AtError."""
        if name != self._reading:
            await self.look_at(name)

    async def look_at(self, name: str) -> None:
        """Select a memory, be it selected already, and learn how full it is; raises AtError."""
        self._reading = ""
        await self._select(name, at_values.memory(name))

    def count(self, name: str, used: int) -> None:
        """Note how many messages a memory holds."""
        self.usage[name] = (used, self.usage.get(name, (used, used))[1])

    def freed(self, name: str) -> None:
        """Note that one message less is in a memory."""
        used, total = self.usage.get(name, (1, 1))
        self.usage[name] = (max(used - 1, 0), total)

    async def _select(self, name: str, arguments: str) -> None:
        lines = await self._client.command(f"AT+CPMS={arguments}", timeout_s=self._slow_s)
        self._reading = name
        found = at_values.numbers(lines[0]) if lines else []
        if len(found) >= 2 and found[0] is not None and found[1] is not None:
            self.usage[name] = (found[0], found[1])
        else:
            self.usage.pop(name, None)
