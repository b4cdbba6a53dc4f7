"""Calls to and from a modem (27.007 §6, V.250 §6.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from simulators.modem import address as addresses
from simulators.modem.journal import Event

if TYPE_CHECKING:
    from simulators.modem.modem import Modem


class CallState(StrEnum):
    """How far a call is."""

    RINGING = "ringing"
    DIALLING = "dialling"
    ALERTING = "alerting"
    ACTIVE = "active"
    ENDED = "ended"


# The numbers of +CLCC.
_LISTED = {
    CallState.ACTIVE: 0,
    CallState.DIALLING: 2,
    CallState.ALERTING: 3,
    CallState.RINGING: 4,
}


@dataclass(slots=True, kw_only=True)
class Call:
    """One call, from the modem's side."""

    call: str
    peer: str
    incoming: bool
    withheld: bool = False
    state: CallState
    rings_left: int = 0
    rings: int = 0
    interval_s: float = 1.0
    talk_s: float | None = None
    answered_s: float | None = None
    ended_by: str = ""
    peer_line: Line | None = None
    peer_call: Call | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """How somebody calls."""

    peer: str
    rings: int = 3
    withheld: bool = False
    interval_s: float | None = None
    talk_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FarEnd:
    """What becomes of calls to numbers outside."""

    outcome: str = "answer"
    answer_s: float = 2.0
    talk_s: float | None = None


