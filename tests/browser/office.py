"""A whole office for pages: the service, a simulated telephone system and modem, and people."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from simulators.modem.child import ModemProcess
from tests.integration.pbx.lab import MAIN, TRUNK, Handset, Lab
from tests.service import ServiceProcess
from tests.waiting import until

AHMET, GUNES, STRANGER = "905321234567", "902123334455", "905339998877"
PASSWORD = "yedi mavi kaplumbaga"
PEOPLE = (
    ("defne", "Defne Kaya", "secretary", "101", "+905301000101"),
    ("ayse", "Ayşe Yılmaz", "manager", "102", "+905301000102"),
    ("mehmet", "Mehmet Demir", "manager", "103", "+905301000103"),
)
CUSTOMERS: tuple[dict[str, Any], ...] = (
    {
        "name": "Yıldız Mobilya A.Ş.", "responsible": "ayse",
        "notes": "Fatura adresi Gebze deposu",
        "persons": [{"name": "Ahmet Çelik", "position": "Satın alma",
                     "phones": [{"number": f"+{AHMET}", "kind": "mobile"}]}],
    },
    {"name": "Güneş Tekstil Ltd. Şti.", "responsible": "mehmet",
     "phones": [{"number": f"+{GUNES}"}]},
)  # fmt: skip
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
    "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip


@asynccontextmanager
async def chromium(path: str) -> AsyncIterator[Browser]:
    """Hold a headless browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()


@dataclass(frozen=True, slots=True)
class DeskOffice:
    """What a test of pages works in."""

    service: ServiceProcess
    lab: Lab
    browser: Browser

    async def until_ready(self) -> None:
        """Wait until the telephone system is followed."""

        async def ready() -> bool:
            return bool((await self.service.get("/pbx"))["items"][0]["condition"] == "ready")

        await until(ready)

    async def sign_in(self, login: str, **given: Any) -> BrowserContext:
        """Return a browser in which somebody is signed in, with a password of his own."""
        one_time = (await self.service.post(f"/users/{login}/password", {}))["password"]
        context = await self.browser.new_context(
            base_url=self.service.url, **{"locale": "tr-TR", "reduced_motion": "reduce", **given}
        )
        page = await context.new_page()
        await page.goto("/sign-in")
        await page.fill("[name=login]", login)
        await page.fill("[name=password]", one_time)
        await page.click("main button")
        await page.wait_for_url("**/password")
        await page.fill("[name=old]", one_time)
        await page.fill("[name=new]", PASSWORD)
        await page.click("main button")
        await page.wait_for_url("**/desk")
        await page.close()
        return context

    async def desk(self, context: BrowserContext) -> Page:
        """Open a desk; returns once it is connected."""
        page = await context.new_page()
        await page.goto("/desk")
        await page.wait_for_selector('#link[data-up="true"]')
        return page

    async def ring(self, number: str = AHMET, *, did: str = MAIN, name: str = "") -> None:
        """Have somebody call."""
        await self.lab.phones[TRUNK].dial(did, caller=number, name=name)

    def phone(self, number: str) -> Handset:
        """Return somebody's telephone."""
        return self.lab.phones[number]


@asynccontextmanager
async def open_desk(
    folder: Path, browser: Browser, lab: Lab, *, fax: int = 0
) -> AsyncIterator[DeskOffice]:
    """Hold an office whose telephones ring until somebody picks up."""
    pbx = lab.settings
    for number in ("101", "102", "103"):
        lab.phones[number].behave("ring")
    configuration = (
        f'[server]\nport = {_free_port()}\n[[pbx]]\nid = "office"\nhost = "{pbx.host}"\n'
        f'port = {pbx.port}\nuser = "{pbx.user}"\nsecret = "{pbx.secret}"\n'
        f'outside = "{pbx.outside}"\nring_s = 5\ncontext = "{pbx.context}"\n'
    )
    if fax:
        configuration += (
            '[fax]\ncompany = "Örnek İnşaat A.Ş."\nnumber = "+90 212 555 01 00"\n'
            f'[[fax_server]]\nid = "office"\nport = {fax}\npoll_s = 1.0\n'
        )
    with ModemProcess() as farm:
        service = ServiceProcess(folder, farm.modems, configuration=configuration)
        del service.environment["SANTRAL_PORT"]
        async with service:
            for login, name, role, extension, mobile in PEOPLE:
                user = {"login": login, "name": name, "role": role, "extension": extension}
                await service.post("/users", {**user, "mobile": mobile})
            for customer in CUSTOMERS:
                await service.post("/parties", customer)
            office = DeskOffice(service, lab, browser)
            await office.until_ready()
            yield office


def _free_port() -> int:
    """Return a port that stays the same over the service's restarts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
