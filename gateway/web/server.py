"""The HTTP server: API, health and metrics over TCP, the same API over a Unix socket."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache, partial
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from aiohttp import web
from pydantic import ValidationError

from gateway.kernel.errors import ConfigError, Unauthenticated
from gateway.kernel.health import Condition, Health
from gateway.kernel.metrics import Metrics
from gateway.web import openapi, streams
from gateway.web.access import Access, Identity
from gateway.web.cookies import give_session
from gateway.web.event_stream import EventStream
from gateway.web.gate import Gate
from gateway.web.page_server import PageServer
from gateway.web.principal import Authenticator, Principal
from gateway.web.problems import problem_of_validation, problems, respond
from gateway.web.remote import Remote
from gateway.web.requests import agent_of, body_of, idempotency_key, parts_of, query_of, refuse_nul
from gateway.web.routes import Call, FileReply, Reply, Route, Schema, UploadedFile
from gateway.web.uploads import form_of

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 4 * 1024 * 1024
SHUTDOWN_S = 5.0

Open = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Who(Protocol):
    """Tells who sends a request, or raises."""

    async def __call__(self, request: web.Request, /, *, active: bool = True) -> Identity:
        """Return who asks; `active` as for a SessionKeeper."""
        ...


class _BadBody(Exception):
    """The body is not what the route takes."""

    def __init__(self, fault: ValidationError) -> None:
        super().__init__()
        self.fault = fault


class Server:
    """Serves routes and pages.

    `start_tcp` asks for a token or a session; `start_unix` trusts who may open the socket.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        *,
        authenticator: Authenticator,
        health: Health,
        metrics: Metrics,
        version: str,
        event_stream: EventStream | None = None,
        gate: Gate | None = None,
    ) -> None:
        self._routes = routes
        self._gate = gate or Gate()
        self._access = Access(authenticator, self._gate)
        self._pages: PageServer | None = None
        self._health = health
        self._metrics = metrics
        self._version = version
        self._event_stream = event_stream
        self._streaming: dict[asyncio.Task[object], Identity] = {}
        self._runners: list[web.AppRunner] = []
        self._socket: Path | None = None

    def add_pages(self, pages: PageServer) -> None:
        """Serve pages, too, over TCP; to be called before it starts."""
        self._pages = pages

    async def start_tcp(self, host: str, port: int) -> int:
        """Listen on TCP; returns the port (a free one is taken for 0)."""
        runner = await self._runner(self._access.of_anyone, self._gate)
        certificates = self._gate.certificates
        context = certificates.context if certificates else None
        site = web.TCPSite(runner, host, port, ssl_context=context)
        try:
            await site.start()
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {host}:{port}: {error.strerror}; "
                "choose another [server] bind or port, or stop what listens there"
            ) from error
        return int(runner.addresses[0][1])

    async def start_unix(self, path: Path) -> None:
        """Listen on a Unix socket that only this user may open. The caller holds the lock."""
        runner = await self._runner(self._access.of_socket)
        path.unlink(missing_ok=True)  # noqa: ASYNC240 - a directory entry
        mask = os.umask(0o177)
        try:
            await web.UnixSite(runner, str(path)).start()
        except OSError as error:
            raise ConfigError(
                f"cannot listen on the socket {path}: {error}; choose another [server] socket "
                "(its path may have at most about 100 characters)"
            ) from error
        finally:
            os.umask(mask)
        self._socket = path

    async def close(self) -> None:
        """Stop listening, give running requests a moment; live feeds have no end of their own."""
        for task in self._streaming:
            task.cancel()
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()
        if self._socket is not None:
            self._socket.unlink(missing_ok=True)

    def hang_up(self, user_id: str | None = None) -> None:
        """End the live feeds of somebody (None: of everybody) whose rights may have changed.

        Who may still read comes again by himself and misses nothing.
        """
        for task, identity in list(self._streaming.items()):
            if user_id is None or identity.principal.user_id == user_id:
                task.cancel()

    async def _runner(self, who: Who, gate: Gate | None = None) -> web.AppRunner:
        """Set the routes up; with a gate for all the world, without one for this machine's user."""
        middlewares = [self._measure, problems, *([gate.admit] if gate else [])]
        app = web.Application(middlewares=middlewares, client_max_size=MAX_BODY_BYTES)
        if gate is not None:
            app.on_response_prepare.append(gate.protect)
        for route in self._routes:
            app.router.add_route(route.method, f"/api/v1{route.path}", self._endpoint(route, who))
        if self._event_stream is not None:
            app.router.add_get("/api/v1/events", self._events(self._event_stream, who))
        app.router.add_get("/api/v1/openapi.json", self._openapi)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._expose)
        if self._pages is not None and gate is not None:
            self._pages.add_to(app.router, self._access, gate)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
        await runner.setup()
        self._runners.append(runner)
        return runner

    def _events(self, stream: EventStream, who: Who) -> Open:
        async def endpoint(request: web.Request) -> web.StreamResponse:
            identity = await who(request, active=False)
            identity.require_own_password()
            task = asyncio.current_task()
            still = partial(_still, request, who)
            if task is None:
                return await stream.answer(request, identity.principal, still)
            self._streaming[task] = identity
            try:
                return await stream.answer(request, identity.principal, still)
            finally:
                self._streaming.pop(task, None)

        return endpoint

    def _endpoint(self, route: Route, who: Who) -> Open:
        async def endpoint(request: web.Request) -> web.StreamResponse:
            identity = await who(request, active=not _by_itself(request))
            if not route.password_due:
                identity.require_own_password()
            identity.principal.require(route.permission)
            refuse_nul(request)
            if route.lines is not None:
                return await streams.answer(request, route, identity.principal)
            try:
                query = route.query.model_validate(query_of(request))
            except ValidationError as error:
                return respond(problem_of_validation(error, "query"))
            try:
                async with self._told(request, route) as (body, files):
                    call = Call(
                        principal=identity.principal,
                        path=dict(request.match_info),
                        body=body,
                        query=query,
                        idempotency_key=idempotency_key(request),
                        session=identity.session,
                        address=identity.remote.address,
                        agent=agent_of(request),
                        upload=parts_of(request) if route.uploads else None,
                        files=files,
                    )
                    answer = await route.handler(call)
            except _BadBody as error:
                return respond(problem_of_validation(error.fault, "body"))
            return _respond(answer, route.status, identity.remote)

        return endpoint

    @asynccontextmanager
    async def _told(
        self, request: web.Request, route: Route
    ) -> AsyncIterator[tuple[Schema, tuple[UploadedFile, ...]]]:
        """Give what a request says; raises _BadBody."""
        async with AsyncExitStack() as stack:
            try:
                if route.form:
                    told = await stack.enter_async_context(form_of(request, route.body))
                else:
                    told = await body_of(request, route.body), ()
            except ValidationError as error:
                raise _BadBody(error) from None
            yield told

    @web.middleware
    async def _measure(self, request: web.Request, handler: Open) -> web.StreamResponse:
        began = time.perf_counter()
        response = await handler(request)
        self._metrics.http_seconds.labels(request.method, str(response.status)).observe(
            time.perf_counter() - began
        )
        return response

    @cache  # noqa: B019 - a server lives as long as its process
    def _document(self) -> bytes:
        """Return the API's document, made when it is first asked for: that takes half a second."""
        return json.dumps(openapi.document(self._routes, self._version)).encode()

    async def _openapi(self, _request: web.Request) -> web.Response:
        return web.Response(
            body=await asyncio.to_thread(self._document), content_type="application/json"
        )

    async def _healthz(self, _request: web.Request) -> web.Response:
        status = HTTPStatus.OK if self._health.alive else HTTPStatus.SERVICE_UNAVAILABLE
        return web.json_response({"alive": self._health.alive}, status=status)

    async def _readyz(self, _request: web.Request) -> web.Response:
        conditions = self._health.conditions()
        ready = self._health.alive and bool(conditions)
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        components = {name: _shown(condition) for name, condition in conditions.items()}
        return web.json_response({"ready": ready, "components": components}, status=status)

    async def _expose(self, _request: web.Request) -> web.Response:
        return web.Response(
            body=self._metrics.exposition(), headers={"Content-Type": self._metrics.content_type}
        )


