"""The life of jobs: which is sent next, on which line, and what becomes of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

from PIL import Image

from simulators.fax import far_ends, pages
from simulators.fax.events import COMPLETED, Triggers
from simulators.fax.far_ends import FarEnd
from simulators.fax.jobs import OVER, WAITING, Job, moment
from simulators.fax.spool import Spool

LOOK_S = 1.0
_FAR_AHEAD_S = 366 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast everything goes."""

    dial_s: float = 0.3
    page_s: float = 0.3
    retry_s: float = 3.0
    done_s: float = 900.0
    """How long a job that is over is shown (faxqclean)."""


@dataclass(slots=True)
class Line:
    """A modem."""

    name: str
    number: str
    job: Job | None = None
    state: str = "Running and idle"
    works: bool = True
    busy_s: float = 0.0
    """For how long it sent in all."""
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class Scheduler:
    """faxq and its modems."""

    def __init__(self, spool: Spool, triggers: Triggers, lines: int, pace: Pace) -> None:
        self._spool = spool
        self._events = triggers
        self.pace = pace
        self.lines = [
            Line(f"ttyFAX{place}", f"+90 212 555 {1001 + place}") for place in range(lines)
        ]
        self.up = True
        self.refused = ""
        """Why jobs are refused, once they are."""
        self._wanted = asyncio.Event()
        self._calls = 0
        self._recover()

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            while True:
                self._assign()
                self._forget_old()
                self._wanted.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._pause_s()):
                        await self._wanted.wait()
        finally:
            for line in self.lines:
                if line.task is not None:
                    line.task.cancel()

    def submit(self, job: Job) -> str:
        """Take a job; return why not."""
        due = moment(job.parameters["SENDTIME"])
        if due > time.time() + _FAR_AHEAD_S:
            self._end(job, "FAILED", "REJECT: Time-to-send is too far in the future", "000")
            return "Unspecified reason (scheduler NAK'd request)"
        if not self.up:
            return "Unable to open scheduler FIFO: No such device or address"
        created = job.state == "UNDEFINED"
        job.due_at, job.state = due, "PENDING" if due else "READY"
        self._spool.keep(job)
        if created:
            self._events.of_job(100, job, "Created")
        self._events.of_job(102, job, "Ready to send")
        self._spool.note("submitted", job=job.id, token=job.token, number=job.number)
        self.look()
        return ""

    def suspend(self, job: Job) -> bool:
        """Keep a waiting job from being sent."""
        if job.state not in WAITING | {"SUSPENDED"}:
            return False
        job.state = "SUSPENDED"
        self._spool.keep(job)
        self._events.of_job(101, job, "Suspended")
        return True

    async def kill(self, job: Job) -> None:
        """Take a job back; one that is sent is interrupted."""
        line = next((one for one in self.lines if one.job is job), None)
        if line is not None and line.task is not None:
            line.task.cancel()
            await asyncio.gather(line.task, return_exceptions=True)
        self._end(job, "FAILED", *far_ends.KILLED)

    def cut(self, line_name: str) -> bool:
        """The call on a line breaks off; tell whether there was one."""
        for line in self.lines:
            if line.name == line_name and line.task is not None:
                line.task.cancel("cut")
                return True
        return False

    def look(self) -> None:
        """Have the queue looked at."""
        self._wanted.set()

    def next_call(self) -> str:
        """Return the id of a new session (COMMID)."""
        self._calls += 1
        return f"{self._calls:09d}"

    def _recover(self) -> None:
        """Judge what was being sent when the server died, as faxq does after its start."""
        for job in self._spool.jobs.values():
            if job.state != "ACTIVE":
                continue
            job.line = ""
            if job.pages_total and job.pages_sent >= job.pages_total:
                # It went through, and the server never learnt it: no status, no code.
                self._end(job, "FAILED", "", "000")
            elif job.total_dials >= int(job.parameters["MAXDIALS"]):
                why = far_ends.PHASE_C if job.total_tries else far_ends.UNKNOWN
                self._end(job, "FAILED", why + far_ends.DIALS_UP, "333")
            else:
                job.state = "READY"
                self._spool.keep(job)

    def _assign(self) -> None:
        if not self.up:
            return
        now = time.time()
        due = [job for job in self._spool.jobs.values() if job.state in WAITING
               and job.due_at <= now]  # fmt: skip
        due.sort(key=lambda job: (job.priority, job.id))
        free = [line for line in self.lines if line.job is None and line.works]
        for job, line in zip(due, free, strict=False):
            line.job, job.state, job.line = job, "ACTIVE", line.name
            line.state = "Sending job " + str(job.id)
            self._spool.keep(job)
            self._events.of_job(105, job, "Being processed by scheduler")
            self._events.of_modem(148, line.name, "Assigned to job")
            self._events.of_job(107, job, "Activated")
            line.task = asyncio.create_task(self._send(line, job))

    async def _send(self, line: Line, job: Job) -> None:
        began = time.monotonic()
        try:
            await self._attempt(job)
        except asyncio.CancelledError as cancelled:
            if cancelled.args != ("cut",):
                raise
            self._failed(job, far_ends.PHASE_C, "300")
        finally:
            line.busy_s += time.monotonic() - began
            line.job, line.task, line.state, job.line = None, None, "Running and idle", ""
            self._events.of_modem(149, line.name, "Released by job")
            self._events.of_modem(151, line.name, "Marked ready")
            self.look()

    async def _attempt(self, job: Job) -> None:
        self._events.of_job(114, job, "Preparation started")
        try:
            images = await asyncio.to_thread(self._images, job)
        except pages.Unreadable:
            self._end(job, "FAILED", *far_ends.UNREADABLE)
            return
        self._events.of_job(115, job, "Preparation finished")
        end = far_ends.behind(job.number)
        job.pages_total, job.pages_sent, job.commid = len(images), 0, self.next_call()
        job.dials, job.total_dials = job.dials + 1, job.total_dials + 1
        self._spool.keep(job, changed=False)
        self._events.of_job(116, job, "SEND FAX: Begin attempt")
        self._spool.note("dialled", job=job.id, token=job.token, number=job.number)
        await asyncio.sleep(self.pace.dial_s * (1 + end.rings_s))
        self._events.of_job(117, job, "SEND FAX: Call placed (off-hook)")
        if end.answers:
            await self._transmit(job, end, images)
        else:
            self._failed(job, end.status, end.code)

    async def _transmit(self, job: Job, end: FarEnd, images: list[Image.Image]) -> None:
        job.dials, job.total_tries = 0, job.total_tries + 1
        job.station = far_ends.STATION.format(number=job.number[-4:])
        self._spool.keep(job, changed=False)
        self._events.of_job(118, job, "SEND FAX: Connected to remote device")
        for number in range(1, len(images) + 1):
            drops = number == end.drops_in
            await asyncio.sleep(self.pace.page_s * end.slow * (0.5 if drops else 1.0))
            if drops:
                self._failed(job, far_ends.PHASE_C, "300")
                return
            job.pages_sent = number
            if number == len(images):
                await self._arrived(job, images)
            self._spool.keep(job, changed=False)
            self._spool.note("page", job=job.id, token=job.token, page=number, of=len(images))
            self._events.of_job(119, job, f"SEND FAX: Page {number} sent in 0:00:01 (file docq/x)")
        if not images:
            self._end(job, "FAILED", "", "000")
            return
        self._events.of_job(120, job, "SEND FAX: Document sent in 0:00:07 (file docq/x)")
        self._end(job, "DONE", "", "000")

    async def _arrived(self, job: Job, images: list[Image.Image]) -> None:
        """The far end has every page, whatever becomes of us now."""
        file = self._spool.root / "sent" / f"{job.id}-{job.total_dials}.tif"
        lines = int(job.parameters["VRES"])
        await asyncio.shield(asyncio.to_thread(pages.write_tiff, images, file, lines))
        self._spool.note("sent", job=job.id, token=job.token, number=job.number,
                         pages=len(images), file=file.name)  # fmt: skip

    def _images(self, job: Job) -> list[Image.Image]:
        images: list[Image.Image] = []
        for name in [*job.covers, *job.documents]:
            path = self._spool.path(name)
            if path is None:
                raise pages.Unreadable
            images += pages.images_of(path, int(job.parameters["VRES"]))
        return images

    def _failed(self, job: Job, status: str, code: str) -> None:
        """An attempt failed: another one later, or none is left."""
        used_up = job.total_dials >= int(job.parameters["MAXDIALS"])
        if used_up or job.total_tries >= int(job.parameters["MAXTRIES"]) > 0:
            self._end(job, "FAILED", status + far_ends.DIALS_UP, "333")
            return
        job.state, job.status, job.code = "SLEEPING", status, code
        job.due_at = time.time() + self.pace.retry_s
        self._spool.keep(job)
        self._events.of_job(125, job, "SEND FAX: Requeued")
        self._events.of_job(103, job, "Sleeping, waiting for time-to-send")

    def _end(self, job: Job, state: str, status: str, code: str) -> None:
        if job.state in OVER:
            return
        job.state, job.status, job.code, job.ended_at = state, status, code, time.time()
        self._spool.keep(job)
        self._spool.note("ended", job=job.id, token=job.token, state=state, status=status,
                         pages=job.pages_sent)  # fmt: skip
        self._events.of_job(123, job, "SEND FAX: Finished attempt")
        self._events.of_job(COMPLETED, job, "SEND FAX: Job completed successfully")
        self._events.of_job(104, job, "Marked dead")
        self._events.of_job(106, job, "Corpus reaped")

    def _forget_old(self) -> None:
        before = time.time() - self.pace.done_s
        for job in list(self._spool.jobs.values()):
            if job.state in OVER and job.ended_at < before:
                self._spool.forget(job)

    def _pause_s(self) -> float:
        now = time.time()
        due = [job.due_at - now for job in self._spool.jobs.values() if job.state in WAITING
               and job.due_at > now]  # fmt: skip
        return min([LOOK_S, *due])
