"""Who sends a request: a program by its token, or a person by his session's cookie."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from gateway.kernel.errors import Forbidden, Unauthenticated
from gateway.web import cookies, csrf
from gateway.web.gate import Gate
from gateway.web.principal import LOCAL_ADMINISTRATOR, Authenticator, Principal
from gateway.web.remote import Remote
from gateway.web.sessions import Session

_BEARER = "Bearer "


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks, and from where."""

    principal: Principal
    remote: Remote
    session: Session | None = None
    """None for programs."""

    def require_own_password(self) -> None:
        """Raise Forbidden while a password is due that only its owner knows."""
        if self.session is not None and self.session.must_change_password:
            raise Forbidden(
                "the password was for one time only; choose your own first, at /password "
                "or with POST /api/v1/me/password"
            )


class Access:
    """Recognises who asks."""

    def __init__(self, authenticator: Authenticator, gate: Gate) -> None:
        self._authenticator = authenticator
        self._gate = gate

    async def of_anyone(self, request: web.Request, *, active: bool = True) -> Identity:
        """Return who asks, by token or cookie; raises Unauthenticated, or Forbidden for forgery.

        A token that is given counts alone: no cookie stands in for a bad one.
        """
        remote = self._gate.remote_of(request)
        header = request.headers.get("Authorization", "")
        if header.startswith(_BEARER):
            token = header.removeprefix(_BEARER).strip()
            principal = await self._authenticator.principal_of(token)
            if principal is None:
                raise Unauthenticated("the token is unknown, expired or revoked")
            return Identity(principal=principal, remote=remote)
        session = await self.session_of(request, active=active)
        if session is None:
            raise Unauthenticated(
                "sign in, or give a token as `Authorization: Bearer ...`; "
                "make one with `santral token create`"
            )
        await csrf.require_token(request, remote, session)
        return Identity(principal=session.principal, remote=remote, session=session)

    async def of_socket(self, _request: web.Request, *, active: bool = True) -> Identity:
        """Return who opened our Unix socket: the file's rights say that he may."""
        remote = Remote(address="", secure=True)
        return Identity(principal=LOCAL_ADMINISTRATOR, remote=remote)

    async def session_of(self, request: web.Request, *, active: bool = True) -> Session | None:
        """Return the session that a browser's cookie holds, if any."""
        secret = cookies.session_secret(request, self._gate.remote_of(request))
        if not secret or self._gate.sessions is None:
            return None
        return await self._gate.sessions.session_of(secret, active=active)
