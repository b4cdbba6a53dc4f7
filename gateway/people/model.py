"""Users and their roles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.web.principal import Permission, Sight


class Role(StrEnum):
    """What a user is to the company; it sets what he may do and see."""

    SECRETARY = "secretary"
    MANAGER = "manager"
    HEAD = "head"
    ADMINISTRATOR = "administrator"


_EVERYDAY = frozenset(
    {
        Permission.SMS_READ,
        Permission.SMS_SEND,
        Permission.CALLS_READ,
        Permission.CALLS_ACT,
        Permission.MODEMS_READ,
        Permission.PARTIES_READ,
        Permission.PARTIES_WRITE,
    }
)

RIGHTS: dict[Role, frozenset[Permission]] = {
    Role.SECRETARY: _EVERYDAY,
    Role.MANAGER: _EVERYDAY,
    Role.HEAD: _EVERYDAY,
    Role.ADMINISTRATOR: frozenset(Permission),
}

SIGHT: dict[Role, Sight] = {
    Role.SECRETARY: Sight.ALL,
    Role.MANAGER: Sight.OWN,
    Role.HEAD: Sight.ALL,
    Role.ADMINISTRATOR: Sight.ALL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One of our people."""

    id: str
    login: str
    name: str
    role: Role
    extension: str = ""
    mobile: str = ""
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A bearer token as it is kept: without its secret."""

    id: str
    user_id: str
    name: str
    scopes: tuple[Permission, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
