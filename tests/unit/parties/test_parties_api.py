"""The directory and the history over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.desk.api import LookupApi
from gateway.desk.lookup import CallerLookup
from gateway.history import tables as history
from gateway.history.api import HistoryApi
from gateway.history.model import Direction, Interaction, InteractionKind
from gateway.history.timeline import Timeline
from gateway.kernel.clock import SystemClock
from gateway.kernel.health import Health
from gateway.kernel.metrics import Metrics
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.store import Store, metadata, open_store
from gateway.parties.api import PartiesApi, import_request, import_results
from gateway.parties.book import PartyBook
from gateway.parties.import_rows import ImportRow, Outcome
from gateway.parties.importing import Importer
from gateway.parties.schemas import PartyIn
from gateway.people.colleagues import Colleagues
from gateway.people.model import Role
from gateway.people.presence import Presence
from gateway.people.users import Users
from gateway.web import openapi
from gateway.web.principal import LOCAL_ADMINISTRATOR, Principal
from gateway.web.routes import Route
from gateway.web.server import Server

PLAN = NumberingPlan(region="TR")


class Anyone:
    """Takes every token for the administrator's."""

    async def principal_of(self, bearer_token: str) -> Principal | None:
        """Return the administrator."""
        return LOCAL_ADMINISTRATOR


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Hold a store with a manager in it."""
    opened = await open_store(f"sqlite:///{tmp_path / 'santral.db'}")
    await opened.write(metadata.create_all)  # TEMPORARY
    users = Users(opened, SystemClock(), PLAN)
    await users.add(
        LOCAL_ADMINISTRATOR, login="ayse", name="Ayşe Yılmaz", role=Role.MANAGER, extension="101"
    )
    yield opened
    await opened.close()


@pytest.fixture
def routes(store: Store) -> list[Route]:
    """Return the routes of these features, and of the desk's look-up."""
    clock = SystemClock()
    book = PartyBook(store, clock, PLAN, number_attached=[history.attach])
    desk = CallerLookup(store, PLAN, book, Colleagues(store, clock, Presence()), Timeline(store))
    importer = Importer(store, clock, PLAN, number_attached=[history.attach])
    return [
        *PartiesApi(book, importer).routes(),
        *HistoryApi(Timeline(store)).routes(),
        *LookupApi(desk).routes(),
    ]


@pytest.fixture
async def http(routes: list[Route]) -> AsyncIterator[aiohttp.ClientSession]:
    """Hold a client of a server with these routes."""
    server = Server(routes, authenticator=Anyone(), health=Health(), metrics=Metrics(), version="1")
    port = await server.start_tcp("127.0.0.1", 0)
    headers = {"Authorization": "Bearer x"}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as session:
        yield session
    await server.close()


async def _ask(
    http: aiohttp.ClientSession, method: str, path: str, status: int, **given: Any
) -> Any:
    async with http.request(method, f"/api/v1{path}", **given) as answer:
        assert answer.status == status, await answer.text()
        return json.loads(await answer.text())


async def test_a_customer_is_added_found_changed_and_listed(http: aiohttp.ClientSession) -> None:
    example = PartyIn.model_json_schema()["example"]
    party = await _ask(http, "POST", "/parties", 201, json=example)
    path = f"/parties/{party['id']}"
    found = await _ask(http, "GET", "/directory/lookup", 200, params={"number": "05321234567"})
    (match,) = found["items"]
    assert found["number"] == "+905321234567"
    assert match["party"] == {
        "id": party["id"], "kind": "company", "name": example["name"], "code": "C-1001",
    }  # fmt: skip
    assert match["person"]["name"] == "Ahmet Çelik"
    assert match["responsible"]["extension"] == "101"
    changed = await _ask(http, "PATCH", path, 200, json={"responsible": None, "version": 1})
    assert (changed["responsible"], changed["name"]) == (None, example["name"])
    assert await _ask(http, "GET", path, 200) == changed
    listed = await _ask(http, "GET", "/parties", 200, params={"q": "celik", "limit": "5"})
    assert listed == {"items": [changed], "next_cursor": ""}
    await _ask(http, "PATCH", path, 409, json={"notes": "x", "version": 1})


@pytest.mark.parametrize(
    ("method", "path", "given", "status"),
    [
        ("POST", "/parties", {"json": {"name": ""}}, 422),
        ("POST", "/parties", {"json": {"name": "x" * 201}}, 422),
        ("POST", "/parties", {"json": {"name": "x", "colour": "red"}}, 422),
        ("POST", "/parties", {"json": {"name": "x\u0000"}}, 422),
        ("POST", "/parties", {"json": {"name": "x", "phones": [{"number": "1"}]}}, 422),
        ("POST", "/parties/import", {"json": {"rows": [{"line": 1}] * 1001}}, 422),
        ("GET", "/parties", {"params": {"cursor": "x"}}, 422),
        ("GET", "/parties", {"params": {"limit": "0"}}, 422),
        ("GET", "/parties/nobody", {}, 404),
        ("GET", "/parties/a%00b", {}, 422),
        ("PATCH", "/parties/nobody", {"json": {"name": "x"}}, 404),
        ("GET", "/directory/lookup", {}, 422),
        ("GET", "/parties/nobody/interactions", {}, 404),
        ("GET", "/parties/nobody/interactions", {"params": {"kinds": "smoke"}}, 422),
    ],
)
async def test_bad_requests_are_refused(
    http: aiohttp.ClientSession, method: str, path: str, given: dict[str, Any], status: int
) -> None:
    problem = await _ask(http, method, path, status, **given)
    assert problem["detail"]


async def test_rows_are_imported_over_http(http: aiohttp.ClientSession) -> None:
    rows = [
        ImportRow(line=2, name="Deniz", person="Ece", mobile=("05321234567",), responsible="101"),
        ImportRow(line=3),
    ]
    for outcome in (Outcome.CREATED, Outcome.UNCHANGED):
        body = import_request(rows, dry_run=False)
        results = import_results(await _ask(http, "POST", "/parties/import", 200, json=body))
        assert [result.outcome for result in results] == [outcome, Outcome.REJECTED]
    assert results[1].field == "name"


async def test_a_history_is_shown(http: aiohttp.ClientSession, store: Store) -> None:
    party = await _ask(http, "POST", "/parties", 201, json={"name": "Deniz"})
    item = Interaction(
        kind=InteractionKind.SMS,
        direction=Direction.OUT,
        ref="m1",
        number="+905321234567",
        party_id=party["id"],
        started_at=datetime(2026, 3, 1, tzinfo=UTC),
        outcome="queued",
        text="Merhaba",
    )
    await store.write(lambda c: history.record(c, item))
    path = f"/parties/{party['id']}/interactions"
    (line,) = (await _ask(http, "GET", path, 200))["items"]
    assert (line["kind"], line["direction"], line["text"]) == ("sms", "out", "Merhaba")
    calls = await _ask(http, "GET", path, 200, params=[("kinds", "call"), ("kinds", "fax")])
    assert calls["items"] == []
    assert len((await _ask(http, "GET", path, 200, params={"kinds": "sms"}))["items"]) == 1


def test_the_document_refers_to_its_own_components_only(routes: list[Route]) -> None:
    document = json.dumps(openapi.document(routes, "1"))
    assert "#/$defs" not in document
    assert (
        "Yıldız Mobilya"
        in json.loads(document)["components"]["schemas"]["PartyIn"]["example"]["name"]
    )
