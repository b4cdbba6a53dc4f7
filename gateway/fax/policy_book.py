"""Keeps what an administrator decides about faxes."""

from __future__ import annotations

from sqlalchemy import Connection, select

from gateway.fax.policy import FaxPolicy, policy_of, setting_of
from gateway.kernel import settings
from gateway.kernel.clock import Clock
from gateway.kernel.errors import Invalid
from gateway.kernel.store import Store
from gateway.people import audit
from gateway.people.tables import users
from gateway.web.principal import Permission, Principal


class FaxPolicyBook:
    """The one policy of faxes."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def show(self) -> FaxPolicy:
        """Return what is decided now."""
        return await self._store.read(policy_of)

    async def decide(self, principal: Principal, policy: FaxPolicy) -> FaxPolicy:
        """Replace it; raises Invalid for a login that nobody has."""
        principal.require(Permission.SETTINGS_MANAGE)
        now = self._clock.now()

        def unit(connection: Connection) -> None:
            for route in policy.routes:
                _require_user(connection, route.user)
            setting = setting_of(policy)
            settings.put(connection, setting, now)
            audit.record(
                connection, principal, "change", (setting.kind, setting.id), at=now,
                changes=dict(setting.value),
            )  # fmt: skip

        await self._store.write(unit)
        return policy


def _require_user(connection: Connection, login: str) -> None:
    query = select(users.c.id).where(users.c.login == login, users.c.disabled_at.is_(None))
    if connection.execute(query).first() is None:
        raise Invalid(f"nobody who works here has the login {login!r}", field="routes")
