"""Dialling for users; notes on calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.kernel.store.schema import JsonText, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("notes", JsonText(), nullable=False, server_default="[]"))
    op.create_table(
        "dials",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("extension", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("dialled", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("call_id", sa.String(length=32), nullable=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_dials_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dials")),
        sa.UniqueConstraint("ref", name=op.f("uq_dials_ref")),
        sa.UniqueConstraint("owner", "key", name=op.f("uq_dials_owner_key")),
    )
    op.create_index("ix_dials_user", "dials", ["user_id", "asked_at"])
