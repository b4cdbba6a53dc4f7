"""What every command of a client needs: who he is, what he set, and a voice."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from simulators.fax import formats
from simulators.fax.jobs import Job
from simulators.fax.transfers import Transfers

if TYPE_CHECKING:
    from simulators.fax.server import FaxSimulator


class Talk:
    """A client's connection and what holds for it."""

    def __init__(
        self, server: FaxSimulator, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server, self._spool = server, server.spool
        self._reader, self._writer = reader, writer
        self._transfers = Transfers("127.0.0.1")
        self._user, self._in, self._admin = "", False, False
        self._job: int | None = None
        self._group = 0
        self._seen: dict[int, Job] = {}
        """Jobs as this client read them: what changes within a second is not noticed."""
        self._form, self._type = "PS", "A"
        self._formats = {"JOBFMT": formats.JOBS, "RCVFMT": formats.RECEIVED,
                         "MDMFMT": formats.MODEMS, "FILEFMT": formats.FILES}  # fmt: skip

    def hang_up(self) -> None:
        """Break the connection off."""
        self._writer.transport.abort()

    def _say(self, code: int, text: str) -> None:
        self._writer.write(f"{code} {text}\r\n".encode())
