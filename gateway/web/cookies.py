"""The cookie that holds a session's secret."""

from __future__ import annotations

from aiohttp import web

from gateway.web.remote import Remote

SECURE = "__Host-santral"
"""Browsers take this name only by HTTPS, for this host alone and without a domain (RFC 6265bis)."""
PLAIN = "santral"
"""On this machine without HTTPS: not every browser keeps secure cookies of http://127.0.0.1."""
MAX_SECRET = 128


def session_secret(request: web.BaseRequest, remote: Remote) -> str:
    """Return the secret that a browser sent, or nothing."""
    secret = request.cookies.get(_name(remote), "")
    return secret if len(secret) <= MAX_SECRET else ""


def give_session(response: web.StreamResponse, remote: Remote, secret: str) -> None:
    """Have the browser keep a secret until it is closed; an empty one takes it away."""
    if secret:
        response.set_cookie(
            _name(remote), secret, path="/", secure=remote.secure, httponly=True, samesite="Lax"
        )
    else:
        response.del_cookie(
            _name(remote), path="/", secure=remote.secure, httponly=True, samesite="Lax"
        )


def _name(remote: Remote) -> str:
    return SECURE if remote.secure else PLAIN