class Line:
    """The one voice line of a modem."""

    def __init__(self, modem: Modem) -> None:
        self._modem = modem
        self._timer: asyncio.TimerHandle | None = None
        self.call: Call | None = None
        self.history: list[Call] = []
        self.far_end = FarEnd()

    @property
    def free(self) -> bool:
        """Whether a call can come or go."""
        return self.call is None

    def ring(self, ringing: Ringing) -> Call:
        """A call comes in; the line must be free."""
        call = Call(
            call=self._modem.next_message(),
            peer=ringing.peer,
            incoming=True,
            withheld=ringing.withheld,
            state=CallState.RINGING,
            rings_left=ringing.rings,
            interval_s=ringing.interval_s or self._modem.profile.ring_interval_s,
            talk_s=ringing.talk_s,
        )
        self._begin(call)
        self._ring_once(call)
        return call

    def answer(self) -> bool:
        """ATA: whether there was a call to answer."""
        call = self.call
        if call is None or call.state is not CallState.RINGING:
            return False
        self._connected(call)
        if call.peer_line and call.peer_call:
            call.peer_line.peer_answered(call.peer_call)
        return True

    def dial(self, number: str) -> Call:
        """ATD: place a call; the line must be free."""
        call = Call(
            call=self._modem.next_message(), peer=number, incoming=False, state=CallState.DIALLING
        )
        self._begin(call)
        self._tell(self._modem.profile.calls.dialling)
        other = self._modem.network.line_of(number)
        if other is not None and other is not self:
            self._connect_within(call, other)
        else:
            self._later(self.far_end.answer_s / 2, self._far_end_rings, call)
        return call

    def hang_up(self) -> None:
        """ATH: end what there is."""
        if self.call:
            self._end(self.call, "modem", tell=False)

    def caller_gives_up(self) -> bool:
        """The far end hangs up: whether there was a call."""
        if self.call is None:
            return False
        self._end(self.call, "far end", tell=True)
        return True

    def drop(self) -> None:
        """Power or network is gone."""
        if self.call:
            self._end(self.call, "network", tell=self._modem.device.plugged)

    def tone(self, digits: str) -> None:
        """AT+VTS: DTMF to the far end."""
        if self.call:
            self._modem.journal.write(Event.CALL, self.call.call, state="tone", tones=digits)

    def listed(self) -> list[str]:
        """The lines of +CLCC."""
        call = self.call
        if call is None or call.state is CallState.ENDED:
            return []
        number = addresses.address_of(call.peer or "0")
        shown = "" if call.withheld else f',"{number.number}",{number.type}'
        direction = 1 if call.incoming else 0
        return [f"+CLCC: 1,{direction},{_LISTED[call.state]},0,0{shown}"]

    def peer_answered(self, call: Call) -> None:
        """The called modem answered."""
        if call is self.call:
            self._connected(call)

    def _begin(self, call: Call) -> None:
        self.call = call
        self.history.append(call)
        self._modem.journal.write(
            Event.CALL, call.call, state=call.state, peer=call.peer, incoming=call.incoming
        )

    def _ring_once(self, call: Call) -> None:
        if call is not self.call or call.state is not CallState.RINGING:
            return
        if call.rings_left == 0:
            self._end(call, "caller", tell=True)
            return
        call.rings_left -= 1
        settings, session = self._modem.settings, self._modem.session
        ring = "+CRING: VOICE" if settings.extended_ring else "RING"
        session.unsolicited_results((ring, _caller_line(call)) if settings.caller_line else (ring,))
        call.rings += 1
        if settings.registers[0] and call.rings >= settings.registers[0]:
            self.answer()
        else:
            self._later(call.interval_s, self._ring_once, call)

    def _connect_within(self, call: Call, other: Line) -> None:
        if not other.free or not other.reachable:
            self._later(self.far_end.answer_s, self._refused, call, "BUSY")
            return
        call.peer_line = other
        self._tell(self._modem.profile.calls.alerting)
        call.state = CallState.ALERTING
        call.peer_call = other.ring(Ringing(peer=self._modem.identity.number, rings=60))
        call.peer_call.peer_line, call.peer_call.peer_call = self, call

    @property
    def reachable(self) -> bool:
        """Whether calls reach this modem."""
        return self._modem.reachable

    def _far_end_rings(self, call: Call) -> None:
        if call is not self.call:
            return
        if self.far_end.outcome in {"answer", "no_answer"}:
            self._tell(self._modem.profile.calls.alerting)
            call.state = CallState.ALERTING
        self._later(self.far_end.answer_s / 2, self._far_end_reacts, call)

    def _far_end_reacts(self, call: Call) -> None:
        if call is not self.call:
            return
        if self.far_end.outcome != "answer":
            codes = {"busy": "BUSY", "no_answer": "NO ANSWER", "no_carrier": "NO CARRIER"}
            self._refused(call, codes[self.far_end.outcome])
            return
        call.talk_s = self.far_end.talk_s
        self._connected(call)

    def _refused(self, call: Call, code: str) -> None:
        if call is not self.call:
            return
        self._end(call, code.lower(), tell=False)
        ended = self._modem.profile.calls.ended
        lines = (code,) if ended == ("NO CARRIER",) else ended
        self._tell(tuple(line.format(0) for line in lines))

    def _connected(self, call: Call) -> None:
        self._cancel()
        call.state = CallState.ACTIVE
        call.answered_s = asyncio.get_running_loop().time()
        self._modem.journal.write(Event.CALL, call.call, state=call.state, peer=call.peer)
        if not call.incoming:
            self._tell(self._modem.profile.calls.connected)
        if call.talk_s is not None:
            self._later(call.talk_s, self._talked_out, call)

    def _talked_out(self, call: Call) -> None:
        if call is self.call:
            self._end(call, "far end", tell=True)

    def _end(self, call: Call, by: str, *, tell: bool) -> None:
        self._cancel()
        call.state, call.ended_by, self.call = CallState.ENDED, by, None
        now = asyncio.get_running_loop().time()
        talked_s = 0 if call.answered_s is None else round(now - call.answered_s)
        self._modem.journal.write(
            Event.CALL, call.call, state=call.state, peer=call.peer, by=by, talked_s=talked_s
        )
        if tell:
            self._tell(tuple(line.format(talked_s) for line in self._modem.profile.calls.ended))
        if call.peer_line and call.peer_call and call.peer_call is call.peer_line.call:
            call.peer_line.caller_gives_up()

    def _tell(self, lines: tuple[str, ...]) -> None:
        if lines:
            self._modem.session.unsolicited_results(lines)

    def _later(self, delay_s: float, action: Callable[..., None], *arguments: object) -> None:
        self._cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(delay_s, action, *arguments)

    def _cancel(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


def _caller_line(call: Call) -> str:
    """+CLIP, 27.007 §7.11; validity 1 is a withheld number."""
    if call.withheld:
        return '+CLIP: "",128,"",0,"",1'
    caller = addresses.address_of(call.peer)
    return f'+CLIP: "{caller.number}",{caller.type},"",0,"",0'
