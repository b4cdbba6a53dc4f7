"""The jobs of one HylaFAX server: giving it one, asking for one, changing one."""

from __future__ import annotations

import asyncio

from drivers.fax.hylafax import protocol
from drivers.fax.hylafax.client import Connection, Lost, Refused, connected
from drivers.fax.hylafax.protocol import OURS, JobLine, Unfit
from drivers.fax.hylafax.status import phase_of, reason_of, said
from gateway.fax.port import HylafaxSettings, JobChange, JobReport, OutgoingFax
from gateway.fax.reasons import FaxReason
from gateway.kernel.errors import GatewayError, Permanent, Temporary, Uncertain

STALE_S = 1.2
"""hfaxd does not notice two changes of a job's file within a second: 503, 504."""
_NOT_NOW = frozenset({460, 503, 504})
"""What is answered so, and 460 while the scheduler prepares a job."""
STALE_TRIES = 4
LAST_TIME = "020000"
"""DDHHMM: how long the server may need for its one attempt, its own queue included."""
PAGE_MM = (215, 297)
_URGENT, _NORMAL = 100, 127
_GONE = "500"


async def submit(settings: HylafaxSettings, fax: OutgoingFax) -> str:
    """Give the server a job that dials once; return its id. Raises as `FaxServer.submit` says."""
    try:
        number = protocol.dial_string(fax.number)
        async with connected(settings) as connection:
            name = await connection.store(fax.file)
            job_id = (await connection.ask("JNEW")).job_id
            for parameter, value in _parameters(fax, number):
                await connection.ask("JPARM", parameter, value)
            await connection.ask("JPARM", "DOCUMENT", name)
            await _hand_over(connection)
            return job_id
    except Unfit as error:
        raise Permanent(str(error), code=FaxReason.BAD_NUMBER) from None
    except Refused as error:
        raise _refusal(error) from None
    except OSError as error:
        raise Temporary(f"our pages cannot be read: {error}", code="disk") from error


async def _hand_over(connection: Connection) -> None:
    try:
        await connection.ask("JSUBM")
    except Lost as error:
        raise Uncertain(f"the fax server may have taken it: {error}") from None


def _parameters(fax: OutgoingFax, number: str) -> list[tuple[str, str]]:
    quoted = protocol.quoted
    width, length = PAGE_MM
    wanted = [
        ("FROMUSER", quoted("Santral")),
        ("LASTTIME", LAST_TIME),
        ("MAXDIALS", "1"),
        ("MAXTRIES", "1"),
        ("SCHEDPRI", str(_URGENT if fax.urgent else _NORMAL)),
        ("DIALSTRING", number),
        ("EXTERNAL", number),
        ("NOTIFYADDR", quoted("santral")),
        ("NOTIFY", "NONE"),
        ("VRES", str(fax.resolution.lines_per_inch)),
        ("PAGEWIDTH", str(width)),
        ("PAGELENGTH", str(length)),
        ("PAGECHOP", "NONE"),
        ("TOUSER", quoted(fax.recipient_name)),
        ("TOCOMPANY", quoted(fax.recipient_company)),
        ("JOBINFO", quoted(OURS + fax.token)),
    ]
    if fax.header:
        wanted += [("USETAGLINE", "YES"), ("TAGLINE", protocol.tag_line(fax.header))]
    return wanted


def _refusal(error: Refused) -> GatewayError:
    """Return what a refusal of a submit means: the server's trouble, or the fax's own."""
    text = error.reply.text.lower()
    if error.passing or "space" in text or "no such" in text or "permission" in text:
        return Temporary(f"the fax server refuses: {error}", code=str(error.reply.code),
                         retry_after_s=30)  # fmt: skip
    return Permanent(f"the fax server refuses: {error}", code=FaxReason.SERVER)


async def find(settings: HylafaxSettings, token: str) -> JobReport | None:
    """Return what the server says of the job with a token; None when it has none."""
    try:
        async with connected(settings) as connection:
            await connection.ask("JOBFMT", f'"{protocol.JOB_FORMAT}"')
            for queue in ("sendq", "doneq"):  # in this order: a job moves from one to the other
                for line in await connection.listing(queue):
                    job = protocol.job_in(line)
                    if job is not None and job.token == token:
                        return await report(connection, settings.id, job)
    except Refused as error:
        raise Temporary(f"the fax server does not show its jobs: {error}") from None
    return None


async def report(connection: Connection, server_id: str, job: JobLine) -> JobReport | None:
    """Read the truth of a job, on a connection that has not read it before; None: it is gone."""
    try:
        await connection.ask("JOB", job.job_id)
        state = await connection.value("STATE")
        words, code = await connection.value("STATUS"), await connection.value("STATUSCODE")
        sent, total = await connection.value("NPAGES"), await connection.value("TOTPAGES")
    except Refused as error:
        if str(error.reply.code) == _GONE:
            return None
        raise
    pages = int(sent) if sent.isdigit() else job.pages_sent
    pages_total = int(total) if total.isdigit() else job.pages_total
    phase = phase_of(state)
    return JobReport(
        server_id=server_id,
        job_id=job.job_id,
        token=job.token,
        phase=phase,
        reason=reason_of(phase, words, code, pages, pages_total),
        text=said(words),
        code=code,
        pages_sent=pages,
        pages_total=pages_total,
        line=job.modem,
    )


async def kill(settings: HylafaxSettings, job_id: str) -> None:
    """Take a job back, also while it is sent; one that is over is left alone."""
    await _change(settings, ("JKILL", job_id))


async def suspend(settings: HylafaxSettings, job_id: str) -> None:
    """Keep a job from being sent."""
    await _change(settings, ("JSUSP", job_id))


async def resume(settings: HylafaxSettings, job_id: str) -> None:
    """Let a suspended job go on."""
    await _change(settings, ("JOB", job_id), ("JSUBM",))


async def alter(settings: HylafaxSettings, job_id: str, change: JobChange) -> None:
    """Change a job that waits."""
    wanted: list[tuple[str, ...]] = []
    if change.number is not None:
        try:
            number = protocol.dial_string(change.number)
        except Unfit as error:
            raise Permanent(str(error), code=FaxReason.BAD_NUMBER) from None
        wanted += [("JPARM", "DIALSTRING", number), ("JPARM", "EXTERNAL", number)]
    if change.urgent is not None:
        wanted.append(("JPARM", "SCHEDPRI", str(_URGENT if change.urgent else _NORMAL)))
    if change.not_before is not None:
        wanted.append(("JPARM", "SENDTIME", f"{change.not_before:%Y%m%d%H%M}"))
    await suspend(settings, job_id)
    await asyncio.sleep(STALE_S)
    await _change(settings, ("JOB", job_id), *wanted, ("JSUBM",))


async def _change(settings: HylafaxSettings, *commands: tuple[str, ...]) -> None:
    """Give commands about a job, again after a while where the server has not noticed the last."""
    for attempt in range(1, STALE_TRIES + 1):
        try:
            async with connected(settings) as connection:
                for words in commands:
                    await connection.ask(*words)
            return
        except Refused as error:
            stale = error.reply.code in _NOT_NOW and attempt < STALE_TRIES
            if error.passing and not stale:
                raise Temporary(f"the fax server refuses: {error}") from None
            if not stale:
                raise Permanent(f"the fax server refuses: {error}") from None
            await asyncio.sleep(STALE_S)
