"""The durable queue: units of work that move messages from one state to the next.

Every change of a message is one unit with its segments, its line in the history and its event.
A segment is marked `submitting` and committed before the modem hears of it, so that a crash at
any moment leaves either an untouched segment or an uncertain one, never one to be sent twice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, func, or_, select

from gateway.sending import quotas
from gateway.sending.retry import RetryPolicy
from gateway.sending.states import SendState
from gateway.sms import tables
from gateway.sms.ledger import (
    MESSAGE,
    UPDATE_MESSAGE,
    find,
    message_of,
    refold,
    segment_of,
    segments_of,
    set_message,
    set_segment,
)
from gateway.sms.model import Claimed, Message, Segment, SegmentState, after_report, state_of
from gateway.sms.port import ReportOutcome
from gateway.sms.routing import route_of
from gateway.sms.terms import Terms

NO_MODEM = ""
RETRIES = RetryPolicy()
MAX_POSTPONED = 200
"""Messages that one look puts off for their recipients' quiet hours."""
_ROOM_ENOUGH = 1_000_000

_M = tables.messages.c


def _unindexed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Keep the planner from a column's index: the queue's own order finds the first row at once."""
    return func.coalesce(column, column)


_NEXT = (
    select(tables.messages)
    .where(
        _M.state == SendState.QUEUED.value,
        _unindexed(_M.not_before) <= bindparam("now"),
        or_(_M.expires_at.is_(None), _unindexed(_M.expires_at) > bindparam("now")),
        _M.modem_id.in_((NO_MODEM, bindparam("modem_id"))),
        bindparam("others").not_like(
            "%," + func.replace(_M.preferred_modem_id, "_", "\\_") + ",%", escape="\\"
        ),
        _M.avoided.not_like(bindparam("never")),
        _M.avoided.not_like(bindparam("not_now")),
        _M.segments <= bindparam("room"),
        or_(
            bindparam("routes").like("%," + _M.route + ",%"),
            and_(
                bindparam("later").like("%," + _M.route + ",%"),
                _M.created_at <= bindparam("patient_until"),
            ),
        ),
    )
    .order_by(_M.priority, _M.id)
    .limit(1)
)


def claim(connection: Connection, modem_id: str, terms: Terms, now: datetime) -> Claimed | None:
    """Give the next message that is due to a modem, its first waiting segment `submitting`."""
    room = quotas.room(connection, terms.sender, terms.quota, now, terms.zone)
    if room.left == 0:
        return None
    place = {
        "now": now,
        "modem_id": modem_id,
        "others": _listed(terms.others),
        "never": f"%,!{modem_id},%",
        "not_now": f"%,{modem_id},%" if terms.others else "-",
        "room": _ROOM_ENOUGH if room.left is None else room.left,
        "routes": _listed(terms.choice.now),
        "later": _listed(terms.choice.later) if terms.choice.later else "",
        "patient_until": now - terms.patience,
    }
    for _ in range(MAX_POSTPONED):
        row = connection.execute(_NEXT, place).first()
        if row is None:
            return None
        message = message_of(row)
        if not _quiet(connection, message, terms, now):
            return _take(connection, message, row.concat_reference, modem_id, terms, now)
    return None


def _listed(names: Collection[str]) -> str:
    """Return names as one text in which `%,NAME,%` finds each; nothing else does."""
    return f",{','.join(names)}," if names else ""


def _quiet(connection: Connection, message: Message, terms: Terms, now: datetime) -> bool:
    """Put a message off when its recipient has quiet hours; tell whether he has."""
    if terms.quiet is None:
        return False
    over = terms.quiet.over(
        now, number=message.recipient, zone=message.zone, priority=message.priority
    )
    if over <= now:
        return False
    set_message(connection, message, SendState.SCHEDULED, now, not_before=over)
    return True


def _take(
    connection: Connection,
    message: Message,
    concat_reference: int,
    modem_id: str,
    terms: Terms,
    now: datetime,
) -> Claimed:
    if message.segments == 1:
        only = Segment(
            message_id=message.id, number=1, text=message.text, state=SegmentState.WAITING
        )
        waiting = [only]
    else:
        waiting = [
            segment
            for segment in segments_of(connection, message.id)
            if segment.state is SegmentState.WAITING
        ]
    begin(connection, waiting[0], modem_id, terms, now, recipient=message.recipient)
    set_message(
        connection, message, SendState.SENDING, now, modem_id=modem_id, error_code="",
        error_text="",
    )  # fmt: skip
    taken = replace(message, modem_id=modem_id)
    return Claimed(message=taken, concat_reference=concat_reference, waiting=tuple(waiting))


def begin(
    connection: Connection,
    segment: Segment,
    modem_id: str,
    terms: Terms,
    now: datetime,
    *,
    recipient: str,
) -> None:
    """Mark a segment as being submitted and count it against the SIM's quota."""
    quotas.spend(connection, terms.sender, 1, now, terms.zone)
    set_segment(
        connection,
        segment,
        {
            "state": SegmentState.SUBMITTING.value,
            "modem_id": modem_id,
            "sender": terms.sender,
            "cost": terms.tariff.cost(recipient),
            "submitted_at": now,
            "reference": None,
            "error_code": "",
        },
    )


