"""Every route of the whole service: who may use it, and that it is described."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import BaseModel

from gateway.app import Service, running
from gateway.config import Config
from gateway.web.paging import PageQuery
from gateway.web.principal import LOCAL_ADMINISTRATOR, Permission
from gateway.web.problems import Problem
from gateway.web.routes import FileBody, NoBody, Schema

CUSTOMER = "+905321234567"


class Client:
    """A whole service without devices, asked over TCP with tokens."""

    def __init__(self, service: Service, http: aiohttp.ClientSession) -> None:
        self.service = service
        self._http = http

    async def token(self, login: str, role: str, *scopes: str) -> str:
        """Make a user and a token of his."""
        body = {"login": login, "name": login, "role": role}
        await self.ask("POST", "/users", self.root, json=body)
        given = {"user": login, "scopes": list(scopes)}
        _, made = await self.ask("POST", "/tokens", self.root, json=given)
        return str(made["secret"])

    root = ""

    async def ask(self, method: str, path: str, token: str, **given: Any) -> tuple[int, Any]:
        """Ask below /api/v1; returns status and JSON."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"http://127.0.0.1:{self.service.port}/api/v1{path}"
        async with self._http.request(method, url, headers=headers, **given) as answer:
            if answer.status >= 400:
                assert answer.content_type == "application/problem+json"
            return answer.status, await answer.json(content_type=None)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    config = Config.model_validate({"server": {"port": 0}, "store": {"data": tmp_path}})
    async with running(config, devices=False) as service, aiohttp.ClientSession() as http:
        made = Client(service, http)
        connector = aiohttp.UnixConnector(str(config.socket_path))
        async with aiohttp.ClientSession(connector=connector) as local:
            root = {"login": "root", "name": "root", "role": "administrator"}
            base = "http://santral/api/v1"
            async with local.post(f"{base}/users", json=root) as answer:
                assert answer.status == 201
            async with local.post(f"{base}/tokens", json={"user": "root"}) as answer:
                made.root = (await answer.json())["secret"]
        yield made


def _path(template: str) -> str:
    return re.sub(r"\{[a-z_]+\}", "0" * 32, template)


async def test_every_route_declares_its_permission(client: Client) -> None:
    assert len(client.service.routes) > 15
    assert all(isinstance(route.permission, Permission) for route in client.service.routes)


async def test_no_route_answers_without_a_token(client: Client) -> None:
    for route in client.service.routes:
        status, problem = await client.ask(route.method, _path(route.path), "")
        assert status == 401, route
        assert "token" in problem["detail"]


async def test_no_route_answers_a_token_without_its_scope(client: Client) -> None:
    every = [permission.value for permission in Permission]
    for permission in Permission:
        others = [scope for scope in every if scope != permission]
        name = re.sub("[^a-z]", "", permission.value)
        token = await client.token(f"no{name}", "administrator", *others)
        for route in client.service.routes:
            if route.permission is permission:
                status, problem = await client.ask(route.method, _path(route.path), token)
                assert status == 403, route
                assert permission.value in problem["detail"]


async def test_a_manager_sees_his_own_and_nobodys_customers_only(client: Client) -> None:
    ayse = await client.token("ayse", "manager")
    mehmet = await client.token("mehmet", "manager")
    party = {
        "kind": "company", "name": "Yıldız Mobilya", "responsible": "ayse",
        "persons": [{"name": "Ahmet", "phones": [{"number": CUSTOMER, "kind": "mobile"}]}],
    }  # fmt: skip
    status, made = await client.ask("POST", "/parties", client.root, json=party)
    assert status == 201, made
    _, message = await client.ask("POST", "/sms", ayse, json={"to": CUSTOMER, "text": "gizli"})
    places = [f"/parties/{made['id']}", f"/parties/{made['id']}/interactions",
              f"/sms/{message['id']}"]  # fmt: skip
    for place in places:
        assert (await client.ask("GET", place, ayse))[0] == 200
        status, problem = await client.ask("GET", place, mehmet)
        assert status == 404
        assert "gizli" not in str(problem)
        assert "Yıldız" not in str(problem)
    status, _ = await client.ask("PATCH", f"/parties/{made['id']}", mehmet, json={"notes": "x"})
    assert status == 404
    _, listed = await client.ask("GET", "/parties", mehmet)
    assert listed["items"] == []
    _, searched = await client.ask("GET", "/parties", mehmet, params={"q": "yildiz"})
    assert searched["items"] == []
    _, looked_up = await client.ask("GET", "/directory/lookup", mehmet, params={"number": CUSTOMER})
    (match,) = looked_up["items"]
    assert match["person"] is None


