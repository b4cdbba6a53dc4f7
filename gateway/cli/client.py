"""Speaks to the running service over its Unix socket, or to one held just for this command."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from gateway import app
from gateway.config import Config
from gateway.kernel.errors import GatewayError


class Refused(GatewayError):
    """The service refused a request; the text is its problem document's."""


class Client:
    """JSON requests to `/api/v1`."""

    def __init__(self, session: aiohttp.ClientSession, *, service_runs: bool) -> None:
        self._session = session
        self.service_runs = service_runs

    async def get(self, path: str, **query: str | list[str]) -> dict[str, Any]:
        """GET a resource."""
        return await self._ask("GET", path, params=query)

    async def every(self, path: str, **query: str) -> list[dict[str, Any]]:
        """GET a list, page after page."""
        items: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = await self.get(path, **query, cursor=cursor)
            items += page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                return items

    async def post(self, path: str, body: Mapping[str, Any], *, key: str = "") -> dict[str, Any]:
        """POST a body, with an Idempotency-Key when one is given."""
        headers = {"Idempotency-Key": key} if key else {}
        return await self._ask("POST", path, json=body, headers=headers)

    async def send_form(
        self,
        path: str,
        values: Mapping[str, str | list[str]],
        files: Sequence[Path],
        *,
        key: str = "",
    ) -> dict[str, Any]:
        """POST values and files as a form; what is empty is left out."""
        with contextlib.ExitStack() as stack:
            form = aiohttp.FormData()
            for name, value in values.items():
                for one in value if isinstance(value, list) else [value] if value else []:
                    form.add_field(name, one)
            for file in files:
                try:
                    opened = stack.enter_context(file.open("rb"))
                except OSError as error:
                    raise GatewayError(f"{file} cannot be read: {error.strerror}") from error
                form.add_field("file", opened, filename=file.name)
            if not files:
                form.add_field("file", b"", filename="")
            headers = {"Idempotency-Key": key} if key else {}
            return await self._ask("POST", path, data=form, headers=headers)

    async def fetch(self, path: str) -> bytes:
        """GET a file."""
        async with self._session.get(f"http://santral/api/v1{path}") as answer:
            if answer.status >= 400:
                found = await answer.json(content_type=None)
                raise Refused(found.get("detail") or f"the service answered {answer.status}")
            return await answer.read()

    async def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """PATCH a resource."""
        return await self._ask("PATCH", path, json=body)

    async def put(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """PUT a resource."""
        return await self._ask("PUT", path, json=body)

    async def delete(self, path: str) -> dict[str, Any]:
        """DELETE a resource."""
        return await self._ask("DELETE", path)

    async def _ask(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        async with self._session.request(method, f"http://santral/api/v1{path}", **given) as answer:
            found: dict[str, Any] = await answer.json(content_type=None)
            if answer.status >= 400:
                raise Refused(found.get("detail") or f"the service answered {answer.status}")
            return found


@asynccontextmanager
async def connect(config: Config) -> AsyncIterator[Client]:
    """Reach the running service; without one, hold its data for the length of the command."""
    if await _answers(config.socket_path):
        async with _session(config.socket_path) as session:
            yield Client(session, service_runs=True)
        return
    async with (
        app.running(config, devices=False, tcp=False),
        _session(config.socket_path) as session,
    ):
        yield Client(session, service_runs=False)


def _session(path: Path) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.UnixConnector(str(path)), timeout=aiohttp.ClientTimeout(total=120)
    )


async def _answers(path: Path) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    except OSError as error:
        raise GatewayError(f"the socket {path} cannot be used: {error.strerror}") from error
    writer.close()
    return True
