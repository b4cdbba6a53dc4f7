"""Finds what is worth an alert: a modem that stays down, a SIM without balance, an aging queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from gateway.kernel.clock import Clock
from gateway.kernel.metrics import Metrics
from gateway.kernel.store import Store
from gateway.sending import alerts
from gateway.sending.alerts import Alert
from gateway.sending.states import SendState
from gateway.sms import tables
from gateway.sms.figures import balance_of
from gateway.sms.policy import AlertPolicy
from gateway.sms.policy_settings import policy_of, sim_policies_of
from gateway.sms.port import ModemStatus

LOOK_S = 5.0

_M = tables.messages.c


class Alerting:
    """Looks at modems, balances and the queue."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        metrics: Metrics,
        statuses: Callable[[], list[ModemStatus]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._statuses = statuses
        self._down_since: dict[str, datetime] = {}

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Compare what is wrong with what was told."""
        now = self._clock.now()
        down = self._down(now)

        def read(connection: Connection) -> tuple[dict[str, Alert], set[str]]:
            policy = policy_of(connection).alerts
            wrong = _modems(down, policy, now) + _balances(connection, now)
            wrong += self._queue(connection, policy, now)
            told = {alert.name for alert in alerts.every(connection)}
            return {alert.name: alert for alert in wrong}, told

        wrong, told = await self._store.read(read)
        if set(wrong) != told:
            await self._store.write(lambda connection: alerts.tell(connection, wrong, now))

    def _down(self, now: datetime) -> list[tuple[ModemStatus, datetime]]:
        statuses = {status.modem_id: status for status in self._statuses()}
        for modem_id in list(self._down_since):
            if modem_id not in statuses or statuses[modem_id].ready:
                del self._down_since[modem_id]
        for modem_id, status in statuses.items():
            if not status.ready:
                self._down_since.setdefault(modem_id, now)
        return [(statuses[modem_id], since) for modem_id, since in self._down_since.items()]

    def _queue(self, connection: Connection, policy: AlertPolicy, now: datetime) -> list[Alert]:
        waiting = select(func.count(), func.min(_M.not_before)).where(
            _M.state == SendState.QUEUED.value, _M.not_before <= now
        )
        count, oldest = connection.execute(waiting).one()
        self._metrics.sms_queued.set(count)
        if isinstance(oldest, str):
            oldest = datetime.fromisoformat(oldest)
        age = now - oldest if oldest else timedelta(0)
        self._metrics.sms_queue_age_s.set(age.total_seconds())
        if age <= timedelta(seconds=policy.queue_age_s):
            return []
        return [
            Alert(
                name="queue_age",
                text=f"{count} messages wait, the oldest for {int(age.total_seconds())} s",
                remedy="see `santral modem list` for modems that cannot send, and their quotas",
                since=oldest,
            )
        ]


def _modems(
    down: list[tuple[ModemStatus, datetime]], policy: AlertPolicy, now: datetime
) -> list[Alert]:
    return [
        Alert(
            name=f"modem_down:{status.modem_id}",
            text=f"modem {status.modem_id} is {status.condition}: {status.detail}",
            remedy=status.remedy or "see `santral check`",
            since=since,
        )
        for status, since in down
        if now - since >= timedelta(seconds=policy.modem_down_s)
    ]


def _balances(connection: Connection, now: datetime) -> list[Alert]:
    found = []
    for modem_id, policy in sim_policies_of(connection).items():
        if policy.balance is None or policy.balance.alert_below is None:
            continue
        balance = balance_of(connection, modem_id)
        if balance and balance.amount is not None and balance.amount < policy.balance.alert_below:
            found.append(
                Alert(
                    name=f"balance_low:{modem_id}",
                    text=f"the SIM in modem {modem_id} has {balance.amount:.10g} left",
                    remedy="top it up",
                    since=balance.at,
                )
            )
    return found
