"""The fax feature on a store, with scripted servers, pages that cost nothing, and a set clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gateway.fax import attaching
from gateway.fax.composing import Addressee, Composer, CoverWish
from gateway.fax.documents import FaxFolder
from gateway.fax.drafting import SendFax
from gateway.fax.model import Fax
from gateway.fax.policy import FaxPolicy
from gateway.fax.policy_book import FaxPolicyBook
from gateway.fax.port import (
    FaxLine,
    FaxSource,
    JobChange,
    JobPhase,
    JobReport,
    OutgoingFax,
    Raster,
    ReceivedFax,
    Resolution,
    ServerCondition,
    ServerStatus,
    SourceDocument,
)
from gateway.fax.reasons import FaxReason
from gateway.fax.receiving import FaxInbox
from gateway.fax.recipients import Recipients
from gateway.fax.sending import FaxSending, Office
from gateway.fax.servers import FaxServers, Seat
from gateway.fax.settling import Settler
from gateway.fax.showing import Faxes
from gateway.fax.sorting import Sorting
from gateway.fax.worker import FaxWorker
from gateway.history import tables as history
from gateway.kernel.errors import GatewayError, Invalid
from gateway.kernel.health import Health
from gateway.kernel.ids import new_id
from gateway.kernel.metrics import Metrics
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.runtime import Runtime
from gateway.kernel.store import Store
from gateway.kernel.supervisor import Supervisor
from gateway.parties.book import PartyBook
from gateway.people.colleagues import Colleagues
from gateway.people.presence import Presence
from gateway.sending.states import SendState
from gateway.web.principal import LOCAL_ADMINISTRATOR, Principal
from tests.contract.sms_desk import SetClock
from tests.waiting import until

CUSTOMER = "+902125550190"
ZONE = ZoneInfo("Europe/Istanbul")
Answer = Callable[[OutgoingFax], Awaitable[None]] | GatewayError | None


@dataclass
class ScriptedServer:
    """Takes each fax, unless its script says otherwise; jobs come to what the test says."""

    id: str = "s0"
    script: list[Answer] = field(default_factory=list)
    taken: list[OutgoingFax] = field(default_factory=list)
    known: dict[str, JobReport] = field(default_factory=dict)
    cancelled: list[str] = field(default_factory=list)
    ready_now: bool = True
    lines: int = 1

    @property
    def status(self) -> ServerStatus:
        condition = ServerCondition.READY if self.ready_now else ServerCondition.UNREACHABLE
        lines = tuple(FaxLine(name=f"line{number}") for number in range(self.lines))
        return ServerStatus(id=self.id, condition=condition, lines=lines)

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def ready(self) -> None:
        while not self.ready_now:
            await asyncio.sleep(0.01)

    async def submit(self, fax: OutgoingFax) -> str:
        answer = self.script.pop(0) if self.script else None
        if isinstance(answer, GatewayError):
            raise answer
        self.taken.append(fax)
        job_id = str(len(self.taken))
        self.known[fax.token] = self.report(fax.token, JobPhase.WAITING, job_id=job_id)
        if callable(answer):
            await answer(fax)
        return job_id

    async def find(self, token: str) -> JobReport | None:
        return self.known.get(token)

    async def cancel(self, job_id: str) -> None:
        self.cancelled.append(job_id)

    async def suspend(self, job_id: str) -> None: ...

    async def resume(self, job_id: str) -> None: ...

    async def alter(self, job_id: str, change: JobChange) -> None: ...

    def report(self, token: str, phase: JobPhase, **more: Any) -> JobReport:
        """Return what the server says of a job."""
        before = self.known.get(token)
        job_id = more.pop("job_id", before.job_id if before else "9")
        said = JobReport(server_id=self.id, job_id=job_id, token=token, phase=phase, **more)
        self.known[token] = said
        return said


class PlainPages:
    """Takes every line of a text file for a page."""

    async def raster(
        self, documents: Sequence[SourceDocument], resolution: Resolution, into: Path
    ) -> Raster:
        lines: list[bytes] = []
        for document in documents:
            told = document.file.read_bytes()
            if told == b"bad":
                raise Invalid(f"{document.name} is no document that can be faxed", field="files")
            lines += told.splitlines()
        into.write_bytes(b"\n".join(lines))
        size = into.stat().st_size
        return Raster(file=into, pages=len(lines), resolution=resolution, size_bytes=size)

    async def preview(self, raster: Path, page: int, width_px: int) -> bytes:
        return raster.read_bytes().splitlines()[page - 1]

    async def pdf(self, raster: Path, into: Path) -> None:
        into.write_bytes(b"%PDF " + raster.read_bytes())

    async def pages(self, raster: Path) -> int:
        return len(raster.read_bytes().splitlines())


class PlainCovers:
    """One line that says everything."""

    async def pdf(
        self, wish: CoverWish, to: Addressee, sender: str, pages: int, at: datetime
    ) -> bytes:
        if wish.template != "standard":
            raise Invalid(f"there is no cover page {wish.template!r}", field="cover")
        return f"cover for {to.name}, {to.company} {to.number}: {pages} pages".encode()


class FaxDesk:
    """What a test of the fax feature holds."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.clock = store, SetClock()
        health = Health()
        self.runtime = Runtime(self.clock, health, Metrics(), Supervisor(health, self.clock))
        self.plan = NumberingPlan(region="TR", area="212", own=("+902125550100",))
        self.folder = FaxFolder(folder / "faxes")
        self.folder.open()
        self._files = folder
        self.servers = FaxServers({}, ZONE)
        self.book = PartyBook(store, self.clock, self.plan, number_attached=(
            history.attach, attaching.attach))  # fmt: skip
        self.colleagues = Colleagues(store, self.clock, Presence())
        pages = PlainPages()
        self.composer = Composer(store, self.clock, self.folder, pages, PlainCovers())
        self.sending = FaxSending(
            store, self.clock, self.composer, Recipients(store, self.plan, self.book),
            Office(zone=ZONE, header="Ofis +90 212 555 01 00", servers=lambda: ["s0", "s1"]),
            self.wake,
        )  # fmt: skip
        self.faxes = Faxes(store, self.plan, self.folder, pages)
        self.sorting = Sorting(store, self.clock, self.book)
        self.policy = FaxPolicyBook(store, self.clock)
        self.inbox = FaxInbox(
            store, self.runtime, self.plan, self.folder, colleagues=self.colleagues,
            note_status=lambda _status: None, wake=self.wake,
        )  # fmt: skip

    def wake(self) -> None:
        self.servers.wake()

    def file(
        self, content: str = "page 1\npage 2\npage 3", name: str = "offer.pdf"
    ) -> SourceDocument:
        """Return a file with a page a line."""
        path = self._files / new_id()
        path.write_text(content)
        return SourceDocument(name=name, file=path)

    async def send(self, to: str = CUSTOMER, *, key: str = "", by: Principal | None = None,
                   **fields: Any) -> Fax:  # fmt: skip
        """Queue a fax of three pages."""
        request = SendFax(**{"to": (to,), "files": (self.file(),), **fields})
        [fax] = await self.sending.send(by or LOCAL_ADMINISTRATOR, request, idempotency_key=key)
        assert isinstance(fax, Fax)
        return fax

    async def decide(self, **policy: Any) -> None:
        """Set the policy."""
        await self.policy.decide(LOCAL_ADMINISTRATOR, FaxPolicy(**policy))

    async def now(self, fax: Fax) -> Fax:
        """Return a fax as it is now."""
        found, _ = await self.faxes.show(LOCAL_ADMINISTRATOR, fax.id)
        assert isinstance(found, Fax)
        return found

    async def until_state(self, fax: Fax, state: SendState) -> Fax:
        """Wait until a fax is in a state."""

        async def seen() -> bool:
            return (await self.now(fax)).state is state

        await until(seen, timeout_s=10)
        return await self.now(fax)

    async def until_taken(self, server: ScriptedServer, count: int = 1) -> OutgoingFax:
        """Wait until a server was given so many faxes; return the last of them."""

        async def seen() -> bool:
            return len(server.taken) >= count

        await until(seen, timeout_s=10)
        return server.taken[count - 1]

    @asynccontextmanager
    async def working(self, *servers: ScriptedServer, **seat: Any) -> AsyncIterator[None]:
        """Let servers work on the queue."""
        self.servers = FaxServers({server.id: Seat(**seat) for server in servers}, ZONE)
        self.servers.by_id |= {server.id: server for server in servers}
        workers = [
            FaxWorker(server.id, self.servers, self.store, self.clock, self.folder.root)
            for server in servers
        ]
        tasks = [asyncio.create_task(worker.run()) for worker in workers]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def settle(self, server: ScriptedServer) -> None:
        """Have what is doubtful at a server asked for, once."""
        if server.id not in self.servers.by_id:
            self.servers = FaxServers({server.id: Seat()}, ZONE)
            self.servers.by_id[server.id] = server
        await Settler(server.id, self.servers, self.store, self.clock).look()

    async def told(self, report: JobReport) -> None:
        """Have a server say something of a job."""
        await self.inbox.progressed(report)

    async def ended(self, server: ScriptedServer, token: str, reason: FaxReason,
                    **more: Any) -> None:  # fmt: skip
        """Have a job end."""
        phase = JobPhase.DONE if reason is FaxReason.SENT else JobPhase.FAILED
        sent = {"pages_sent": 3} if reason is FaxReason.SENT else {}
        await self.told(server.report(token, phase, reason=reason, **{**sent, **more}))

    async def receive(self, name: str = "fax000001.tif", **facts: Any) -> ReceivedFax:
        """Have a fax of two pages come in."""
        file = self.folder.arriving / new_id()
        file.write_bytes(b"page 1\npage 2")
        fax = ReceivedFax(
            source=FaxSource(server_id="s0", name=name, stamp="1"), file=file, pages=2,
            received_at=self.clock.now(),
        )  # fmt: skip
        fax = replace(fax, **facts)
        await self.inbox.received(fax)
        return fax
