"""Finds the segment that a delivery report is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select

from gateway.kernel.ids import new_id
from gateway.sms import ledger, queue, tables
from gateway.sms.model import SegmentState
from gateway.sms.port import DeliveryReport, ReportOutcome

ORPHANS_KEPT = timedelta(days=7)
UNCERTAIN_WINDOW = timedelta(minutes=15)
"""How far the service centre's clock and ours may differ when a report settles an uncertain one."""

_CANDIDATES = (
    select(tables.segments)
    .where(
        tables.segments.c.recipient == bindparam("recipient"),
        tables.segments.c.modem_id == bindparam("modem_id"),
        tables.segments.c.reference == bindparam("reference"),
        tables.segments.c.state.in_((SegmentState.SENT.value, SegmentState.UNDELIVERED.value)),
    )
    .order_by(tables.segments.c.submitted_at.desc())
    .limit(20)
)
_UNCERTAIN = select(tables.segments).where(
    tables.segments.c.recipient == bindparam("recipient"),
    tables.segments.c.modem_id == bindparam("modem_id"),
    tables.segments.c.state == SegmentState.UNCERTAIN.value,
    tables.is_open,
)


def apply(
    connection: Connection, recipient: str, report: DeliveryReport, now: datetime
) -> str | None:
    """Apply a report; returns the message's id, or None when it is kept until its segment shows."""
    place = {"recipient": recipient, "modem_id": report.source.modem_id}
    rows = connection.execute(_CANDIDATES, {**place, "reference": report.reference}).all()
    chosen = _choose(rows, report.submitted_at) or _only_uncertain(
        connection.execute(_UNCERTAIN, place).all(), report
    )
    if chosen is None:
        _keep_orphan(connection, place, report, now)
        return None
    segment = ledger.segment_of(chosen)
    queue.report(connection, segment, report.outcome, report.status, now)
    return segment.message_id


def forget(connection: Connection, now: datetime) -> None:
    """Drop reports whose segment never showed."""
    table = tables.orphan_reports
    connection.execute(delete(table).where(table.c.received_at < now - ORPHANS_KEPT))


def _choose(rows: Sequence[Row[Any]], submitted_at: datetime | None) -> Row[Any] | None:
    """References repeat after 256: take the segment submitted nearest to the report's time.

    A delivered segment is never chosen: what looks like its second report may be the first one of
    a segment whose reference the modem has not told yet.
    """
    unsettled = [row for row in rows if row.state == SegmentState.SENT.value] or list(rows)
    if submitted_at is None or len(unsettled) < 2:
        return unsettled[0] if unsettled else None
    return min(unsettled, key=lambda row: abs(row.submitted_at - submitted_at))


def _only_uncertain(rows: Sequence[Row[Any]], report: DeliveryReport) -> Row[Any] | None:
    """A report proves that the one uncertain segment of that time did go out."""
    if report.submitted_at is None or report.outcome is ReportOutcome.PENDING:
        return None
    near = [row for row in rows if abs(row.submitted_at - report.submitted_at) <= UNCERTAIN_WINDOW]
    return near[0] if len(near) == 1 else None


def _keep_orphan(
    connection: Connection, place: dict[str, str], report: DeliveryReport, now: datetime
) -> None:
    connection.execute(
        insert(tables.orphan_reports),
        {
            "id": new_id(),
            **place,
            "reference": report.reference,
            "outcome": report.outcome.value,
            "status": report.status,
            "submitted_at": report.submitted_at,
            "received_at": now,
        },
    )
