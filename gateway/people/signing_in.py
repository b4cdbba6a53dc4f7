"""Signing in: a user name and a password become a session, at the pace that lockout sets."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from sqlalchemy import Connection, select, update

from gateway.kernel.clock import Clock
from gateway.kernel.errors import TooMany, Unauthenticated
from gateway.kernel.store import Store
from gateway.people import audit, lockout, sessions
from gateway.people.lockout import Key
from gateway.people.model import RIGHTS, SIGHT, Role, Visitor
from gateway.people.passwords import Passwords
from gateway.people.sessions import Sessions
from gateway.people.tables import passwords, users
from gateway.people.users import is_login
from gateway.web.principal import SYSTEM, Principal
from gateway.web.sessions import Session

logger = logging.getLogger(__name__)

WRONG = "the user name or the password is wrong"
_BY_LOGIN = select(
    users.c.id, users.c.name, users.c.role, users.c.disabled_at, passwords.c.hash
).join(passwords, passwords.c.user_id == users.c.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """A password was right. `settle` makes it count, in the unit of work that follows from it."""

    user_id: str
    principal: Principal
    login: str
    address: str
    kept: str
    """The hash that it was checked against."""
    keys: tuple[Key, Key]

    def settle(self, connection: Connection, now: datetime) -> None:
        """Take the try's counting back; raises Unauthenticated when access changed meanwhile."""
        query = _BY_LOGIN.where(users.c.id == self.user_id)
        found = connection.execute(query).first()
        if found is None or found.disabled_at or found.hash != self.kept:
            raise Unauthenticated(WRONG)
        lockout.succeeded(connection, self.keys, now)
        lockout.get_to_know(connection, self.user_id, self.address, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """One try as it was counted."""

    wait_s: float
    keys: tuple[Key, Key]
    locks: bool = False
    user: Any = None
    """The row of who may sign in at all."""


class SignIn:
    """Proves who somebody is."""

    def __init__(
        self, store: Store, clock: Clock, passwords: Passwords, sessions: Sessions
    ) -> None:
        self._store = store
        self._clock = clock
        self._passwords = passwords
        self._sessions = sessions

    async def sign_in(
        self, login: str, password: str, visitor: Visitor, *, instead_of: Session | None = None
    ) -> str:
        """Return a new session's secret; raises Unauthenticated or TooMany.

        Whatever the browser held before is never taken up: it ends.
        """
        proven = await self.prove(login, password, visitor.address)
        fresh = ""
        if self._passwords.outdated(proven.kept):
            fresh = await self._passwords.hash(password)
        now, secret = self._clock.now(), sessions.new_secret()

        def unit(connection: Connection) -> bool:
            proven.settle(connection, now)
            if instead_of is not None:
                sessions.end_one(connection, instead_of.id)
            if fresh:
                place = passwords.c.user_id == proven.user_id
                connection.execute(update(passwords).where(place).values(hash=fresh))
            audit.record(
                connection, proven.principal, "sign_in", ("user", proven.user_id), at=now,
                changes={"address": visitor.address},
            )  # fmt: skip
            return sessions.begin(connection, proven.user_id, visitor, secret, now)

        if await self._store.write(unit):
            self._sessions.tell_ended(proven.user_id)
        if instead_of is not None:
            self._sessions.tell_ended(instead_of.principal.user_id)
        return secret

    async def prove(self, login: str, password: str, address: str) -> Proven:
        """Check a password; raises Unauthenticated or TooMany."""
        login = login.strip().lower()
        self._passwords.require_room()
        now = self._clock.now()
        tried = await self._store.write(lambda c: _count(c, login, address, now))
        if tried.wait_s > 0:
            minutes = ceil(tried.wait_s / 60)
            raise TooMany(
                f"too many tries have failed; try again in {minutes} min, or have an "
                "administrator set a new password (santral user password LOGIN)",
                retry_after_s=tried.wait_s,
            )
        kept = tried.user.hash if tried.user is not None else None
        if not await self._passwords.verify(kept, password):
            await self._note_lock(tried, address, now)
            raise Unauthenticated(WRONG)
        role = Role(tried.user.role)
        principal = Principal(
            user_id=tried.user.id, name=tried.user.name,
            permissions=RIGHTS[role], sight=SIGHT[role],
        )  # fmt: skip
        return Proven(
            user_id=tried.user.id, principal=principal, login=login, address=address,
            kept=tried.user.hash, keys=tried.keys,
        )  # fmt: skip

    async def _note_lock(self, tried: _Try, address: str, now: datetime) -> None:
        """Leave a trail of a pause that has begun."""
        if not tried.locks:
            return
        target = ("user", tried.user.id) if tried.user is not None else ("address", address)
        await self._store.write(
            lambda c: audit.record(
                c, SYSTEM, "lock_sign_in", target, at=now, changes={"address": address}
            )
        )
        logger.warning("sign-ins from %s failed too often; they must wait now", address)


def _count(connection: Connection, login: str, address: str, now: datetime) -> _Try:
    """Count a try as failed, unless it has to wait."""
    user = None
    if is_login(login):
        user = connection.execute(_BY_LOGIN.where(users.c.login == login)).first()
    known = user is not None and lockout.is_known(connection, user.id, address, now)
    keys = lockout.keys_of(login, address, known=known)
    wait_s = lockout.locked_s(connection, keys[:1] if known else keys, now)
    if wait_s > 0:
        return _Try(wait_s=wait_s, keys=keys)
    locks = lockout.count(connection, keys, now)
    able = user if user is not None and not user.disabled_at else None
    return _Try(wait_s=0.0, keys=keys, locks=locks, user=able)
