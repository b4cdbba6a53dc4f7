"""A signed-in browser, as the server sees it; who keeps sessions is told by `people`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from gateway.web.preferences import Preferences
from gateway.web.principal import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody's signed-in browser."""

    id: str
    principal: Principal
    csrf_token: str
    """What a form or script of ours sends along, and nobody else's can know."""
    must_change_password: bool = False
    """His password was for one time: nothing but changing it and signing out is open to him."""
    preferences: Preferences = field(default_factory=Preferences)


class SessionKeeper(Protocol):
    """Tells whose session a cookie holds; `people` supplies it, `app` plugs it in."""

    async def session_of(self, secret: str, *, active: bool = True) -> Session | None:
        """Return the session, or None when there is none (any more).

        `active` says that its person did something: what a page asks by itself keeps none alive.
        """
        ...
