"""Puts together what concerns telephones: calls, dials, who can be spoken with, who is calling."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

from drivers.asterisk.agi import AgiServer
from drivers.asterisk.driver import AsteriskDriver
from gateway.app.devices import agi_settings, pbx_settings
from gateway.calls.acting import CallActions
from gateway.calls.api import CallsApi
from gateway.calls.dialling import Dialling, System
from gateway.calls.handing_over import RecordingReceiver
from gateway.calls.keeping import RecordingKeeper
from gateway.calls.port import PbxCondition, PbxStatus
from gateway.calls.receiving import CallBook
from gateway.calls.recording_archive import Archive
from gateway.calls.recording_folders import RecordingFolder
from gateway.calls.recordings import Recordings
from gateway.calls.recordings_api import RecordingsApi
from gateway.calls.routing import Routing
from gateway.calls.routing_api import RoutingApi
from gateway.calls.showing import Calls
from gateway.config import Config
from gateway.crm.asking import CrmAsking
from gateway.desk.api import DeskApi, LookupApi
from gateway.desk.cards import Cards
from gateway.desk.lookup import CallerLookup
from gateway.desk.pages import DeskPages
from gateway.desk.texts import Texts
from gateway.history.timeline import Timeline
from gateway.kernel.clock import Clock
from gateway.kernel.event_feed import EventFeed
from gateway.kernel.health import Condition, Health, Level
from gateway.kernel.runtime import Runtime
from gateway.kernel.store import Store
from gateway.parties.book import PartyBook
from gateway.people.absences import AbsenceBook
from gateway.people.announcing import Announcer
from gateway.people.colleagues import Colleagues
from gateway.people.presence import Presence
from gateway.people.presence_api import PresenceApi
from gateway.templates.api import TemplatesApi
from gateway.templates.book import TemplateBook
from gateway.web.pages import Page
from gateway.web.routes import Route


@dataclass(frozen=True, slots=True)
class Telephony:
    """What the rest of the service needs of it."""

    book: CallBook
    """Whoever tells of calls tells it this: telephone systems and modems."""
    dialling: Dialling
    announcer: Announcer
    colleagues: Colleagues
    routes: list[Route]
    pages: list[Page]
    background: dict[str, Callable[[], Awaitable[None]]]


def compose(
    config: Config, store: Store, runtime: Runtime, feed: EventFeed, parties: PartyBook
) -> Telephony:
    """Return the telephones' part of a service."""
    clock, plan = runtime.clock, config.numbering_plan
    presence = Presence()
    colleagues = Colleagues(store, clock, presence)
    announcer = Announcer(store, clock, colleagues, feed.wake)
    presence.changed = announcer.telephones_changed
    note = partial(_note_pbx, runtime.health)
    roots = {one.id: PurePosixPath(one.recordings) for one in config.pbx}
    book = CallBook(store, runtime, plan, note, feed.wake, presence, recorded_in=roots)
    settings = {one.id: one for one in pbx_settings(config)}
    drivers = {name: AsteriskDriver(one, book, clock=clock) for name, one in settings.items()}
    systems = {name: System(pbx, settings[name]) for name, pbx in drivers.items()}
    dialling = Dialling(store, clock, plan, lambda: systems, feed.wake)
    routing = Routing(store, clock, plan, parties, colleagues)
    agi = [AgiServer(one, routing) for one in agi_settings(config)]
    calls = Calls(store, plan)
    actions = CallActions(calls, lambda: drivers, store, clock)
    keeper, recordings = _recordings(config, store, runtime, calls, feed)
    statuses = partial(_statuses, list(drivers.values()))
    absences = AbsenceBook(store, clock, config.zone, changed=announcer.people_changed)
    lookup = CallerLookup(store, plan, parties, colleagues, Timeline(store))
    return Telephony(
        book=book,
        dialling=dialling,
        announcer=announcer,
        colleagues=colleagues,
        routes=[
            *PresenceApi(colleagues, absences).routes(),
            *LookupApi(lookup).routes(),
            *_desk_routes(config, store, clock, Cards(store, calls, lookup, colleagues, _crm())),
            *CallsApi(calls, actions, dialling, statuses).routes(),
            *RoutingApi(routing).routes(),
            *recordings.routes(),
        ],
        pages=DeskPages().pages(),
        background={
            **{f"telephone system {name}": pbx.run for name, pbx in drivers.items()},
            **{f"who calls {one.settings.pbx}": one.run for one in agi},
            "presence": announcer.run,
            "recordings": keeper.run,
        },
    )


def _recordings(
    config: Config, store: Store, runtime: Runtime, calls: Calls, feed: EventFeed
) -> tuple[RecordingKeeper, RecordingsApi]:
    """Return who brings recordings here, and where they are heard and handed over."""
    archive = Archive(config.recordings_folder, config.recordings.max_mb * 1_000_000)
    folders, clock = _folders(config), runtime.clock
    keeper = RecordingKeeper(
        store, runtime, config.numbering_plan, archive, folders, zone=config.zone,
        wake_feed=feed.wake,
    )  # fmt: skip
    roots = {one.id: PurePosixPath(one.recordings) for one in config.pbx}
    receiver = RecordingReceiver(store, clock, archive, roots, keeper.wake)
    return keeper, RecordingsApi(Recordings(calls, store, clock, archive, folders), receiver)


def _crm() -> CrmAsking:
    """Return whom to ask whose number rings, beside our own directory."""
    return CrmAsking({})


def _desk_routes(config: Config, store: Store, clock: Clock, cards: Cards) -> list[Route]:
    templates = TemplateBook(store, clock)
    texts = Texts(cards, templates, config.numbering_plan, config.zone)
    return [*DeskApi(cards, texts).routes(), *TemplatesApi(templates).routes()]


def _folders(config: Config) -> dict[str, RecordingFolder]:
    """Return where each telephone system's recordings are, for those that are mounted here."""
    return {
        one.id: RecordingFolder(
            there=PurePosixPath(one.recordings),
            here=one.recordings_here,
            delete=one.recordings_delete,
        )
        for one in config.pbx
        if one.recordings_here is not None
    }


def _statuses(drivers: list[AsteriskDriver]) -> list[PbxStatus]:
    return [pbx.status for pbx in drivers]


def _note_pbx(health: Health, status: PbxStatus) -> None:
    level = Level.OK if status.condition is PbxCondition.READY else Level.DOWN
    health.report(
        f"pbx:{status.id}",
        Condition(level=level, detail=status.detail or status.condition, remedy=status.remedy),
    )