async def test_the_openapi_document_describes_every_route(client: Client) -> None:
    status, document = await client.ask("GET", "/openapi.json", "")
    assert status == 200
    assert document["openapi"].startswith("3.1")
    for route in client.service.routes:
        operation = document["paths"][f"/api/v1{route.path}"][route.method.lower()]
        assert route.permission.value in str(operation)
        assert set(re.findall(r"\{([a-z_]+)\}", route.path)) == {
            parameter["name"] for parameter in operation.get("parameters", ())
            if parameter["in"] == "path"
        }  # fmt: skip
    for reference in set(re.findall(r"'\$ref': '#/([^']+)'", str(document))):
        found: Any = document
        for step in reference.split("/"):
            found = found[step]
        assert found


async def test_every_body_has_an_example_that_its_own_type_takes(client: Client) -> None:
    _, document = await client.ask("GET", "/openapi.json", "")
    for route in client.service.routes:
        operation = document["paths"][f"/api/v1{route.path}"][route.method.lower()]
        done = operation["responses"][str(route.status)]
        given: list[tuple[type[Schema], Any]] = [(Problem, operation["responses"]["4XX"])]
        if route.returns is FileBody:
            assert list(done["content"]) == [route.media_type]
        else:
            given.append((route.returns, done))
        if route.body is not NoBody:
            given.append((route.body, operation["requestBody"]))
        for model, body in given:
            for content in body["content"].values():  # of a form: as JSON, and as a form
                assert content["example"], route
                model.model_validate(content["example"], by_alias=True)
            assert len(body["content"]) == 1 + (route.form and model is route.body)
        for parameter in operation["parameters"]:
            if parameter["in"] == "path":
                assert parameter["example"]


def _untold(model: type[BaseModel]) -> list[str]:
    """Return the fields of plain text of which no example says what they hold."""
    schema = model.model_json_schema(mode="serialization")
    return [
        name
        for name, field in schema.get("properties", {}).items()
        if (field.get("anyOf") or [field])[0].get("type") in {"string", "object"}
        and not {"examples", "default", "format", "enum", "const"}
        & {key for part in (field, *field.get("anyOf", ())) for key in part}
    ]


async def test_no_field_of_text_is_left_without_an_example(client: Client) -> None:
    models = {route.returns for route in client.service.routes}
    models |= {route.body for route in client.service.routes} - {NoBody}
    untold = {model.__name__: _untold(model) for model in models if _untold(model)}
    untold = {name: found for name, found in untold.items() if name not in {"PartyIn", "ImportIn"}}
    assert untold == {}  # those two have an example of the whole


async def test_every_list_pages_by_cursor(client: Client) -> None:
    lists = [
        route for route in client.service.routes
        if route.method == "GET" and "items" in route.returns.model_fields
    ]  # fmt: skip
    found = {route.path for route in lists if "next_cursor" in route.returns.model_fields}
    assert {route.path for route in lists} - found == {"/directory/lookup"}  # a number's matches
    assert len(found) >= 11
    for route in lists:
        if route.path in found and "{" not in route.path:
            assert issubclass(route.query, PageQuery)
            status, page = await client.ask("GET", route.path, client.root, params={"limit": "1"})
            assert status == 200
            assert len(page["items"]) <= 1
            refused = {"cursor": "no cursor"}
            status, problem = await client.ask("GET", route.path, client.root, params=refused)
            assert status == 422
            assert "cursor" in problem["detail"]


async def test_the_local_socket_is_the_administrator_and_closed_to_others(client: Client) -> None:
    socket = client.service.config.socket_path
    assert socket.stat().st_mode & 0o777 == 0o600
    assert LOCAL_ADMINISTRATOR.permissions == frozenset(Permission)
