"""The live feed of the whole service: who may read it no longer is let go within seconds."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.service import ServiceProcess


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/users/veli/disable", None),
        ("PATCH", "/users/veli", {"role": "manager"}),
        ("DELETE", "/tokens/{token}", None),
    ],
)
async def test_a_stream_ends_with_the_rights_that_it_began_with(
    tmp_path: Path, method: str, path: str, body: dict[str, Any] | None
) -> None:
    async with ServiceProcess(tmp_path) as service:
        await service.post("/users", {"login": "veli", "role": "head"})
        made = await service.post("/tokens", {"user": "veli"})
        headers = {"Authorization": f"Bearer {made['secret']}"}
        async with (
            aiohttp.ClientSession(service.url) as http,
            http.get("/api/v1/events", headers=headers) as stream,
        ):
            assert await stream.content.readline() == b"retry: 2000\n"
            given = {} if body is None else {"json": body}
            await service.ask(method, path.format(token=made["id"]), **given)
            async with asyncio.timeout(10):
                with contextlib.suppress(aiohttp.ClientPayloadError):  # it is cut, or ends
                    await stream.read()
