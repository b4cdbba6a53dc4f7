"""What the server keeps on disk, so that it can be killed and go on: jobs, documents, faxes."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulators.fax.jobs import Job, from_told

_KEPT_EVENTS = 200_000


@dataclass(slots=True)
class Reception:
    """A fax that came in; its facts lie beside its file."""

    name: str
    station: str = ""
    caller: str = ""
    caller_name: str = ""
    called: str = ""
    pages: int = 0
    error: str = ""
    seconds: int = 0
    line: str = ""
    at: float = field(default_factory=time.time)
    arriving: bool = False


class Spool:
    """A folder as HylaFAX's: tmp, docq, recvq; and what the far ends got, in sent."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        for name in ("tmp", "docq", "recvq", "sent", "jobs"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.jobs: dict[int, Job] = {}
        self.receptions: dict[str, Reception] = {}
        self._journal = (folder / "journal.jsonl").open("a", encoding="utf-8")
        self._load()
        self._documents = self._highest("tmp", "doc")
        self._received = self._highest("recvq", "fax")

    def close(self) -> None:
        """Let go."""
        self._journal.close()

    def note(self, what: str, **facts: Any) -> None:
        """Write into the journal, which campaigns count."""
        self._journal.write(json.dumps({"at": time.time(), "what": what, **facts}) + "\n")
        self._journal.flush()

    def journal(self) -> list[dict[str, Any]]:
        """Return everything that was noted, also before the last start."""
        lines = (self.root / "journal.jsonl").read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines[-_KEPT_EVENTS:]]

    def new_job(self, owner: str, group: int) -> Job:
        """Return a new job, which is not kept yet."""
        number = max([*self.jobs, 0]) + 1
        job = Job(number, group or number, owner)
        job.parameters |= {"FROMUSER": owner, "NOTIFYADDR": f"{owner}@localhost"}
        self.jobs[number] = job
        return job

    def keep(self, job: Job, *, changed: bool = True) -> None:
        """Write a job's file; what is not changed for its readers keeps its time."""
        if changed:
            job.changed_at = time.time()
        self._write(self.root / "jobs" / f"{job.id}.json", job.told())

    def forget(self, job: Job) -> None:
        """Drop a job and its documents."""
        del self.jobs[job.id]
        (self.root / "jobs" / f"{job.id}.json").unlink(missing_ok=True)
        for name in [*job.documents, *job.covers]:
            (self.root / name).unlink(missing_ok=True)

    def new_document(self, ending: str) -> str:
        """Return a name for what a client hands over."""
        self._documents += 1
        return f"/tmp/doc{self._documents}.{ending}"  # noqa: S108 - of the spool

    def new_reception(self, **facts: Any) -> Reception:
        """Return a new reception, its file's name given."""
        self._received += 1
        return Reception(f"fax{self._received:09d}.tif", **facts)

    def keep_reception(self, reception: Reception) -> None:
        """Have it listed from now on, and after a restart."""
        self.receptions[reception.name] = reception
        facts = {name: getattr(reception, name) for name in reception.__slots__}
        self._write(self.root / "recvq" / f"{reception.name}.json", facts)

    def drop_reception(self, name: str) -> None:
        """Remove a received fax."""
        del self.receptions[name]
        (self.root / "recvq" / f"{name}.json").unlink(missing_ok=True)
        (self.root / "recvq" / name).unlink(missing_ok=True)

    def path(self, name: str) -> Path | None:
        """Return the file behind a client's name; None for one outside, or none."""
        path = (self.root / name.lstrip("/")).resolve()
        inside = path.is_relative_to(self.root.resolve())
        return path if inside and path.is_file() else None

    def _write(self, path: Path, values: dict[str, Any]) -> None:
        part = path.with_suffix(".part")
        part.write_text(json.dumps(values), "utf-8")
        part.replace(path)

    def _load(self) -> None:
        for path in (self.root / "jobs").glob("*.json"):
            job = from_told(json.loads(path.read_text("utf-8")))
            self.jobs[job.id] = job
        for path in (self.root / "recvq").glob("*.json"):
            reception = Reception(**json.loads(path.read_text("utf-8")))
            self.receptions[reception.name] = reception

    def _highest(self, folder: str, stem: str) -> int:
        numbers = [
            int(digits)
            for path in (self.root / folder).iterdir()
            if (digits := path.name.partition(".")[0].removeprefix(stem)).isdigit()
        ]
        return max([*numbers, 0])
