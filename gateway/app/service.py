"""A service put together, held while it runs, and let go."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from importlib.metadata import version

from crm_link.local import LocalDirectory
from drivers.modem.driver import GsmModemDriver
from gateway.app import faxes, listening, people, tasks, telephony
from gateway.app.people import People
from gateway.calls import tables as calls_tables
from gateway.calls.dialling import Dialling
from gateway.calls.port import MODEM, CallSink
from gateway.calls.receiving import CallBook
from gateway.calls.showing import describe_stored
from gateway.config import Config
from gateway.consent.api import ConsentApi
from gateway.consent.book import ConsentBook
from gateway.fax.accepting import take_back_blocked as take_back_faxes
from gateway.fax.attaching import attach as attach_faxes
from gateway.fax.telling import describe_fax
from gateway.history import tables as history_tables
from gateway.history.api import HistoryApi
from gateway.history.timeline import Timeline
from gateway.kernel.clock import Clock, SystemClock
from gateway.kernel.event_feed import EventFeed
from gateway.kernel.health import Health
from gateway.kernel.instance_lock import InstanceLock
from gateway.kernel.metrics import Metrics
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.runtime import Runtime
from gateway.kernel.secrets import SecretBox
from gateway.kernel.store import Store, open_store
from gateway.kernel.supervisor import Supervisor
from gateway.parties.api import PartiesApi
from gateway.parties.book import PartyBook
from gateway.parties.importing import Importer
from gateway.sms import queue
from gateway.sms.accepting import take_back_blocked
from gateway.sms.alerting import Alerting
from gateway.sms.alphabet import NationalLanguage
from gateway.sms.answering import Answering
from gateway.sms.api import SmsApi
from gateway.sms.balances import Balances
from gateway.sms.clockwork import Clockwork
from gateway.sms.figures import FiguresBook
from gateway.sms.fleet import Fleet
from gateway.sms.messages import Messages
from gateway.sms.modem_settings import ModemChange, ModemSettingsBook
from gateway.sms.modems_api import ModemsApi
from gateway.sms.policy_api import PolicyApi
from gateway.sms.policy_settings import PolicyBook
from gateway.sms.receiving import Inbox
from gateway.sms.sending import Sending
from gateway.sms.telling import describe_sms
from gateway.tasks.attaching import attach as attach_tasks
from gateway.tasks.telling import describe_stored as describe_task
from gateway.web.event_stream import EventStream
from gateway.web.gate import Gate
from gateway.web.page_server import PageServer
from gateway.web.pages import Page
from gateway.web.rendering import Renderer
from gateway.web.routes import Route
from gateway.web.server import Server
from gateway.web.static_files import StaticFiles
from gateway.webhooks.api import WebhooksApi
from gateway.webhooks.book import WebhookBook
from gateway.webhooks.couriers import Couriers

_ATTACHED = (history_tables.attach, calls_tables.attach, attach_faxes)
"""Who learns that a number belongs to somebody now."""
logger = logging.getLogger(__name__)

DRAIN_S = 10.0
"""How long a stop waits for messages that modems have in hand."""
FORGET_LOOK_S = 3600.0
"""How often what nobody needs any more is dropped."""
FORGOTTEN_LOOK_S = 60.0
"""How often calls are looked for that nobody tells of any more."""
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
    couriers: Couriers
    dialling: Dialling
    background: dict[str, Callable[[], Awaitable[None]]]
    """What runs beside the modems, by name."""
    people: People
    gate: Gate
    port: int = 0

    @property
    def scheme(self) -> str:
        """Return the scheme of what is served over TCP."""
        return "http" if self.gate.certificates is None else "https"

    def reload(self) -> None:
        """Read again what may change while the service runs: the certificate's files."""
        if self.gate.certificates is not None:
            self.gate.certificates.reload()


