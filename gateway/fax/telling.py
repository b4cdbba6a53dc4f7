"""Shows webhooks the fax that an event is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from gateway.fax import ledger
from gateway.fax.answer_schemas import FaxOut
from gateway.fax.showing import find_received


def describe_fax(connection: Connection, fax_id: str) -> Mapping[str, Any] | None:
    """Return a fax as the API shows it; None when it is gone."""
    fax = ledger.find(connection, fax_id) or find_received(connection, fax_id)
    if fax is None:
        return None
    return FaxOut.of(fax, ledger.attempts_of(connection, fax_id)).model_dump(mode="json")
