"""Who is asking, and what he may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gateway.kernel.errors import Forbidden


class Permission(StrEnum):
    """What a route or a service may demand; a token's scopes are a set of these."""

    SMS_READ = "sms:read"
    SMS_SEND = "sms:send"
    FAX_READ = "fax:read"
    FAX_SEND = "fax:send"
    """Send and forward faxes, take them back, say whose work is what came in."""
    CALLS_READ = "calls:read"
    CALLS_ACT = "calls:act"
    """Dial, pass calls on, park them, end them, write notes on them."""
    CALLS_DIAL_FOR_OTHERS = "calls:dial_for_others"
    """Have another's telephone ring and dial: what a CRM's server needs."""
    RECORDINGS_LISTEN = "recordings:listen"
    """Hear the recordings of calls that one may see."""
    RECORDINGS_WRITE = "recordings:write"
    """Hand recordings over: a telephone system's token, and nobody else's."""
    MODEMS_READ = "modems:read"
    MODEMS_MANAGE = "modems:manage"
    PEOPLE_READ = "people:read"
    """Who works here, and who can be spoken with now."""
    PEOPLE_WRITE = "people:write"
    """Absences and their deputies: one's own; with sight of everything, others' too."""
    PARTIES_READ = "parties:read"
    PARTIES_WRITE = "parties:write"
    TASKS_READ = "tasks:read"
    TASKS_WRITE = "tasks:write"
    """Work tasks off: done, reopen, assign."""
    SETTINGS_MANAGE = "settings:manage"
    """Rules, quiet hours, webhooks."""
    USERS_MANAGE = "users:manage"
    ME = "me"
    """One's own account: who one is, one's preferences and password."""


class Sight(StrEnum):
    """Whose records a principal sees."""

    ALL = "all"
    OWN = "own"
    """Those he is responsible for, and those nobody is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The signed-in person or program; every query takes one."""

    user_id: str | None
    name: str
    permissions: frozenset[Permission]
    sight: Sight = Sight.ALL

    def require(self, permission: Permission) -> None:
        """Raise Forbidden unless the permission is held."""
        if permission not in self.permissions:
            raise Forbidden(
                f"{self.name} lacks the scope {permission}; ask an administrator for a token "
                f"with it (santral token create --scope {permission})"
            )


LOCAL_ADMINISTRATOR = Principal(
    user_id=None, name="local administrator", permissions=frozenset(Permission)
)
"""Whoever may open the service's Unix socket."""

SYSTEM = Principal(user_id=None, name="Santral", permissions=frozenset(Permission))
"""The service itself: received messages, timers, recovery."""


class Authenticator(Protocol):
    """Tells who a bearer token belongs to; `people` supplies it, `app` plugs it in."""

    async def principal_of(self, bearer_token: str) -> Principal | None:
        """Return the owner of a token, or None when it is unknown, expired or revoked."""
        ...
