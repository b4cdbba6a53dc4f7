"""Tables of faxes."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gateway.kernel.store.schema import Id, UtcDateTime, metadata

OPEN_ATTEMPTS = "state IN ('submitting', 'waiting', 'suspended', 'sending', 'uncertain')"
UNDONE = "due_at IS NOT NULL"


def _partial(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


documents = Table(
    "fax_documents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id")),
    Column("name", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("resolution", String(16), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_fax_documents_created_at", "created_at"),
)

faxes = Table(
    "faxes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("recipient_name", Text, nullable=False),
    Column("recipient_company", Text, nullable=False),
    Column("document_id", Id, ForeignKey("fax_documents.id"), nullable=False, index=True),
    Column("pages", Integer, nullable=False),
    Column("resolution", String(16), nullable=False),
    Column("subject", Text, nullable=False),
    Column("header", Text, nullable=False),
    Column("cover", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("not_before", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("pinned_server_id", Text, nullable=False),
    Column("avoided_server_id", Text, nullable=False),
    Column("server_id", Text, nullable=False),
    Column("batch_id", Id, nullable=False, index=True),
    Column("origin_id", Id),
    Column("user_id", Id, ForeignKey("users.id")),
    Column("party_id", Id, ForeignKey("parties.id")),
    Column("person_id", Id, ForeignKey("contact_persons.id", ondelete="SET NULL")),
    Column("attempts", Integer, nullable=False),
    Column("pages_sent", Integer, nullable=False),
    Column("station_id", Text, nullable=False),
    Column("reason", String(16)),
    Column("error_text", Text, nullable=False),
    Column("cancelling", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    Index("ix_faxes_queue", "state", "priority", "id"),
    Index("ix_faxes_recipient", "recipient", "id"),
    Index("ix_faxes_due", "state", "not_before"),
    _partial("ix_faxes_party_id", "party_id", where="party_id IS NOT NULL"),
    _partial("ix_faxes_person_id", "person_id", where="person_id IS NOT NULL"),
)

attempts = Table(
    "fax_attempts",
    metadata,
    Column("token", Id, primary_key=True),
    Column("fax_id", Id, ForeignKey("faxes.id"), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("server_id", Text, nullable=False),
    Column("job_id", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(16)),
    Column("text", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("pages_sent", Integer, nullable=False),
    Column("station_id", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("told_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    _partial("ix_fax_attempts_open", "server_id", where=OPEN_ATTEMPTS),
)

received = Table(
    "fax_received",
    metadata,
    Column("id", Id, primary_key=True),
    Column("server_id", Text, nullable=False),
    Column("source_name", Text, nullable=False),
    Column("source_stamp", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("caller", Text, nullable=False),
    Column("caller_name", Text, nullable=False),
    Column("station_id", Text, nullable=False),
    Column("called", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("problem", Text, nullable=False),
    Column("duration_s", Float),
    Column("path", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("party_id", Id, ForeignKey("parties.id")),
    Column("person_id", Id, ForeignKey("contact_persons.id", ondelete="SET NULL")),
    Column("assigned_id", Id, ForeignKey("users.id")),
    Column("read_at", UtcDateTime),
    Column("read_by", Id, ForeignKey("users.id")),
    Column("text", Text, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),
    Column("tries", Integer, nullable=False),
    UniqueConstraint("server_id", "source_name", "source_stamp", name="uq_fax_received_source"),
    Index("ix_fax_received_number", "number", "id"),
    Index("ix_fax_received_station_id", "station_id"),
    _partial("ix_fax_received_party_id", "party_id", where="party_id IS NOT NULL"),
    _partial("ix_fax_received_person_id", "person_id", where="person_id IS NOT NULL"),
    _partial("ix_fax_received_due", "due_at", where=UNDONE),
)
"""`due_at` says when reading, mailing and printing it is next tried; none: it is done."""

station_ids = Table(
    "fax_station_ids",
    metadata,
    Column("station_id", Text, primary_key=True),
    Column("party_id", Id, ForeignKey("parties.id"), nullable=False, index=True),
    Column("person_id", Id, ForeignKey("contact_persons.id", ondelete="SET NULL"), index=True),
    Column("at", UtcDateTime, nullable=False),
)
"""Whose machines call themselves what, as a person told us."""

idempotency_keys = Table(
    "fax_idempotency_keys",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("batch_id", Id, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
