"""Faxes as they are stored: read, and changed together with history and events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

import gateway.history.tables as history
from gateway.fax import tables
from gateway.fax.model import Attempt, AttemptState, Document, Fax
from gateway.fax.port import Resolution
from gateway.fax.reasons import FaxReason
from gateway.kernel import events
from gateway.sending.priority import Priority
from gateway.sending.states import SendState, may_follow

FAX = select(tables.faxes).where(tables.faxes.c.id == bindparam("id"))
_UPDATE = update(tables.faxes).where(tables.faxes.c.id == bindparam("which"))
_UPDATE_ATTEMPT = update(tables.attempts).where(tables.attempts.c.token == bindparam("which"))
_ATTEMPT = select(tables.attempts).where(tables.attempts.c.token == bindparam("token"))
_ATTEMPTS = (
    select(tables.attempts)
    .where(tables.attempts.c.fax_id == bindparam("id"))
    .order_by(tables.attempts.c.token)
)
_DOCUMENT = select(tables.documents).where(tables.documents.c.id == bindparam("id"))
_INTERNAL = ("pinned_server_id", "avoided_server_id")


def find(connection: Connection, fax_id: str) -> Fax | None:
    """Return a fax, or None."""
    row = connection.execute(FAX, {"id": fax_id}).first()
    return fax_of(row) if row else None


def find_attempt(connection: Connection, token: str) -> Attempt | None:
    """Return an attempt, or None."""
    row = connection.execute(_ATTEMPT, {"token": token}).first()
    return attempt_of(row) if row else None


def attempts_of(connection: Connection, fax_id: str) -> list[Attempt]:
    """Return a fax's attempts in order."""
    return [attempt_of(row) for row in connection.execute(_ATTEMPTS, {"id": fax_id})]


def find_document(connection: Connection, document_id: str) -> Document | None:
    """Return a document, or None."""
    row = connection.execute(_DOCUMENT, {"id": document_id}).first()
    return document_of(row) if row else None


def fax_of(row: Row[Any]) -> Fax:
    """Return the fax in a row of `faxes`."""
    values = dict(row._mapping)  # noqa: SLF001 - Row's public name
    for internal in _INTERNAL:
        values.pop(internal)
    values["state"] = SendState(values["state"])
    values["resolution"] = Resolution(values["resolution"])
    values["priority"] = Priority(values["priority"])
    values["reason"] = FaxReason(values["reason"]) if values["reason"] else None
    return Fax(**values)


def attempt_of(row: Row[Any]) -> Attempt:
    """Return the attempt in a row of `fax_attempts`."""
    return attempt_from(dict(row._mapping))  # noqa: SLF001 - Row's public name


def attempt_from(values: dict[str, Any]) -> Attempt:
    """Return the attempt that the columns of `fax_attempts` hold."""
    reason = FaxReason(values["reason"]) if values["reason"] else None
    return Attempt(**{**values, "state": AttemptState(values["state"]), "reason": reason})


def document_of(row: Row[Any]) -> Document:
    """Return the document in a row of `fax_documents`."""
    values = dict(row._mapping)  # noqa: SLF001 - Row's public name
    values["resolution"] = Resolution(values["resolution"])
    return Document(**values)


def set_attempt(connection: Connection, token: str, **changes: Any) -> None:
    """Change an attempt; the fax that it is of is brought in line in the same unit."""
    connection.execute(_UPDATE_ATTEMPT, {"which": token, **changes})


def set_fax(
    connection: Connection, fax: Fax, state: SendState, now: datetime, **changes: Any
) -> None:
    """Bring a fax into a state, and its line in the history and the event log with it."""
    assert may_follow(fax.state, state), f"{fax.state} -> {state}"
    values: dict[str, Any] = {"state": state.value, **changes}
    values["settled_at"] = now if state.settled else None
    if state.settled and state is not SendState.UNCERTAIN:
        values["cancelling"] = False
    connection.execute(_UPDATE, {"which": fax.id, **values})
    told = {name: values.get(name, getattr(fax, name)) for name in ("server_id", "pages_sent")}
    if state is not fax.state:
        history.settle(connection, "fax", fax.id, state.value, now)
    tell(connection, fax, state, now, told)


def amend(connection: Connection, fax_id: str, **changes: Any) -> None:
    """Note something about a fax that is no new state and nobody's news."""
    connection.execute(_UPDATE, {"which": fax_id, **changes})


def tell(
    connection: Connection, fax: Fax, state: SendState, now: datetime, told: Mapping[str, Any]
) -> None:
    """Write what became of a fax into the event log."""
    events.append(
        connection,
        events.Event(
            kind=f"fax.{state.value}",
            subject=fax.id,
            at=now,
            audience=events.audience_of(fax.user_id),
            data={"party": fax.party_id, "pages": fax.pages, **told},
        ),
    )