def sent(
    connection: Connection, message: Message, segment: Segment, reference: int, now: datetime
) -> SendState:
    """Note that the network took a segment of a message, as it was when it was taken."""
    values = {"state": SegmentState.SENT.value, "reference": reference}
    set_segment(connection, segment, values)
    state = _apply_orphan(connection, message, segment, reference)
    if message.segments > 1:
        return refold(connection, message.id, now)
    folded = state_of([state])
    set_message(connection, replace(message, state=SendState.SENDING), folded, now)
    return folded


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How a passing refusal is to be taken."""

    counts: bool = True
    """False when it says nothing about the message, as of a modem that is not ready."""
    others: Sequence[str] = ()
    """Other modems that could try it next."""
    at_least: timedelta = timedelta(0)
    """The pause that the error itself asks for."""


def refused(
    connection: Connection, segment: Segment, now: datetime, retry: Retry, *, code: str, text: str
) -> SendState:
    """Note a passing refusal: the message is tried again, a bounded number of times.

    While nothing of it went out, another modem tries it next when there is one.
    """
    row = connection.execute(MESSAGE, {"id": segment.message_id}).one()
    counts = retry.counts
    attempts = row.attempts + (1 if counts else 0)
    delay = RETRIES.delay(attempts, at_least=retry.at_least) if counts else None
    if counts and delay is None:
        return failed(connection, segment, now, code=code, text=f"{text} (tried {attempts} times)")
    set_segment(connection, segment, {"state": SegmentState.WAITING.value, "modem_id": ""})
    started = any(
        other.state is not SegmentState.WAITING
        for other in segments_of(connection, segment.message_id)
    )
    fresh = [other for other in retry.others if f",{other}," not in row.avoided]
    avoided = f",{segment.modem_id or row.modem_id}," if counts and fresh and not started else ""
    changes: dict[str, Any] = {
        "attempts": attempts,
        "error_code": code,
        "error_text": text,
        "avoided": avoided,
        "modem_id": row.modem_id if started else row.pinned_modem_id,
    }
    if delay is not None:
        changes["not_before"] = now + delay
    if started:
        changes["expires_at"] = None
    return refold(connection, segment.message_id, now, **changes)


def refused_for_sender(
    connection: Connection,
    segment: Segment,
    now: datetime,
    *,
    code: str,
    text: str,
    others: Sequence[str],
) -> SendState:
    """Note that this SIM cannot send it, ever; another one tries, if there is one left."""
    row = connection.execute(MESSAGE, {"id": segment.message_id}).one()
    mine = segment.modem_id or row.modem_id
    never = [part for part in row.avoided.split(",") if part.startswith("!")] + [f"!{mine}"]
    left = [other for other in others if f"!{other}" not in never]
    started = any(
        item.state not in {SegmentState.WAITING, SegmentState.SUBMITTING}
        for item in segments_of(connection, segment.message_id)
    )
    if started or row.pinned_modem_id or not left:
        return failed(connection, segment, now, code=code, text=text)
    set_segment(connection, segment, {"state": SegmentState.WAITING.value, "modem_id": ""})
    return refold(
        connection, segment.message_id, now, avoided=f",{','.join(never)},", error_code=code,
        error_text=text, modem_id=NO_MODEM, preferred_modem_id=NO_MODEM,
    )  # fmt: skip


def failed(
    connection: Connection, segment: Segment, now: datetime, *, code: str, text: str
) -> SendState:
    """Note that a segment surely was not sent and never will be."""
    set_segment(connection, segment, {"state": SegmentState.FAILED.value, "error_code": code})
    return refold(connection, segment.message_id, now, error_code=code, error_text=text)


def uncertain(connection: Connection, segment: Segment, now: datetime, text: str) -> SendState:
    """Note that a segment may or may not have been sent."""
    set_segment(connection, segment, {"state": SegmentState.UNCERTAIN.value})
    return refold(connection, segment.message_id, now, error_code="uncertain", error_text=text)


def recover(connection: Connection, now: datetime, *, modem_id: str = "") -> int:
    """What nobody is submitting any more is uncertain: all of it at a start, or one modem's.

    Return how many messages that are.
    """
    query = select(tables.segments).where(
        tables.segments.c.state == SegmentState.SUBMITTING.value, tables.is_open
    )
    if modem_id:
        query = query.where(tables.segments.c.modem_id == modem_id)
    left = [segment_of(row) for row in connection.execute(query)]
    text = "Santral stopped while this was being submitted; ask the recipient, or wait for a report"
    for segment in left:
        uncertain(connection, segment, now, text)
    return len({segment.message_id for segment in left})


def settle_late(
    connection: Connection, token: str, now: datetime, *, reference: int | None
) -> SendState | None:
    """Settle an uncertain segment by the modem's late answer; `reference` None means refused."""
    message_id, _, number = token.partition("/")
    segment = next(
        (
            item
            for item in segments_of(connection, message_id)
            if str(item.number) == number and item.state is SegmentState.UNCERTAIN
        ),
        None,
    )
    if segment is None:
        return None
    if reference is None:
        return refused(
            connection, segment, now, Retry(), code="late", text="refused after a long wait"
        )
    set_segment(connection, segment, {"state": SegmentState.SENT.value, "reference": reference})
    message = find(connection, message_id)
    assert message is not None
    _apply_orphan(connection, message, segment, reference)
    return refold(connection, message_id, now, error_code="", error_text="")


