"""Sessions of browsers: begun by a sign-in, kept as a hash, ended by idleness, age or word."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from gateway.kernel.clock import Clock
from gateway.kernel.store import Store
from gateway.people import audit, lockout
from gateway.people.model import RIGHTS, SIGHT, OpenSession, Role, User, Visitor
from gateway.people.tables import passwords, sessions, users
from gateway.web.preferences import Preferences
from gateway.web.principal import Permission, Principal
from gateway.web.sessions import Session

IDLE = timedelta(hours=12)
"""A session ends when its person does nothing for so long."""
LONGEST = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=5)
"""How exactly it is written down when somebody did something last."""
MAX_HELD = 1000
"""Sessions that are kept in memory, so that a request costs no look-up."""
MAX_OF_ONE = 20
"""Open sessions of one person; the one that was idle longest ends for a new one."""
TIDY_S = 60.0
_SECRET_BYTES = 32

_OWNER = (
    select(
        users.c.id.label("user_id"),
        users.c.name,
        users.c.role,
        users.c.disabled_at,
        users.c.preferences,
        passwords.c.once,
        sessions.c.created_at,
        sessions.c.seen_at,
        sessions.c.ends_at,
    )
    .join(users, users.c.id == sessions.c.user_id)
    .join(passwords, passwords.c.user_id == users.c.id)
    .where(sessions.c.id == bindparam("session_id"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A session in memory."""

    session: Session
    created_at: datetime
    seen_at: datetime
    ends_at: datetime


class Sessions:
    """Finds and ends sessions; the server's SessionKeeper."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._held: dict[str, _Held] = {}
        self._changes = 0
        self.ended: Callable[[str | None], None] = lambda _user_id: None
        """Called with whose sessions have ended, None when anybody's may have; `app` plugs in."""

    async def session_of(self, secret: str, *, active: bool = True) -> Session | None:
        """Return the session whose secret this is, with the rights that its user has now."""
        session_id = hash_of(secret)
        held = self._held.get(session_id) or await self._look_up(session_id, secret)
        now = self._clock.now()
        if held is None or held.ends_at <= now:
            return None
        if active and now - held.seen_at >= SEEN_EVERY:
            held = await self._note_seen(held, now)
        return held.session if held else None

    async def every(self, principal: Principal, user: User) -> list[OpenSession]:
        """Return a user's open sessions, the newest first."""
        principal.require(Permission.USERS_MANAGE)
        query = select(sessions).where(
            sessions.c.user_id == user.id, sessions.c.ends_at > self._clock.now()
        )
        rows = await self._store.read(
            lambda c: c.execute(query.order_by(sessions.c.created_at.desc(), sessions.c.id)).all()
        )
        return [OpenSession(**row._mapping) for row in rows]  # noqa: SLF001 - Row's public name

    async def sign_out(self, session: Session, address: str) -> None:
        """End one's own session."""
        now = self._clock.now()
        user_id = session.principal.user_id or ""

        def unit(connection: Connection) -> None:
            if connection.execute(delete(sessions).where(sessions.c.id == session.id)).rowcount:
                audit.record(
                    connection, session.principal, "sign_out", ("user", user_id), at=now,
                    changes={"address": address},
                )  # fmt: skip

        await self._store.write(unit)
        self.tell_ended(user_id)

    async def end_all(self, principal: Principal, user: User) -> int:
        """End all sessions of a user; returns how many there were."""
        principal.require(Permission.USERS_MANAGE)
        now = self._clock.now()

        def unit(connection: Connection) -> int:
            ended = end_all(connection, user.id)
            audit.record(
                connection, principal, "end_sessions", ("user", user.id), at=now,
                changes={"sessions": ended},
            )  # fmt: skip
            return ended

        ended = await self._store.write(unit)
        self.tell_ended(user.id)
        return ended

    def forget(self) -> None:
        """Look every session up anew: something that it shows has changed."""
        self._changes += 1
        self._held.clear()

    def tell_ended(self, user_id: str | None = None) -> None:
        """Look sessions up anew and have what runs in them end: somebody's, or anybody's."""
        self.forget()
        self.ended(user_id)

    async def run(self) -> None:
        """Drop what has ended, until cancelled."""
        while True:
            await self.tidy()
            await asyncio.sleep(TIDY_S)

    async def tidy(self) -> None:
        """Drop sessions that have ended, and failed sign-ins that do not count any more."""
        now = self._clock.now()

        def unit(connection: Connection) -> list[str]:
            past = sessions.c.ends_at <= now
            whose = list(connection.execute(select(sessions.c.user_id).where(past)).scalars())
            connection.execute(delete(sessions).where(past))
            lockout.forget_old(connection, now)
            return whose

        for user_id in set(await self._store.write(unit)):
            self.tell_ended(user_id)

    async def _look_up(self, session_id: str, secret: str) -> _Held | None:
        changes = self._changes
        given = {"session_id": session_id}
        row = await self._store.read(lambda connection: connection.execute(_OWNER, given).first())
        if row is None or row.disabled_at:
            return None
        role = Role(row.role)
        principal = Principal(
            user_id=row.user_id, name=row.name, permissions=RIGHTS[role], sight=SIGHT[role]
        )
        session = Session(
            id=session_id,
            principal=principal,
            csrf_token=_csrf_token(secret),
            must_change_password=row.once,
            preferences=Preferences.of(row.preferences),
        )
        held = _Held(
            session=session, created_at=row.created_at, seen_at=row.seen_at, ends_at=row.ends_at
        )
        if changes == self._changes:
            self._hold(held)
        return held

    def _hold(self, held: _Held) -> None:
        if len(self._held) < MAX_HELD or held.session.id in self._held:
            self._held[held.session.id] = held

    async def _note_seen(self, held: _Held, now: datetime) -> _Held | None:
        """Write down that somebody did something; None when his session has ended meanwhile."""
        changes = self._changes
        ends_at = _end(held.created_at, now)
        place = sessions.c.id == held.session.id
        statement = update(sessions).where(place).values(seen_at=now, ends_at=ends_at)
        if not await self._store.write(lambda connection: connection.execute(statement).rowcount):
            return None
        noted = _Held(
            session=held.session, created_at=held.created_at, seen_at=now, ends_at=ends_at
        )
        if changes == self._changes:
            self._hold(noted)
        return noted


