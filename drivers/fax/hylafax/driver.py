"""One HylaFAX server: followed, asked, fetched from. Implements the fax feature's `FaxServer`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator

from drivers.fax.hylafax import jobs, protocol
from drivers.fax.hylafax.client import Connection, Lost, Refused, WrongLogin, connected
from drivers.fax.hylafax.protocol import JobLine, ServerState
from drivers.fax.hylafax.receptions import Receptions
from drivers.fax.hylafax.status import phase_of
from gateway.fax.port import (
    FaxLine,
    FaxSink,
    HylafaxSettings,
    JobChange,
    JobReport,
    OutgoingFax,
    ServerCondition,
    ServerStatus,
)
from gateway.kernel.clock import Clock, SystemClock
from gateway.kernel.errors import GatewayError

logger = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 15.0
REFUSED_PAUSE_S = 60.0
SAFETY_LOOKS = 6
"""While events come, everything is looked at so many times more seldom."""
GATHER_S = 0.15
"""Events that come together are answered by one look; the server's own files need a moment, too."""
MAX_TOUCHED = 10_000
_REMEDIES = {
    ServerCondition.UNREACHABLE: "see whether hfaxd runs there and its port is open to us",
    ServerCondition.REFUSED: "see etc/hosts.hfaxd there: our address, user and password",
    ServerCondition.FROZEN: "see whether the machine hangs; restart hfaxd there",
    ServerCondition.NOT_SENDING: "see whether faxq and faxgetty run there: faxstat -s",
}


