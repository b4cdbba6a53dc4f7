"""Serves pages: tells each who visits, and leads to the sign-in who has to show who he is."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlencode

from aiohttp import web

from gateway.kernel.errors import BadRequest, GatewayError
from gateway.web import csrf
from gateway.web.access import Access
from gateway.web.cookies import give_session, session_secret
from gateway.web.gate import Gate
from gateway.web.languages import preferred
from gateway.web.local_path import HOME, local_path
from gateway.web.pages import Html, Page, SeeOther, Visit
from gateway.web.preferences import Preferences
from gateway.web.problems import problem_of
from gateway.web.remote import Remote
from gateway.web.rendering import Renderer
from gateway.web.requests import MULTIPART, agent_of, form_of, refuse_nul
from gateway.web.sessions import Session
from gateway.web.static_files import StaticFiles

SIGN_IN = "/sign-in"
PASSWORD = "/password"  # noqa: S105 - a path


class PageServer:
    """Pages, their forms and their static files."""

    def __init__(self, pages: Sequence[Page], renderer: Renderer, static: StaticFiles) -> None:
        self._pages = pages
        self._renderer = renderer
        self._static = static

    def add_to(self, router: web.UrlDispatcher, access: Access, gate: Gate) -> None:
        """Add the routes."""
        router.add_get("/static/{edition}/{name:.+}", self._static.answer)
        for page in self._pages:
            endpoint = _Endpoint(page, self._renderer, access, gate)
            router.add_route(page.method, page.path, endpoint.answer)


class _Endpoint:
    """Answers one page's requests."""

    def __init__(self, page: Page, renderer: Renderer, access: Access, gate: Gate) -> None:
        self._page = page
        self._renderer = renderer
        self._access = access
        self._gate = gate

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer; whoever came with a browser is told in its language what is wrong."""
        try:
            return await self._answer(request)
        except GatewayError as error:
            if "text/html" not in request.headers.get("Accept", ""):
                raise
            problem = problem_of(error)
            wished = preferred(request.headers.get("Accept-Language", ""))
            values = {"code": problem.status, "detail": problem.detail}
            page = Html(template="error.html", values=values, status=problem.status)
            return self._renderer.render(page, Visit(language=wished))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        refuse_nul(request)
        session = await self._session(request)
        if isinstance(session, SeeOther):
            return self._see_other(request, session)
        visit = await self._visit(request, session)
        answer = await self._page.handler(visit)
        if isinstance(answer, Html):
            return self._renderer.render(answer, visit)
        if isinstance(answer, SeeOther):
            return self._see_other(request, answer)
        return answer

    async def _session(self, request: web.Request) -> Session | SeeOther | None:
        """Return the visitor's session, or where he must go first."""
        remote = self._gate.remote_of(request)
        session = await self._access.session_of(request)
        if self._page.everybody:
            if request.method not in csrf.SAFE:
                csrf.require_own_origin(request, remote)
                if request.content_type == MULTIPART:
                    raise BadRequest("files are taken from who is signed in only")
            return session
        if session is None:
            return SeeOther(to=_sign_in_for(request), session=_stale(request, remote))
        await csrf.require_token(request, remote, session)
        if session.must_change_password and not self._page.password_due:
            return SeeOther(to=PASSWORD)
        if self._page.permission is not None:
            session.principal.require(self._page.permission)
        return session

    async def _visit(self, request: web.Request, session: Session | None) -> Visit:
        chosen = session.preferences if session else Preferences()
        wished = request.headers.get("Accept-Language", "")
        return Visit(
            path=dict(request.match_info),
            query=dict(request.query),
            form={} if request.method in csrf.SAFE else await form_of(request),
            principal=session.principal if session else None,
            language=chosen.language or preferred(wished),
            theme=chosen.theme,
            csrf_token=session.csrf_token if session else "",
            address=self._gate.remote_of(request).address,
            agent=agent_of(request),
            session=session,
        )

    def _see_other(self, request: web.Request, answer: SeeOther) -> web.Response:
        headers = {"Location": answer.to, **answer.headers}
        response = web.Response(status=HTTPStatus.SEE_OTHER, headers=headers)
        if answer.session is not None:
            give_session(response, self._gate.remote_of(request), answer.session)
        return response


def _sign_in_for(request: web.Request) -> str:
    """Return the sign-in that leads back to what was asked for; to no form's target, though."""
    wanted = local_path(request.path_qs) if request.method in csrf.SAFE else HOME
    return SIGN_IN if wanted == HOME else f"{SIGN_IN}?{urlencode({'next': wanted})}"


def _stale(request: web.Request, remote: Remote) -> str | None:
    """Return what takes a cookie away that opens nothing any more."""
    return "" if session_secret(request, remote) else None
