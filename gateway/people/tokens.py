"""Bearer tokens: shown once, kept as a hash, limited by scope and by their owner's role."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, insert, select, update

from gateway.kernel.clock import Clock
from gateway.kernel.errors import Invalid, NotFound
from gateway.kernel.ids import new_id
from gateway.kernel.store import Store
from gateway.people import audit
from gateway.people.model import RIGHTS, SIGHT, Role, Token, User
from gateway.people.tables import tokens, users
from gateway.web.principal import Permission, Principal

PREFIX = "santral_"
"""Makes a leaked token recognisable to scanners."""

_OWNER = (
    select(
        users.c.id,
        users.c.name,
        users.c.role,
        users.c.disabled_at,
        tokens.c.scopes,
        tokens.c.expires_at,
        tokens.c.revoked_at,
    )
    .join(users, users.c.id == tokens.c.user_id)
    .where(tokens.c.secret_hash == bindparam("secret_hash"))
)


MAX_HOLDERS = 1000
"""Tokens whose owners are kept in memory, so that a request costs no look-up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holder:
    """Who a good token stands for, and until when."""

    principal: Principal
    expires_at: datetime | None


class Tokens:
    """Makes, checks and revokes tokens; the server's Authenticator."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._holders: dict[str, _Holder] = {}
        self._changes = 0
        self.ended: Callable[[str | None], None] = lambda _user_id: None
        """Called with whose token is revoked; `app` plugs in who must know."""

    async def create(
        self,
        principal: Principal,
        user: User,
        *,
        name: str,
        scopes: Sequence[Permission],
        days: int | None = None,
    ) -> tuple[Token, str]:
        """Return a new token and its secret, which is not kept."""
        principal.require(Permission.USERS_MANAGE)
        beyond = set(scopes) - RIGHTS[user.role]
        if beyond:
            raise Invalid(
                f"a {user.role} cannot hold {', '.join(sorted(beyond))}; "
                "give the user another role",
                field="scopes",
            )
        now = self._clock.now()
        token = Token(
            id=new_id(),
            user_id=user.id,
            name=name,
            scopes=tuple(scopes) or tuple(sorted(RIGHTS[user.role])),
            created_at=now,
            expires_at=now + timedelta(days=days) if days else None,
        )
        secret = PREFIX + secrets.token_urlsafe(32)
        await self._store.write(
            lambda connection: _insert(connection, principal, token, hash_of(secret))
        )
        return token, secret

    async def every(self, principal: Principal) -> list[Token]:
        """Return all tokens, the newest first."""
        principal.require(Permission.USERS_MANAGE)
        query = select(tokens).order_by(tokens.c.id.desc())
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return [_token_of(row._mapping) for row in rows]  # noqa: SLF001 - Row's public name

    async def revoke(self, principal: Principal, token_id: str) -> None:
        """Make a token worthless; raises NotFound."""
        principal.require(Permission.USERS_MANAGE)
        now = self._clock.now()

        def unit(connection: Connection) -> str:
            place = tokens.c.id == token_id
            owner = connection.execute(select(tokens.c.user_id).where(place)).scalar()
            if owner is None:
                raise NotFound(f"there is no token {token_id}; `santral token list` shows all")
            connection.execute(update(tokens).where(place).values(revoked_at=now))
            audit.record(connection, principal, "revoke", ("token", token_id), at=now)
            return str(owner)

        owner = await self._store.write(unit)
        self.forget()
        self.ended(owner)

    async def principal_of(self, bearer_token: str) -> Principal | None:
        """Return the token's owner with the rights that both token and role give."""
        secret_hash = hash_of(bearer_token)
        holder = self._holders.get(secret_hash) or await self._holder(secret_hash)
        if holder is None or _past(holder.expires_at, self._clock):
            return None
        return holder.principal

    def forget(self) -> None:
        """Look up every token anew: a token or its owner has changed."""
        self._changes += 1
        self._holders.clear()

    async def _holder(self, secret_hash: str) -> _Holder | None:
        changes = self._changes
        parameters = {"secret_hash": secret_hash}
        row = await self._store.read(
            lambda connection: connection.execute(_OWNER, parameters).first()
        )
        if row is None or row.disabled_at or row.revoked_at:
            return None
        role = Role(row.role)
        held = frozenset(Permission(scope) for scope in row.scopes)
        principal = Principal(
            user_id=row.id,
            name=row.name,
            permissions=held & RIGHTS[role],
            sight=SIGHT[role],
        )
        holder = _Holder(principal=principal, expires_at=row.expires_at)
        if changes == self._changes and len(self._holders) < MAX_HOLDERS:
            self._holders[secret_hash] = holder
        return holder


def hash_of(secret: str) -> str:
    """Return what is kept of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def _past(moment: datetime | None, clock: Clock) -> bool:
    return moment is not None and moment <= clock.now()


def _insert(connection: Connection, principal: Principal, token: Token, secret_hash: str) -> None:
    connection.execute(
        insert(tokens).values(
            id=token.id,
            user_id=token.user_id,
            name=token.name,
            secret_hash=secret_hash,
            scopes=list(token.scopes),
            created_at=token.created_at,
            expires_at=token.expires_at,
        )
    )
    changes = {"user": token.user_id, "scopes": list(token.scopes)}
    audit.record(
        connection, principal, "create", ("token", token.id), at=token.created_at, changes=changes
    )


def _token_of(values: object) -> Token:
    fields = dict(values)  # type: ignore[call-overload]
    fields.pop("secret_hash")
    return Token(**{**fields, "scopes": tuple(Permission(scope) for scope in fields["scopes"])})
