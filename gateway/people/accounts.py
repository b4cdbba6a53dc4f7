"""One's own account: who one is, and what one chose for oneself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from gateway.kernel.errors import Invalid
from gateway.kernel.store import Store
from gateway.people.model import User
from gateway.people.tables import users
from gateway.people.users import user_of
from gateway.web.preferences import Preferences
from gateway.web.principal import Permission, Principal


class Accounts:
    """Reads and changes what belongs to who asks."""

    def __init__(self, store: Store, *, changed: Callable[[], None] = lambda: None) -> None:
        """Take `changed`, which is called when what sessions know of somebody has changed."""
        self._store = store
        self._changed = changed

    async def of(self, principal: Principal) -> User | None:
        """Return who asks; None for who is no user: the local administrator."""
        principal.require(Permission.ME)
        query = select(users).where(users.c.id == principal.user_id)
        row = await self._store.read(lambda connection: connection.execute(query).first())
        return user_of(row) if row else None

    async def choose(self, principal: Principal, given: Mapping[str, Any]) -> Preferences:
        """Change some of one's preferences; returns all of them."""
        principal.require(Permission.ME)
        place = users.c.id == principal.user_id

        def unit(connection: Connection) -> Preferences:
            row = connection.execute(select(users.c.preferences).where(place)).first()
            if row is None:
                raise Invalid(f"{principal.name} is no user, and has no preferences")
            chosen = Preferences.of(row.preferences).model_copy(update=dict(given))
            values = chosen.model_dump(mode="json")
            connection.execute(update(users).where(place).values(preferences=values))
            return chosen

        chosen = await self._store.write(unit)
        self._changed()
        return chosen
