"""A fax server under test, real or simulated, as the suite sees it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from gateway.fax.port import FaxServer, FaxSink, Removal
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

    def driver(self, sink: FaxSink, arriving: Path, received: Removal = Removal.KEEP) -> FaxServer:
        """Return a driver that does nothing until it is run."""

    async def sent(self) -> list[Path]:
        """Return what the other ends received whole, a TIFF for each fax, newest last."""

    async def arrive(self, pages: Path, *, called: str) -> None:
        """Let the pages of a TIFF arrive for one of our numbers, from one of `senders`."""

    async def arrive_broken(self, pages: Path) -> None:
        """Let a call come that breaks off within the pages."""

    async def waiting(self) -> list[str]:
        """Return the names of the received faxes that lie there."""

    async def kill(self) -> None:
        """It is gone in the middle of whatever it did."""

    async def start(self) -> None:
        """It is there again, with the queue that it had."""

    @property
    def senders(self) -> frozenset[tuple[str, str]]:
        """The machines from which faxes arrive: what they call themselves, and their numbers."""
