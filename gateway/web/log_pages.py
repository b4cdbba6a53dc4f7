"""What was written while a reader was away, page by page from the log."""

from __future__ import annotations

from functools import partial

from gateway.kernel import events
from gateway.kernel.store import Store
from gateway.web.feed_view import View
from gateway.web.live_tail import Serialise

AT_ONCE = 200
SPAN = 20_000
"""How far one look goes: who sees little must not hold the database up with a long one."""


class LogPages:
    """Reads what is behind an id, for one reader."""

    def __init__(self, store: Store, serialise: Serialise) -> None:
        self._store = store
        self._serialise = serialise

    async def page(self, view: View, last: int, end: int) -> tuple[bytes, int]:
        """Return the next lines behind `last` and not behind `end`, and up to where they reach.

        Up to `end` the log must be complete: what is still being written is not for a page.
        """
        end = min(end, last + SPAN)
        read = partial(
            events.after, last_id=last, audiences=view.audiences, limit=AT_ONCE, up_to=end
        )
        found = await self._store.read(read)
        lines = b"".join(self._serialise(event) for event in found if view.takes(event.kind))
        return lines, found[-1].id if len(found) == AT_ONCE else end
