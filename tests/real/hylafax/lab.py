"""A real HylaFAX, whose two lines ring one another, as the drivers' suite sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from drivers.fax import tiff
from drivers.fax.hylafax import jobs
from drivers.fax.hylafax.driver import HylafaxDriver
from gateway.fax.port import FaxSink, HylafaxSettings, OutgoingFax, Removal, Resolution
from gateway.fax.reasons import FaxReason
from gateway.kernel.ids import new_id
from tests.real.hylafax.server import ADMIN, Hylafax


class HylafaxLab:
    """The server; what one line sends, the other one receives, so that `sent` is `recvq`."""

    good = "5551002"
    drops_in_page_2 = "99401002"
    senders = frozenset({("LAB 1001", "02125551001"), ("LAB 1002", "02125551002")})
    numbers: Mapping[FaxReason, str] = {
        FaxReason.BUSY: "5559901",
        FaxReason.NO_ANSWER: "5559902",
        FaxReason.NO_DIALTONE: "5559904",
        FaxReason.NO_CARRIER: "5559906",
    }

    def __init__(self) -> None:
        self.server = Hylafax()

    def settings(self, arriving: Path, received: Removal = Removal.KEEP) -> HylafaxSettings:
        """Return who we are to it."""
        return HylafaxSettings(
            id="lab", arriving=arriving, port=self.server.port, admin_password=ADMIN,
            received=received, poll_s=2.0,
        )  # fmt: skip

    def driver(
        self, sink: FaxSink, arriving: Path, received: Removal = Removal.KEEP
    ) -> HylafaxDriver:
        """Return a driver of it."""
        return HylafaxDriver(self.settings(arriving, received), sink)

    async def sent(self) -> list[Path]:
        """Return what the other line received whole."""
        found = sorted((self.server.spool / "recvq").glob("*.tif"), key=lambda one: one.name)
        facts = {path: tiff.facts_of(path) for path in found}
        return [path for path, one in facts.items() if one is not None and one.whole]

    async def arrive(self, pages: Path, *, called: str) -> None:
        """Let one line send to the other, as somebody else's fax."""
        facts = tiff.facts_of(pages)
        assert facts is not None
        fax = OutgoingFax(token=new_id(), number=called, file=pages, pages=facts.pages,
                          resolution=Resolution.FINE)  # fmt: skip
        await jobs.submit(self.settings(pages.parent), fax)

    async def arrive_broken(self, pages: Path) -> None:
        """Let one line send to the other, and cut the call."""
        await self.arrive(pages, called=self.drops_in_page_2)

    async def waiting(self) -> list[str]:
        """Return the received faxes that lie there."""
        return [path.name for path in (self.server.spool / "recvq").glob("*.tif")]

    async def kill(self) -> None:
        """End scheduler and protocol server without a word."""
        await asyncio.to_thread(self.server.kill)

    async def start(self) -> None:
        """Start them again."""
        await self.server.start()

    def close(self) -> None:
        """End it."""
        self.server.close()
