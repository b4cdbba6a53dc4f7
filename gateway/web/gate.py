"""What is let in from the outside, and how it is reached: names, proxies, certificate."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from gateway.kernel.errors import Forbidden
from gateway.web.hosts import Hosts
from gateway.web.remote import Proxies, Remote
from gateway.web.security_headers import protect
from gateway.web.sessions import SessionKeeper
from gateway.web.tls import Certificates


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The way in over TCP."""

    proxies: Proxies = field(default_factory=Proxies)
    hosts: Hosts = field(default_factory=Hosts)
    certificates: Certificates | None = None
    """None: plain HTTP, which this machine alone may use."""
    sessions: SessionKeeper | None = None
    """None: nobody signs in, programs with tokens alone come in."""

    def remote_of(self, request: web.BaseRequest) -> Remote:
        """Return where a request comes from."""
        return self.proxies.remote_of(request)

    @web.middleware
    async def admit(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        """Refuse what others could have read on the way, and what was meant for another name.

        A token is no browser's habit: who asks the API with one knows whom he means.
        """
        if not self.remote_of(request).private:
            raise Forbidden(
                "plain HTTP is for this machine only: use https://, or have the proxy send "
                "X-Forwarded-Proto and name it in [server] trusted_proxies"
            )
        bearer = request.headers.get("Authorization", "").startswith("Bearer ")
        if not (bearer and request.path.startswith("/api/v1/")):
            self.hosts.require(request.headers.get("Host", ""))
        return await handler(request)

    async def protect(self, request: web.Request, response: web.StreamResponse) -> None:
        """Add what an answer tells the browser; to be called before it is sent."""
        made_here = self.certificates is not None and self.certificates.generated
        strict = self.remote_of(request).secure and not made_here
        protect(response, strict_transport=strict)
