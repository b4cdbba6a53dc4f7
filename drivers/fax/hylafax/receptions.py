"""Faxes that a HylaFAX server received: fetched, handed over, and only then removed there."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path

from drivers.fax import tiff
from drivers.fax.hylafax import protocol
from drivers.fax.hylafax.client import Connection, Lost, Refused
from drivers.fax.hylafax.protocol import ReceivedLine
from gateway.fax.port import FaxSink, FaxSource, HylafaxSettings, ReceivedFax, Removal
from gateway.kernel.clock import Clock
from gateway.kernel.errors import GatewayError
from gateway.kernel.ids import new_id

logger = logging.getLogger(__name__)

BROKE_OFF = "the call broke off: pages are missing or the last one is cut"


class Receptions:
    """Looks at what came in, and takes it."""

    def __init__(self, settings: HylafaxSettings, sink: FaxSink, clock: Clock) -> None:
        self._settings = settings
        self._sink = sink
        self._clock = clock
        self._left: set[FaxSource] = set()
        """What is known here and stays there."""
        self.trouble = ""
        """Why something cannot be fetched or removed, in words."""

    async def look(self, connection: Connection) -> None:
        """Take everything that is whole; one that cannot be taken does not keep others."""
        await connection.ask("RCVFMT", f'"{protocol.RECEIVED_FORMAT}"')
        lines = [protocol.received_in(line) for line in await connection.listing("recvq")]
        there: set[FaxSource] = set()
        trouble = ""
        for line in lines:
            if line is None or line.arriving:
                continue
            source = FaxSource(server_id=self._settings.id, name=line.name,
                               stamp=f"{line.time}/{line.size_bytes}")  # fmt: skip
            there.add(source)
            if source not in self._left:
                trouble = await self._take(connection, source, line) or trouble
        self._left &= there
        if trouble and trouble != self.trouble:
            logger.warning("fax server %s: %s", self._settings.id, trouble)
        self.trouble = trouble

    async def _take(self, connection: Connection, source: FaxSource, line: ReceivedLine) -> str:
        """Take one fax; return what is in the way, if something is."""
        try:
            if not await self._sink.knows(source):
                await self._fetch(connection, source, line)
            if self._settings.received is Removal.REMOVE:
                await connection.ask("DELE", f"recvq/{line.name}")
            else:
                self._left.add(source)
        except Refused as error:
            return (
                f"received fax {line.name} cannot be taken over ({error}); RecvFileMode 0644 "
                "makes it readable, admin_password lets us remove it"
            )
        except Lost:
            raise
        except GatewayError as error:
            return f"received fax {line.name} is not taken over yet: {error}"
        return ""

    async def _fetch(self, connection: Connection, source: FaxSource, line: ReceivedLine) -> None:
        path = self._settings.arriving / f"{new_id()}.tif"
        try:
            length = await connection.retrieve(f"recvq/{line.name}", path)
            if length != line.size_bytes:
                raise Lost(f"of {line.name}'s {line.size_bytes} bytes {length} came")
            at = await _time_of(connection, line.name) or self._clock.now()
            fax = await asyncio.to_thread(_described, path, source, line, at)
            await self._sink.received(fax)
        finally:
            path.unlink(missing_ok=True)


async def _time_of(connection: Connection, name: str) -> datetime | None:
    try:
        told = (await connection.ask("MDTM", f"recvq/{name}")).text.strip()
        return datetime.strptime(told, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except (Refused, ValueError):
        return None


def _described(path: Path, source: FaxSource, line: ReceivedLine, at: datetime) -> ReceivedFax:
    """Return what is known of a fetched fax: by the listing, and by what stands in the file."""
    facts = tiff.facts_of(path)
    told = (facts.description if facts else "").split("\n")
    ids = [*(one.strip() for one in told), "", "", "", "", ""][1:5]
    whole = facts is not None and facts.whole
    problem = line.error or ("" if whole else BROKE_OFF)
    return ReceivedFax(
        source=source,
        file=path,
        received_at=at,
        pages=facts.pages if facts else line.pages,
        complete=not problem,
        problem=problem,
        station_id=line.station_id,
        caller=line.caller or ids[0],
        caller_name=line.caller_name or ids[1],
        called=ids[3],
        duration_s=line.duration_s,
    )
