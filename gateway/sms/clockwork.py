"""What the clock does to messages: the scheduled become due, the late expire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select

from gateway.kernel.clock import Clock
from gateway.kernel.store import Store
from gateway.sending import quotas
from gateway.sending.states import SendState
from gateway.sms import deciding, ledger, tables

LOOK_S = 1.0
AT_ONCE = 500
"""Messages in one unit, so that others are not held up."""
FORGET_EVERY = 3600
"""Looks between two prunings of old counts."""

_M = tables.messages.c
_OPEN = (SendState.SCHEDULED.value, SendState.QUEUED.value)


class Clockwork:
    """Looks at the clock."""

    def __init__(self, store: Store, clock: Clock, wake: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._wake = wake

    async def run(self) -> None:
        """Look every second until cancelled."""
        looks = 0
        while True:
            if looks % FORGET_EVERY == 0:
                await self._forget(self._clock.now())
            looks += 1
            if not await self.look():
                await asyncio.sleep(LOOK_S)

    async def _forget(self, now: datetime) -> None:
        await self._store.write(lambda connection: quotas.forget(connection, now))

    async def look(self) -> int:
        """Release what is due and close what is late; return how many messages that were."""
        now = self._clock.now()
        due = await self._store.read(lambda connection: _due(connection, now))
        if not due:
            return 0
        moved = await self._store.write(lambda connection: _move(connection, due, now))
        self._wake()
        return moved


def _due(connection: Connection, now: datetime) -> list[str]:
    late = and_(_M.state.in_(_OPEN), _M.expires_at <= now)
    come = and_(_M.state == SendState.SCHEDULED.value, _M.not_before <= now)
    query = select(_M.id).where(or_(late, come)).limit(AT_ONCE)
    return list(connection.execute(query).scalars())


def _move(connection: Connection, message_ids: list[str], now: datetime) -> int:
    moved = 0
    for message_id in message_ids:
        message = ledger.find(connection, message_id)
        if message is None or not message.state.open:
            continue
        if message.expires_at is not None and message.expires_at <= now:
            if ledger.is_begun(connection, message_id):
                continue
            deciding.close(
                connection, message, SendState.EXPIRED, now, code="expired",
                text="its last time passed before a modem could send it",
            )  # fmt: skip
        else:
            deciding.release(connection, message, now)
        moved += 1
    return moved
