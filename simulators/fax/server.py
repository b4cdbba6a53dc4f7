"""The simulated fax server: put together, started, killed and started again."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from simulators.fax.events import Triggers
from simulators.fax.scheduler import Pace, Scheduler
from simulators.fax.session import MAX_LINE, Session
from simulators.fax.spool import Spool


@dataclass(frozen=True, slots=True, kw_only=True)
class FaxConfig:
    """What is simulated."""

    port: int = 0
    control_port: int = 0
    lines: int = 2
    spool: Path | None = None
    """Folder that survives it; none: one that goes with it."""
    user: str = ""
    """The one who may log in; empty: everyone."""
    password: str = ""
    admin: str = ""
    """Password of administrators; empty: whoever asks is one."""
    private: bool = False
    """Whether received faxes are hidden from those who are no administrators."""
    pace: Pace = field(default_factory=Pace)


class FaxSimulator:
    """A fax server with lines, far ends and misfortunes."""

    def __init__(self, config: FaxConfig) -> None:
        self.config = config
        self._temporary = None if config.spool else tempfile.TemporaryDirectory(prefix="fax-")
        folder = config.spool or Path(self._temporary.name if self._temporary else "")
        self.spool = Spool(folder)
        self.triggers = Triggers()
        self.scheduler = Scheduler(self.spool, self.triggers, config.lines, config.pace)
        self.refuses = self.disk_full = False
        self.lose_answers = 0
        """How many answers to JSUBM are lost; the jobs are taken."""
        self.drops: list[int] = []
        """Bytes after which the next transfers break off."""
        self._thawed = asyncio.Event()
        self._thawed.set()
        self._sessions: set[Session] = set()
        self._server: asyncio.Server | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """Return where clients connect."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def frozen(self) -> bool:
        """Tell whether nobody is answered."""
        return not self._thawed.is_set()

    async def start(self) -> None:
        """Listen, and send what is queued."""
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", self.config.port, limit=MAX_LINE
        )
        self._task = asyncio.create_task(self.scheduler.run())

    async def close(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self.cut()
        if self._server is not None:
            self._server.close()
        self.spool.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def freeze(self) -> None:
        """Answer nobody."""
        self._thawed.clear()

    def thaw(self) -> None:
        """Go on."""
        self._thawed.set()

    async def thawed(self) -> None:
        """Wait while it is frozen."""
        await self._thawed.wait()

    def cut(self) -> None:
        """Break every connection off."""
        for session in list(self._sessions):
            session.hang_up()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.thawed()
        session = Session(self, reader, writer)
        self._sessions.add(session)
        try:
            await session.run()
        finally:
            self._sessions.discard(session)
