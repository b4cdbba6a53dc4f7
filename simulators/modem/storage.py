"""The message memories of a modem and its SIM (3GPP TS 27.005 §2.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from simulators.modem import pdu


class Status(IntEnum):
    """What a stored message is, in the numbers of +CMGL."""

    UNREAD = 0
    READ = 1
    UNSENT = 2
    SENT = 3


@dataclass(slots=True, kw_only=True)
class StoredMessage:
    """A message in a memory: its service centre field and TPDU as they came."""

    message: str
    status: Status
    service_centre: bytes
    tpdu: bytes

    @property
    def received(self) -> bool:
        """Whether it came from the network."""
        return self.status in {Status.UNREAD, Status.READ}

    @property
    def is_report(self) -> bool:
        """Whether it is a status report."""
        return self.received and self.tpdu[0] & pdu.TYPE_MASK == pdu.REPORT


@dataclass(slots=True, kw_only=True)
class Memory:
    """One memory: slots by index, the lowest free one taken first."""

    name: str
    capacity: int
    first_index: int = 1
    slots: dict[int, StoredMessage] = field(default_factory=dict)
    blocked: bool = False

    @property
    def full(self) -> bool:
        """Whether nothing more goes in."""
        return self.blocked or len(self.slots) >= self.capacity

    def valid(self, index: int) -> bool:
        """Whether there is such a slot."""
        return self.first_index <= index < self.first_index + self.capacity

    def put(self, message: StoredMessage) -> int:
        """Store in the lowest free slot; the memory must not be full."""
        index = next(place for place in self.indexes() if place not in self.slots)
        self.slots[index] = message
        return index

    def indexes(self) -> range:
        """All indexes, free and taken."""
        return range(self.first_index, self.first_index + self.capacity)


@dataclass(frozen=True, slots=True)
class Place:
    """A slot of a memory, and the index by which the client knows it."""

    memory: Memory
    index: int
    shown_index: int


class Storage:
    """All memories of a modem, and `MT`, the view of several as one."""

    def __init__(
        self, capacities: dict[str, int], first_index: int, joined: tuple[str, ...]
    ) -> None:
        self.memories = {
            name: Memory(name=name, capacity=capacity, first_index=first_index)
            for name, capacity in capacities.items()
        }
        self._joined = tuple(self.memories[name] for name in joined)

    def names(self) -> list[str]:
        """The names that a client may select."""
        return [*self.memories, *(("MT",) if self._joined else ())]

    def used(self, name: str) -> int:
        """How many messages are there."""
        return sum(len(memory.slots) for memory in self._of(name))

    def capacity(self, name: str) -> int:
        """How many messages fit."""
        return sum(memory.capacity for memory in self._of(name))

    def with_room(self, name: str) -> Memory | None:
        """The memory that takes the next message, or None when full."""
        return next((memory for memory in self._of(name) if not memory.full), None)

    def shown_index(self, name: str, memory: Memory, index: int) -> int:
        """The index of a slot under the name that the client selected."""
        offset = 0
        for member in self._of(name):
            if member is memory:
                break
            offset += member.capacity
        return index + offset

    def place(self, name: str, shown_index: int) -> Place | None:
        """The slot behind an index, or None for one that does not exist."""
        offset = 0
        for memory in self._of(name):
            if memory.valid(shown_index - offset):
                return Place(memory, shown_index - offset, shown_index)
            offset += memory.capacity
        return None

    def taken(self, name: str) -> Iterator[Place]:
        """The slots that hold messages, in the order of their indexes."""
        offset = 0
        for memory in self._of(name):
            for index in sorted(memory.slots):
                yield Place(memory, index, index + offset)
            offset += memory.capacity

    def _of(self, name: str) -> tuple[Memory, ...]:
        return self._joined if name == "MT" else (self.memories[name],)
