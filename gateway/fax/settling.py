"""Settles what is not known of a fax by asking its server; takes back there what is unwanted."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select, text

from gateway.fax import following, ledger, queue, tables
from gateway.fax.model import Attempt, AttemptState
from gateway.fax.servers import FaxServers
from gateway.kernel.clock import Clock
from gateway.kernel.errors import GatewayError, Temporary
from gateway.kernel.store import Store
from gateway.sending.states import SendState

logger = logging.getLogger(__name__)

LOOK_S = 5.0
AT_ONCE = 50
QUIET_FOR = timedelta(seconds=120)
"""How long nothing is heard of a job before its server is asked."""
COULD_STILL_COME = timedelta(seconds=20)
"""How long a server may take for a submit whose answer was lost."""
REMEMBERED = timedelta(minutes=10)
"""How long servers surely know jobs that are over (HylaFAX's faxqclean: 15 minutes)."""
HOPELESS = timedelta(days=1)
"""How long a server is asked for a job that it does not know."""

_A = tables.attempts.c
_IS_OPEN = text(f"fax_attempts.{tables.OPEN_ATTEMPTS}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doubtful:
    attempt: Attempt
    cancelling: bool


class Settler:
    """Looks after the attempts of one server of which nothing is heard."""

    def __init__(self, server_id: str, servers: FaxServers, store: Store, clock: Clock) -> None:
        self._id = server_id
        self._server = servers.by_id[server_id]
        self._servers = servers
        self._store = store
        self._clock = clock

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self._server.ready()
            try:
                await self.look()
            except GatewayError as error:
                logger.debug("fax server %s is asked again later: %s", self._id, error)
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Ask for what is doubtful now, once."""
        now = self._clock.now()
        doubtful = await self._store.read(lambda connection: self._doubtful(connection, now))
        for one in doubtful:
            if one.cancelling and one.attempt.job_id:
                await self._take_back(one.attempt.job_id)
            await self._ask(one.attempt)

    async def _take_back(self, job_id: str) -> None:
        try:
            await self._server.cancel(job_id)
        except Temporary:
            raise
        except GatewayError as error:
            logger.debug("job %s of fax server %s is not taken back: %s", job_id, self._id, error)

    async def _ask(self, attempt: Attempt) -> None:
        report = await self._server.find(attempt.token)
        now = self._clock.now()

        def unit(connection: Connection) -> SendState | None:
            if report is not None:
                return following.apply(connection, report, now)
            return _not_there(connection, attempt, self._servers.terms(self._id), now)

        state = await self._store.write(unit)
        if state is not None:
            logger.info("fax %s, asked for at server %s, is %s", attempt.fax_id, self._id, state)
            self._servers.wake()

    def _doubtful(self, connection: Connection, now: datetime) -> list[_Doubtful]:
        query = (
            select(tables.attempts, tables.faxes.c.cancelling)
            .join(tables.faxes, tables.faxes.c.id == _A.fax_id)
            .where(
                _A.server_id == self._id,
                _IS_OPEN,
                or_(
                    and_(_A.state == AttemptState.UNCERTAIN.value,
                         _A.told_at < now - COULD_STILL_COME, _A.began_at > now - HOPELESS,
                         tables.faxes.c.state == SendState.UNCERTAIN.value),
                    and_(_A.state != AttemptState.SUBMITTING.value, tables.faxes.c.cancelling),
                    and_(_A.state.not_in(_NOT_AT_SERVER), _A.told_at < now - QUIET_FOR),
                ),
            )
            .order_by(_A.told_at)
            .limit(AT_ONCE)
        )  # fmt: skip
        return [_one(row) for row in connection.execute(query)]


_NOT_AT_SERVER = (AttemptState.SUBMITTING.value, AttemptState.UNCERTAIN.value)


def _one(row: Row[Any]) -> _Doubtful:
    values = dict(row._mapping)  # noqa: SLF001 - Row's public name
    cancelling = bool(values.pop("cancelling"))
    return _Doubtful(attempt=ledger.attempt_from(values), cancelling=cancelling)


def _not_there(
    connection: Connection, told: Attempt, terms: queue.Terms, now: datetime
) -> SendState | None:
    """Judge that a server does not know a job: it never had it, or forgot it."""
    attempt = ledger.find_attempt(connection, told.token)
    if attempt is None or attempt.state.over or attempt.told_at != told.told_at:
        return None
    never = not attempt.job_id and now - attempt.began_at < REMEMBERED
    if attempt.state is AttemptState.UNCERTAIN and never:
        refusal = Temporary("the fax server was asked: it never got it", code="never")
        return queue.not_taken(connection, attempt.token, refusal, terms, now)
    if attempt.state is not AttemptState.UNCERTAIN:
        queue.doubted(connection, attempt.token, following.NOT_THERE, now)
    ledger.set_attempt(connection, attempt.token, told_at=now)
    return SendState.UNCERTAIN
