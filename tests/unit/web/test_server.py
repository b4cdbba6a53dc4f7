"""The server: who may, what is refused and how it says so."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import pytest
from pydantic import Field

from gateway.kernel.errors import Conflict, NotFound, Temporary
from gateway.kernel.health import Condition, Health, Level
from gateway.kernel.metrics import Metrics
from gateway.web.principal import Permission, Principal
from gateway.web.routes import Call, NoBody, Route, Schema
from gateway.web.server import MAX_BODY_BYTES, Server


class Text(Schema):
    """A body."""

    text: Annotated[str, Field(max_length=5)]


class Limit(Schema):
    """A query."""

    limit: Annotated[int, Field(ge=1, le=10)] = 5


class Tokens:
    """Knows two tokens."""

    async def principal_of(self, bearer_token: str) -> Principal | None:
        """Return the owner of a token."""
        scopes = {"reader": {Permission.SMS_READ}, "sender": {Permission.SMS_SEND}}
        if bearer_token not in scopes:
            return None
        held = frozenset(scopes[bearer_token])
        return Principal(user_id="u", name=bearer_token, permissions=held)


async def _echo(call: Call[Text, NoBody]) -> Text:
    return call.body


async def _limit(call: Call[NoBody, Limit]) -> Text:
    return Text(text=str(call.query.limit))


async def _raise(call: Call[NoBody, NoBody]) -> Text:
    errors: dict[str, Exception] = {
        "missing": NotFound("there is no such thing"),
        "conflict": Conflict("it exists"),
        "later": Temporary("busy", retry_after_s=7),
        "bug": RuntimeError("secret detail"),
    }
    raise errors[call.path["what"]]


ROUTES = [
    Route(method="POST", path="/echo", permission=Permission.SMS_SEND, handler=_echo,
          summary="Echo", body=Text, returns=Text, idempotent_by_key=True),
    Route(method="GET", path="/limit", permission=Permission.SMS_READ, handler=_limit,
          summary="Limit", query=Limit, returns=Text),
    Route(method="GET", path="/raise/{what}", permission=Permission.SMS_READ, handler=_raise,
          summary="Raise", returns=Text),
]  # fmt: skip


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    health = Health()
    health.report("store", Condition(level=Level.OK))
    server = Server(ROUTES, authenticator=Tokens(), health=health, metrics=Metrics(), version="1")
    port = await server.start_tcp("127.0.0.1", 0)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        yield session
    await server.close()


def _as(who: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {who}"}


async def _problem(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    assert answer.content_type == "application/problem+json"
    problem: dict[str, Any] = json.loads(await answer.text())
    assert problem["status"] == answer.status
    assert problem["title"]
    assert problem["detail"]
    return problem


@pytest.mark.parametrize("headers", [{}, _as("stranger"), {"Authorization": "Basic eA=="}])
async def test_without_a_known_token_nothing_is_told(
    http: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    async with http.get("/api/v1/limit", headers=headers) as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        await _problem(answer)


async def test_a_missing_scope_is_named(http: aiohttp.ClientSession) -> None:
    async with http.post("/api/v1/echo", json={"text": "x"}, headers=_as("reader")) as answer:
        assert answer.status == 403
        assert "sms:send" in (await _problem(answer))["detail"]


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        (b"", 422, "body"),
        (b"{", 400, "JSON"),
        (b'{"text": NaN}', 400, "JSON"),
        (b'{"text": "123456"}', 422, "text"),
        (b'{"text": 5}', 422, "text"),
        (b'{"text": "x", "extra": 1}', 422, "extra"),
        (b"[]", 422, "body"),
        (b'{"text": "\xff\xfe"}', 400, "JSON"),
        (b"[" * 100_000, 400, "JSON"),
    ],
)
async def test_a_bad_body_is_refused_by_name(
    http: aiohttp.ClientSession, body: bytes, status: int, named: str
) -> None:
    async with http.post("/api/v1/echo", data=body, headers=_as("sender")) as answer:
        assert answer.status == status
        assert named in json.dumps(await _problem(answer))


async def test_a_huge_body_is_refused(http: aiohttp.ClientSession) -> None:
    body = io.BytesIO(b'{"text": "' + b"x" * MAX_BODY_BYTES + b'"}')
    async with http.post("/api/v1/echo", data=body, headers=_as("sender")) as answer:
        assert answer.status == 413
        await _problem(answer)


async def test_a_bad_query_is_refused_by_name(http: aiohttp.ClientSession) -> None:
    async with http.get("/api/v1/limit?limit=99", headers=_as("reader")) as answer:
        assert answer.status == 422
        assert (await _problem(answer))["errors"][0]["field"] == "limit"


async def test_a_bad_idempotency_key_is_refused(http: aiohttp.ClientSession) -> None:
    headers = {**_as("sender"), "Idempotency-Key": "x" * 200}
    async with http.post("/api/v1/echo", json={"text": "x"}, headers=headers) as answer:
        assert answer.status == 422


@pytest.mark.parametrize(
    ("what", "status"), [("missing", 404), ("conflict", 409), ("later", 503), ("bug", 500)]
)
async def test_errors_become_problems(http: aiohttp.ClientSession, what: str, status: int) -> None:
    async with http.get(f"/api/v1/raise/{what}", headers=_as("reader")) as answer:
        assert answer.status == status
        assert "secret" not in json.dumps(await _problem(answer))
        if what == "later":
            assert answer.headers["Retry-After"] == "7"


@pytest.mark.parametrize(("method", "status"), [("GET", 404), ("DELETE", 405)])
async def test_unknown_places_and_methods_are_problems(
    http: aiohttp.ClientSession, method: str, status: int
) -> None:
    path = "/api/v1/nowhere" if status == 404 else "/api/v1/limit"
    async with http.request(method, path, headers=_as("reader")) as answer:
        assert answer.status == status
        await _problem(answer)


async def test_health_readiness_and_metrics_need_no_token(http: aiohttp.ClientSession) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/api/v1/openapi.json"):
        async with http.get(path) as answer:
            assert answer.status == 200, path


async def test_the_document_names_scope_body_and_key_of_each_operation(
    http: aiohttp.ClientSession,
) -> None:
    async with http.get("/api/v1/openapi.json") as answer:
        document = await answer.json()
    operation = document["paths"]["/api/v1/echo"]["post"]
    assert "sms:send" in operation["description"]
    assert operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith(
        "Text"
    )
    assert operation["parameters"][0]["name"] == "Idempotency-Key"
    assert document["components"]["schemas"]["Text"]["properties"]["text"]["maxLength"] == 5
    assert "Problem" in document["components"]["schemas"]


async def test_the_socket_is_for_its_owner_only(tmp_path: Path) -> None:
    server = Server(ROUTES, authenticator=Tokens(), health=Health(), metrics=Metrics(), version="1")
    path = tmp_path / "s.sock"
    await server.start_unix(path)
    try:
        assert path.stat().st_mode & 0o777 == 0o600
        connector = aiohttp.UnixConnector(str(path))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.post("http://x/api/v1/echo", json={"text": "hi"}) as answer,
        ):
            assert await answer.json() == {"text": "hi"}
    finally:
        await server.close()
    assert not path.exists()
