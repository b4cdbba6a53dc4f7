"""What each modem and SIM did: sent, failed and why, cost, quota used, balance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, func, select

from gateway.kernel.clock import Clock
from gateway.kernel.errors import Invalid
from gateway.kernel.store import Store
from gateway.sending import quotas
from gateway.sending.quotas import Window
from gateway.sms import tables
from gateway.sms.model import SegmentState
from gateway.sms.modem_settings import require_modem
from gateway.web.principal import Permission, Principal

_S = tables.segments.c
_LAST_SENDER = (
    select(_S.sender)
    .where(_S.modem_id == bindparam("modem_id"), _S.submitted_at.is_not(None))
    .order_by(_S.submitted_at.desc())
    .limit(1)
)
_GONE_OUT = frozenset({SegmentState.SENT, SegmentState.DELIVERED, SegmentState.UNDELIVERED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What the network said of a SIM's balance."""

    amount: float | None
    text: str
    at: datetime


@dataclass(slots=True, kw_only=True)
class SimFigures:
    """What one SIM sent in a period; counts are segments."""

    by_state: dict[str, int] = field(default_factory=dict)
    failed_by_cause: dict[str, int] = field(default_factory=dict)
    sent: int = 0
    cost: float = 0.0

    def add(self, state: str, cause: str, count: int, cost: float) -> None:
        """Count segments that ended alike."""
        self.by_state[state] = self.by_state.get(state, 0) + count
        if state == SegmentState.FAILED:
            self.failed_by_cause[cause] = self.failed_by_cause.get(cause, 0) + count
        if state in _GONE_OUT:
            self.sent += count
            self.cost += cost


@dataclass(slots=True, kw_only=True)
class Figures:
    """One modem in a period, whatever SIMs it had; counts are segments."""

    modem_id: str
    total: SimFigures = field(default_factory=SimFigures)
    sims: dict[str, SimFigures] = field(default_factory=dict)
    """By IMSI; where that was not known, by the modem's id."""
    received: int = 0
    used: Mapping[Window, int] = field(default_factory=dict)
    balance: Balance | None = None


class FiguresBook:
    """Counts from the messages themselves, so that the figures agree with the history."""

    def __init__(self, store: Store, clock: Clock, zone: ZoneInfo) -> None:
        self._store = store
        self._clock = clock
        self._zone = zone

    async def of_modem(
        self,
        principal: Principal,
        modem_id: str,
        *,
        imsi: str,
        since: datetime | None,
        until: datetime | None,
    ) -> Figures:
        """Count a modem's segments submitted in a period; the default is this day.

        `imsi` is that of the SIM it has now, empty while it is not known: then the quota shown is
        that of the SIM that sent last. Raises NotFound for a modem that never was.
        """
        principal.require(Permission.MODEMS_READ)
        now = self._clock.now()
        since = since or Window.DAY.began(now, self._zone)
        until = until or now
        if since.tzinfo is None or until.tzinfo is None:
            raise Invalid(
                "since and until need a time zone, as in 2026-03-01T00:00:00+03:00", field="since"
            )

        def read(connection: Connection) -> Figures:
            figures = Figures(modem_id=modem_id)
            _count(connection, figures, since, until)
            last = connection.execute(_LAST_SENDER, {"modem_id": modem_id}).scalar()
            if last is None:
                require_modem(connection, modem_id)
            figures.used = quotas.used(connection, imsi or last or modem_id, now, self._zone)
            figures.balance = balance_of(connection, modem_id)
            return figures

        return await self._store.read(read)


def balance_of(connection: Connection, modem_id: str) -> Balance | None:
    """Return the balance that was last told for a modem."""
    query = select(tables.balances).where(tables.balances.c.modem_id == modem_id)
    row = connection.execute(query).first()
    return Balance(amount=row.amount, text=row.text, at=row.at) if row else None


def _count(connection: Connection, figures: Figures, since: datetime, until: datetime) -> None:
    mine = (_S.modem_id == figures.modem_id, _S.submitted_at >= since, _S.submitted_at < until)
    query: Any = (
        select(_S.sender, _S.state, _S.error_code, func.count(), func.sum(_S.cost))
        .where(*mine)
        .group_by(_S.sender, _S.state, _S.error_code)
    )
    for sender, state, cause, count, cost in connection.execute(query):
        figures.total.add(state, cause, count, cost or 0.0)
        figures.sims.setdefault(sender, SimFigures()).add(state, cause, count, cost or 0.0)
    received = tables.received.c
    figures.received = (
        connection.execute(
            select(func.count()).where(
                received.modem_id == figures.modem_id,
                received.received_at >= since,
                received.received_at < until,
            )
        ).scalar()
        or 0
    )
