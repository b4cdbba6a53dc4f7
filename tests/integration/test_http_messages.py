"""Many messages in one request, lists with cursors, and what administrators decide, over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.app import running
from gateway.config import Config

BASE = "http://santral/api/v1"


@pytest.fixture
async def http(tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    config = Config.model_validate({"server": {"port": 0}, "store": {"data": tmp_path}})
    async with running(config, devices=False, tcp=False):
        connector = aiohttp.UnixConnector(str(config.socket_path))
        async with aiohttp.ClientSession(connector=connector) as session:
            yield session


async def _json(answer: aiohttp.ClientResponse) -> Any:
    return await answer.json(content_type=None)


async def _bulk(http: aiohttp.ClientSession, lines: list[bytes]) -> list[dict[str, Any]]:
    async def body() -> AsyncIterator[bytes]:
        whole = b"\n".join(lines)
        for start in range(0, len(whole), 1000):  # lines are cut anywhere
            yield whole[start : start + 1000]

    async with http.post(f"{BASE}/sms/bulk", data=body()) as answer:
        assert answer.status == 200
        return [json.loads(line) for line in (await answer.read()).splitlines()]


async def test_each_line_of_many_has_its_own_result_in_order(http: aiohttp.ClientSession) -> None:
    lines = [
        json.dumps({"to": f"+90532{number:07d}", "text": f"ş {number}"}).encode()
        for number in range(1200)
    ]
    lines[7] = b'{"to": "yok", "text": "x"}'
    lines[700] = b"{torn"
    results = await _bulk(http, lines)
    assert [result["index"] for result in results] == list(range(1200))
    assert [result["index"] for result in results if "problem" in result] == [7, 700]
    assert results[7]["problem"]["errors"][0]["field"] == "to"
    assert all(result["state"] == "queued" for result in results if "id" in result)
    seen: list[str] = []
    cursor = ""
    while True:
        query = {"limit": "200", "direction": "out", "cursor": cursor}
        page = await _json(await http.get(f"{BASE}/sms", params=query))
        seen += [line["id"] for line in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 1198
    assert set(seen) == {result["id"] for result in results if "id" in result}


async def test_a_repeated_bulk_sends_nothing_twice(http: aiohttp.ClientSession) -> None:
    lines = [
        json.dumps({"to": f"+90532{n:07d}", "text": "bir", "key": f"k{n}"}).encode()
        for n in range(50)
    ]
    first, again = await _bulk(http, lines), await _bulk(http, lines)
    assert [result["id"] for result in first] == [result["id"] for result in again]


async def test_lists_are_filtered(http: aiohttp.ClientSession) -> None:
    sent = await _json(await http.post(f"{BASE}/sms", json={"to": "+905321111111", "text": "bir"}))
    await http.post(f"{BASE}/sms", json={"to": "+905322222222", "text": "iki"})
    await http.delete(f"{BASE}/sms/{sent['id']}")
    for query, texts in (
        ({"state": "cancelled"}, ["bir"]),
        ({"number": "0532 222 22 22"}, ["iki"]),
        ({"direction": "in"}, []),
        ({}, ["iki", "bir"]),
    ):
        page = await _json(await http.get(f"{BASE}/sms", params=query))
        assert sorted(line["text"] for line in page["items"]) == sorted(texts)


async def test_what_administrators_decide_is_kept_and_checked(
    http: aiohttp.ClientSession,
) -> None:
    policy = {"quiet_hours": {"begins": "21:00", "ends": "09:00"}, "patience_s": 5}
    kept = await _json(await http.put(f"{BASE}/sms/policy", json=policy))
    assert kept == await _json(await http.get(f"{BASE}/sms/policy"))
    assert kept["opt_out"]["stop"]["STOP"]
    bad = {"quiet_hours": {"begins": "21:00", "ends": "09:00", "zones": {"+7": "Moskova"}}}
    answer = await http.put(f"{BASE}/sms/policy", json=bad)
    assert answer.status == 422
    assert "Moskova" in (await _json(answer))["detail"]
    rule = await _json(await http.post(f"{BASE}/sms/rules", json={"reply": "Merhaba"}))
    listed = await _json(await http.get(f"{BASE}/sms/rules"))
    assert [one["id"] for one in listed["items"]] == [rule["id"]]
    assert (await http.delete(f"{BASE}/sms/rules/{rule['id']}")).status == 200
    assert (await http.delete(f"{BASE}/sms/rules/{rule['id']}")).status == 404
