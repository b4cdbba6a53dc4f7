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
from gateway.calls.port import PbxCondition, PbxStatus
from gateway.calls.receiving import CallBook
from gateway.calls.recordings import RecordingFolder, Recordings
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
    book = CallBook(store, runtime, plan, note, feed.wake, presence)
    settings = {one.id: one for one in pbx_settings(config)}
    drivers = {name: AsteriskDriver(one, book, clock=clock) for name, one in settings.items()}
    systems = {name: System(pbx, settings[name]) for name, pbx in drivers.items()}
    dialling = Dialling(store, clock, plan, lambda: systems, feed.wake)
    routing = Routing(store, clock, plan, parties, colleagues)
    agi = [AgiServer(one, routing) for one in agi_settings(config)]
    calls = Calls(store, plan)
    actions = CallActions(calls, lambda: drivers, store, clock)
    recordings = Recordings(calls, _folders(config))
    statuses = partial(_statuses, list(drivers.values()))
    absences = AbsenceBook(store, clock, config.zone, changed=announcer.people_changed)
    lookup = CallerLookup(store, plan, parties, colleagues, Timeline(store))
    cards = Cards(store, calls, lookup, colleagues, CrmAsking({}))
    templates = TemplateBook(store, clock)
    return Telephony(
        book=book,
        dialling=dialling,
        announcer=announcer,
        routes=[
            *PresenceApi(colleagues, absences).routes(),
            *LookupApi(lookup).routes(),
            *DeskApi(cards, Texts(cards, templates, plan, config.zone)).routes(),
            *TemplatesApi(templates).routes(),
            *CallsApi(calls, actions, dialling, recordings, statuses).routes(),
            *RoutingApi(routing).routes(),
        ],
        pages=DeskPages().pages(),
        background={
            **{f"telephone system {name}": pbx.run for name, pbx in drivers.items()},
            **{f"who calls {one.settings.pbx}": one.run for one in agi},
            "presence": announcer.run,
        },
    )


def _folders(config: Config) -> dict[str, RecordingFolder]:
    """Return where each telephone system's recordings are, for those that are mounted here."""
    return {
        one.id: RecordingFolder(there=PurePosixPath(one.recordings), here=one.recordings_here)
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
