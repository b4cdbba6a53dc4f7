"""Keeps other people's pages from acting in the name of who is signed in here."""

from __future__ import annotations

import hmac

from aiohttp import web

from gateway.kernel.errors import Forbidden
from gateway.web.remote import Remote
from gateway.web.requests import MULTIPART, form_of
from gateway.web.sessions import Session

HEADER = "X-CSRF-Token"
FIELD = "csrf"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110 §9.2.1)."""
_FORMS = frozenset({"application/x-www-form-urlencoded", MULTIPART})


async def require_token(request: web.Request, remote: Remote, session: Session) -> None:
    """Raise Forbidden unless an unsafe request comes from a page of ours in this session."""
    if request.method in SAFE:
        return
    if "Origin" in request.headers:
        require_own_origin(request, remote)
    _refuse_foreign_fetch(request)
    told = request.headers.get(HEADER, "")
    if not told and request.content_type in _FORMS:
        told = (await form_of(request)).get(FIELD, "")
    if not hmac.compare_digest(told.encode(errors="replace"), session.csrf_token.encode()):
        raise Forbidden(
            f"the request lacks its session's token (header {HEADER}, in forms {FIELD}); "
            "load the page again"
        )


def require_own_origin(request: web.Request, remote: Remote) -> None:
    """Raise Forbidden unless a browser says that a page of ours sent this (Fetch §3.2)."""
    own = f"{remote.scheme}://{request.headers.get('Host', '')}"
    told = request.headers.get("Origin", "")
    _refuse_foreign_fetch(request)
    if told.lower() != own.lower():
        raise Forbidden(
            f"the request comes from {told[:100] or 'nowhere'!r} and not from {own[:100]!r}; "
            "open the page here (a proxy must pass Host and X-Forwarded-Proto on)"
        )


def _refuse_foreign_fetch(request: web.Request) -> None:
    told = request.headers.get("Sec-Fetch-Site", "none")
    if told not in {"same-origin", "none"}:
        raise Forbidden(f"the request was sent by a foreign page ({told[:20]!r})")
