"""Tells the event log when somebody can be spoken with otherwise than before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, select

from gateway.kernel import events
from gateway.kernel.clock import Clock
from gateway.kernel.store import Store
from gateway.people.colleagues import Colleagues
from gateway.people.model import Colleague, Deputy
from gateway.people.tables import users

TOGETHER_S = 0.05
"""How long changes are gathered: a ringing group of telephones is one unit of work."""
LOOK_S = 15.0
"""How often the clock alone is asked: an absence begins and ends without anybody's doing."""
AT_ONCE = 200


class Announcer:
    """Compares each person with what was told of him last."""

    def __init__(
        self, store: Store, clock: Clock, colleagues: Colleagues, wake_feed: Callable[[], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._colleagues = colleagues
        self._wake_feed = wake_feed
        self._told: dict[str, Colleague] = {}
        self._extensions: set[str] = set()
        self._everybody = True
        self._woken = asyncio.Event()

    def telephones_changed(self, extensions: frozenset[str]) -> None:
        """Have these extensions' people looked at."""
        self._extensions |= extensions
        self._woken.set()

    def people_changed(self) -> None:
        """Have everybody looked at."""
        self._everybody = True
        self._woken.set()

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            try:
                async with asyncio.timeout(0 if self._everybody else LOOK_S):
                    await self._woken.wait()
                await asyncio.sleep(TOGETHER_S)
            except TimeoutError:
                self._everybody = True
            self._woken.clear()
            await self._look()

    async def _look(self) -> None:
        everybody, extensions = self._everybody, self._extensions
        self._everybody, self._extensions = False, set()
        query = select(users).where(users.c.disabled_at.is_(None))
        if not everybody:
            query = query.where(users.c.extension.in_(sorted(extensions)))
        found = await self._store.read(lambda c: self._colleagues.read(c, query))
        changed = [one for one in found if self._told.get(one.id) != one]
        for start in range(0, len(changed), AT_ONCE):
            await self._tell(changed[start : start + AT_ONCE])

    async def _tell(self, changed: list[Colleague]) -> None:
        now = self._clock.now()
        told = [
            events.Event(
                kind="person.changed", subject=one.id, at=now, audience=events.EVERYONE,
                data=describe_colleague(one),
            )
            for one in changed
        ]  # fmt: skip

        def unit(connection: Connection) -> None:
            events.append(connection, *told)

        await self._store.write(unit)
        self._told |= {one.id: one for one in changed}
        self._wake_feed()


def describe_colleague(one: Colleague) -> dict[str, Any]:
    """Return a colleague as JSON-ready values: what the API and events show."""
    return {
        "id": one.id,
        "login": one.login,
        "name": one.name,
        "role": one.role.value,
        "extension": one.extension,
        "mobile": one.mobile,
        "state": one.state.value,
        "until": None if one.until is None else one.until.isoformat(),
        "deputy": None if one.deputy is None else describe_deputy(one.deputy),
    }


def describe_deputy(one: Deputy) -> dict[str, Any]:
    """Return a deputy as JSON-ready values."""
    return {
        "id": one.id, "name": one.name, "extension": one.extension, "mobile": one.mobile,
        "state": one.state.value,
    }  # fmt: skip
