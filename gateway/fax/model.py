"""Faxes that go out, their attempts, and faxes that came in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.fax.port import JobPhase, Resolution
from gateway.fax.reasons import FaxReason
from gateway.sending.priority import Priority
from gateway.sending.states import SendState


class AttemptState(StrEnum):
    """What is known of one attempt."""

    SUBMITTING = "submitting"
    """Being given to the server; committed before the server hears of it."""
    WAITING = "waiting"
    SUSPENDED = "suspended"
    SENDING = "sending"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    """The server surely did not take it."""
    UNCERTAIN = "uncertain"
    """Whether the server took it, or what became of it, is not known."""

    @classmethod
    def of(cls, phase: JobPhase) -> AttemptState:
        """Return the state of an attempt whose job is in a phase."""
        return cls(phase.value)

    @property
    def over(self) -> bool:
        """Tell whether nothing more can come of it."""
        return self in _OVER


_OVER = frozenset({AttemptState.DONE, AttemptState.FAILED, AttemptState.REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Pages on our disk, as they are faxed."""

    id: str
    user_id: str | None
    name: str
    """What the files were called of which they were made."""
    path: str
    """Below the folder of faxes."""
    pages: int
    resolution: Resolution
    size_bytes: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fax:
    """A document that goes out to one number."""

    id: str
    state: SendState
    recipient: str
    recipient_name: str = ""
    recipient_company: str = ""
    document_id: str
    pages: int
    resolution: Resolution
    subject: str = ""
    header: str = ""
    cover: str = ""
    """Name of its cover page's template."""
    priority: Priority = Priority.NORMAL
    not_before: datetime | None = None
    expires_at: datetime | None = None
    server_id: str = ""
    """Which server has it, or had it last."""
    batch_id: str
    """The same for everything that one request sends."""
    origin_id: str | None = None
    """Which fax was sent again, or forwarded, as this one."""
    user_id: str | None = None
    party_id: str | None = None
    person_id: str | None = None
    attempts: int = 0
    pages_sent: int = 0
    station_id: str = ""
    reason: FaxReason | None = None
    error_text: str = ""
    cancelling: bool = False
    """Somebody wants it back while a server has it."""
    created_at: datetime
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One job at a server."""

    token: str
    fax_id: str
    number: int
    server_id: str
    job_id: str = ""
    state: AttemptState
    reason: FaxReason | None = None
    text: str = ""
    code: str = ""
    pages_sent: int = 0
    station_id: str = ""
    line: str = ""
    began_at: datetime
    told_at: datetime
    """When the server was last heard of it."""
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A fax that a server is to be given, with the attempt that was committed for it."""

    fax: Fax
    token: str
    path: str
    """Of its pages, below the folder of faxes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A fax that came in."""

    id: str
    server_id: str
    number: str
    """Key of the sender's number; empty when nothing tells it."""
    caller: str = ""
    """The number as it was signalled."""
    caller_name: str = ""
    station_id: str = ""
    called: str = ""
    """Key of our number that was called."""
    line: str = ""
    pages: int
    complete: bool = True
    problem: str = ""
    duration_s: float | None = None
    path: str
    size_bytes: int
    sha256: str
    party_id: str | None = None
    person_id: str | None = None
    assigned_id: str | None = None
    """Whose work it is."""
    read_at: datetime | None = None
    read_by: str | None = None
    text: str = ""
    """What was read in it."""
    received_at: datetime
