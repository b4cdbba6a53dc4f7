"""Who goes first."""

from __future__ import annotations

from enum import IntEnum


class Priority(IntEnum):
    """Lower goes first; among equals, the older one."""

    HIGH = 1
    NORMAL = 5
    """A person's own message."""
    BULK = 9
    """A mailing: waits for everything else."""

    @classmethod
    def named(cls, name: str) -> Priority:
        """Return the priority with a name as people write it; raises KeyError."""
        return cls[name.upper()]
