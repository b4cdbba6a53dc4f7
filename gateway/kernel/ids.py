"""Identifiers that sort by the time they were made."""

from __future__ import annotations

import random
import secrets
import threading
import time

_FIRST_BITS = 73
"""Random bits of a millisecond's first identifier: one less than there are, to leave room above."""
_STEP_BITS = 32


class _Monotonic:
    """Makes identifiers that rise even within a millisecond (RFC 9562 §6.2, method 2)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ms = 0
        self._tail = 0

    def following(self) -> str:
        """Return the next one."""
        now = time.time_ns() // 1_000_000
        with self._lock:
            if now > self._ms:
                self._ms, self._tail = now, secrets.randbits(_FIRST_BITS)
            else:
                self._tail += random.getrandbits(_STEP_BITS) + 1
            ms, tail = self._ms, self._tail
        high, low = tail >> 62, tail & (1 << 62) - 1
        return f"{ms << 80 | 7 << 76 | high << 64 | 0b10 << 62 | low:032x}"


new_id = _Monotonic().following
"""Return a UUID version 7 (RFC 9562 §5.7) as 32 hex digits: sortable, unguessable enough."""
