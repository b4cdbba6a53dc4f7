"""Users: adding, changing, finding."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.kernel.clock import Clock
from gateway.kernel.errors import Conflict, Invalid, NotFound
from gateway.kernel.ids import new_id
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.store import Store
from gateway.kernel.text_folding import fold
from gateway.people import audit
from gateway.people.model import Role, User
from gateway.people.tables import sessions, users
from gateway.web.preferences import Preferences
from gateway.web.principal import Permission, Principal

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_EXTENSION = re.compile(r"[0-9*#]{0,16}")


class Users:
    """The people who work here."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        plan: NumberingPlan,
        *,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """Take `changed`, which is called when somebody's rights have changed."""
        self._store = store
        self._clock = clock
        self._plan = plan
        self._changed = changed

    async def add(
        self,
        principal: Principal,
        *,
        login: str,
        name: str,
        role: Role,
        extension: str = "",
        mobile: str = "",
    ) -> User:
        """Add a user; raises Invalid or Conflict."""
        principal.require(Permission.USERS_MANAGE)
        if not is_login(login):
            raise Invalid(
                f"{login!r} cannot be a login: use small letters, digits, dot, dash", field="login"
            )
        _require_extension(extension)
        key = self._plan.parse(mobile, field="mobile").key if mobile else ""
        user = User(
            id=new_id(),
            login=login,
            name=name.strip() or login,
            role=role,
            extension=extension,
            mobile=key,
            created_at=self._clock.now(),
        )
        await self._store.write(lambda connection: _insert(connection, principal, user))
        self._changed()
        return user

    async def every(self, principal: Principal) -> list[User]:
        """Return all users by name."""
        principal.require(Permission.USERS_MANAGE)
        query = select(users).order_by(users.c.name_folded, users.c.id)
        return await self._store.read(
            lambda connection: [user_of(row) for row in connection.execute(query)]
        )

    async def by_login(self, login: str) -> User:
        """Return the user with a login; raises NotFound."""
        query = select(users).where(users.c.login == login)
        row = await self._store.read(lambda connection: connection.execute(query).first())
        if row is None:
            raise NotFound(f"there is no user {login!r}; `santral user list` shows all")
        return user_of(row)

    async def change(
        self,
        principal: Principal,
        login: str,
        *,
        name: str | None = None,
        role: Role | None = None,
        extension: str | None = None,
        mobile: str | None = None,
    ) -> User:
        """Change what is not None; raises NotFound, Invalid or Conflict."""
        principal.require(Permission.USERS_MANAGE)
        user = await self.by_login(login)
        wanted = {"name": name, "role": role, "extension": extension, "mobile": mobile}
        values: dict[str, Any] = {key: value for key, value in wanted.items() if value is not None}
        if "name" in values:
            values["name"] = values["name"].strip() or login
            values["name_folded"] = fold(values["name"])
        _require_extension(values.get("extension", ""))
        if mobile:
            values["mobile"] = self._plan.parse(mobile, field="mobile").key
        now = self._clock.now()

        def unit(connection: Connection) -> None:
            _require_free(connection, values.get("extension", ""), user.id)
            if values:
                connection.execute(update(users).where(users.c.id == user.id).values(values))
                told = {key: str(value) for key, value in values.items() if key != "name_folded"}
                audit.record(
                    connection, principal, "change", ("user", user.id), at=now, changes=told
                )

        await self._store.write(unit)
        self._changed()
        return await self.by_login(login)

    async def disable(self, principal: Principal, login: str) -> User:
        """Take a user's access away; his tokens stop working and his sessions end at once."""
        principal.require(Permission.USERS_MANAGE)
        user = await self.by_login(login)
        now = self._clock.now()

        def unit(connection: Connection) -> None:
            connection.execute(update(users).where(users.c.id == user.id).values(disabled_at=now))
            connection.execute(delete(sessions).where(sessions.c.user_id == user.id))
            audit.record(connection, principal, "disable", ("user", user.id), at=now)

        await self._store.write(unit)
        self._changed()
        return await self.by_login(login)


def is_login(text: str) -> bool:
    """Tell whether a text can be somebody's login."""
    return _LOGIN.fullmatch(text) is not None


def user_of(row: object) -> User:
    """Return the user in a row of `users`."""
    values = dict(row._mapping)  # type: ignore[attr-defined]  # noqa: SLF001 - Row's public name
    values.pop("name_folded")
    preferences = Preferences.of(values["preferences"])
    return User(**{**values, "role": Role(values["role"]), "preferences": preferences})


def _require_extension(extension: str) -> None:
    if not _EXTENSION.fullmatch(extension):
        raise Invalid(f"{extension!r} is no extension: digits only", field="extension")


def _require_free(connection: Connection, extension: str, user_id: str) -> None:
    """Raise Conflict when another active user has this extension: calls would be told as his."""
    query = select(users.c.login).where(
        users.c.extension == extension, users.c.disabled_at.is_(None), users.c.id != user_id
    )
    other = connection.execute(query).scalar() if extension else None
    if other is not None:
        raise Conflict(f"{extension} is the extension of {other}; change his first")


def _insert(connection: Connection, principal: Principal, user: User) -> None:
    _require_free(connection, user.extension, user.id)
    try:
        connection.execute(
            insert(users).values(
                id=user.id,
                login=user.login,
                name=user.name,
                name_folded=fold(user.name),
                role=user.role.value,
                extension=user.extension,
                mobile=user.mobile,
                created_at=user.created_at,
            )
        )
    except IntegrityError as error:
        raise Conflict(f"there is a user {user.login!r} already") from error
    changes = {"login": user.login, "role": user.role}
    audit.record(
        connection, principal, "create", ("user", user.id), at=user.created_at, changes=changes
    )
