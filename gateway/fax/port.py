"""What a fax server's driver offers to the fax feature, and what it hands over.

Errors of a driver's methods: `Temporary` (surely not done, worth another try), `Permanent` (surely
not done, hopeless), `Uncertain` (may have been done: never repeat it, ask `find`). Nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from gateway.fax.reasons import FaxReason

PAGE_WIDTH_PX = 1728
"""An A4 line at 204 dots per inch (ITU-T T.4)."""


class Resolution(StrEnum):
    """How finely a page is scanned (ITU-T T.4: 8 dots/mm across; 3.85, 7.7 or 15.4 lines/mm)."""

    STANDARD = "standard"
    FINE = "fine"
    SUPERFINE = "superfine"

    @property
    def lines_per_inch(self) -> int:
        """Return the vertical resolution; across it is always 204."""
        return {"standard": 98, "fine": 196, "superfine": 391}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingFax:
    """One attempt to send a document to a number: one job of the server, which dials once."""

    token: str
    """Ours, for this attempt alone; the server keeps it with the job, so that `find` finds it."""
    number: str
    """`+` and digits for an international number, bare digits for a short one."""
    file: Path
    """TIFF (G4, min-is-white, 1728 dots wide), exactly as it will be sent, on our disk."""
    pages: int
    resolution: Resolution
    header: str = ""
    """What the server prints on top of every page, before date and page number."""
    recipient_name: str = ""
    recipient_company: str = ""
    subject: str = ""
    urgent: bool = False


class JobPhase(StrEnum):
    """Where a job stands at its server."""

    WAITING = "waiting"
    SUSPENDED = "suspended"
    SENDING = "sending"
    DONE = "done"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        """Tell whether the server will do nothing more about it."""
        return self in {JobPhase.DONE, JobPhase.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReport:
    """What a server says of a job now; the same report again changes nothing."""

    server_id: str
    job_id: str
    token: str
    phase: JobPhase
    reason: FaxReason | None = None
    """Once it is over."""
    text: str = ""
    """The server's own words."""
    code: str = ""
    """The server's own code."""
    pages_sent: int = 0
    """Confirmed by the recipient's machine."""
    pages_total: int = 0
    station_id: str = ""
    """What the recipient's machine calls itself (CSID)."""
    line: str = ""
    """The modem or channel it goes by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobChange:
    """What is altered of a job that waits; None leaves as it is."""

    number: str | None = None
    urgent: bool | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaxSource:
    """Where a received fax lies; the same again is the same fax again."""

    server_id: str
    name: str
    """Its file's name there."""
    stamp: str = ""
    """Its time and size there, since servers count anew once in a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFax:
    """A fax that came in; its file is ours to move away from where the driver wrote it."""

    source: FaxSource
    file: Path
    """TIFF as the server wrote it, whole on our disk."""
    received_at: datetime
    pages: int
    complete: bool = True
    """False: the call broke off, or the server says of an error."""
    problem: str = ""
    """The server's own words about what went wrong."""
    station_id: str = ""
    """What the sender's machine calls itself (TSI)."""
    caller: str = ""
    """The number as it was signalled; empty when withheld or unknown."""
    caller_name: str = ""
    called: str = ""
    """Which of our numbers was called (DID)."""
    line: str = ""
    duration_s: float | None = None


class ServerCondition(StrEnum):
    """A fax server's health as a person understands it."""

    READY = "ready"
    CONNECTING = "connecting"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    """It does not take our name, password or address."""
    FROZEN = "frozen"
    """It is connected and does not answer."""
    NOT_SENDING = "not_sending"
    """It answers, and its scheduler is down or it has no modem that works."""
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaxLine:
    """One modem or channel of a server."""

    name: str
    text: str = ""
    """What the server says of it."""
    usable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """What is known of a fax server right now."""

    id: str
    condition: ServerCondition
    detail: str = ""
    remedy: str = ""
    version: str = ""
    where: str = ""
    lines: tuple[FaxLine, ...] = ()

    @property
    def ready(self) -> bool:
        """Tell whether it takes jobs."""
        return self.condition is ServerCondition.READY


