"""Lets scheduled faxes go when their time comes, ends those whose last time passed, tidies up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, delete, select

from gateway.fax import ledger, tables
from gateway.fax.composing import Composer
from gateway.kernel.clock import Clock
from gateway.kernel.store import Store
from gateway.sending.states import SendState

LOOK_S = 1.0
TIDY_EVERY = timedelta(hours=1)
KEYS_KEPT = timedelta(days=30)
"""How long an Idempotency-Key is known."""
AT_ONCE = 500
_F = tables.faxes.c
_WAITING = (SendState.SCHEDULED.value, SendState.QUEUED.value)


class FaxClockwork:
    """Looks at the clock for what waits."""

    def __init__(
        self, store: Store, clock: Clock, composer: Composer, wake: Callable[[], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._composer = composer
        self._wake = wake

    async def run(self) -> None:
        """Look until cancelled."""
        tidied = self._clock.now() - TIDY_EVERY
        while True:
            now = self._clock.now()
            await self.look()
            if now - tidied >= TIDY_EVERY:
                tidied = now
                await self._tidy(now)
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Move what the clock says, once."""
        now = self._clock.now()
        if await self._store.read(lambda connection: _any_due(connection, now)):
            await self._store.write(lambda connection: _move(connection, now))
            self._wake()

    async def _tidy(self, now: datetime) -> None:
        old = tables.idempotency_keys.c.at < now - KEYS_KEPT
        await self._store.write(lambda c: c.execute(delete(tables.idempotency_keys).where(old)))
        await self._composer.forget_unused()


def _due(now: datetime) -> tuple[Select[Any], Select[Any]]:
    scheduled = select(tables.faxes).where(
        _F.state == SendState.SCHEDULED.value, _F.not_before <= now
    )
    late = select(tables.faxes).where(_F.state.in_(_WAITING), _F.expires_at <= now)
    return scheduled.limit(AT_ONCE), late.limit(AT_ONCE)


def _any_due(connection: Connection, now: datetime) -> bool:
    return any(connection.execute(query).first() for query in _due(now))


def _move(connection: Connection, now: datetime) -> None:
    scheduled, late = _due(now)
    for row in connection.execute(late).all():
        ledger.set_fax(
            connection, ledger.fax_of(row), SendState.EXPIRED, now,
            error_text="its last time passed before it could be sent",
        )  # fmt: skip
    for row in connection.execute(scheduled).all():
        fax = ledger.fax_of(row)
        if fax.expires_at is None or fax.expires_at > now:
            ledger.set_fax(connection, fax, SendState.QUEUED, now)