@asynccontextmanager
async def running(
    config: Config, *, devices: bool = True, tcp: bool = True, clock: Clock | None = None
) -> AsyncIterator[Service]:
    """Hold a service: the lock, the store, the devices and the listeners; let go in reverse."""
    clock, health = clock or SystemClock(), Health()
    supervisor = Supervisor(health, clock)
    runtime = Runtime(clock, health, Metrics(), supervisor)
    async with AsyncExitStack() as stack:
        stack.enter_context(InstanceLock(config.lock_path))
        box = SecretBox(config.store.secret_key.get_secret_value())
        store = await open_store(config.database_url, health)
        stack.push_async_callback(store.close)
        service = _compose(config, store, box, runtime, devices=devices, tcp=tcp)
        stack.push_async_callback(service.couriers.close)
        stack.push_async_callback(service.server.close)
        stack.push_async_callback(supervisor.close)
        await _seed(config, service.modem_settings)
        if devices:
            recovered = await store.write(lambda c: queue.recover(c, clock.now()))
            if recovered:
                logger.warning("%d messages are uncertain since the last stop", recovered)
            await service.dialling.recover()
            stack.push_async_callback(service.dialling.close)
            stack.push_async_callback(service.fleet.drain, DRAIN_S)
            await service.fleet.apply(service.inbox)
            for name, work in service.background.items():
                supervisor.start(name, work)
            await service.couriers.apply()
        await service.server.start_unix(config.socket_path)
        port = 0
        if tcp:
            await service.people.passwords.let_first_in()
            _keep_the_door(service, supervisor)
            port = await service.server.start_tcp(config.server.bind, config.server.port)
        yield replace(service, port=port)


def _keep_the_door(service: Service, supervisor: Supervisor) -> None:
    """Start what sign-ins and HTTPS need beside them."""
    supervisor.start("sessions", service.people.sessions.run)
    if service.gate.certificates is not None:
        supervisor.start("certificate", service.gate.certificates.run)


def _compose(
    config: Config, store: Store, box: SecretBox, runtime: Runtime, *, devices: bool, tcp: bool
) -> Service:
    clock, plan = runtime.clock, config.numbering_plan
    book, directory_routes = _directory(store, clock, plan)
    feed = EventFeed(store)
    event_stream = EventStream(store, feed, metrics=runtime.metrics)
    telephones = telephony.compose(config, store, runtime, feed, book)
    persons = people.compose(config, store, runtime, telephones.announcer.people_changed)
    gate = listening.compose(config, runtime, persons.sessions, tcp=tcp)
    worklist = tasks.compose(config, store, runtime, feed)
    faxing = faxes.compose(config, store, runtime, feed, book, telephones.colleagues)
    modem_settings = ModemSettingsBook(store, clock, box)
    fleet = _fleet(config, store, modem_settings, runtime, telephones.book)
    inbox, sending = _inbox(config, store, fleet, runtime), _sending(config, store, fleet, clock)
    webhooks, couriers = _webhooks(store, feed, box, runtime)
    apply = partial(fleet.apply, inbox) if devices else _leave_alone
    routes = [
        *persons.routes,
        *directory_routes,
        *WebhooksApi(webhooks, couriers.apply if devices else _leave_alone).routes(),
        *telephones.routes,
        *worklist.routes,
        *faxing.routes,
        *_sms_routes(config, store, clock, fleet, sending, modem_settings, apply),
    ]
    return Service(
        config=config, store=store, fleet=fleet, inbox=inbox, sending=sending, routes=routes,
        directory=LocalDirectory(book),
        server=_server(config, routes, [*telephones.pages, *faxing.pages], persons, gate, runtime,
                       event_stream),
        people=persons,
        gate=gate,
        modem_settings=modem_settings,
        couriers=couriers,
        dialling=telephones.dialling,
        background=telephones.background
        | worklist.background
        | faxing.background
        | _background(store, inbox, sending, fleet, runtime)
        | {"event feed": feed.run, "live feed": event_stream.run}
        | {"calls of nobody": partial(_end_calls_of_nobody, config, telephones.book, fleet)},
    )  # fmt: skip


def _directory(store: Store, clock: Clock, plan: NumberingPlan) -> tuple[PartyBook, list[Route]]:
    attached = (*_ATTACHED, partial(attach_tasks, clock))
    book = PartyBook(store, clock, plan, number_attached=attached)
    importer = Importer(store, clock, plan, number_attached=attached)
    return book, [*PartiesApi(book, importer).routes(), *HistoryApi(Timeline(store)).routes()]