class FaxSink(Protocol):
    """Where a driver hands over what it learnt. A method returns once the fact is durable."""

    async def progressed(self, report: JobReport) -> None:
        """Commit what a job has come to."""
        ...

    async def knows(self, source: FaxSource) -> bool:
        """Tell whether this fax is committed here already, so that it need not be fetched."""
        ...

    async def received(self, fax: ReceivedFax) -> None:
        """Commit a fax and take its file; only then may the driver remove it at its source."""
        ...

    def status_changed(self, status: ServerStatus) -> None:
        """Note a new status; must not block."""
        ...


class Removal(StrEnum):
    """What is done at the server with a received fax that is committed here."""

    REMOVE = "remove"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaxServerSettings:
    """What holds for a fax server of whatever kind."""

    id: str
    arriving: Path
    """Our folder in which the driver writes what it fetches, on the disk that keeps it."""
    station_id: str = ""
    """What we call ourselves (TSI, CSID); empty: as the server is configured."""
    received: Removal = Removal.REMOVE


@dataclass(frozen=True, slots=True, kw_only=True)
class HylafaxSettings(FaxServerSettings):
    """A HylaFAX server and who we are to it."""

    host: str = "127.0.0.1"
    port: int = 4559
    user: str = "santral"
    password: str = field(default="", repr=False)
    admin_password: str = field(default="", repr=False)
    """Needed where received faxes are not readable by everyone."""
    events: bool = True
    """Whether the server can reach us for its event stream (active mode)."""
    poll_s: float = 5.0
    """How often jobs and received faxes are looked for where nothing is told by events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskFaxSettings(FaxServerSettings):
    """A telephone system that faxes by itself (res_fax)."""

    pbx: str
    """Id of the telephone system in the configuration."""
    channel: str = "PJSIP/{number}@trunk"
    """How a number is dialled."""
    context: str = "santral-fax"
    """Where in its dialplan our SendFAX lies."""
    lines: int = 1
    """How many faxes it sends at once."""
    there: str = "/var/spool/asterisk/santral-fax"
    """Folder on the telephone system's disk in which pages are handed over."""
    here: Path | None = None
    """Where that folder is mounted on this machine; none: it fetches and hands over by HTTPS."""


class FaxServer(Protocol):
    """One fax server."""

    @property
    def status(self) -> ServerStatus:
        """Return what is known right now, without I/O."""
        ...

    async def run(self) -> None:
        """Hold the server until cancelled: connect, tell of every job of ours, fetch, follow."""
        ...

    async def ready(self) -> None:
        """Wait until it takes jobs."""
        ...

    async def submit(self, fax: OutgoingFax) -> str:
        """Give it a job; return the job's id there. Raises Temporary, Permanent or Uncertain."""
        ...

    async def find(self, token: str) -> JobReport | None:
        """Ask for the job with a token; None: it has none. Raises Temporary when it is not told."""
        ...

    async def cancel(self, job_id: str) -> None:
        """Take a job back, also while it is sent; its report tells what became of it."""
        ...

    async def suspend(self, job_id: str) -> None:
        """Keep a job from being sent; raises Permanent once it is being sent or over."""
        ...

    async def resume(self, job_id: str) -> None:
        """Let a suspended job go on."""
        ...

    async def alter(self, job_id: str, change: JobChange) -> None:
        """Change a job that waits; raises Permanent once it is being sent or over."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDocument:
    """A file that somebody wants faxed; what it is, its content says, not its name."""

    name: str
    """As he calls it: for refusals that name it."""
    file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Raster:
    """Pages exactly as they will be faxed."""

    file: Path
    """TIFF: G4, min-is-white, one strip a page, 1728 dots wide."""
    pages: int
    resolution: Resolution
    size_bytes: int


class Rasteriser(Protocol):
    """Makes pages of documents, and pictures of pages; all in processes with limits."""

    async def raster(
        self, documents: Sequence[SourceDocument], resolution: Resolution, into: Path
    ) -> Raster:
        """Write the pages of all documents, in order, into one new file.

        A TIFF that is such a raster already is taken over dot for dot. Raises Invalid that names
        the document, what is wrong with it and the remedy; Temporary when the machine is too busy.
        """
        ...

    async def preview(self, raster: Path, page: int, width_px: int) -> bytes:
        """Return a PNG of a page (from 1), in its true proportions; of received TIFFs as well."""
        ...

    async def pdf(self, raster: Path, into: Path) -> None:
        """Write the pages as a PDF, dot for dot; of received TIFFs as well."""
        ...

    async def pages(self, raster: Path) -> int:
        """Return how many pages of a TIFF can be read; raises Invalid when none can."""
        ...
