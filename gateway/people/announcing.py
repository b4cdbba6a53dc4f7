"""Tells the event log when somebody can be spoken with otherwise than before."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

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
_ACTIVE = select(users).where(users.c.disabled_at.is_(None))


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
        self._everybody = True
        look_at = self._clock.monotonic()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, look_at - self._clock.monotonic())):
                    await self._woken.wait()
                await asyncio.sleep(TOGETHER_S)
            if self._clock.monotonic() >= look_at:
                self._everybody = True
            self._woken.clear()
            if self._everybody:
                look_at = self._clock.monotonic() + LOOK_S
            await self._look()

    async def _look(self) -> None:
        """Look at who may be otherwise; with somebody absent at all, for his deputy's state."""
        extensions, self._extensions = self._extensions, set()
        asked, self._everybody = self._everybody, False
        everybody = asked or any(one.deputy for one in self._told.values())
        query = _ACTIVE if everybody else _ACTIVE.where(users.c.extension.in_(sorted(extensions)))
        try:
            found = await self._store.read(lambda c: self._colleagues.read(c, query))
            changed = [one for one in found if self._told.get(one.id) != one]
            for start in range(0, len(changed), AT_ONCE):
                await self._tell(changed[start : start + AT_ONCE])
            if everybody:
                await self._tell_left(set(self._told) - {one.id for one in found})
        except BaseException:
            self._extensions |= extensions
            self._everybody = self._everybody or asked
            raise

    async def _tell(self, changed: list[Colleague]) -> None:
        now = self._clock.now()
        told = [
            events.Event(
                kind="person.changed", subject=one.id, at=now, audience=events.EVERYONE,
                data=describe_colleague(one),
            )
            for one in changed
        ]  # fmt: skip
        await self._store.write(lambda connection: events.append(connection, *told))
        self._told |= {one.id: one for one in changed}
        self._wake_feed()

    async def _tell_left(self, gone: set[str]) -> None:
        """Tell of those who do not work here any more."""
        if not gone:
            return
        now = self._clock.now()
        told = [
            events.Event(
                kind="person.left", subject=one, at=now, audience=events.EVERYONE, data={"id": one}
            )
            for one in sorted(gone)
        ]  # fmt: skip
        await self._store.write(lambda connection: events.append(connection, *told))
        for one in gone:
            del self._told[one]
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
