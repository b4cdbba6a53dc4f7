"""The modems in use: started, changed and stopped as the settings say, each with its worker."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from functools import partial
from zoneinfo import ZoneInfo

from gateway.kernel.errors import NotFound, Temporary
from gateway.kernel.health import Condition, Level
from gateway.kernel.runtime import Runtime
from gateway.kernel.store import Store
from gateway.sms import queue, refused_pins
from gateway.sms.dispatch import Dispatch
from gateway.sms.modem_settings import ModemSettingsBook
from gateway.sms.policy import SimPolicy
from gateway.sms.policy_settings import policy_of, sim_policies_of
from gateway.sms.port import (
    Modem,
    ModemCondition,
    ModemFactory,
    ModemSettings,
    ModemSink,
    ModemStatus,
)
from gateway.sms.worker import Wake, Worker

logger = logging.getLogger(__name__)

_CALM = frozenset({ModemCondition.READY, ModemCondition.STARTING, ModemCondition.STOPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    settings: ModemSettings
    modem: Modem
    worker: Worker
    pin_withheld: bool
    """The SIM refused the configured PIN before: the driver is not given it."""
    pin_refused: asyncio.Event = field(default_factory=asyncio.Event)


class Fleet:
    """Every configured modem. `apply` brings what runs in line with what is stored."""

    def __init__(
        self,
        factory: ModemFactory,
        settings: ModemSettingsBook,
        store: Store,
        runtime: Runtime,
        zone: ZoneInfo,
    ) -> None:
        self._factory = factory
        self._settings = settings
        self._store = store
        self._clock = runtime.clock
        self._supervisor = runtime.supervisor
        self._health = runtime.health
        self._metrics = runtime.metrics
        self._members: dict[str, _Member] = {}
        self._told: dict[str, tuple[ModemCondition, str]] = {}
        self._changing = asyncio.Lock()
        self.wake = Wake.new()
        self.dispatch = Dispatch(runtime.clock, zone)

    async def apply(self, sink: ModemSink) -> None:
        """Start new modems, restart changed ones, stop removed ones."""
        async with self._changing:
            wanted = {item.id: item for item in await self._settings.every()}
            refused = await self._store.read(refused_pins.standing)
            sims = await self._store.read(sim_policies_of)
            self.dispatch.decide(await self._store.read(policy_of))
            for modem_id, member in list(self._members.items()):
                if wanted.get(modem_id) != member.settings:
                    await self._stop(modem_id)
            for modem_id, settings in wanted.items():
                if modem_id not in self._members:
                    self._start(settings, sink, pin_withheld=modem_id in refused)
            for modem_id, member in self._members.items():
                self.dispatch.sit(modem_id, member.modem, sims.get(modem_id, SimPolicy()))
            routes = self.dispatch.routes()
            await self._store.write(lambda connection: queue.reroute(connection, routes))
        self.wake.all()

    async def drain(self, timeout_s: float) -> None:
        """Let every worker finish the message in hand, for so long."""
        workers = [member.worker.drain() for member in self._members.values()]
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.gather(*workers)
        except TimeoutError:
            logger.warning("a modem did not answer while stopping; its message is uncertain")

    def statuses(self) -> list[ModemStatus]:
        """Return what is known of each modem, by id."""
        return [self._explained(item.modem.status) for _, item in sorted(self._members.items())]

    def get(self, modem_id: str) -> Modem:
        """Return a modem; raises NotFound."""
        if modem_id not in self._members:
            raise NotFound(f"there is no modem {modem_id!r}; `santral modem list` shows all")
        return self._members[modem_id].modem

    def modems(self) -> dict[str, Modem]:
        """Return every modem by its id."""
        return {modem_id: member.modem for modem_id, member in self._members.items()}

    async def ussd(self, modem_id: str, code: str) -> str:
        """Send a USSD code by a modem and return the network's text."""
        modem = self.get(modem_id)
        if not modem.status.ready:
            raise Temporary(
                f"modem {modem_id} cannot do it now: {modem.status.detail or 'not ready'}",
                retry_after_s=10,
            )
        return await modem.ussd(code)

    def note_status(self, status: ModemStatus) -> None:
        """Show a modem's status in health and metrics; remember a PIN that its SIM refused."""
        status = self._explained(status)
        member = self._members.get(status.modem_id)
        if member is not None and status.condition is ModemCondition.PIN_WRONG:
            member.pin_refused.set()
        self._health.report(f"modem:{status.modem_id}", _condition_of(status))
        self._metrics.modem_ready.labels(status.modem_id).set(1 if status.ready else 0)
        self._metrics.note_modem(status.modem_id, status.imsi, status.operator)
        if status.signal_dbm is not None:
            self._metrics.modem_signal_dbm.labels(status.modem_id).set(status.signal_dbm)
        told = (status.condition, status.detail)
        if self._told.get(status.modem_id) != told:
            self._told[status.modem_id] = told
            level = logging.INFO if status.condition in _CALM else logging.WARNING
            said = ": ".join(filter(None, told))
            logger.log(level, "modem %s is %s", status.modem_id, said)
            self.wake.all()  # what it was left is for the others now, or the other way round

    def _explained(self, status: ModemStatus) -> ModemStatus:
        member = self._members.get(status.modem_id)
        withheld = member is not None and member.pin_withheld
        return refused_pins.explained(status) if withheld else status

    def _start(self, settings: ModemSettings, sink: ModemSink, *, pin_withheld: bool) -> None:
        given = replace(settings, pin="") if pin_withheld else settings
        modem = self._factory(given, sink)
        self.dispatch.sit(settings.id, modem, SimPolicy())
        worker = Worker(
            settings.id, modem, self._store, self._clock, self.dispatch, wake=self.wake,
            metrics=self._metrics,
        )  # fmt: skip
        member = _Member(settings=settings, modem=modem, worker=worker, pin_withheld=pin_withheld)
        self._members[settings.id] = member
        self._supervisor.start(f"modem {settings.id}", modem.run)
        self._supervisor.start(f"sms worker {settings.id}", worker.run)
        self._supervisor.start(f"modem {settings.id} PIN", partial(self._note_refusal, member))

    async def _note_refusal(self, member: _Member) -> None:
        """Wait until the SIM refuses the PIN, and remember it."""
        await member.pin_refused.wait()
        modem_id, now = member.settings.id, self._clock.now()
        configured = {item.id: item.pin for item in await self._settings.every()}
        if configured.get(modem_id) == member.settings.pin:  # else another one is to be tried
            await self._store.write(lambda connection: refused_pins.note(connection, modem_id, now))

    async def _stop(self, modem_id: str) -> None:
        member = self._members.pop(modem_id)
        try:
            async with asyncio.timeout(member.settings.submit_timeout_s):
                await member.worker.drain()
        except TimeoutError:
            logger.warning("modem %s is stopped with a message in hand", modem_id)
        await self._supervisor.stop(f"sms worker {modem_id}")
        await self._supervisor.stop(f"modem {modem_id}")
        await self._supervisor.stop(f"modem {modem_id} PIN")
        self.dispatch.leave(modem_id)
        now = self._clock.now()
        await self._store.write(
            lambda connection: queue.recover(connection, now, modem_id=modem_id)
        )
        self._health.forget(f"modem:{modem_id}")
        self._metrics.forget_modem(modem_id)


def _condition_of(status: ModemStatus) -> Condition:
    level = Level.OK if status.ready else Level.DOWN
    if status.condition is ModemCondition.STARTING:
        level = Level.DEGRADED
    return Condition(level=level, detail=status.detail, remedy=status.remedy)