def new_secret() -> str:
    """Return a new session's secret: 256 random bits."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def hash_of(secret: str) -> str:
    """Return what is kept of it: so many random bits need no slow hash."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def begin(
    connection: Connection, user_id: str, visitor: Visitor, secret: str, now: datetime
) -> bool:
    """Begin a session inside the unit of work that allows it; tell whether older ones gave way."""
    whose = sessions.c.user_id == user_id
    newest = select(sessions.c.id).where(whose).order_by(sessions.c.seen_at.desc(), sessions.c.id)
    kept = list(connection.execute(newest.limit(MAX_OF_ONE - 1)).scalars())
    gone = connection.execute(delete(sessions).where(whose, sessions.c.id.not_in(kept))).rowcount
    connection.execute(
        insert(sessions).values(
            id=hash_of(secret), user_id=user_id, created_at=now, seen_at=now,
            ends_at=_end(now, now), address=visitor.address, agent=visitor.agent,
        )
    )  # fmt: skip
    return bool(gone)


def end_one(connection: Connection, session_id: str) -> None:
    """End a session inside a unit of work."""
    connection.execute(delete(sessions).where(sessions.c.id == session_id))


def end_all(connection: Connection, user_id: str) -> int:
    """End all of somebody's sessions inside a unit of work."""
    return connection.execute(delete(sessions).where(sessions.c.user_id == user_id)).rowcount


def _end(created_at: datetime, seen_at: datetime) -> datetime:
    return min(created_at + LONGEST, seen_at + IDLE)


def _csrf_token(secret: str) -> str:
    """Return a session's token for forms; who reads it knows no more of the secret."""
    return hmac.new(secret.encode(errors="replace"), b"csrf", hashlib.sha256).hexdigest()
