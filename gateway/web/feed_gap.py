"""Whether a reader of the live feed can be given all that it missed, or has to start anew."""

from __future__ import annotations

from sqlalchemy import Connection

from gateway.kernel import events
from gateway.kernel.store import Store


async def joined(store: Store, last: int) -> tuple[int, bytes]:
    """Return behind which event a reader goes on that saw `last`, and what it is told first.

    When events that it did not see are gone, or it saw some that this log does not know (it was
    restored), it is told `reset`: to ask for everything anew.
    """

    def read(connection: Connection) -> tuple[int, int]:
        return events.oldest(connection), events.newest(connection)

    oldest, newest = await store.read(read)
    if oldest - 1 <= last <= newest:
        return last, b""
    return newest, f"id: {newest}\nevent: reset\ndata: {{}}\n\n".encode()
