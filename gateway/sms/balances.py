"""Asks each SIM's network for the balance, on a schedule."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection, insert, update

from gateway.kernel.clock import Clock
from gateway.kernel.errors import GatewayError
from gateway.kernel.metrics import Metrics
from gateway.kernel.store import Store
from gateway.sms import tables
from gateway.sms.figures import Balance, balance_of
from gateway.sms.policy import BalancePolicy
from gateway.sms.policy_settings import sim_policies_of
from gateway.sms.port import Modem

logger = logging.getLogger(__name__)

LOOK_S = 5.0
AFTER_FAILURE = timedelta(minutes=15)
MAX_TEXT = 500
_NUMBER = re.compile(r"[-+]?[0-9]+(?:[.,][0-9]+)*")


def amount_in(text: str, pattern: str) -> float | None:
    """Return the amount in a network's text: `12,50`, `1.234,50` and `1,234.50` alike."""
    if pattern:
        found = re.search(pattern, text)
        shown = (found[1] if found.groups() else found[0]) if found else ""
    else:
        first = _NUMBER.search(text)
        shown = first[0] if first else ""
    return _amount(shown or "")


def _amount(shown: str) -> float | None:
    digits = re.sub(r"[^0-9.,-]", "", shown)
    last = max(digits.rfind("."), digits.rfind(","))
    if last >= 0 and len(digits) - last - 1 in {1, 2}:
        whole, part = re.sub(r"[.,]", "", digits[:last]), digits[last + 1 :]
    else:
        whole, part = re.sub(r"[.,]", "", digits), "0"
    try:
        return float(f"{whole or '0'}.{part}") if re.search("[0-9]", digits) else None
    except ValueError:
        return None


class Balances:
    """Keeps the balances fresh."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        metrics: Metrics,
        modems: Callable[[], dict[str, Modem]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._modems = modems
        self._failed: dict[str, float] = {}

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Ask every SIM whose balance is due and whose modem can."""
        now = self._clock.now()

        def read(connection: Connection) -> dict[str, tuple[BalancePolicy, Balance | None]]:
            return {
                modem_id: (policy.balance, balance_of(connection, modem_id))
                for modem_id, policy in sim_policies_of(connection).items()
                if policy.balance is not None
            }

        wanted = await self._store.read(read)
        modems = self._modems()
        for modem_id, (policy, last) in wanted.items():
            modem = modems.get(modem_id)
            fresh = last is not None and now - last.at < timedelta(seconds=policy.every_s)
            paused = self._failed.get(modem_id, 0.0) > self._clock.monotonic()
            if modem is not None and modem.status.ready and not fresh and not paused:
                await self._ask(modem_id, modem, policy)

    async def _ask(self, modem_id: str, modem: Modem, policy: BalancePolicy) -> None:
        try:
            text = (await modem.ussd(policy.code))[:MAX_TEXT]
        except GatewayError as error:
            logger.warning("modem %s: the balance cannot be asked for: %s", modem_id, error)
            self._failed[modem_id] = self._clock.monotonic() + AFTER_FAILURE.total_seconds()
            return
        amount = amount_in(text, policy.pattern)
        if amount is None:
            logger.warning("modem %s: no amount in the network's answer; set a pattern", modem_id)
        else:
            self._metrics.modem_balance.labels(modem_id).set(amount)
        values = {"amount": amount, "text": text.replace("\x00", ""), "at": self._clock.now()}

        def unit(connection: Connection) -> None:
            place = tables.balances.c.modem_id == modem_id
            changed = connection.execute(update(tables.balances).where(place).values(values))
            if not changed.rowcount:
                connection.execute(insert(tables.balances).values(modem_id=modem_id, **values))

        await self._store.write(unit)
