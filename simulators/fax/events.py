"""What happens at the server, told to those who asked for it: `SITE TRIGGER J*S*R*M*`; pure."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from simulators.fax.jobs import Job

_SPEC = re.compile(r"([JSRMsrm])(\*|\d+)?([0-9a-fA-F]{4})?")
_CLASSES = {"J": range(100, 116), "S": range(116, 132), "R": range(132, 148), "M": range(148, 164)}
COMPLETED = 126
"""Says "Job completed successfully" of failed jobs too, as the real one does."""


class Triggers:
    """Who asked for what."""

    def __init__(self) -> None:
        self._asked: dict[int, tuple[list[tuple[range, str]], Callable[[bytes], None]]] = {}
        self._next = 0

    def add(self, spec: str, tell: Callable[[bytes], None]) -> int:
        """Tell somebody from now on; raises ValueError for a specification that is none."""
        wanted = [(_CLASSES[letter.upper()], which) for letter, which, _mask in _SPEC.findall(spec)]
        if not wanted or _SPEC.sub("", spec):
            raise ValueError(spec)
        self._next += 1
        self._asked[self._next] = wanted, tell
        return self._next

    def remove(self, ticket: int) -> None:
        """Tell him no more."""
        self._asked.pop(ticket, None)

    def of_job(self, code: int, job: Job, text: str) -> None:
        """Something happened to a job."""
        what = f"JOB {job.id} (dest {job.number} pri {job.priority} com {job.commid}): {text}"
        self._tell(code, what, str(job.id))

    def of_modem(self, code: int, name: str, text: str) -> None:
        """Something happened to a modem."""
        self._tell(code, f"MODEM {name}: {text}", name)

    def of_reception(self, code: int, text: str) -> None:
        """Something comes in."""
        self._tell(code, f"RECV FAX: {text}", "")

    def _tell(self, code: int, what: str, subject: str) -> None:
        line = f"{time.strftime('%H%M%S', time.gmtime())} {code} {what}\r\n".encode()
        for wanted, tell in list(self._asked.values()):
            if any(code in codes and which in {"", "*", subject} for codes, which in wanted):
                tell(line)
