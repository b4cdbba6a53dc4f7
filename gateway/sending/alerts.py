"""What is wrong for longer than it should be: told once when it begins, once when it is over."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Table, Text, delete, insert, select

from gateway.kernel import events
from gateway.kernel.store.schema import UtcDateTime, metadata

logger = logging.getLogger(__name__)

standing = Table(
    "alerts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("since", UtcDateTime, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing that is wrong; `name` says which (`modem_down:office1`)."""

    name: str
    text: str
    remedy: str
    since: datetime


def tell(connection: Connection, now_wrong: Mapping[str, Alert], now: datetime) -> list[str]:
    """Bring the stored alerts in line with what is wrong; return the names that changed."""
    known = {alert.name: alert for alert in every(connection)}
    begun = [alert for name, alert in now_wrong.items() if name not in known]
    over = [alert for name, alert in known.items() if name not in now_wrong]
    for alert in begun:
        connection.execute(
            insert(standing).values(
                name=alert.name, text=alert.text, remedy=alert.remedy, since=alert.since
            )
        )
    if over:
        names = [alert.name for alert in over]
        connection.execute(delete(standing).where(standing.c.name.in_(names)))
    events.append(connection, *(_event("alert.raised", alert, now) for alert in begun))
    events.append(connection, *(_event("alert.cleared", alert, now) for alert in over))
    for alert in begun:
        logger.warning("alert %s: %s; %s", alert.name, alert.text, alert.remedy)
    for alert in over:
        logger.info("alert %s is over", alert.name)
    return [alert.name for alert in (*begun, *over)]


def every(connection: Connection) -> list[Alert]:
    """Return the alerts that stand, the oldest first."""
    query = select(standing).order_by(standing.c.since, standing.c.name)
    return [
        Alert(name=row.name, text=row.text, remedy=row.remedy, since=row.since)
        for row in connection.execute(query)
    ]


def _event(kind: str, alert: Alert, now: datetime) -> events.Event:
    return events.Event(
        kind=kind, subject=alert.name, at=now, audience=events.EVERYONE,
        data={"text": alert.text, "remedy": alert.remedy, "since": alert.since.isoformat()},
    )  # fmt: skip
