"""The do-not-contact list, as people keep it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, tuple_

from gateway.consent import tables
from gateway.consent.model import Block, Channel, Source
from gateway.kernel.clock import Clock
from gateway.kernel.errors import Conflict, NotFound
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.store import Store
from gateway.people import audit
from gateway.web import cursor as cursors
from gateway.web.paging import MAX_PAGE
from gateway.web.principal import Permission, Principal

OnBlock = Callable[[Connection, Block], None]
"""What another feature does, in the same unit, when somebody is not to be contacted any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the list; `next_cursor` is empty on the last."""

    items: tuple[Block, ...]
    next_cursor: str = ""


class ConsentBook:
    """Adds to, shows and removes from the do-not-contact list."""

    def __init__(
        self, store: Store, clock: Clock, plan: NumberingPlan, on_block: Sequence[OnBlock] = ()
    ) -> None:
        self._store = store
        self._clock = clock
        self._plan = plan
        self._on_block = on_block

    async def add(self, principal: Principal, number: str, channel: Channel, reason: str) -> Block:
        """Block a number; what waits to be sent to it is taken back. Raises Invalid, Conflict."""
        principal.require(Permission.PARTIES_WRITE)
        block = Block(
            number=self._plan.parse(number, field="number").key,
            channel=channel,
            source=Source.PERSON,
            reason=reason,
            at=self._clock.now(),
            user_id=principal.user_id,
        )

        def unit(connection: Connection) -> None:
            if not tables.add(connection, block):
                raise Conflict(f"{block.number} is on the do-not-contact list already")
            for act in self._on_block:
                act(connection, block)
            audit.record(
                connection, principal, "block", ("number", block.number), at=block.at,
                changes={"channel": channel},
            )  # fmt: skip

        await self._store.write(unit)
        return block

    async def remove(self, principal: Principal, number: str, channel: Channel) -> None:
        """Allow a number again; raises NotFound."""
        principal.require(Permission.PARTIES_WRITE)
        key = self._plan.parse(number, field="number").key
        now = self._clock.now()

        def unit(connection: Connection) -> None:
            if not tables.remove(connection, key, channel):
                raise NotFound(f"{key} is not on the do-not-contact list for {channel}")
            audit.record(
                connection, principal, "unblock", ("number", key), at=now,
                changes={"channel": channel},
            )  # fmt: skip

        await self._store.write(unit)

    async def page(self, principal: Principal, *, cursor: str = "", limit: int = 100) -> Page:
        """Return the list by number; raises Invalid for a cursor that was not made here."""
        principal.require(Permission.PARTIES_READ)
        limit = min(limit, MAX_PAGE)
        keys = (tables.blocks.c.number, tables.blocks.c.channel)
        query = select(tables.blocks).order_by(*keys).limit(limit + 1)
        if cursor:
            query = query.where(tuple_(*keys) > tuple_(*cursors.decode(cursor, 2)))
        found = await self._store.read(
            lambda connection: [tables.block_of(row) for row in connection.execute(query)]
        )
        more = len(found) > limit
        items = tuple(found[:limit])
        last = items[-1] if more else None
        return Page(
            items=items,
            next_cursor=cursors.encode(last.number, last.channel.value) if last else "",
        )
