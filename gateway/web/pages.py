"""A page as data: where it is, who may open it, and what fills its template."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from gateway.web.preferences import Language, Theme
from gateway.web.principal import Permission, Principal
from gateway.web.sessions import Session

__all__ = ["Html", "Language", "Page", "PageHandler", "SeeOther", "Theme", "Visit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request for a page; `form` is what a form sent, its CSRF token checked already."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    principal: Principal | None = None
    """Who is signed in; None only on pages that are for everybody."""
    language: Language = Language.ENGLISH
    theme: Theme = Theme.AUTO
    csrf_token: str = ""
    address: str = ""
    """Where the request comes from."""
    agent: str = ""
    """What the browser calls itself."""
    session: Session | None = None
    """The browser's, where somebody is signed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Html:
    """An answer that a template makes; `values` are what it shows."""

    template: str
    """Below `templates/`, as `desk.html`."""
    values: Mapping[str, object] = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeeOther:
    """An answer that leads to another page of ours (303)."""

    to: str
    headers: Mapping[str, str] = field(default_factory=dict)
    session: str | None = None
    """The secret of a new session, for the browser's cookie; an empty one takes it away."""


PageHandler = Callable[[Visit], Awaitable[Html | SeeOther | web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page, or what one of its forms is sent to."""

    path: str
    handler: PageHandler
    method: str = "GET"
    permission: Permission | None = None
    """None: whoever is signed in."""
    everybody: bool = False
    """Also for who is not signed in; a form that is sent here must come from a page of ours."""
    password_due: bool = False
    """Open also to who must change his password first."""
