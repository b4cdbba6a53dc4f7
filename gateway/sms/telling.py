"""Shows webhooks the message that an event is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from gateway.sms import ledger, tables
from gateway.sms.schemas import SmsOut


def describe_sms(connection: Connection, message_id: str) -> Mapping[str, Any] | None:
    """Return a message as the API shows it, sent or received; None when it is gone."""
    message = ledger.find(connection, message_id)
    if message is not None:
        parts = ledger.segments_of(connection, message_id)
        return {"direction": "out", **SmsOut.of(message, parts).model_dump(mode="json")}
    query = select(tables.received).where(tables.received.c.id == message_id)
    row = connection.execute(query).first()
    if row is None:
        return None
    return {
        "direction": "in",
        "id": row.id,
        "from": row.sender,
        "text": row.text,
        "modem": row.modem_id,
        "complete": row.complete,
        "party_id": row.party_id,
        "person_id": row.person_id,
        "sent_at": row.sent_at,
        "received_at": row.received_at,
    }
