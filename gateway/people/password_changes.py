"""Changes of passwords: one's own, and one for a single time that an administrator sets."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from gateway.kernel.clock import Clock
from gateway.kernel.errors import Conflict, Invalid, NotFound, Unauthenticated
from gateway.kernel.ids import new_id
from gateway.kernel.store import Store
from gateway.kernel.text_folding import fold
from gateway.people import audit, first_password, lockout, sessions
from gateway.people.first_password import FirstPasswordFile
from gateway.people.model import Role, Visitor
from gateway.people.passwords import Passwords, new_one_time, require_acceptable
from gateway.people.sessions import Sessions
from gateway.people.signing_in import SignIn
from gateway.people.tables import passwords, users
from gateway.web.principal import SYSTEM, Permission, Principal
from gateway.web.sessions import Session

logger = logging.getLogger(__name__)

FIRST_LOGIN = "admin"


class PasswordChanges:
    """Sets passwords; each change ends the sessions that were begun with the one before."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        passwords: Passwords,
        signing_in: SignIn,
        open_sessions: Sessions,
        file: FirstPasswordFile,
    ) -> None:
        self._store = store
        self._clock = clock
        self._passwords = passwords
        self._signing_in = signing_in
        self._sessions = open_sessions
        self._file = file

    async def change_own(
        self, principal: Principal, old: str, new: str, visitor: Visitor, *, session: Session | None
    ) -> str:
        """Give oneself another password; raises Invalid or TooMany.

        Returns the secret of the session that takes the place of `session`; all others end.
        """
        principal.require(Permission.ME)
        login = await self._login_of(principal)
        require_acceptable(new, login)
        if new == old:
            raise Invalid("the new password is the old one; choose another", field="new")
        try:
            proven = await self._signing_in.prove(login, old, visitor.address)
        except Unauthenticated:
            raise Invalid("the password until now is another one", field="old") from None
        kept, secret = await self._passwords.hash(new), sessions.new_secret()
        now = self._clock.now()

        def unit(connection: Connection) -> bool:
            proven.settle(connection, now)
            used = _put(connection, proven.user_id, kept, now, once=False)
            if session is not None:
                sessions.begin(connection, proven.user_id, visitor, secret, now)
            audit.record(
                connection, proven.principal, "change_password", ("user", proven.user_id), at=now,
                changes={"address": visitor.address},
            )  # fmt: skip
            return used

        await self._finish(proven.user_id, used=await self._store.write(unit))
        return secret if session is not None else ""

    async def set_once(self, principal: Principal, login: str) -> str:
        """Give a user a password for one time, and return it; raises NotFound or Conflict.

        What kept him out for failed tries is forgotten.
        """
        principal.require(Permission.USERS_MANAGE)
        password = new_one_time()
        kept = await self._passwords.hash(password)
        now = self._clock.now()

        def unit(connection: Connection) -> tuple[str, bool]:
            found = connection.execute(select(users).where(users.c.login == login)).first()
            if found is None:
                raise NotFound(f"there is no user {login!r}; `santral user list` shows all")
            if found.disabled_at:
                raise Conflict(f"{login} is disabled; he cannot sign in with any password")
            used = _put(connection, found.id, kept, now, once=True)
            lockout.forgive(connection, login)
            audit.record(connection, principal, "reset_password", ("user", found.id), at=now)
            return found.id, used

        user_id, used = await self._store.write(unit)
        await self._finish(user_id, used=used)
        return password

    async def let_first_in(self) -> None:
        """Where nobody could sign in, have an administrator who can, with a password in a file."""
        able, waits = await self._store.read(
            lambda c: (_somebody_can_sign_in(c), first_password.is_waiting(c))
        )
        if able:
            if not waits:
                await asyncio.to_thread(self._file.remove)
            return
        password = new_one_time()
        kept = await self._passwords.hash(password)
        await asyncio.to_thread(self._file.write, password)
        now = self._clock.now()
        login = await self._store.write(lambda c: _first_administrator(c, kept, now))
        logger.warning(
            "nobody could sign in yet: the user %s can, once, with the password in %s",
            login, self._file.path,
        )  # fmt: skip

    async def _login_of(self, principal: Principal) -> str:
        query = select(users.c.login).where(users.c.id == principal.user_id)
        login = await self._store.read(lambda connection: connection.execute(query).scalar())
        if login is None:
            raise Invalid(
                f"{principal.name} has no password; `santral user password LOGIN` sets a user's"
            )
        return str(login)

    async def _finish(self, user_id: str, *, used: bool) -> None:
        """Do what follows from a change that is on disk."""
        self._sessions.tell_ended(user_id)
        if used:
            await asyncio.to_thread(self._file.remove)


def _put(connection: Connection, user_id: str, kept: str, now: datetime, *, once: bool) -> bool:
    """Set a password and end what was begun with the last; tell whether that was in the file."""
    connection.execute(delete(passwords).where(passwords.c.user_id == user_id))
    connection.execute(insert(passwords).values(user_id=user_id, hash=kept, once=once, set_at=now))
    sessions.end_all(connection, user_id)
    return first_password.is_used(connection, user_id)


def _somebody_can_sign_in(connection: Connection) -> bool:
    query = (
        select(func.count())
        .select_from(users.join(passwords, passwords.c.user_id == users.c.id))
        .where(users.c.disabled_at.is_(None))
    )
    return connection.execute(query).scalar_one() > 0


def _first_administrator(connection: Connection, kept: str, now: datetime) -> str:
    """Return the login of an administrator who has this password now."""
    login, number = FIRST_LOGIN, 1
    while found := connection.execute(select(users).where(users.c.login == login)).first():
        if found.role == Role.ADMINISTRATOR and not found.disabled_at:
            break
        number += 1
        login = f"{FIRST_LOGIN}{number}"
    user_id = found.id if found else _add(connection, login, now)
    _put(connection, user_id, kept, now, once=True)
    first_password.note(connection, user_id, now)
    audit.record(connection, SYSTEM, "first_administrator", ("user", user_id), at=now)
    return login


def _add(connection: Connection, login: str, now: datetime) -> str:
    user_id = new_id()
    connection.execute(
        insert(users).values(
            id=user_id, login=login, name=login, name_folded=fold(login),
            role=Role.ADMINISTRATOR.value, created_at=now,
        )
    )  # fmt: skip
    return user_id
