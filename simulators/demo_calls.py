"""Calls of the demonstration: customers who ring by themselves, and whenever the visitor likes."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

DID = "902125550100"
SECRETARY, MANAGERS = "101", ("102", "103")
PASSWORD = "deniz mavi santral"  # noqa: S105 - the demonstration's, told to the visitor
FIRST_AFTER_S, EVERY_S, TALK_S = 4.0, 25.0, 12.0
_LOOK_S = 0.3
CALLERS: Sequence[tuple[str, str]] = (
    ("905321234567", "Ahmet"),
    ("905337654321", ""),
    ("905339998877", "Deniz"),
    ("79161234567", "Olga"),
)


@dataclass(frozen=True, slots=True)
class Telephones:
    """The simulated telephone system, by its control interface."""

    control: str
    http: aiohttp.ClientSession

    async def prepare(self) -> None:
        """Managers pick up after a moment; the secretary's telephone rings, for the visitor."""
        await self._post(f"/phones/{SECRETARY}", {"mode": "ring"})
        for number in MANAGERS:
            await self._post(f"/phones/{number}", {"mode": "answer", "delay_s": 2.5})

    async def call(self, number: str, name: str) -> None:
        """Have somebody call, speak for a while once somebody picks up, and hang up."""
        await self._post("/calls", {"did": DID, "from": number, "name": name})
        trunk: dict[str, Any] = {}
        for _ in range(int(40 / _LOOK_S)):
            async with self.http.get(f"{self.control}/phones/trunk") as answer:
                trunk = await answer.json()
            if trunk["state"] in {"up", "ended"}:
                break
            await asyncio.sleep(_LOOK_S)
        if trunk.get("state") == "up":
            await asyncio.sleep(TALK_S)
        await self._post("/phones/trunk", {"do": "hang_up"})

    async def _post(self, path: str, body: dict[str, Any]) -> None:
        async with self.http.post(f"{self.control}{path}", json=body) as answer:
            await answer.read()


async def ring_by_themselves(telephones: Telephones) -> None:
    """Have customers call one after another, and at once when the visitor presses Enter."""
    asked = _enter_pressed()
    wait_s = FIRST_AFTER_S
    for number, name in itertools.cycle(CALLERS):
        try:
            async with asyncio.timeout(wait_s):
                await asked.wait()
        except TimeoutError:
            pass
        asked.clear()
        await telephones.call(number, name)
        wait_s = EVERY_S


def _enter_pressed() -> asyncio.Event:
    """Return what is set whenever Enter is pressed in the terminal."""
    pressed = asyncio.Event()
    if sys.stdin is not None and sys.stdin.isatty():
        loop = asyncio.get_running_loop()

        def read() -> None:
            if not sys.stdin.readline():
                loop.remove_reader(sys.stdin)
            pressed.set()

        loop.add_reader(sys.stdin, read)
    return pressed


async def choose_password(url: str, login: str, one_time: str) -> None:
    """Sign in for the first time, as a person would, and choose the demonstration's password."""
    headers = {"Origin": url, "Sec-Fetch-Site": "same-origin"}
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(url, cookie_jar=jar, headers=headers) as http:
        async with http.post("/sign-in", data={"login": login, "password": one_time}) as answer:
            page = await answer.text()
        token = page.partition('name="csrf" content="')[2].partition('"')[0]
        form = {"csrf": token, "old": one_time, "new": PASSWORD}
        async with http.post("/password", data=form) as answer:
            answer.raise_for_status()
