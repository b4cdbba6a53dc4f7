"""A fax server under test, real or simulated, as the suite sees it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from gateway.fax.port import FaxServer, FaxSink
from gateway.fax.reasons import FaxReason


class FaxLab(Protocol):
    """The server, the machines at the other end of its lines, and what can befall it."""

    @property
    def good(self) -> str:
        """A number that a fax machine answers."""

    @property
    def numbers(self) -> Mapping[FaxReason, str]:
        """Numbers that end an attempt in that way, for every way that this server can be shown."""

    @property
    def drops_in_page_2(self) -> str:
        """A number whose machine hangs up in the second page."""

    def driver(self, sink: FaxSink, arriving: Path) -> FaxServer:
        """Return a driver that does nothing until it is run."""

    async def sent(self) -> list[Path]:
        """Return what the other end received, a TIFF for each fax, newest last."""

    async def arrive(
        self, pages: Path, *, caller: str = "", station_id: str = "", called: str = ""
    ) -> None:
        """Let the pages of a TIFF arrive at the server, as far as it can be told from whom."""

    async def kill(self) -> None:
        """It is gone in the middle of whatever it did."""

    async def start(self) -> None:
        """It is there again, with the queue that it had."""
