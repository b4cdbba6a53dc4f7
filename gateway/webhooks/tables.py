"""Tables of webhooks and of the events that a receiver refused."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    delete,
    func,
    select,
)

from gateway.kernel.store.schema import Id, JsonText, UtcDateTime, metadata

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("url", Text, nullable=False),
    Column("kinds", JsonText, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("secret", Text, nullable=False),
    Column("after_event", BigInteger, nullable=False),
    Column("dropped", Integer, nullable=False),
    Column("delivered_at", UtcDateTime),
    Column("failed_at", UtcDateTime),
    Column("failure", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

backlog = Table(
    "webhook_backlog",
    metadata,
    Column("webhook_id", Id, ForeignKey("webhooks.id", ondelete="CASCADE"), primary_key=True),
    Column("event_id", BigInteger, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Index("ix_webhook_backlog_due", "webhook_id", "next_at"),
)
"""Events that were refused, and those of the same subject that must not overtake them."""

_ACTIVE = select(webhooks.c.id).where(webhooks.c.active.is_(True))
_MARK = select(func.min(webhooks.c.after_event)).where(webhooks.c.active.is_(True))
_FIRST_REFUSED = select(func.min(backlog.c.event_id)).where(backlog.c.webhook_id.in_(_ACTIVE))


def has_read(connection: Connection) -> int | None:
    """Return up to where no active webhook needs the event log; None when there is no such."""
    mark: int | None = connection.execute(_MARK).scalar()
    refused: int | None = connection.execute(_FIRST_REFUSED).scalar()
    return mark if mark is None or refused is None else min(mark, refused - 1)


def forget(connection: Connection, upto: int) -> None:
    """Forget refused events that are gone from the log: those of webhooks that are switched off."""
    connection.execute(delete(backlog).where(backlog.c.event_id <= upto))
