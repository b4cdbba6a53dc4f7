"""The composition root: configuration in, a running service out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from importlib.metadata import version

from crm_link.local import LocalDirectory
from drivers.modem.driver import GsmModemDriver, probe
from gateway.config import Config
from gateway.history import tables as history_tables
from gateway.history.api import HistoryApi
from gateway.history.timeline import Timeline
from gateway.kernel.clock import Clock, SystemClock
from gateway.kernel.health import Health
from gateway.kernel.instance_lock import InstanceLock
from gateway.kernel.metrics import Metrics
from gateway.kernel.secrets import SecretBox
from gateway.kernel.store import Store, open_store
from gateway.kernel.supervisor import Supervisor
from gateway.parties.api import PartiesApi
from gateway.parties.book import PartyBook
from gateway.parties.importing import Importer
from gateway.people.api import PeopleApi
from gateway.people.tokens import Tokens
from gateway.people.users import Users
from gateway.sms import queue
from gateway.sms.alphabet import NationalLanguage
from gateway.sms.api import SmsApi
from gateway.sms.fleet import Fleet
from gateway.sms.modem_settings import ModemChange, ModemSettingsBook
from gateway.sms.modems_api import ModemsApi
from gateway.sms.port import ModemSettings, ModemStatus
from gateway.sms.receiving import Inbox
from gateway.sms.sending import Sending
from gateway.web.routes import Route
from gateway.web.server import Server

logger = logging.getLogger(__name__)

DRAIN_S = 10.0
"""How long a stop waits for messages that modems have in hand."""
FORGET_LOOK_S = 3600.0
"""How often what nobody needs any more is dropped."""
OVERDUE_LOOK_S = 30.0
"""How often incomplete long messages are looked for."""


@dataclass(frozen=True, slots=True)
class Service:
    """A running service, as tests and commands hold it."""

    config: Config
    store: Store
    fleet: Fleet
    inbox: Inbox
    sending: Sending
    directory: LocalDirectory
    routes: list[Route]
    server: Server
    modem_settings: ModemSettingsBook
    port: int = 0


@dataclass(frozen=True, slots=True)
class _Kernel:
    """What every part is given."""

    clock: Clock
    health: Health
    metrics: Metrics
    supervisor: Supervisor


@asynccontextmanager
async def running(
    config: Config, *, devices: bool = True, tcp: bool = True, clock: Clock | None = None
) -> AsyncIterator[Service]:
    """Hold a service: the lock, the store, the devices and the listeners; let go in reverse."""
    clock, health = clock or SystemClock(), Health()
    supervisor = Supervisor(health, clock)
    kernel = _Kernel(clock, health, Metrics(), supervisor)
    async with AsyncExitStack() as stack:
        stack.enter_context(InstanceLock(config.lock_path))
        box = SecretBox(config.store.secret_key.get_secret_value())
        store = await open_store(config.database_url, health)
        stack.push_async_callback(store.close)
        service = _compose(config, store, box, kernel, devices=devices)
        stack.push_async_callback(service.server.close)
        await _seed(config, service.modem_settings)
        if devices:
            recovered = await store.write(lambda c: queue.recover(c, clock.now()))
            if recovered:
                logger.warning("%d messages are uncertain since the last stop", recovered)
            stack.push_async_callback(supervisor.close)
            stack.push_async_callback(service.fleet.drain, DRAIN_S)
            await service.fleet.apply(service.inbox)
            supervisor.start("incomplete messages", lambda: _look_for_overdue(service.inbox))
            supervisor.start("idempotency keys", lambda: _forget_keys(service.sending))
        await service.server.start_unix(config.socket_path)
        port = 0
        if tcp:
            port = await service.server.start_tcp(config.server.bind, config.server.port)
        yield replace(service, port=port)


async def probe_modem(settings: ModemSettings) -> ModemStatus:
    """Ask a device who it is, without receiving or deleting anything."""
    return await probe(settings)


def _compose(
    config: Config, store: Store, box: SecretBox, kernel: _Kernel, *, devices: bool
) -> Service:
    clock, plan = kernel.clock, config.numbering_plan
    attached = [history_tables.attach]
    book = PartyBook(store, clock, plan, number_attached=attached)
    importer = Importer(store, clock, plan, number_attached=attached)
    tokens = Tokens(store, clock)
    modem_settings = ModemSettingsBook(store, clock, box)
    fleet = _fleet(store, modem_settings, kernel)
    inbox = _inbox(config, store, fleet, kernel)
    languages = [NationalLanguage[name.upper()] for name in config.sms.national_languages]
    sending = Sending(store, clock, plan, languages=languages, wake_workers=fleet.wake.all)
    routes = [
        *PeopleApi(Users(store, clock, plan), tokens).routes(),
        *PartiesApi(book, importer).routes(),
        *HistoryApi(Timeline(store)).routes(),
        *SmsApi(sending).routes(),
        *ModemsApi(
            fleet, modem_settings, partial(fleet.apply, inbox) if devices else _leave_alone
        ).routes(),
    ]
    server = Server(
        routes,
        authenticator=tokens,
        health=kernel.health,
        metrics=kernel.metrics,
        version=version("santral"),
    )
    return Service(
        config=config,
        store=store,
        fleet=fleet,
        inbox=inbox,
        sending=sending,
        directory=LocalDirectory(book),
        routes=routes,
        server=server,
        modem_settings=modem_settings,
    )


def _fleet(store: Store, modem_settings: ModemSettingsBook, kernel: _Kernel) -> Fleet:
    return Fleet(
        GsmModemDriver,
        modem_settings,
        store,
        kernel.clock,
        supervisor=kernel.supervisor,
        health=kernel.health,
        metrics=kernel.metrics,
    )


def _inbox(config: Config, store: Store, fleet: Fleet, kernel: _Kernel) -> Inbox:
    return Inbox(
        store,
        kernel.clock,
        config.numbering_plan,
        kernel.metrics,
        incomplete_after=timedelta(seconds=config.sms.incomplete_after_s),
        wake_workers=fleet.wake.all,
        note_status=fleet.note_status,
    )


async def _leave_alone() -> None:
    """A command that works on the data itself touches no device."""


async def _seed(config: Config, modem_settings: ModemSettingsBook) -> None:
    seeds = [
        (
            seed.id,
            ModemChange(
                device=seed.device,
                pin=seed.pin.get_secret_value(),
                profile=seed.profile,
                smsc=seed.smsc,
            ),
        )
        for seed in config.modem
    ]
    if await modem_settings.seed(seeds):
        logger.info("%d modems taken over from the configuration file", len(seeds))


async def _look_for_overdue(inbox: Inbox) -> None:
    while True:
        await inbox.deliver_overdue()
        await asyncio.sleep(OVERDUE_LOOK_S)


async def _forget_keys(sending: Sending) -> None:
    while True:
        await sending.forget_keys()
        await asyncio.sleep(FORGET_LOOK_S)
