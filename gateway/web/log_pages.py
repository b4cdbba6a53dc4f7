"""What was written while a reader was away, page by page from the log."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection

from gateway.kernel import events
from gateway.kernel.events import Event
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

    async def page(self, view: View, last: int) -> tuple[bytes, int, bool]:
        """Return the next lines behind `last`, up to where they reach, and whether there is more.

        The newest id is asked for before the events: on PostgreSQL two statements may see
        different states, and what is written between them must not count as looked through.
        """
        found, newest = await self._store.read(partial(_behind, last, view.audiences))
        lines = b"".join(self._serialise(event) for event in found if view.takes(event.kind))
        if len(found) == AT_ONCE:
            return lines, found[-1].id, True
        reached = max(min(newest, last + SPAN), found[-1].id if found else last)
        return lines, reached, reached < newest


def _behind(
    last: int, audiences: tuple[str, ...] | None, connection: Connection
) -> tuple[list[Event], int]:
    newest = int(connection.execute(events.NEWEST).scalar_one())
    found = events.after(connection, last, audiences=audiences, limit=AT_ONCE, up_to=last + SPAN)
    return found, newest
