"""Puts together what concerns faxes: servers, the queue before them, pages, the inbox."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from drivers.fax.hylafax.driver import HylafaxDriver
from drivers.fax.raster.limits import RasterLimits
from drivers.fax.raster.rasteriser import DocumentRasteriser, Engine
from gateway.app.devices import fax_server_settings
from gateway.config import Config
from gateway.config.sections import FaxServerSection
from gateway.fax.api import FaxApi
from gateway.fax.clockwork import FaxClockwork
from gateway.fax.composing import Composer
from gateway.fax.cover_templates import CoverTemplates
from gateway.fax.covers import Covers, Sender
from gateway.fax.documents import FaxFolder
from gateway.fax.header_line import header_line
from gateway.fax.pages import FaxPages
from gateway.fax.policy_book import FaxPolicyBook
from gateway.fax.port import ServerCondition, ServerStatus
from gateway.fax.receiving import FaxInbox
from gateway.fax.recipients import Recipients
from gateway.fax.sending import FaxSending, Office
from gateway.fax.servers import FaxServers, Seat
from gateway.fax.settling import Settler
from gateway.fax.showing import Faxes
from gateway.fax.sorting import Sorting
from gateway.fax.worker import FaxWorker
from gateway.kernel.event_feed import EventFeed
from gateway.kernel.health import Condition, Health, Level
from gateway.kernel.runtime import Runtime
from gateway.kernel.store import Store
from gateway.parties.book import PartyBook
from gateway.people.colleagues import Colleagues
from gateway.sending.quotas import Quota
from gateway.web.pages import Page
from gateway.web.routes import Route

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FaxPart:
    """What the rest of the service needs of it."""

    routes: list[Route]
    pages: list[Page]
    background: dict[str, Callable[[], Awaitable[None]]]


def compose(
    config: Config,
    store: Store,
    runtime: Runtime,
    feed: EventFeed,
    parties: PartyBook,
    colleagues: Colleagues,
) -> FaxPart:
    """Return the faxes' part of a service."""
    clock, plan = runtime.clock, config.numbering_plan
    folder = FaxFolder(config.faxes_folder)
    folder.open()
    limits = RasterLimits(max_pages=config.fax.max_pages)
    rasteriser = DocumentRasteriser(limits, engine=Engine(config.fax.engine))
    servers = FaxServers({one.id: _seat(one) for one in config.fax_server}, config.zone)
    wake = _both(servers.wake, feed.wake)
    inbox = FaxInbox(
        store, runtime, plan, folder, colleagues=colleagues,
        note_status=partial(_note_server, runtime.health), wake=wake,
    )  # fmt: skip
    for one in fax_server_settings(config, folder.arriving):
        servers.by_id[one.id] = HylafaxDriver(one, inbox, clock=clock)
    covers = _covers(config)
    composer = Composer(store, clock, folder, rasteriser, covers)
    office = Office(
        zone=config.zone, header=header_line(config.fax.company, config.fax.number),
        servers=servers.by_id.keys,
    )  # fmt: skip
    sending = FaxSending(store, clock, composer, Recipients(store, plan, parties), office, wake)
    faxes = Faxes(store, plan, folder, rasteriser)
    api = FaxApi(
        sending, faxes, Sorting(store, clock, parties), composer, FaxPolicyBook(store, clock),
        servers.statuses, covers.choices,
    )  # fmt: skip
    background = _background(servers, store, runtime, folder)
    background["fax clock"] = FaxClockwork(store, clock, composer, wake).run
    return FaxPart(routes=api.routes(), pages=FaxPages().pages(), background=background)


def _background(
    servers: FaxServers, store: Store, runtime: Runtime, folder: FaxFolder
) -> dict[str, Callable[[], Awaitable[None]]]:
    works: dict[str, Callable[[], Awaitable[None]]] = {}
    for name, server in servers.by_id.items():
        works[f"fax server {name}"] = server.run
        works[f"faxes to {name}"] = FaxWorker(name, servers, store, runtime.clock, folder.root).run
        works[f"doubtful faxes of {name}"] = Settler(name, servers, store, runtime.clock).run
    return works


def _covers(config: Config) -> Covers:
    fax = config.fax
    sender = Sender(
        company=fax.company, number=fax.number, email=fax.email, language=fax.language,
        zone=config.zone,
    )  # fmt: skip
    covers = Covers(CoverTemplates(fax.covers), sender)
    for trouble in covers.troubles():
        logger.warning("cover pages of faxes: %s", trouble)
    return covers


def _seat(section: FaxServerSection) -> Seat:
    quota = Quota(per_day=section.pages_per_day, per_month=section.pages_per_month)
    return Seat(lines=section.lines, prefixes=section.prefixes, quota=quota)


def _both(one: Callable[[], None], other: Callable[[], None]) -> Callable[[], None]:
    def wake() -> None:
        one()
        other()

    return wake


_LEVELS = {
    ServerCondition.READY: Level.OK,
    ServerCondition.CONNECTING: Level.DEGRADED,
    ServerCondition.STOPPED: Level.DEGRADED,
}


def _note_server(health: Health, status: ServerStatus) -> None:
    level = _LEVELS.get(status.condition, Level.DOWN)
    health.report(
        f"fax:{status.id}",
        Condition(level=level, detail=status.detail or status.condition, remedy=status.remedy),
    )
