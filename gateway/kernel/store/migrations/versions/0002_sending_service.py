"""The sending service: priorities, routes, quotas, consent, webhooks, alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.kernel.store.schema import JsonText, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_alerts")),
    )
    op.create_table(
        "do_not_contact",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", "channel", name=op.f("pk_do_not_contact")),
    )
    op.create_table(
        "sending_usage",
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sender", "period", "began_at", name=op.f("pk_sending_usage")),
    )
    op.create_table(
        "sms_balances",
        sa.Column("modem_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.Float(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("modem_id", name=op.f("pk_sms_balances")),
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kinds", JsonText(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("after_event", sa.BigInteger(), nullable=False),
        sa.Column("dropped", sa.Integer(), nullable=False),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("failed_at", UtcDateTime(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_table(
        "webhook_backlog",
        sa.Column("webhook_id", sa.String(length=32), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["webhooks.id"],
            name=op.f("fk_webhook_backlog_webhook_id_webhooks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("webhook_id", "event_id", name=op.f("pk_webhook_backlog")),
    )
    op.create_index(
        "ix_webhook_backlog_due", "webhook_backlog", ["webhook_id", "next_at"], unique=False
    )
    op.add_column(
        "sms_messages",
        sa.Column("preferred_modem_id", sa.Text(), nullable=False, server_default=""),
    )
    op.add_column(
        "sms_messages", sa.Column("avoided", sa.Text(), nullable=False, server_default="")
    )
    op.add_column("sms_messages", sa.Column("route", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "sms_messages", sa.Column("priority", sa.Integer(), nullable=False, server_default="5")
    )
    op.add_column("sms_messages", sa.Column("zone", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "sms_messages",
        sa.Column("automatic", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("sms_messages", sa.Column("expires_at", UtcDateTime(), nullable=True))
    op.drop_index("ix_sms_messages_state_id", table_name="sms_messages")
    op.create_index("ix_sms_messages_due", "sms_messages", ["state", "not_before"], unique=False)
    op.create_index("ix_sms_messages_expiry", "sms_messages", ["state", "expires_at"], unique=False)
    op.create_index(
        "ix_sms_messages_queue", "sms_messages", ["state", "priority", "id"], unique=False
    )
    op.create_index("ix_sms_messages_recipient", "sms_messages", ["recipient", "id"], unique=False)
    op.create_index("ix_sms_received_sender", "sms_received", ["sender", "id"], unique=False)
    op.add_column("sms_segments", sa.Column("sender", sa.Text(), nullable=False, server_default=""))
    op.add_column("sms_segments", sa.Column("cost", sa.Float(), nullable=True))
    op.add_column(
        "sms_segments", sa.Column("error_code", sa.Text(), nullable=False, server_default="")
    )
    op.create_index(
        "ix_sms_segments_modem", "sms_segments", ["modem_id", "submitted_at"], unique=False
    )
