"""A browser as the service sees it, with every header in the test's own hand."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import Morsel
from typing import Any, Self

import aiohttp


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; redirects are not followed."""

    status: int
    headers: Mapping[str, str]
    text: str
    cookies: dict[str, Morsel[str]] = field(default_factory=dict)

    @property
    def location(self) -> str:
        """Where it leads."""
        return self.headers.get("Location", "")

    def json(self) -> Any:
        """The body."""
        import json  # noqa: PLC0415

        return json.loads(self.text)


class Surfer:
    """Keeps cookies as a browser does, and sends `Origin` with what a form or script sends."""

    def __init__(self, url: str, *, ssl_context: ssl.SSLContext | bool = True) -> None:
        self.url = url
        self.origin = url
        self.cookies: dict[str, str] = {}
        self.headers: dict[str, str] = {}
        """Sent with everything: what a proxy adds."""
        self._ssl = ssl_context
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(self, *_error: object) -> None:
        assert self._http is not None
        await self._http.close()

    async def get(self, path: str, **headers: str) -> Answer:
        """Open a page."""
        return await self.ask("GET", path, headers=headers)

    async def send(
        self, path: str, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a form from a page of ours; None in `headers` is what is not sent."""
        given = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin", **(headers or {})}
        return await self.ask("POST", path, data=dict(form), headers=given)

    async def script(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Ask the API as a script of a page of ours does."""
        given = {"X-CSRF-Token": await self.token(), "Origin": self.origin, **headers}
        return await self.ask(
            method, f"/api/v1{path}", json={} if body is None else body, headers=given
        )

    async def token(self) -> str:
        """The session's token, as it stands in a page."""
        found = re.search(
            r'name="csrf" (?:value|content)="([^"]+)"', (await self.get("/password")).text
        )
        return found[1] if found else ""

    async def sign_in(self, login: str, password: str, **more: str) -> Answer:
        """Send the form of the sign-in."""
        return await self.send("/sign-in", {"login": login, "password": password, **more})

    async def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str | None] | None = None,
        **given: Any,
    ) -> Answer:
        """Send one request and take its cookies."""
        assert self._http is not None
        sent = {name: value for name, value in {**self.headers, **(headers or {})}.items() if value}
        if self.cookies and "Cookie" not in sent:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        async with self._http.request(
            method, f"{self.url}{path}", headers=sent, allow_redirects=False, ssl=self._ssl, **given
        ) as answer:
            cookies = dict(answer.cookies.items())
            for name, morsel in cookies.items():
                if morsel.value and morsel["max-age"] != "0":
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)
            return Answer(answer.status, dict(answer.headers), await answer.text(), cookies)
