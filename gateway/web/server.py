"""The HTTP server: API, health and metrics over TCP, the same API over a Unix socket."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path

from aiohttp import ClientPayloadError, web
from pydantic import ValidationError
from pydantic_core import from_json

from gateway.kernel.errors import BadRequest, ConfigError, Invalid, Unauthenticated
from gateway.kernel.health import Condition, Health
from gateway.kernel.metrics import Metrics
from gateway.web import openapi, streams
from gateway.web.event_stream import EventStream
from gateway.web.principal import LOCAL_ADMINISTRATOR, Authenticator, Principal
from gateway.web.problems import problem_of_validation, problems, respond
from gateway.web.routes import Call, FileReply, NoBody, Reply, Route, Schema

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_IDEMPOTENCY_KEY = 128
SHUTDOWN_S = 5.0
_BEARER = "Bearer "

Open = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """Serves routes. `start_tcp` asks for tokens; `start_unix` trusts who may open the socket."""

    def __init__(
        self,
        routes: Sequence[Route],
        *,
        authenticator: Authenticator,
        health: Health,
        metrics: Metrics,
        version: str,
        event_stream: EventStream | None = None,
    ) -> None:
        self._routes = routes
        self._authenticator = authenticator
        self._health = health
        self._metrics = metrics
        self._version = version
        self._document = json.dumps(openapi.document(routes, version)).encode()
        self._event_stream = event_stream
        self._streaming: set[asyncio.Task[object]] = set()
        self._runners: list[web.AppRunner] = []
        self._socket: Path | None = None

    async def start_tcp(self, host: str, port: int) -> int:
        """Listen on TCP; returns the port (a free one is taken for 0)."""
        runner = await self._runner(self._bearer)
        site = web.TCPSite(runner, host, port)
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
        runner = await self._runner(self._trusted)
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

    async def _runner(self, who: Callable[[web.Request], Awaitable[Principal]]) -> web.AppRunner:
        app = web.Application(middlewares=[self._measure, problems], client_max_size=MAX_BODY_BYTES)
        for route in self._routes:
            app.router.add_route(route.method, f"/api/v1{route.path}", self._endpoint(route, who))
        if self._event_stream is not None:
            app.router.add_get("/api/v1/events", self._events(self._event_stream, who))
        app.router.add_get("/api/v1/openapi.json", self._openapi)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._expose)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
        await runner.setup()
        self._runners.append(runner)
        return runner

    def _events(
        self, stream: EventStream, who: Callable[[web.Request], Awaitable[Principal]]
    ) -> Open:
        async def endpoint(request: web.Request) -> web.StreamResponse:
            principal = await who(request)
            task = asyncio.current_task()
            if task is not None:
                self._streaming.add(task)
                task.add_done_callback(self._streaming.discard)
            return await stream.answer(request, principal)

        return endpoint

    def _endpoint(self, route: Route, who: Callable[[web.Request], Awaitable[Principal]]) -> Open:
        async def endpoint(request: web.Request) -> web.StreamResponse:
            principal = await who(request)
            principal.require(route.permission)
            _refuse_nul(request)
            if route.lines is not None:
                return await streams.answer(request, route, principal)
            try:
                body = await _body(request, route.body)
            except ValidationError as error:
                return respond(problem_of_validation(error, "body"))
            try:
                query = route.query.model_validate(_query(request))
            except ValidationError as error:
                return respond(problem_of_validation(error, "query"))
            call = Call(
                principal=principal,
                path=dict(request.match_info),
                body=body,
                query=query,
                idempotency_key=_idempotency_key(request),
                upload=_parts(request) if route.uploads else None,
            )
            return _respond(await route.handler(call), route.status)

        return endpoint

    async def _bearer(self, request: web.Request) -> Principal:
        header = request.headers.get("Authorization", "")
        if not header.startswith(_BEARER):
            raise Unauthenticated(
                "give a token as `Authorization: Bearer ...`; make one with `santral token create`"
            )
        principal = await self._authenticator.principal_of(header.removeprefix(_BEARER).strip())
        if principal is None:
            raise Unauthenticated("the token is unknown, expired or revoked")
        return principal

    async def _trusted(self, _request: web.Request) -> Principal:
        return LOCAL_ADMINISTRATOR

    @web.middleware
    async def _measure(self, request: web.Request, handler: Open) -> web.StreamResponse:
        began = time.perf_counter()
        response = await handler(request)
        self._metrics.http_seconds.labels(request.method, str(response.status)).observe(
            time.perf_counter() - began
        )
        return response

    async def _openapi(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._document, content_type="application/json")

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


def _shown(condition: Condition) -> dict[str, str]:
    parts = {"level": condition.level, "detail": condition.detail, "remedy": condition.remedy}
    return {name: value for name, value in parts.items() if value}


def _refuse_nul(request: web.Request) -> None:
    """Raise Invalid for a NUL in path or query: no database keeps one in a text."""
    texts = [
        *request.match_info.values(),
        *(text for pair in request.query.items() for text in pair),
    ]
    if any("\0" in text for text in texts):
        raise Invalid("the address holds a NUL character", field="path")


def _nul_in(value: object, path: str = "") -> str | None:
    """Return where in a body a text holds a NUL, as `persons.0.name`; None when none does."""
    if isinstance(value, str):
        return path if "\0" in value else None
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, part in inner:
        if "\0" in str(key):
            return path
        found = _nul_in(part, f"{path}.{key}" if path else str(key))
        if found is not None:
            return found
    return None


async def _body(request: web.Request, model: type[Schema]) -> Schema:
    if model is NoBody:
        return NoBody()
    raw = await request.read()
    if not raw.strip():
        raise Invalid("the request has no body; send JSON", field="body")
    try:
        body = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise BadRequest(f"the body is no JSON: {error}") from None
    if b"\\u0000" in raw and (field := _nul_in(body)) is not None:
        raise Invalid(f"{field or 'the body'} holds a NUL character, which is no text", field=field)
    return model.model_validate(body)


async def _parts(request: web.Request) -> AsyncIterator[bytes]:
    """Give a body as it arrives; raises BadRequest when its sender breaks off."""
    try:
        async for part in request.content.iter_any():
            yield part
    except (ClientPayloadError, ConnectionError) as error:
        raise BadRequest(f"the body broke off: {error}; send it again") from error


def _query(request: web.Request) -> Mapping[str, object]:
    found: dict[str, object] = {}
    for name in request.query:
        values = request.query.getall(name)
        found[name] = values[0] if len(values) == 1 else values
    return found


def _idempotency_key(request: web.Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > MAX_IDEMPOTENCY_KEY or not key.isascii() or not (key.isprintable() or not key):
        raise Invalid(
            f"the Idempotency-Key must be at most {MAX_IDEMPOTENCY_KEY} printable ASCII characters",
            field="Idempotency-Key",
        )
    return key


def _respond(answer: Schema | Reply | FileReply, usual_status: int) -> web.StreamResponse:
    if isinstance(answer, FileReply):
        return _file(answer)
    reply = answer if isinstance(answer, Reply) else Reply(body=answer, status=usual_status)
    return web.Response(
        body=reply.body.model_dump_json(by_alias=True).encode(),
        status=reply.status,
        content_type="application/json",
        headers=dict(reply.headers),
    )


def _file(answer: FileReply) -> web.FileResponse:
    """Send a file; whatever its name says, a browser takes it for what we say that it is."""
    headers = {
        "Content-Type": answer.media_type,
        "Content-Disposition": _disposition(answer),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return web.FileResponse(answer.path, headers=headers)


def _disposition(answer: FileReply) -> str:
    kind = "inline" if answer.inline else "attachment"
    return f'{kind}; filename="{answer.name}"' if answer.name else kind