def _sms_routes(
    config: Config,
    store: Store,
    clock: Clock,
    fleet: Fleet,
    sending: Sending,
    modem_settings: ModemSettingsBook,
    apply: Callable[[], Awaitable[None]],
) -> list[Route]:
    figures, plan = FiguresBook(store, clock, config.zone), config.numbering_plan
    consent = ConsentBook(store, clock, plan, on_block=[take_back_blocked, take_back_faxes])
    return [
        *ConsentApi(consent).routes(),
        *PolicyApi(PolicyBook(store, clock), figures, fleet, store, apply=apply).routes(),
        *SmsApi(sending, Messages(store, plan)).routes(),
        *ModemsApi(fleet, modem_settings, apply).routes(),
    ]


def _server(
    config: Config,
    routes: list[Route],
    pages: list[Page],
    persons: People,
    gate: Gate,
    runtime: Runtime,
    event_stream: EventStream,
) -> Server:
    edition, static = version("santral"), StaticFiles()
    server = Server(
        routes, authenticator=persons.tokens, health=runtime.health, metrics=runtime.metrics,
        version=edition, event_stream=event_stream, gate=gate,
    )  # fmt: skip
    renderer = Renderer(static, edition, config.site.zone)
    server.add_pages(PageServer([*persons.pages, *pages], renderer, static))
    persons.tell_ended(server.hang_up)
    return server


def _webhooks(
    store: Store, feed: EventFeed, box: SecretBox, runtime: Runtime
) -> tuple[WebhookBook, Couriers]:
    webhooks = WebhookBook(store, runtime.clock, box)
    couriers = Couriers(
        webhooks, store, runtime.clock, feed, box=box, supervisor=runtime.supervisor,
        describe={
            "sms": describe_sms, "call": describe_stored, "task": describe_task,
            "fax": describe_fax,
        },
    )  # fmt: skip
    return webhooks, couriers


def _sending(config: Config, store: Store, fleet: Fleet, clock: Clock) -> Sending:
    return Sending(
        store, clock, config.numbering_plan, languages=_languages(config),
        routes=fleet.dispatch.routes, wake=fleet.wake.all,
    )  # fmt: skip


def _background(
    store: Store,
    inbox: Inbox,
    sending: Sending,
    fleet: Fleet,
    runtime: Runtime,
) -> dict[str, Callable[[], Awaitable[None]]]:
    clock, metrics = runtime.clock, runtime.metrics
    return {
        "incomplete messages": partial(_look_for_overdue, inbox),
        "idempotency keys": partial(_forget_keys, sending),
        "sms clock": Clockwork(store, clock, fleet.wake.all).run,
        "balances": Balances(store, clock, metrics, fleet.modems).run,
        "alerts": Alerting(store, clock, metrics, fleet.statuses).run,
    }


def _languages(config: Config) -> frozenset[NationalLanguage]:
    return frozenset(NationalLanguage[name.upper()] for name in config.sms.national_languages)


def _fleet(
    config: Config,
    store: Store,
    modem_settings: ModemSettingsBook,
    runtime: Runtime,
    calls: CallSink,
) -> Fleet:
    factory = partial(GsmModemDriver, calls=calls)
    return Fleet(factory, modem_settings, store, runtime, config.zone)


def _inbox(config: Config, store: Store, fleet: Fleet, runtime: Runtime) -> Inbox:
    return Inbox(
        store,
        runtime,
        config.numbering_plan,
        incomplete_after=timedelta(seconds=config.sms.incomplete_after_s),
        wake_workers=fleet.wake.all,
        note_status=fleet.note_status,
        answering=Answering(_languages(config), config.zone, fleet.dispatch.routes),
    )


async def _leave_alone() -> None:
    """A command that works on the data itself touches no device and calls nobody."""


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


async def _end_calls_of_nobody(config: Config, book: CallBook, fleet: Fleet) -> None:
    """End what was open at telephone systems and modems that are not configured any more."""
    while True:
        modems = {f"{MODEM}{status.modem_id}" for status in fleet.statuses()}
        await book.forget_systems({one.id for one in config.pbx} | modems)
        await asyncio.sleep(FORGOTTEN_LOOK_S)


async def _look_for_overdue(inbox: Inbox) -> None:
    while True:
        await inbox.deliver_overdue()
        await asyncio.sleep(OVERDUE_LOOK_S)


async def _forget_keys(sending: Sending) -> None:
    while True:
        await sending.forget_keys()
        await asyncio.sleep(FORGET_LOOK_S)