def report(
    connection: Connection, segment: Segment, outcome: ReportOutcome, status: int, now: datetime
) -> SendState:
    """Apply a delivery report to the segment that it is about."""
    state = after_report(segment.state, outcome)
    set_segment(connection, segment, {"state": state.value, "status": status})
    return refold(connection, segment.message_id, now)


def next_due(connection: Connection, modem_id: str, now: datetime) -> datetime | None:
    """Return when the next message that is put off becomes due for a modem."""
    query = (
        select(_M.not_before)
        .where(
            _M.state == SendState.QUEUED.value,
            _M.modem_id.in_((NO_MODEM, modem_id)),
            _M.not_before > now,
        )
        .order_by(_M.not_before)
        .limit(1)
    )
    return connection.execute(query).scalar()


def reroute(connection: Connection, routes: Sequence[str]) -> None:
    """The prefixes that make a difference have changed: sort what waits anew."""
    waiting = _M.state.in_((SendState.QUEUED.value, SendState.SCHEDULED.value))
    known = {row.id: row for row in connection.execute(
        select(_M.id, _M.recipient, _M.route).where(waiting))}  # fmt: skip
    changed = [
        {"which": row.id, "route": route}
        for row in known.values()
        if (route := route_of(row.recipient, routes)) != row.route
    ]
    if changed:
        connection.execute(UPDATE_MESSAGE, changed)


def token_of(segment: Segment) -> str:
    """Return the name by which a driver refers to a submit later."""
    return f"{segment.message_id}/{segment.number}"


_ORPHANS = select(tables.orphan_reports).where(
    tables.orphan_reports.c.recipient == bindparam("recipient"),
    tables.orphan_reports.c.modem_id == bindparam("modem_id"),
    tables.orphan_reports.c.reference == bindparam("reference"),
)
_SUBMITTED = select(tables.segments.c.submitted_at).where(
    tables.segments.c.message_id == bindparam("id"),
    tables.segments.c.number == bindparam("number"),
)
_DROP_ORPHAN = tables.orphan_reports.delete().where(
    tables.orphan_reports.c.id == bindparam("which")
)


def _apply_orphan(
    connection: Connection, message: Message, segment: Segment, reference: int
) -> SegmentState:
    """Apply a report that came before the modem had told the reference; return the state."""
    place = {
        "recipient": message.recipient,
        "modem_id": message.modem_id or segment.modem_id,
        "reference": reference,
    }
    rows: Sequence[Row[Any]] = connection.execute(_ORPHANS, place).all()
    state = SegmentState.SENT
    for row in rows:
        at = connection.execute(_SUBMITTED, {"id": segment.message_id, "number": segment.number})
        if row.received_at >= at.one().submitted_at:
            state = after_report(state, ReportOutcome(row.outcome))
            set_segment(connection, segment, {"state": state.value, "status": row.status})
        connection.execute(_DROP_ORPHAN, {"which": row.id})
    return state
