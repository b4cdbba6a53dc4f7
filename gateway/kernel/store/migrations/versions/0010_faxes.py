"""Faxes: their pages, attempts and recipients, and what came in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.kernel.store.schema import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _documents()
    _faxes()
    _attempts()
    _received()
    op.create_table(
        "fax_station_ids",
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("party_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        *_customer("fax_station_ids"),
        sa.PrimaryKeyConstraint("station_id", name=op.f("pk_fax_station_ids")),
    )
    for column in ("party_id", "person_id"):
        op.create_index(op.f(f"ix_fax_station_ids_{column}"), "fax_station_ids", [column])
    op.create_table(
        "fax_idempotency_keys",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "key", name=op.f("pk_fax_idempotency_keys")),
    )


def _documents() -> None:
    op.create_table(
        "fax_documents",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("resolution", sa.String(length=16), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        _to("fax_documents", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fax_documents")),
    )
    op.create_index("ix_fax_documents_created_at", "fax_documents", ["created_at"])


def _faxes() -> None:
    op.create_table(
        "faxes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("recipient_name", sa.Text(), nullable=False),
        sa.Column("recipient_company", sa.Text(), nullable=False),
        sa.Column("document_id", sa.String(length=32), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("resolution", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("header", sa.Text(), nullable=False),
        sa.Column("cover", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("pinned_server_id", sa.Text(), nullable=False),
        sa.Column("avoided_server_id", sa.Text(), nullable=False),
        sa.Column("server_id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("origin_id", sa.String(length=32), nullable=True),
        sa.Column("user_id", sa.String(length=32), nullable=True),
        sa.Column("party_id", sa.String(length=32), nullable=True),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("pages_sent", sa.Integer(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=True),
        sa.Column("error_text", sa.Text(), nullable=False),
        sa.Column("cancelling", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        _to("faxes", "document_id", "fax_documents"),
        _to("faxes", "user_id", "users"),
        *_customer("faxes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_faxes")),
    )
    op.create_index("ix_faxes_queue", "faxes", ["state", "priority", "id"])
    op.create_index("ix_faxes_recipient", "faxes", ["recipient", "id"])
    op.create_index("ix_faxes_due", "faxes", ["state", "not_before"])
    op.create_index(op.f("ix_faxes_document_id"), "faxes", ["document_id"])
    op.create_index(op.f("ix_faxes_batch_id"), "faxes", ["batch_id"])
    _partial("ix_faxes_party_id", "faxes", "party_id", "party_id IS NOT NULL")
    _partial("ix_faxes_person_id", "faxes", "person_id", "person_id IS NOT NULL")


def _attempts() -> None:
    op.create_table(
        "fax_attempts",
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("fax_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("server_id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("pages_sent", sa.Integer(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        _to("fax_attempts", "fax_id", "faxes"),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_fax_attempts")),
    )
    op.create_index(op.f("ix_fax_attempts_fax_id"), "fax_attempts", ["fax_id"])
    _partial(
        "ix_fax_attempts_open", "fax_attempts", "server_id",
        "state IN ('submitting', 'waiting', 'suspended', 'sending', 'uncertain')",
    )  # fmt: skip


def _received() -> None:
    op.create_table(
        "fax_received",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("server_id", sa.Text(), nullable=False),
        sa.Column("source_name", sa.Text(), nullable=False),
        sa.Column("source_stamp", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("caller_name", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("called", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=True),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("party_id", sa.String(length=32), nullable=True),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("assigned_id", sa.String(length=32), nullable=True),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("read_by", sa.String(length=32), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        _to("fax_received", "assigned_id", "users"),
        _to("fax_received", "read_by", "users"),
        *_customer("fax_received"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fax_received")),
        sa.UniqueConstraint(
            "server_id", "source_name", "source_stamp", name=op.f("uq_fax_received_source")
        ),
    )
    op.create_index("ix_fax_received_number", "fax_received", ["number", "id"])
    op.create_index("ix_fax_received_station_id", "fax_received", ["station_id"])
    _partial("ix_fax_received_party_id", "fax_received", "party_id", "party_id IS NOT NULL")
    _partial("ix_fax_received_person_id", "fax_received", "person_id", "person_id IS NOT NULL")
    _partial("ix_fax_received_due", "fax_received", "due_at", "due_at IS NOT NULL")


def _to(table: str, column: str, other: str, ondelete: str | None = None) -> sa.Constraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=ondelete)


def _customer(table: str) -> tuple[sa.Constraint, sa.Constraint]:
    return (
        _to(table, "party_id", "parties"),
        _to(table, "person_id", "contact_persons", "SET NULL"),
    )


def _partial(name: str, table: str, column: str, where: str) -> None:
    few = sa.text(where)
    op.create_index(name, table, [column], sqlite_where=few, postgresql_where=few)
