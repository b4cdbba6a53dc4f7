"""What a fax server says of a job becomes what is known of the fax; said twice, it counts once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gateway.fax import ledger, queue
from gateway.fax.model import Attempt, AttemptState, Fax
from gateway.fax.port import JobPhase, JobReport
from gateway.fax.reasons import FaxReason
from gateway.sending.states import SendState

_GOES_ON = frozenset({SendState.SENDING, SendState.UNCERTAIN})
NOT_THERE = "the fax server has no such job any more; whether it was sent is not known"


def apply(connection: Connection, report: JobReport, now: datetime) -> SendState | None:
    """Take a report; return the fax's state, or None where it is nothing new, or no job of ours."""
    attempt = ledger.find_attempt(connection, report.token)
    if attempt is None or attempt.server_id != report.server_id:
        return None
    fax = ledger.find(connection, attempt.fax_id)
    assert fax is not None
    if attempt.state.over:
        return None
    if report.reason is FaxReason.VANISHED:
        queue.doubted(connection, attempt.token, NOT_THERE, now)
        return SendState.UNCERTAIN
    _note(connection, attempt, report, now)
    if report.phase.over:
        return _ended(connection, fax, report, now)
    if fax.state in _GOES_ON:
        _goes_on(connection, fax, attempt, report, now)
    return fax.state


def _note(connection: Connection, attempt: Attempt, report: JobReport, now: datetime) -> None:
    changes: dict[str, Any] = {
        "state": AttemptState.of(report.phase).value,
        "job_id": report.job_id,
        "text": report.text,
        "code": report.code,
        "pages_sent": report.pages_sent,
        "station_id": report.station_id or attempt.station_id,
        "line": report.line or attempt.line,
        "told_at": now,
    }
    if report.phase.over:
        changes |= {"ended_at": now, "reason": (report.reason or FaxReason.UNKNOWN).value}
    ledger.set_attempt(connection, attempt.token, **changes)


def _goes_on(
    connection: Connection, fax: Fax, attempt: Attempt, report: JobReport, now: datetime
) -> None:
    """Note progress; only what people would see changed is told them."""
    seen = (AttemptState.of(report.phase), report.pages_sent, report.line or attempt.line)
    known = (attempt.state, attempt.pages_sent, attempt.line)
    if fax.state is SendState.SENDING and seen == known:
        return
    ledger.set_fax(
        connection, fax, SendState.SENDING, now, pages_sent=report.pages_sent,
        station_id=report.station_id or fax.station_id, error_text="",
    )  # fmt: skip


def _ended(connection: Connection, fax: Fax, report: JobReport, now: datetime) -> SendState:
    reason = report.reason or FaxReason.UNKNOWN
    changes = {
        "pages_sent": report.pages_sent,
        "station_id": report.station_id or fax.station_id,
        "reason": reason.value,
    }
    if reason is FaxReason.SENT:
        if fax.state in {*_GOES_ON, SendState.QUEUED}:
            ledger.set_fax(connection, fax, SendState.DELIVERED, now, error_text="", **changes)
            return SendState.DELIVERED
        ledger.amend(connection, fax.id, **changes)
        return fax.state
    if fax.state not in _GOES_ON:
        return fax.state
    words = explained(reason, report)
    ledger.amend(connection, fax.id, **changes)
    if report.phase is JobPhase.FAILED and reason is FaxReason.CANCELLED:
        ledger.set_fax(connection, fax, SendState.CANCELLED, now, error_text=words)
        return SendState.CANCELLED
    return queue.again(connection, fax, reason, words, now)


def explained(reason: FaxReason, report: JobReport) -> str:
    """Return why an attempt failed: in a person's words, then in the server's."""
    words = reason.meaning
    if report.pages_sent and reason in {FaxReason.HUNG_UP, FaxReason.BAD_LINE}:
        words = f"{words} (page {report.pages_sent + 1} of {report.pages_total or '?'})"
    return f"{words}: {report.text}" if report.text else words
