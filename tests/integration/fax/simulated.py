"""The simulated fax server in a process of its own, as the drivers' suite sees it."""

from __future__ import annotations

import asyncio
import base64
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from drivers.fax.hylafax.driver import HylafaxDriver
from gateway.fax.port import FaxSink, HylafaxSettings, Removal
from gateway.fax.reasons import FaxReason
from simulators.fax.child import FaxProcess

ADMIN = "admin-of-the-lab"


class SimulatedFaxLab:
    """`santral-sim fax`, which can be killed and started again."""

    good = "+902125550150"
    drops_in_page_2 = "+902125599020"
    caller, station = "902125550177", "FAR 0177"
    senders = frozenset({(station, caller)})
    numbers: Mapping[FaxReason, str] = {
        FaxReason.BUSY: "+902125559901",
        FaxReason.NO_ANSWER: "+902125559902",
        FaxReason.NO_DIALTONE: "+902125559904",
        FaxReason.NO_CARRIER: "+902125559906",
        FaxReason.CONGESTED: "+902125559907",
        FaxReason.BAD_NUMBER: "+902125559909",
    }

    def __init__(self, *more: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="faxes-"))
        spool = self._folder / "spool"
        self.process = FaxProcess([f"--spool={spool}", f"--admin={ADMIN}", "--private", *more])

    def settings(self, arriving: Path, received: Removal = Removal.KEEP) -> HylafaxSettings:
        """Return who we are to it."""
        return HylafaxSettings(
            id="lab", arriving=arriving, port=self.process.port, admin_password=ADMIN,
            received=received, poll_s=1.0,
        )  # fmt: skip

    def driver(
        self, sink: FaxSink, arriving: Path, received: Removal = Removal.KEEP
    ) -> HylafaxDriver:
        """Return a driver of it."""
        return HylafaxDriver(self.settings(arriving, received), sink)

    async def sent(self) -> list[Path]:
        """Return what far ends got."""
        told = await asyncio.to_thread(self.process.get, "/sent")
        return [self._folder / "spool" / "sent" / one["file"] for one in told]

    async def arrive(self, pages: Path, *, called: str) -> None:
        """Let a fax arrive."""
        await self._receive(pages, called=called)

    async def arrive_broken(self, pages: Path) -> None:
        """Let one arrive that breaks off."""
        await self._receive(pages, called="", error="RSPREC error/got DCN (sender abort)")

    async def waiting(self) -> list[str]:
        """Return the received faxes that lie there."""
        return [path.name for path in (self._folder / "spool" / "recvq").glob("*.tif")]

    async def kill(self) -> None:
        """End it without a word."""
        await asyncio.to_thread(self.process.kill)

    async def start(self) -> None:
        """Start it where it was."""
        await asyncio.to_thread(self.process.start)

    async def befall(self, kind: str, **more: object) -> None:
        """Let a misfortune befall it."""
        await asyncio.to_thread(lambda: self.process.post("/fault", kind=kind, **more))

    def close(self) -> None:
        """End it and drop its files."""
        self.process.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _receive(self, pages: Path, **facts: str) -> None:
        content = base64.b64encode(await asyncio.to_thread(pages.read_bytes)).decode()
        facts |= {"station": self.station, "caller": self.caller}
        await asyncio.to_thread(lambda: self.process.post("/receive", file=content, **facts))