def _by_itself(request: web.Request) -> bool:
    """Tell whether a page asks without its person's doing, as the desk does when a call comes."""
    return request.method == "GET" and "X-By-Itself" in request.headers


async def _still(request: web.Request, who: Who, principal: Principal) -> bool:
    """Tell whether a request would still be its sender's, with the same rights."""
    try:
        return (await who(request, active=False)).principal == principal
    except Unauthenticated:
        return False


def _shown(condition: Condition) -> dict[str, str]:
    parts = {"level": condition.level, "detail": condition.detail, "remedy": condition.remedy}
    return {name: value for name, value in parts.items() if value}


def _respond(
    answer: Schema | Reply | FileReply, usual_status: int, remote: Remote
) -> web.StreamResponse:
    if isinstance(answer, FileReply):
        return _file(answer)
    reply = answer if isinstance(answer, Reply) else Reply(body=answer, status=usual_status)
    response = web.Response(
        body=reply.body.model_dump_json(by_alias=True).encode(),
        status=reply.status,
        content_type="application/json",
        headers=dict(reply.headers),
    )
    if reply.session is not None:
        give_session(response, remote, reply.session)
    return response


def _file(answer: FileReply) -> web.FileResponse:
    """Send a file; whatever its name says, a browser takes it for what we say that it is."""
    headers = {
        "Content-Type": answer.media_type,
        "Content-Disposition": _disposition(answer),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, max-age=3600" if answer.keeps else "private, no-store",
    }
    return web.FileResponse(answer.path, headers=headers)


def _disposition(answer: FileReply) -> str:
    kind = "inline" if answer.inline else "attachment"
    return f'{kind}; filename="{answer.name}"' if answer.name else kind
