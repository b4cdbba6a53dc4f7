"""Users and their roles."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.web.preferences import Preferences
from gateway.web.principal import Permission, Sight


class Role(StrEnum):
    """What a user is to the company; it sets what he may do and see."""

    SECRETARY = "secretary"
    MANAGER = "manager"
    HEAD = "head"
    ADMINISTRATOR = "administrator"


_EVERYDAY = frozenset(
    {
        Permission.ME,
        Permission.SMS_READ,
        Permission.SMS_SEND,
        Permission.FAX_READ,
        Permission.FAX_SEND,
        Permission.CALLS_READ,
        Permission.CALLS_ACT,
        Permission.MODEMS_READ,
        Permission.PEOPLE_READ,
        Permission.PEOPLE_WRITE,
        Permission.PARTIES_READ,
        Permission.PARTIES_WRITE,
        Permission.TASKS_READ,
        Permission.TASKS_WRITE,
    }
)

RIGHTS: dict[Role, frozenset[Permission]] = {
    Role.SECRETARY: _EVERYDAY,
    Role.MANAGER: _EVERYDAY | {Permission.RECORDINGS_LISTEN},
    Role.HEAD: _EVERYDAY | {Permission.RECORDINGS_LISTEN},
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
    away_at: datetime | None = None
    """Since when he says that he is not at his desk."""
    preferences: Preferences = field(default_factory=Preferences)


class AbsenceKind(StrEnum):
    """Why somebody is absent."""

    VACATION = "vacation"
    SICK = "sick"
    BUSINESS = "business"
    """Travelling, training, at a customer's."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A span of time in which somebody is not here, and who stands in for him."""

    id: str
    user_id: str
    begins: datetime
    ends: datetime
    """The first moment in which he is here again."""
    kind: AbsenceKind = AbsenceKind.OTHER
    deputy_id: str | None = None
    note: str = ""


class PresenceState(StrEnum):
    """Whether somebody can be spoken with now."""

    FREE = "free"
    RINGING = "ringing"
    BUSY = "busy"
    AWAY = "away"
    """Not at his desk: he or his telephone says so."""
    ABSENT = "absent"
    UNKNOWN = "unknown"
    """No telephone system tells of his telephone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """One of our people as others see him."""

    id: str
    login: str
    name: str
    role: Role
    extension: str
    mobile: str
    state: PresenceState
    until: datetime | None = None
    """When he is back, where it is known."""
    deputy: Deputy | None = None
    """Who stands in for him while he is absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deputy:
    """Who stands in for somebody: the first in the chain of deputies who is here."""

    id: str
    name: str
    extension: str
    mobile: str
    state: PresenceState


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A browser from which somebody signs in."""

    address: str
    agent: str = ""
    """What it calls itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """Somebody's signed-in browser as it is kept: without its secret."""

    id: str
    user_id: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    address: str
    agent: str
