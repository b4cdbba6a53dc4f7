"""What LIST and RETR show: the server's state, jobs, faxes that came in, files."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from simulators.fax import formats
from simulators.fax.jobs import OVER, Job
from simulators.fax.spool import Reception

if TYPE_CHECKING:
    from simulators.fax.server import FaxSimulator

_INFO = "HylaFAX version 6.0.7 built Wed, 18 Jan 2023 00:30:51 +0100 for x86_64-pc-linux-gnu"
_STATES = (
    "UNDEFINED", "SUSPENDED", "PENDING", "SLEEPING", "BLOCKED", "READY", "ACTIVE", "DONE",
    "FAILED",
)  # fmt: skip
"""By their numbers in a job's file."""
_FOLDERS = ("docq", "tmp", "log", "info", "etc", "archive", "pollq", ".")


def lines(
    server: FaxSimulator, what: str, form: Mapping[str, str], *, hidden: bool, names_only: bool
) -> list[str] | None:
    """Return the lines of a listing; None where there is nothing of that name."""
    name = what.strip("/") or "."
    if name == "status":
        return _status(server, form["MDMFMT"])
    jobs = list(server.spool.jobs.values())
    if name in {"sendq", "doneq"}:
        shown = [job for job in jobs if job.state != "UNDEFINED"
                 and (job.state in OVER) == (name == "doneq")]  # fmt: skip
        return [f"q{job.id}" if names_only else job.line_of(form["JOBFMT"]) for job in shown]
    if name == "recvq":
        received = [] if hidden else list(server.spool.receptions.values())
        return [one.name if names_only else _reception(server, one, form["RCVFMT"])
                for one in received]  # fmt: skip
    return _files(server, name, form["FILEFMT"], names_only=names_only)


def made_file(server: FaxSimulator, name: str) -> bytes | None:
    """Return a file that is made when it is asked for; None for another."""
    if name == "status/any.info":
        return f"{_INFO}\nfaxmaster\n\n".encode()
    folder, _, rest = name.partition("/")
    if folder not in {"sendq", "doneq"} or not rest.removeprefix("q").isdigit():
        return None
    job = server.spool.jobs.get(int(rest[1:]))
    return _queue_file(job).encode() if job is not None else None


def _queue_file(job: Job) -> str:
    """Return a job's file as the scheduler keeps it, as far as clients read in it."""
    values = {
        "state": str(_STATES.index(job.state)),
        "npages": str(job.pages_sent), "totpages": str(job.pages_total),
        "external": job.number, "number": job.number, "jobtag": job.token,
        "csi": job.station, "commid": job.commid, "status": job.status,
    }  # fmt: skip
    return "".join(f"{name}:{value}\n" for name, value in values.items())


def _status(server: FaxSimulator, form: str) -> list[str]:
    running = "Running" if server.scheduler.up else "Not running"
    told = [f"HylaFAX scheduler on vm: {running}"]
    for line in server.scheduler.lines:
        state = line.state if line.works else "Waiting for modem to come ready"
        mark = "*" if line.job else " "
        values = {"m": line.name, "n": line.number, "s": state, "z": mark, "h": "vm",
                  "l": line.name}  # fmt: skip
        told.append(formats.render(form, values))
    return told


def _reception(server: FaxSimulator, one: Reception, form: str) -> str:
    path = server.spool.root / "recvq" / one.name
    at = datetime.fromtimestamp(one.at, UTC)
    minutes, seconds = divmod(one.seconds, 60)
    return formats.render(form, {
        "f": one.name, "z": "*" if one.arriving else " ", "p": str(one.pages),
        "n": str(path.stat().st_size if path.exists() else 0), "Y": f"{at:%Y:%m:%d %H:%M:%S}",
        "t": f"{at:%H:%M}", "s": one.station, "h": f"{minutes}:{seconds:02d}", "i": one.caller_name,
        "j": one.caller, "d": "2-D MMR", "e": one.error, "o": "10",
        "m": "-rw----" if server.config.private else "-rw-r--", "l": "4294967295", "r": "196",
        "w": "1728",
    })  # fmt: skip


def _files(server: FaxSimulator, name: str, form: str, *, names_only: bool) -> list[str] | None:
    if name not in _FOLDERS:
        return None
    folder = server.spool.root / name
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    if names_only:
        return [path.name for path in found]
    told = []
    for path in found:
        facts = path.stat()
        told.append(formats.render(form, {
            "p": "drwxr-x" if path.is_dir() else "-rw----", "l": str(facts.st_nlink), "o": "10",
            "s": str(facts.st_size), "f": path.name,
            "m": time.strftime("%b %d %H:%M", time.gmtime(facts.st_mtime)),
        }))  # fmt: skip
    return told
