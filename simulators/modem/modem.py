"""One simulated modem: its parts, and how power, SIM and network act on them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from simulators.modem import address as addresses
from simulators.modem import dialect
from simulators.modem.arrivals import Arrivals
from simulators.modem.device import Device
from simulators.modem.dialect import Handler
from simulators.modem.errors import (
    CMS_SIM_BUSY,
    CMS_SIM_PIN,
    CMS_SIM_PUK,
    SIM_BUSY,
    SIM_FAILURE,
    SIM_PIN,
    SIM_PUK,
    AtError,
    CmeError,
    CmsError,
)
from simulators.modem.faults import Fault, FaultKind, Faults
from simulators.modem.journal import Event, Journal
from simulators.modem.network import Network, ReportPolicy
from simulators.modem.parser import Command
from simulators.modem.phonebook import Phonebook
from simulators.modem.profiles import Profile
from simulators.modem.radio import Radio, system_time
from simulators.modem.replies import Reply
from simulators.modem.sent import SentLog
from simulators.modem.session import Session, UnknownCommandError
from simulators.modem.settings import Settings
from simulators.modem.sim_card import Lock, SimCard
from simulators.modem.storage import Storage
from simulators.modem.ussd import ServiceCodes
from simulators.modem.voice import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a modem is."""

    index: int
    number: str
    imei: str
    imsi: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What a modem is made of."""

    identity: Identity
    profile: Profile
    journal: Path
    link: Path | None = None
    pin: str | None = None
    submit_delay_s: float | None = None
    service_centre: str = "+905320000000"
    utc: Callable[[], datetime] = system_time


class Modem:
    """A modem on a pseudo-terminal; memories and SIM outlive its power."""

    def __init__(self, build: Build, network: Network) -> None:
        self.identity = build.identity
        self.profile = build.profile
        self.network = network
        self._utc = build.utc
        self.service_centre = build.service_centre
        given = build.submit_delay_s
        self.submit_delay_s = self.profile.submit_delay_s if given is None else given
        self.report_policy = ReportPolicy()
        self.journal = Journal(build.journal)
        self.sim = SimCard(build.pin)
        self.storage = Storage(
            dict(self.profile.memories), self.profile.first_index, self.profile.joined
        )
        self.selected = list(self.profile.selected)
        self.settings = self.default_settings()
        self.stored_settings = self.default_settings()
        self.commands: Mapping[str, Handler] = MappingProxyType(dialect.commands(self.profile))
        self.faults = Faults(self._fault_began, self._fault_ended)
        self.sent = SentLog()
        self.phonebook = Phonebook()
        self.radio = Radio(self._radio_changed, build.utc)
        self.radio.sim_ready = self.sim.ready
        self.session = Session(self, self._write)
        self.device = Device(build.link, self.session.received)
        self.line = Line(self)
        self.ussd = ServiceCodes(self)
        self.arrivals = Arrivals(self)
        self._registration = self.radio.registration
        self._sim_busy_until_s = 0.0
        self._timers: set[asyncio.TimerHandle] = set()
        self._chatter_place = 0
        self._messages = self.journal.number
        self._reference = 0
        self._concatenation = 0
        network.attach(self)

    def clock(self) -> float:
        """Seconds since the epoch, by the same clock."""
        return self._utc().timestamp()

    @property
    def reachable(self) -> bool:
        """Whether the network finds the modem."""
        return self.radio.registered and self.device.plugged and FaultKind.HANG not in self.faults

    def start(self) -> None:
        """Plug in."""
        self.device.plug()
        self.journal.write(Event.STARTED, device=self.device.name, profile=self.profile.name)
        self._schedule_chatter()

    def stop(self) -> None:
        """Unplug for good."""
        self.faults.clear()
        self._power_off()
        self.device.unplug()
        self.journal.close()

    def unplug(self) -> None:
        """Take the device away; what was being submitted is lost."""
        if not self.device.plugged:
            return
        self._power_off()
        self.device.unplug()
        self.journal.write(Event.DEVICE, state="unplugged")

    def replug(self) -> None:
        """Bring the device back, freshly powered."""
        if self.device.plugged:
            return
        self.device.plug()
        self.journal.write(Event.DEVICE, state="plugged", device=self.device.name)
        self._power_on(greet=not self.profile.boot_before_ok)

    def restart(self, *, greet: bool = True) -> None:
        """AT+CFUN=1,1 or a crash of the firmware; the device stays."""
        self._power_off()
        self.journal.write(Event.DEVICE, state="restarted")
        self._power_on(greet=greet)

    def default_settings(self) -> Settings:
        """The settings that AT&F brings."""
        switches = dialect.switch_defaults(self.profile)
        return Settings(indications=self.profile.indications, switches=switches)

    def perform(self, command: Command) -> Reply:
        """Carry out one command."""
        handler = self.commands.get(command.name)
        if not self.sim.ready and command.name not in dialect.WITHOUT_PIN:
            raise self._locked(command.name)
        if handler is None:
            raise UnknownCommandError
        if self.faults:
            fault = self.faults.take(FaultKind.CME_ERROR, (command.name,))
            if fault:
                raise CmeError(fault.code)
        if self._sim_busy_until_s and command.name in dialect.ON_SIM:
            self._check_sim_is_free(command.name)
        return handler(self, command)

    def next_message(self) -> str:
        """A name for the next message or call, unique in the process's journals."""
        self._messages += 1
        return f"{self.identity.index}.{self._messages}"

    def next_reference(self) -> int:
        """The TP-MR that the modem gives the next submission."""
        self._reference = self._reference % 255 + 1
        return self._reference

    def next_concatenation(self) -> int:
        """The concatenation reference of the next long message that comes in."""
        self._concatenation = self._concatenation % 255 + 1
        return self._concatenation

    def service_centre_field(self) -> bytes:
        """The service centre before what the network brings."""
        address = addresses.address_of(self.service_centre or "0")
        return addresses.encode_service_centre(address)

    def sim_unlocked(self) -> None:
        """The right PIN was entered."""
        loop = asyncio.get_running_loop()
        if self.profile.sim_busy_s:
            self._sim_busy_until_s = loop.time() + self.profile.sim_busy_s
        if not self.profile.tells_unlock:
            self.radio.unlock_silently()
            self._registration = self.radio.registration
        self.radio.set_sim_ready(ready=True)
        self._after(self.profile.ready_delay_s, self._tell_lines, self.profile.ready_lines)

    def sim_locked(self) -> None:
        """The SIM asks again."""
        self.radio.set_sim_ready(ready=False)

    def tell_full(self, memory: str) -> None:
        """Some modems say that a message waits for room."""
        if self.profile.full_line:
            self.session.unsolicited([self.profile.full_line.format(memory=memory)])

    def soon(self, action: Callable[[], None]) -> None:
        """Run after the answer that is being made."""
        asyncio.get_running_loop().call_soon(action)

    def storm(self) -> None:
        """Send the next lines of an URC storm, and arrange for more."""
        fault = self.faults.get(FaultKind.URC_STORM)
        if fault is None:
            return
        self.session.unsolicited_results(fault.lines)
        self._after(fault.interval_ms / 1000, self.storm)

    def _write(self, data: bytes) -> None:
        if self.device.plugged:
            self.device.write(data)

    def _locked(self, name: str) -> AtError:
        lock = self.sim.lock
        if lock is Lock.BLOCKED:
            return CmeError(SIM_FAILURE)
        if name in dialect.MESSAGE_COMMANDS:
            return CmsError(CMS_SIM_PUK if lock is Lock.PUK else CMS_SIM_PIN)
        return CmeError(SIM_PUK if lock is Lock.PUK else SIM_PIN)

    def _check_sim_is_free(self, name: str) -> None:
        if asyncio.get_running_loop().time() >= self._sim_busy_until_s:
            self._sim_busy_until_s = 0.0
        elif name in dialect.SUBMIT_COMMANDS:
            raise CmsError(CMS_SIM_BUSY)
        else:
            raise CmeError(SIM_BUSY)

    def _power_off(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self.line.drop()
        self.ussd.cancel()
        self.session.reset()
        self.arrivals.power_lost()

    def _power_on(self, *, greet: bool) -> None:
        self.settings = self.stored_settings.copy()
        self.selected = list(self.profile.selected)
        self._sim_busy_until_s = 0.0
        self.sim.power_cycle()
        self.radio.functionality = 1
        self.radio.set_sim_ready(ready=self.sim.ready)
        self._after(self.profile.boot_delay_s, self._boot, greet)
        self._schedule_chatter()

    def _boot(self, greet: bool) -> None:
        lines = tuple(line.format(lock=self.sim.lock) for line in self.profile.boot_lines)
        if greet:
            self._tell_lines(lines)
        if self.sim.ready:
            self.sim_unlocked()

    def _tell_lines(self, lines: tuple[str, ...]) -> None:
        for line in lines:
            self.session.unsolicited([line])

    def _after(self, delay_s: float, action: Callable[..., None], *arguments: object) -> None:
        """Run later, unless the power goes first."""

        def run() -> None:
            self._timers.discard(timer)
            action(*arguments)

        timer = asyncio.get_running_loop().call_later(delay_s, run)
        self._timers.add(timer)

    def _schedule_chatter(self) -> None:
        if self.profile.chatter_interval_s:
            self._after(self.profile.chatter_interval_s, self._chatter)

    def _chatter(self) -> None:
        """What some makes say without reason."""
        switch = self.profile.chatter_switch
        if not switch or self.settings.switches.get(switch) != "0":
            lines = self.profile.chatter
            self.session.unsolicited([lines[self._chatter_place % len(lines)]])
            self._chatter_place += 1
        self._schedule_chatter()

    def _radio_changed(self) -> None:
        registration = self.radio.registration
        if registration != self._registration:
            self._registration = registration
            self._tell_registration(registration)
            if not self.radio.registered:
                self.line.drop()
        self.soon(self.arrivals.pump)

    def _tell_registration(self, registration: int) -> None:
        for name, level in self.settings.registration_reports.items():
            if level:
                place = self.radio.coverage
                where = f',"{place.area}","{place.cell}"'
                detail = where if level == 2 and self.radio.registered else ""
                self.session.unsolicited([f"{name}: {registration}{detail}"])

    def _fault_began(self, fault: Fault) -> None:
        self.journal.write(Event.FAULT, kind=fault.kind, state="began")
        if fault.kind is FaultKind.UNPLUG:
            self.unplug()
        elif fault.kind is FaultKind.NO_NETWORK:
            self.radio.set_lost(lost=True)
        elif fault.kind is FaultKind.HANG:
            self.session.reset()
        elif fault.kind is FaultKind.STORAGE_FULL:
            self._block_memories(fault.memory)
        elif fault.kind is FaultKind.URC_STORM:
            self.storm()

    def _fault_ended(self, fault: Fault) -> None:
        self.journal.write(Event.FAULT, kind=fault.kind, state="ended")
        if fault.kind is FaultKind.UNPLUG:
            self.replug()
        elif fault.kind is FaultKind.NO_NETWORK:
            self.radio.set_lost(lost=False)
        elif fault.kind is FaultKind.STORAGE_FULL:
            self._block_memories(None)
        self.soon(self.arrivals.pump)

    def _block_memories(self, name: str | None) -> None:
        for memory in self.storage.memories.values():
            memory.blocked = name is not None and name in {"", memory.name}
