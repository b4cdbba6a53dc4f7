"""Messages on their way into a modem: held by the network, stored, or pushed to the client."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from simulators.modem import pdu
from simulators.modem.journal import Event
from simulators.modem.message_lines import pushed_lines
from simulators.modem.storage import Memory, Status, StoredMessage
from simulators.modem.user_data import coding_scheme

if TYPE_CHECKING:
    from simulators.modem.modem import Modem

# 24.011: how long the network waits for an acknowledgement before it calls a delivery failed.
ACKNOWLEDGE_TIMEOUT_S = 15.0
_INDICATION_BUFFER = 100  # indications kept in CNMI mode 0; the oldest is discarded (27.005 §3.4.1)


class Outcome(StrEnum):
    """How a delivery ended for the sender."""

    DELIVERED = "delivered"
    EXPIRED = "expired"


@dataclass(slots=True, kw_only=True)
class Arrival:
    """One TPDU that the service centre wants to deliver."""

    message: str
    service_centre: bytes
    tpdu: bytes
    memory: str | None = None
    expires_s: float | None = None
    settled: Callable[[Outcome], None] | None = None
    held: bool = False

    @property
    def is_report(self) -> bool:
        """Whether it is a status report."""
        return self.tpdu[0] & pdu.TYPE_MASK == pdu.REPORT


class _Route(StrEnum):
    STORE = "store"
    PUSH = "push"
    DISCARD = "discard"


class Arrivals:
    """The service centre's queue for one modem, emptied in order as the modem takes messages."""

    def __init__(self, modem: Modem) -> None:
        self._modem = modem
        self._queue: deque[Arrival] = deque()
        self._indications: deque[str] = deque(maxlen=_INDICATION_BUFFER)
        self._unacknowledged: Arrival | None = None
        self._timeout: asyncio.TimerHandle | None = None
        self._wake: asyncio.TimerHandle | None = None
        self.acknowledge_timeout_s = ACKNOWLEDGE_TIMEOUT_S

    @property
    def held(self) -> int:
        """How many messages the service centre still keeps."""
        return len(self._queue)

    @property
    def awaits_acknowledgement(self) -> bool:
        """Whether a pushed message waits for AT+CNMA."""
        return self._unacknowledged is not None

    def offer(self, arrival: Arrival) -> None:
        """Deliver now, or as soon as the modem can take it."""
        self._modem.journal.write(
            Event.ARRIVED,
            arrival.message,
            report=arrival.is_report,
            pdu=(arrival.service_centre + arrival.tpdu).hex().upper(),
        )
        self._queue.append(arrival)
        self.pump()

    def pump(self) -> None:
        """Deliver what can be delivered."""
        while self._queue and not self._unacknowledged:
            arrival = self._queue[0]
            if self._expired(arrival):
                self._queue.popleft()
                continue
            reason = self._obstacle(arrival)
            if reason:
                self._hold(arrival, reason)
                return
            self._queue.popleft()
            self._deliver(arrival)

    def acknowledge(self, *, accepted: bool) -> None:
        """AT+CNMA; the caller has checked that one is expected."""
        arrival = self._unacknowledged
        if arrival is None:
            return
        self._stop_waiting()
        if accepted:
            self._modem.journal.write(Event.ACKNOWLEDGED, arrival.message)
            _settle(arrival, Outcome.DELIVERED)
        else:
            self._modem.journal.write(Event.NOT_ACKNOWLEDGED, arrival.message, by="client")
            loop = asyncio.get_running_loop()
            loop.call_later(self.acknowledge_timeout_s, self._again, arrival)
        self._modem.soon(self.pump)

    def indications_changed(self) -> None:
        """AT+CNMI: buffered indications are told or dropped, waiting messages may move."""
        indications = self._modem.settings.indications
        if indications.mode:
            buffered, self._indications = self._indications, deque(maxlen=_INDICATION_BUFFER)
            if not indications.buffer:
                for line in buffered:
                    self._modem.session.unsolicited([line])
        self._modem.soon(self.pump)

    def power_lost(self) -> None:
        """The modem lost its power: what was pushed but not acknowledged comes again."""
        self._indications.clear()
        if self._unacknowledged:
            self._queue.appendleft(self._unacknowledged)
            self._stop_waiting()

    def _obstacle(self, arrival: Arrival) -> str:
        if not self._modem.reachable:
            return "unreachable"
        if self._route(arrival) is _Route.STORE and self._memory(arrival) is None:
            return "memory full"
        return ""

    def _hold(self, arrival: Arrival, reason: str) -> None:
        if not arrival.held:
            arrival.held = True
            self._modem.journal.write(Event.HELD, arrival.message, reason=reason)
            if reason == "memory full":
                self._modem.tell_full(self._target(arrival))
        if arrival.expires_s is not None and self._wake is None:
            loop = asyncio.get_running_loop()
            self._wake = loop.call_at(arrival.expires_s, self._wake_up)

    def _wake_up(self) -> None:
        self._wake = None
        self.pump()

    def _expired(self, arrival: Arrival) -> bool:
        if arrival.expires_s is None or asyncio.get_running_loop().time() < arrival.expires_s:
            return False
        self._modem.journal.write(Event.EXPIRED, arrival.message)
        _settle(arrival, Outcome.EXPIRED)
        return True

    def _route(self, arrival: Arrival) -> _Route:
        indications = self._modem.settings.indications
        if arrival.is_report:
            return (_Route.DISCARD, _Route.PUSH, _Route.STORE)[indications.reports]
        if indications.mode == 0:
            return _Route.STORE
        message_class = _message_class(arrival.tpdu)
        pushed = indications.messages == 2 and message_class != 2
        if pushed or (indications.messages == 3 and message_class == 3):
            return _Route.PUSH
        return _Route.STORE

    def _target(self, arrival: Arrival) -> str:
        """The memory's name as the client selected it."""
        if arrival.memory:
            return arrival.memory
        if arrival.is_report and self._modem.profile.report_memory:
            return self._modem.profile.report_memory
        return self._modem.selected[2]

    def _memory(self, arrival: Arrival) -> Memory | None:
        return self._modem.storage.with_room(self._target(arrival))

    def _deliver(self, arrival: Arrival) -> None:
        route = self._route(arrival)
        if route is _Route.STORE:
            self._store(arrival)
        elif route is _Route.PUSH:
            self._push(arrival)
            return
        else:
            self._modem.journal.write(Event.DISCARDED, arrival.message, reason="CNMI ds=0")
        _settle(arrival, Outcome.DELIVERED)

    def _store(self, arrival: Arrival) -> None:
        memory = self._memory(arrival)
        if memory is None:
            return
        stored = StoredMessage(
            message=arrival.message,
            status=Status.UNREAD,
            service_centre=arrival.service_centre,
            tpdu=arrival.tpdu,
        )
        index = memory.put(stored)
        self._modem.journal.write(
            Event.STORED,
            arrival.message,
            memory=memory.name,
            index=index,
            report=arrival.is_report,
            pdu=arrival.tpdu.hex().upper(),
        )
        name = self._target(arrival)
        self._indicate(arrival, name, self._modem.storage.shown_index(name, memory, index))

    def _indicate(self, arrival: Arrival, memory: str, index: int) -> None:
        indications = self._modem.settings.indications
        if not arrival.is_report and not indications.messages:
            return
        line = f'{"+CDSI" if arrival.is_report else "+CMTI"}: "{memory}",{index}'
        if indications.mode == 0:
            self._indications.append(line)
        else:
            self._modem.session.unsolicited([line])

    def _push(self, arrival: Arrival) -> None:
        modem = self._modem
        modem.journal.write(
            Event.PUSHED,
            arrival.message,
            report=arrival.is_report,
            client=modem.device.open,
            pdu=arrival.tpdu.hex().upper(),
        )
        waits = modem.settings.message_service == 1
        if waits:
            self._unacknowledged = arrival
            loop = asyncio.get_running_loop()
            self._timeout = loop.call_later(self.acknowledge_timeout_s, self._not_acknowledged)
        else:
            _settle(arrival, Outcome.DELIVERED)
        modem.session.unsolicited(
            pushed_lines(arrival.service_centre, arrival.tpdu, modem.settings)
        )

    def _not_acknowledged(self) -> None:
        """27.005 §3.4.1: routing to the client is switched off; the message comes again."""
        arrival = self._unacknowledged
        if arrival is None:
            return
        self._stop_waiting()
        self._modem.journal.write(Event.NOT_ACKNOWLEDGED, arrival.message, by="timeout")
        settings = self._modem.settings
        settings.indications = replace(settings.indications, messages=0, reports=0)
        if not arrival.is_report:
            self._queue.appendleft(arrival)
        self.pump()

    def _again(self, arrival: Arrival) -> None:
        self._queue.append(arrival)
        self.pump()

    def _stop_waiting(self) -> None:
        self._unacknowledged = None
        if self._timeout:
            self._timeout.cancel()
            self._timeout = None


def _settle(arrival: Arrival, outcome: Outcome) -> None:
    if arrival.settled:
        arrival.settled(outcome)


def _message_class(tpdu: bytes) -> int | None:
    decoded = pdu.decode_terminated(tpdu)
    return (
        coding_scheme(decoded.body.dcs).message_class if isinstance(decoded, pdu.Deliver) else None
    )
