"""Indexes of few rows, so that a message that only waits costs less."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_REPLACED = (
    ("ix_sms_messages_expiry", "sms_messages", ["state", "expires_at"], "expires_at IS NOT NULL"),
    ("ix_sms_messages_party_id", "sms_messages", ["party_id"], "party_id IS NOT NULL"),
    (
        "ix_sms_segments_modem",
        "sms_segments",
        ["modem_id", "submitted_at"],
        "submitted_at IS NOT NULL",
    ),
    (
        "ix_sms_segments_report",
        "sms_segments",
        ["recipient", "modem_id", "reference"],
        "reference IS NOT NULL",
    ),
)
_NEW = (
    (
        "ix_sms_segments_open",
        "sms_segments",
        ["modem_id", "recipient"],
        "state IN ('submitting', 'uncertain')",
    ),
)


def upgrade() -> None:
    for name, table, _, _ in _REPLACED:
        op.drop_index(name, table_name=table)
    for name, table, columns, where in (*_REPLACED, *_NEW):
        op.create_index(
            name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )
