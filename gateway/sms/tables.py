"""Tables of messages and what arrived."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from gateway.kernel.store.schema import Id, UtcDateTime, metadata

is_open = text("state IN ('submitting', 'uncertain')")
"""Segments of which it is not known whether they went out: few, whatever the table's size."""


def _partial(name: str, *columns: str, where: str) -> Index:
    """An index of few rows: what only waits to be sent costs nothing there."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


messages = Table(
    "sms_messages",
    metadata,
    Column("id", Id, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("coding", String(8), nullable=False),
    Column("locking", Integer, nullable=False),
    Column("single", Integer, nullable=False),
    Column("segments", Integer, nullable=False),
    Column("concat_reference", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("flash", Boolean, nullable=False),
    Column("report", Boolean, nullable=False),
    Column("validity_s", Integer),
    Column("modem_id", Text, nullable=False),
    Column("pinned_modem_id", Text, nullable=False),
    Column("preferred_modem_id", Text, nullable=False),
    Column("avoided", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("zone", Text, nullable=False),
    Column("automatic", Boolean, nullable=False),
    Column("user_id", Id),
    Column("party_id", Id),
    Column("person_id", Id),
    Column("attempts", Integer, nullable=False),
    Column("not_before", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("error_code", Text, nullable=False),
    Column("error_text", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Index("ix_sms_messages_queue", "state", "priority", "id"),
    Index("ix_sms_messages_recipient", "recipient", "id"),
    Index("ix_sms_messages_due", "state", "not_before"),
    _partial("ix_sms_messages_expiry", "state", "expires_at", where="expires_at IS NOT NULL"),
    _partial("ix_sms_messages_party_id", "party_id", where="party_id IS NOT NULL"),
)

segments = Table(
    "sms_segments",
    metadata,
    Column("message_id", Id, ForeignKey("sms_messages.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("modem_id", Text, nullable=False),
    Column("reference", Integer),
    Column("submitted_at", UtcDateTime),
    Column("status", Integer),
    Column("sender", Text, nullable=False),
    Column("cost", Float),
    Column("error_code", Text, nullable=False),
    _partial("ix_sms_segments_modem", "modem_id", "submitted_at", where="submitted_at IS NOT NULL"),
    _partial(
        "ix_sms_segments_report", "recipient", "modem_id", "reference",
        where="reference IS NOT NULL",
    ),
    _partial("ix_sms_segments_open", "modem_id", "recipient", where=is_open.text),
)  # fmt: skip

idempotency_keys = Table(
    "sms_idempotency_keys",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("message_id", Id, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

concat_references = Table(
    "sms_concat_references",
    metadata,
    Column("recipient", Text, primary_key=True),
    Column("last", Integer, nullable=False),
)

orphan_reports = Table(
    "sms_orphan_reports",
    metadata,
    Column("id", Id, primary_key=True),
    Column("modem_id", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("reference", Integer, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("status", Integer, nullable=False),
    Column("submitted_at", UtcDateTime),
    Column("received_at", UtcDateTime, nullable=False),
    Index("ix_sms_orphan_reports_match", "recipient", "modem_id", "reference"),
)

receipts = Table(
    "sms_receipts",
    metadata,
    Column("store", Text, primary_key=True),
    Column("slot", String(8), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)
"""PDUs that are committed here and perhaps still lie at their source."""

groups = Table(
    "sms_groups",
    metadata,
    Column("id", Id, primary_key=True),
    Column("modem_id", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("reference", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("wide", Boolean, nullable=False),
    Column("newest_at", UtcDateTime, nullable=False),
    Column("received_id", Id),
    Index("ix_sms_groups_key", "sender", "modem_id", "reference"),
    Index("ix_sms_groups_open", "received_id", "newest_at"),
)
"""Long messages whose parts are being collected; `received_id` is set once one was delivered."""

parts = Table(
    "sms_parts",
    metadata,
    Column("group_id", Id, ForeignKey("sms_groups.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("data", LargeBinary),
    Column("sent_at", UtcDateTime),
)

received = Table(
    "sms_received",
    metadata,
    Column("id", Id, primary_key=True),
    Column("modem_id", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("coding", String(8), nullable=False),
    Column("data", LargeBinary),
    Column("complete", Boolean, nullable=False),
    Column("flash", Boolean, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("received_at", UtcDateTime, nullable=False),
    Column("party_id", Id, index=True),
    Column("person_id", Id),
    Index("ix_sms_received_sender", "sender", "id"),
)

balances = Table(
    "sms_balances",
    metadata,
    Column("modem_id", Text, primary_key=True),
    Column("amount", Float),
    Column("text", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
"""What each SIM's network said of its balance, last."""

unreadable = Table(
    "sms_unreadable",
    metadata,
    Column("id", Id, primary_key=True),
    Column("modem_id", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

__all__ = [
    "balances",
    "concat_references",
    "groups",
    "idempotency_keys",
    "is_open",
    "messages",
    "orphan_reports",
    "parts",
    "receipts",
    "received",
    "segments",
    "unreadable",
]
