"""The durable queue: units of work that give faxes to servers and take them back from there.

An attempt is committed before its server hears of it, under a token that the server keeps with the
job: a crash at any moment leaves an attempt of which the server can be asked, never one to be
made twice.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, func, insert, or_, select, text

from gateway.fax import ledger, tables
from gateway.fax.model import AttemptState, Claimed, Fax
from gateway.fax.reasons import FaxReason
from gateway.fax.retrying import policy_after
from gateway.kernel.errors import Permanent, Temporary
from gateway.kernel.ids import new_id
from gateway.sending import quotas
from gateway.sending.quotas import Quota
from gateway.sending.states import SendState

UTC_ZONE = ZoneInfo("UTC")
CANDIDATES = 100
"""Due faxes among which a server looks for one that it may send."""
NOBODY_PAUSE = timedelta(seconds=15)
"""How soon servers are asked again that did not take a fax."""

_F = tables.faxes.c
_IS_OPEN = text(tables.OPEN_ATTEMPTS)
_BUSY = select(_F.recipient).where(_F.state == SendState.SENDING.value)
_NEXT = (
    select(tables.faxes, tables.documents.c.path)
    .join(tables.documents, tables.documents.c.id == _F.document_id)
    .where(
        _F.state == SendState.QUEUED.value,
        _F.not_before <= bindparam("now"),
        or_(_F.expires_at.is_(None), _F.expires_at > bindparam("now")),
        _F.pinned_server_id.in_(("", bindparam("server_id"))),
        _F.avoided_server_id != bindparam("not_by"),
        _F.recipient.not_in(_BUSY),
    )
    .order_by(_F.priority, _F.id)
    .limit(CANDIDATES)
)
_AVOIDED = select(_F.avoided_server_id).where(_F.id == bindparam("id"))
_OPEN_OF = (
    select(func.count())
    .select_from(tables.attempts)
    .where(tables.attempts.c.server_id == bindparam("server_id"), _IS_OPEN)
)
_HELD_OF = _OPEN_OF.where(tables.attempts.c.state != AttemptState.UNCERTAIN.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for one server's next fax."""

    prefixes: tuple[str, ...] = ()
    """Numbers that it serves begin with one of these; none: every number."""
    others: Collection[str] = frozenset()
    """Other servers that could take a fax now."""
    quota: Quota = field(default_factory=Quota)
    """In pages."""
    zone: ZoneInfo = UTC_ZONE

    def serves(self, number: str) -> bool:
        """Tell whether a number is for this server."""
        return not self.prefixes or number.startswith(self.prefixes)


def claim(connection: Connection, server_id: str, terms: Terms, now: datetime) -> Claimed | None:
    """Take the next fax that is due for a server, its attempt `submitting`."""
    room = quotas.room(connection, _sender(server_id), terms.quota, now, terms.zone)
    not_by = server_id if terms.others else "-"
    place = {"now": now, "server_id": server_id, "not_by": not_by}
    for row in connection.execute(_NEXT, place):
        if not terms.serves(row.recipient) or (room.left is not None and row.pages > room.left):
            continue
        values = dict(row._mapping)  # noqa: SLF001 - Row's public name
        path = values.pop("path")
        return _take(connection, ledger.find(connection, row.id), path, server_id, terms, now)
    return None


def _take(
    connection: Connection, fax: Fax | None, path: str, server_id: str, terms: Terms, now: datetime
) -> Claimed:
    assert fax is not None
    quotas.spend(connection, _sender(server_id), fax.pages, now, terms.zone)
    token = new_id()
    connection.execute(
        insert(tables.attempts).values(
            token=token, fax_id=fax.id, number=fax.attempts + 1, server_id=server_id, job_id="",
            state=AttemptState.SUBMITTING.value, text="", code="", pages_sent=0, station_id="",
            line="", began_at=now, told_at=now,
        )
    )  # fmt: skip
    changes = {"server_id": server_id, "attempts": fax.attempts + 1}
    ledger.set_fax(connection, fax, SendState.SENDING, now, pages_sent=0, **changes)
    taken = replace(fax, state=SendState.SENDING, server_id=server_id, attempts=fax.attempts + 1)
    return Claimed(fax=taken, token=token, path=path)


def handed_over(connection: Connection, token: str, job_id: str, now: datetime) -> bool:
    """Note that a server took an attempt as a job; tell whether it is wanted back already."""
    attempt = ledger.find_attempt(connection, token)
    assert attempt is not None
    if attempt.state is AttemptState.SUBMITTING:
        state = AttemptState.WAITING.value
        ledger.set_attempt(connection, token, job_id=job_id, state=state, told_at=now)
    elif not attempt.job_id:
        ledger.set_attempt(connection, token, job_id=job_id)
    ledger.amend(connection, attempt.fax_id, avoided_server_id="")
    fax = ledger.find(connection, attempt.fax_id)
    return fax is not None and fax.cancelling


