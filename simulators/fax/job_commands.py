"""Commands about jobs."""

from __future__ import annotations

import asyncio
import copy

from simulators.fax.jobs import QUOTED_BACK, Job, Unfit, checked
from simulators.fax.talk import Talk

_WAIT_LOOK_S = 0.05


class JobCommands(Talk):
    """JNEW, JPARM, JSUBM, JSUSP, JKILL and their like."""

    async def _new(self, _rest: str) -> None:
        job = self._spool.new_job(self._user, self._group)
        self._group = self._group or job.group
        self._job = job.id
        self._seen[job.id] = job
        self._say(200, f"New job created: jobid: {job.id} groupid: {job.group}.")

    async def _new_group(self, _rest: str) -> None:
        self._group = max([*self._spool.jobs, 0]) + 1
        self._say(200, f"New job group created: groupid: {self._group}.")

    async def _select(self, rest: str) -> None:
        if rest.strip().upper() == "DEFAULT":
            self._job = None
            self._say(200, "Current job: (default).")
            return
        job = self._named(rest, "set")
        if job is not None:
            self._job = job.id
            self._read(job.id)
            self._say(200, f"Current job: jobid: {job.id} groupid: {job.group}.")

    async def _parameter(self, rest: str) -> None:
        name, _, value = rest.partition(" ")
        name = name.upper()
        job = self._read(self._job) if self._job is not None else None
        if job is None and self._job is not None:
            self._say(500, f"Job {self._job} no longer exists.")
        elif name in {"DOCUMENT", "COVER"} and value:
            self._add_document(name, value.strip())
        elif not value:
            told = (job or Job(0, 0, self._user)).value(name)
            if told is None:
                self._say(500, f"JPARM {name}: Parameter not recognized.")
            else:
                self._say(213, told)
        else:
            self._set(job, name, value)

    def _set(self, seen: Job | None, name: str, value: str) -> None:
        if seen is None:
            self._say(213, f"{name} set to {value}.")
            return
        if name not in seen.parameters:
            self._say(500, f"JPARM {name}: Parameter not recognized.")
            return
        try:
            kept = checked(name, value)
        except Unfit as unfit:
            self._say(500, f"'JPARM {name} {value}': {unfit}")
            return
        if seen.state not in {"UNDEFINED", "SUSPENDED"}:
            self._say(503, "Suspend the job with JSUSP first.")
            return
        self._spool.jobs[seen.id].parameters[name] = kept
        seen.parameters[name] = kept
        shown = f'"{kept}"' if name in QUOTED_BACK or value.startswith('"') else kept
        self._say(213, f"{name} set to {shown}.")

    def _add_document(self, name: str, file: str) -> None:
        path = self._spool.path(file)
        if path is None or self._job is None:
            self._say(500, f"{file}: No such file or directory.")
            return
        job = self._spool.jobs[self._job]
        cover = name == "COVER"
        kept = f"docq/cover{job.id}.cover" if cover else f"docq/{path.name}.{job.id}"
        (self._spool.root / kept).write_bytes(path.read_bytes())
        (job.covers if cover else job.documents).append(kept)
        what = "cover page document" if cover else "document"
        self._say(200, f"Added {what} {file} as {kept}.")

    async def _submit(self, rest: str) -> None:
        job = self._named(rest, "submit") if rest else self._current()
        if job is None:
            return
        seen = self._read(job.id)
        if seen is None or seen.state not in {"UNDEFINED", "SUSPENDED"}:
            self._say(504, f"Job {job.id} not submitted; use JSUSP first.")
            return
        lost = self._server.lose_answers > 0
        refused = self._server.scheduler.submit(job)
        self._refresh(job)
        if lost:
            self._server.lose_answers -= 1
            self.hang_up()
        elif refused:
            self._say(460, f"Failed to submit job {job.id}: {refused}.")
        else:
            self._say(200, f"Job {job.id} submitted.")

    async def _suspend(self, rest: str) -> None:
        job = self._named(rest, "suspend") if rest else self._current()
        if job is None:
            return
        if self._server.scheduler.suspend(job):
            self._say(200, f"Job {job.id} suspended.")
        else:
            self._say(504, f"Job {job.id} not suspended: it is {job.state.lower()}.")

    async def _kill(self, rest: str) -> None:
        job = self._named(rest, "kill") if rest else self._current()
        if job is not None:
            await self._server.scheduler.kill(job)
            self._say(200, f"Job {job.id} killed.")

    async def _job_delete(self, rest: str) -> None:
        job = self._named(rest, "delete") if rest else self._current()
        if job is None:
            return
        seen = self._read(job.id)
        if seen is not None and seen.state in {"SUSPENDED", "DONE", "FAILED", "UNDEFINED"}:
            self._spool.forget(job)
            self._say(200, f"Job {job.id} deleted.")
        else:
            self._say(504, f"Job {job.id} not deleted; use JSUSP first.")

    async def _wait(self, rest: str) -> None:
        job = self._named(rest, "wait for") if rest else self._current()
        while job is not None and job.id in self._spool.jobs and not job.ended_at:  # noqa: ASYNC110
            await asyncio.sleep(_WAIT_LOOK_S)
        if job is not None:
            self._say(216, f"Job {job.id} done.")

    async def _verify(self, _rest: str) -> None:
        self._say(200, "vm (127.0.0.1)")

    def _current(self) -> Job | None:
        if self._job is None or self._job not in self._spool.jobs:
            self._say(504, "No current job; use JNEW or JOB first.")
            return None
        return self._spool.jobs[self._job]

    def _named(self, rest: str, deed: str) -> Job | None:
        text = rest.strip()
        job = self._spool.jobs.get(int(text)) if text.isdigit() else None
        if job is None:
            self._say(500, f"Cannot {deed} job {text}; job does not exist (No such file or "
                      "directory).")  # fmt: skip
        return job

    def _read(self, job_id: int | None) -> Job | None:
        """Return a job as this client sees it: anew only when its file's second is another."""
        job = self._spool.jobs.get(job_id) if job_id is not None else None
        if job is None:
            return None
        seen = self._seen.get(job.id)
        if seen is None or (seen is not job and int(seen.changed_at) != int(job.changed_at)):
            return self._refresh(job)
        return seen

    def _refresh(self, job: Job) -> Job:
        fresh = copy.copy(job)
        fresh.parameters = dict(job.parameters)
        self._seen[job.id] = fresh
        return fresh
