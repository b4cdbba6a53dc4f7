"""Tables of users, what they sign in with, tokens and the audit trail."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from gateway.kernel.store.schema import Id, JsonText, UtcDateTime, metadata

users = Table(
    "users",
    metadata,
    Column("id", Id, primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("name_folded", Text, nullable=False, index=True),
    Column("role", String(16), nullable=False),
    Column("extension", Text, nullable=False, server_default="", index=True),
    Column("mobile", Text, nullable=False, server_default="", index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),
    Column("away_at", UtcDateTime),
    Column("preferences", JsonText, nullable=False, server_default="{}"),
)

passwords = Table(
    "passwords",
    metadata,
    Column("user_id", Id, ForeignKey("users.id"), primary_key=True),
    Column("hash", Text, nullable=False),
    Column("once", Boolean, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
)
"""Apart from `users`, so that nothing that shows users can show a hash."""

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("user_id", Id, ForeignKey("users.id"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False, index=True),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
)
"""`id` is the hash of what the browser's cookie holds."""

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("key", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("failed_at", UtcDateTime, nullable=False, index=True),
    Column("locked_until", UtcDateTime),
)

known_addresses = Table(
    "known_addresses",
    metadata,
    Column("user_id", Id, ForeignKey("users.id"), primary_key=True),
    Column("address", Text, primary_key=True),
    Column("seen_at", UtcDateTime, nullable=False),
)
"""Where somebody has signed in from."""

absences = Table(
    "absences",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id"), nullable=False),
    Column("begins", UtcDateTime, nullable=False),
    Column("ends", UtcDateTime, nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("deputy_id", Id, ForeignKey("users.id")),
    Column("note", Text, nullable=False),
    UniqueConstraint("user_id", "begins", "ends"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("scopes", JsonText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
)

audit_trail = Table(
    "audit_trail",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("who", Text, nullable=False),
    Column("user_id", Id),
    Column("action", Text, nullable=False),
    Column("object_kind", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("changes", JsonText, nullable=False),
    Index("ix_audit_trail_object", "object_kind", "object_id"),
)