def not_taken(
    connection: Connection, token: str, error: Temporary | Permanent, terms: Terms, now: datetime
) -> SendState:
    """Note that a server surely did not take an attempt; another one may, or the same one later."""
    attempt = ledger.find_attempt(connection, token)
    assert attempt is not None
    ledger.set_attempt(
        connection, token, state=AttemptState.REFUSED.value, text=str(error), code=error.code,
        told_at=now, ended_at=now,
    )  # fmt: skip
    fax = ledger.find(connection, attempt.fax_id)
    assert fax is not None
    return _back(connection, fax, error, terms, now)


def _back(
    connection: Connection, fax: Fax, error: Temporary | Permanent, terms: Terms, now: datetime
) -> SendState:
    """Take a fax back that its server did not take."""
    changes = {"error_text": str(error), "attempts": fax.attempts - 1}
    if fax.cancelling:
        ledger.set_fax(connection, fax, SendState.CANCELLED, now, **changes)
        return SendState.CANCELLED
    if isinstance(error, Permanent) and not (error.of_sender and terms.others):
        reason = _known(error.code) or FaxReason.SERVER
        ledger.set_fax(connection, fax, SendState.FAILED, now, reason=reason.value, **changes)
        return SendState.FAILED
    pause = timedelta(0)
    if not terms.others or connection.execute(_AVOIDED, {"id": fax.id}).scalar():
        asked = error.retry_after_s if isinstance(error, Temporary) else 0.0
        pause = max(NOBODY_PAUSE, timedelta(seconds=asked))
    ledger.set_fax(
        connection, fax, SendState.QUEUED, now, not_before=now + pause,
        avoided_server_id=fax.server_id, **changes,
    )  # fmt: skip
    return SendState.QUEUED


def doubted(connection: Connection, token: str, words: str, now: datetime) -> None:
    """Note that it is not known whether a server took an attempt, or what became of it there."""
    attempt = ledger.find_attempt(connection, token)
    if attempt is None or attempt.state.over or attempt.state is AttemptState.UNCERTAIN:
        return
    ledger.set_attempt(connection, token, state=AttemptState.UNCERTAIN.value, text=words)
    fax = ledger.find(connection, attempt.fax_id)
    if fax is not None and fax.state is SendState.SENDING:
        ledger.set_fax(connection, fax, SendState.UNCERTAIN, now, error_text=words)


def recover(connection: Connection, server_id: str, now: datetime) -> int:
    """What nobody is submitting any more is uncertain until its server was asked; return how many.

    To be called before a server's worker takes its first fax.
    """
    left = connection.execute(
        select(tables.attempts.c.token).where(
            tables.attempts.c.server_id == server_id,
            tables.attempts.c.state == AttemptState.SUBMITTING.value,
            _IS_OPEN,
        )
    ).scalars()
    tokens = list(left)
    for token in tokens:
        doubted(connection, token, "Santral stopped while this was given to the fax server", now)
    return len(tokens)


def held(connection: Connection, server_id: str) -> int:
    """Return how many jobs a server has in hand."""
    return int(connection.execute(_HELD_OF, {"server_id": server_id}).scalar() or 0)


def next_due(connection: Connection, now: datetime) -> datetime | None:
    """Return when the next fax that is put off becomes due."""
    query = (
        select(_F.not_before)
        .where(_F.state == SendState.QUEUED.value, _F.not_before > now)
        .order_by(_F.not_before)
        .limit(1)
    )
    return connection.execute(query).scalar()


def again(
    connection: Connection, fax: Fax, reason: FaxReason, words: str, now: datetime
) -> SendState:
    """Decide what follows an attempt that failed: another one, or the end."""
    policy = policy_after(reason)
    delay = policy.delay(fax.attempts) if policy else None
    changes = {"reason": reason.value, "error_text": words}
    if fax.cancelling:
        state = SendState.CANCELLED
    elif delay is None:
        state = SendState.FAILED
    else:
        state = SendState.QUEUED
        ledger.set_fax(connection, fax, state, now, not_before=now + delay, **changes)
        return state
    ledger.set_fax(connection, fax, state, now, **changes)
    return state


def _known(code: str) -> FaxReason | None:
    return FaxReason(code) if code in {one.value for one in FaxReason} else None


def _sender(server_id: str) -> str:
    return f"fax:{server_id}"