class HylafaxDriver:
    """One server; every question is asked on a fresh connection, whose answers are never stale."""

    def __init__(
        self, settings: HylafaxSettings, sink: FaxSink, *, clock: Clock | None = None
    ) -> None:
        self._settings = settings
        self._sink = sink
        self._receptions = Receptions(settings, sink, clock or SystemClock())
        self._status = ServerStatus(
            id=settings.id, condition=ServerCondition.STOPPED,
            where=f"{settings.host}:{settings.port}",
        )  # fmt: skip
        self._ready = asyncio.Event()
        self._stirred = asyncio.Event()
        self._touched: set[str] = set()
        """Jobs of which an event was heard."""
        self._look_at_all = True
        self._listening = False
        self._told: dict[str, JobReport] = {}
        """What was told last of each job that the server still has."""

    @property
    def status(self) -> ServerStatus:
        """Return what is known right now, without I/O."""
        return self._status

    async def ready(self) -> None:
        """Wait until it takes jobs."""
        await self._ready.wait()

    async def run(self) -> None:
        """Follow the server until cancelled."""
        self._note(ServerCondition.CONNECTING)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._watch(), name=f"fax server {self._settings.id}")
                if self._settings.events:
                    tasks.create_task(self._listen(), name=f"events of {self._settings.id}")
        finally:
            self._note(ServerCondition.STOPPED)

    async def submit(self, fax: OutgoingFax) -> str:
        """Give it a job; return the job's id there."""
        job_id = await jobs.submit(self._settings, fax)
        self._stir()
        return job_id

    async def find(self, token: str) -> JobReport | None:
        """Ask for the job with a token."""
        return await jobs.find(self._settings, token)

    async def cancel(self, job_id: str) -> None:
        """Take a job back, also while it is sent."""
        await jobs.kill(self._settings, job_id)
        self._stir()

    async def suspend(self, job_id: str) -> None:
        """Keep a job from being sent."""
        await jobs.suspend(self._settings, job_id)
        self._stir()

    async def resume(self, job_id: str) -> None:
        """Let a suspended job go on."""
        await jobs.resume(self._settings, job_id)
        self._stir()

    async def alter(self, job_id: str, change: JobChange) -> None:
        """Change a job that waits."""
        await jobs.alter(self._settings, job_id, change)
        self._stir()

    async def _watch(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await self._look()
                pause_s = FIRST_PAUSE_S
            except GatewayError as error:
                self._failed(error)
                refused = isinstance(error, WrongLogin)
                await self._rest(REFUSED_PAUSE_S if refused else pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
                self._look_at_all = True
                continue
            seldom = SAFETY_LOOKS if self._listening else 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.poll_s * seldom):
                    await self._stirred.wait()
                    await asyncio.sleep(GATHER_S)
                continue
            self._look_at_all = True

    async def _rest(self, pause_s: float) -> None:
        await asyncio.sleep(random.uniform(pause_s / 2, pause_s))  # noqa: S311 - spreads reconnects, guards nothing

    async def _look(self) -> None:
        """Look at everything, or at the jobs of which events were heard."""
        self._stirred.clear()
        touched, self._touched = self._touched, set()
        everything, self._look_at_all = self._look_at_all, False
        try:
            async with self._asking() as connection:
                if everything:
                    await self._see_all(connection)
                else:
                    for job_id in touched & self._told.keys():
                        await self._read(connection, _line_of(self._told[job_id]))
        except GatewayError:
            self._touched |= touched
            raise

    @contextlib.asynccontextmanager
    async def _asking(self) -> AsyncIterator[Connection]:
        try:
            async with connected(self._settings) as connection:
                yield connection
        except Refused as error:
            raise Lost(f"the fax server refuses what it must not: {error}") from None

    async def _see_all(self, connection: Connection) -> None:
        await connection.ask("MDMFMT", f'"{protocol.MODEM_FORMAT}"')
        state = protocol.state_in(await connection.listing("status"))
        await connection.ask("JOBFMT", f'"{protocol.JOB_FORMAT}"')
        lines = [*await connection.listing("sendq"), *await connection.listing("doneq")]
        ours = {job.job_id: job for job in map(protocol.job_in, lines) if job is not None}
        for job in ours.values():
            if _differs(job, self._told.get(job.job_id)):
                await self._read(connection, job)
        for gone in self._told.keys() - ours.keys():
            del self._told[gone]
        self._note_state(state, connection.greeting)
        await self._receptions.look(connection)

    async def _read(self, connection: Connection, job: JobLine) -> None:
        report = await jobs.report(connection, self._settings.id, job)
        if report is None or report == self._told.get(job.job_id):
            return
        await self._sink.progressed(report)
        self._told[job.job_id] = report

    async def _listen(self) -> None:
        """Hear what happens as it happens; what it says may be untrue, that it happens is not."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                async with (
                    self._asking() as connection,
                    connection.data("SITE", "TRIGGER", "J*S*R*M*") as (reader, _),
                ):
                    pause_s = FIRST_PAUSE_S
                    self._listening = True
                    self._stir()
                    while line := await reader.readline():
                        self._heard(line)
            except (GatewayError, OSError, ValueError) as error:
                logger.debug("events of fax server %s ended: %s", self._settings.id, error)
            self._listening = False
            await self._rest(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _heard(self, line: bytes) -> None:
        event = protocol.event_in(line)
        if event is None:
            return
        if event.job_id in self._told and len(self._touched) < MAX_TOUCHED:
            self._touched.add(event.job_id)
            self._stirred.set()
        elif event.job_id or event.of_reception:
            self._stir()

    def _stir(self) -> None:
        self._look_at_all = True
        self._stirred.set()

    def _note_state(self, state: ServerState, greeting: str) -> None:
        lines = tuple(
            FaxLine(name=one.name, text=one.text, usable=one.usable) for one in state.modems
        )
        condition, detail = ServerCondition.READY, self._receptions.trouble
        if not state.scheduler_runs:
            condition, detail = ServerCondition.NOT_SENDING, f"its scheduler: {state.scheduler}"
        elif not any(line.usable for line in lines):
            condition, detail = ServerCondition.NOT_SENDING, "it has no modem that works"
        version = greeting.partition("(")[2].rpartition(")")[0]
        self._note(condition, detail=detail, version=version, lines=lines)

    def _failed(self, error: GatewayError) -> None:
        code = getattr(error, "code", "")
        condition = {
            "refused": ServerCondition.REFUSED, "frozen": ServerCondition.FROZEN,
        }.get(code, ServerCondition.UNREACHABLE)  # fmt: skip
        level = logging.WARNING if self._status.condition is not condition else logging.DEBUG
        logger.log(level, "fax server %s is %s: %s", self._settings.id, condition, error)
        self._note(condition, detail=str(error))

    def _note(
        self,
        condition: ServerCondition,
        *,
        detail: str = "",
        version: str = "",
        lines: tuple[FaxLine, ...] = (),
    ) -> None:
        status = ServerStatus(
            id=self._settings.id, condition=condition, detail=detail,
            remedy=_REMEDIES.get(condition, ""), version=version or self._status.version,
            where=self._status.where, lines=lines,
        )  # fmt: skip
        if status.ready:
            self._ready.set()
        else:
            self._ready.clear()
        if status != self._status:
            self._status = status
            self._sink.status_changed(status)


def _differs(job: JobLine, told: JobReport | None) -> bool:
    """Tell whether a listing shows something else than what was told of a job."""
    if told is None:
        return True
    seen = (phase_of(job.state.name), job.pages_sent)
    return seen != (told.phase, told.pages_sent)


def _line_of(told: JobReport) -> JobLine:
    return JobLine(
        job_id=told.job_id, token=told.token, state=protocol.JobState.UNDEFINED,
        pages_sent=told.pages_sent, pages_total=told.pages_total, modem=told.line,
    )  # fmt: skip
