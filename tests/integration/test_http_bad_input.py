"""Rubbish over HTTP: a clear problem document each time, and the service goes on."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.app import running
from gateway.config import Config

GOOD = {"to": "+905321234567", "text": "Merhaba"}
Ask = Any


@pytest.fixture
async def ask(tmp_path: Path) -> AsyncIterator[Ask]:
    config = Config.model_validate({"server": {"port": 0}, "store": {"data": tmp_path}})
    async with running(config, devices=False, tcp=False):
        connector = aiohttp.UnixConnector(str(config.socket_path))
        async with aiohttp.ClientSession(connector=connector) as http:

            async def asked(method: str, path: str, **given: Any) -> tuple[int, dict[str, Any]]:
                url = f"http://santral/api/v1{path}"
                async with http.request(method, url, **given) as answer:
                    found = await answer.json(content_type=None)
                    if answer.status >= 400:
                        assert answer.content_type == "application/problem+json"
                        assert {"title", "status", "detail"} <= set(found)
                        assert found["status"] == answer.status
                    return answer.status, found

            yield asked


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to": ""}, "to"),
        ({"to": "0532 ABC 45 67"}, "to"),
        ({"to": "+905321234567\r\nAT+CFUN=1"}, "to"),
        ({"to": "+9053212345\x0067"}, "to"),
        ({"to": "9" * 65}, "to"),
        ({"to": "*100#"}, "to"),
        ({"to": 905321234567}, "to"),
        ({"text": ""}, "text"),
        ({"text": "a" * 100_000}, "text"),
        ({"text": "ş🙂" * 5_000}, "text"),
        ({"text": "a\x00b"}, "text"),
        ({"text": None}, "text"),
        ({"validity_s": 1}, "validity_s"),
        ({"validity_s": "soon"}, "validity_s"),
        ({"modem": "nowhere"}, "modem"),
        ({"colour": "red"}, "colour"),
    ],
    ids=lambda value: str(value)[:24],
)
async def test_a_bad_field_is_named_with_a_remedy(
    ask: Ask, changes: dict[str, Any], field: str
) -> None:
    status, problem = await ask("POST", "/sms", json=GOOD | changes)
    assert status == 422
    assert field in [fault["field"] for fault in problem["errors"]]
    assert len(problem["detail"]) < 400
    assert (await ask("POST", "/sms", json=GOOD))[0] == 202


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"to": "+905321234567", "text": "\\ud83d"}', 400),
        (b'{"to": "+905321234567", "text": "\xff\xfe"}', 400),
        (b"{", 400),
        (b"", 422),
        (b"[]", 422),
        (b"null", 422),
        (b'"text"', 422),
        (b"[" * 100_000, 400),
        (b'{"to": NaN}', 400),
        (b"x" * (5 * 1024 * 1024), 413),
    ],
    ids=["lone surrogate", "not UTF-8", "torn", "empty", "list", "null", "string", "deep", "NaN",
         "huge"],
)  # fmt: skip
async def test_a_bad_body_is_refused(ask: Ask, body: bytes, status: int) -> None:
    answered, _ = await ask("POST", "/sms", data=io.BytesIO(body))
    assert answered == status
    assert (await ask("POST", "/sms", json=GOOD))[0] == 202


async def test_a_lone_surrogate_is_never_stored(ask: Ask) -> None:
    status, problem = await ask("POST", "/sms/preview", data=b'{"text": "a\\ud83d"}')
    assert status in {400, 422}
    assert problem["detail"]


async def test_a_key_used_for_another_body_is_a_conflict(ask: Ask) -> None:
    headers = {"Idempotency-Key": "order-4711"}
    _, first = await ask("POST", "/sms", json=GOOD, headers=headers)
    _, again = await ask("POST", "/sms", json=GOOD, headers=headers)
    assert again["id"] == first["id"]
    status, problem = await ask("POST", "/sms", json=GOOD | {"text": "x"}, headers=headers)
    assert status == 409
    assert "order-4711" in problem["detail"]
    assert first["id"] in problem["detail"]


@pytest.mark.parametrize("key", ["k" * 129, "ş"])
async def test_a_bad_key_is_named(ask: Ask, key: str) -> None:
    status, problem = await ask("POST", "/sms", json=GOOD, headers={"Idempotency-Key": key})
    assert status == 422
    assert "Idempotency-Key" in problem["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/sms/nothing", 404),
        ("GET", "/sms/%00", 422),
        ("GET", "/calls/%00", 422),
        ("GET", "/calls?party_id=%00", 422),
        ("GET", "/calls?since=2026-12-01", 422),
        ("GET", "/calls?since=0001-01-01T00:00:00%2B14:00", 422),
        ("GET", "/sms?until=2026-12-01T00:00:00", 422),
        ("POST", "/calls/nothing/park", 404),
        ("GET", "/calls/nothing/recording", 404),
        ("DELETE", "/absences/nothing", 404),
        ("GET", "/absences?past=perhaps", 422),
        ("GET", "/sms/%0d%0aX", 404),
        ("GET", "/parties/%F0%9F%99%82", 404),
        ("GET", "/nowhere", 404),
        ("PUT", "/sms/preview", 405),
        ("GET", "/parties?limit=0", 422),
        ("GET", "/parties?limit=x", 422),
        ("GET", "/parties?colour=red", 422),
        ("GET", "/parties?cursor=!!!", 422),
        ("GET", "/parties?cursor=W10", 422),
        ("GET", "/directory/lookup", 422),
        ("GET", "/directory/lookup?number=a&number=b", 422),
    ],
)
async def test_a_bad_address_is_refused(ask: Ask, method: str, path: str, status: int) -> None:
    answered, problem = await ask(method, path)
    assert answered == status
    assert problem["detail"]


@pytest.mark.parametrize(
    ("raw", "refused"),
    [
        (rb'{"name": "a\u0000b"}', True),
        (rb'{"name": "a", "persons": [{"name": "\u0000"}]}', True),
        (rb'{"name": "a\\\u0000b"}', True),
        (rb'{"name": "a\\u0000b"}', False),
    ],
)
async def test_a_nul_is_refused_before_it_reaches_a_database(
    ask: Ask, raw: bytes, refused: bool
) -> None:
    status, problem = await ask("POST", "/parties", data=raw)
    assert status == (422 if refused else 201)
    assert ("NUL" in problem.get("detail", "")) is refused


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"person": "nobody", "from": "2026-12-01", "until": "2026-12-02"}, "person"),
        ({"person": "x" * 300, "from": "2026-12-01", "until": "2026-12-02"}, "person"),
        ({"from": "2026-12-01", "until": "2026-12-02"}, "person"),
        ({"person": "office", "from": "soon", "until": "2026-12-02"}, "from"),
        ({"person": "office", "from": "2026-12-01", "until": "31.12.9999"}, "until"),
        ({"person": "office", "from": "2026-12-01", "until": "2026-12-02", "kind": "x"}, "kind"),
        ({"person": "office", "from": "2026-12-01", "until": "2026-12-02", "note": "x" * 501},
         "note"),
    ],
)  # fmt: skip
async def test_a_bad_absence_names_its_field(ask: Ask, body: dict[str, str], field: str) -> None:
    await ask("POST", "/users", json={"login": "office"})
    status, problem = await ask("POST", "/absences", json=body)
    assert status == 422
    assert field in str(problem)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
_FIELDS = st.dictionaries(
    st.sampled_from(
        ["to", "text", "flash", "report", "validity_s", "modem", "kind", "name", "numbers", "rows",
         "persons", "responsible_id", "dry_run", "code", "person", "from", "until", "deputy"]
    ),
    _JSON,
)  # fmt: skip


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    path=st.sampled_from(
        [
            "/sms",
            "/sms/preview",
            "/parties",
            "/parties/import",
            "/users",
            "/calls",
            "/absences",
            "/absences/import",
        ]
    ),
    body=_JSON | _FIELDS,
)
async def test_no_json_makes_it_fail(ask: Ask, path: str, body: Any) -> None:
    try:
        raw = json.dumps(body)
    except ValueError:
        return
    status, _ = await ask("POST", path, data=raw.encode("utf-8", "surrogatepass"))
    assert status < 500


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=st.text(max_size=80))
async def test_no_text_makes_the_lookup_or_search_fail(ask: Ask, text: str) -> None:
    for path, name in (("/directory/lookup", "number"), ("/parties", "q")):
        try:
            status, _ = await ask("GET", path, params={name: text})
        except (UnicodeEncodeError, ValueError):
            return
        assert status < 500
