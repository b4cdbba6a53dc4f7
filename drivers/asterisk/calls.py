"""One call on the PBX: its legs, what happened to it, and the record that people read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from drivers.asterisk.causes import leg_outcome
from drivers.asterisk.channels import Channel
from drivers.asterisk.dial_strings import MAX_EXTENSION, dialable
from gateway.calls.model import (
    CallDirection,
    CallOutcome,
    CallRecord,
    CallState,
    Doing,
    Party,
    Transfer,
    TransferKind,
)

MAX_LEGS = 200
MAX_TRANSFERS = 100
MAX_DIGITS = 64
_DOUBLED_S = 1.0
"""A transfer told twice within this time is one."""
_ALIKE = frozenset({CallOutcome.BUSY, CallOutcome.DECLINED, CallOutcome.FAILED})
"""What a call is told as when it is all that came of those who were rung."""


@dataclass(slots=True)
class Passing:
    """A transfer that is under way, or was."""

    kind: TransferKind
    source: str
    target: str
    moved: str = ""
    """The channel that is passed on."""
    answered: bool = False
    cancelled: bool = False
    open: bool = True
    parted: bool = False
    """Who is passed on has left who passes him on."""
    at: float = 0.0

    def same(self, other: Passing) -> bool:
        """Tell whether two events speak of one transfer."""
        mine = (self.kind, self.source, self.moved)
        alike = mine == (other.kind, other.source, other.moved)
        return alike and other.target in {"", self.target}

    def told_early(self, other: Passing, now: float) -> bool:
        """Tell whether this is what a blind transfer brought about, seen before that was told.

        It was taken for a program's redirect then; one into the car park stays what it is.
        """
        if self.moved != other.moved or now - self.at >= _DOUBLED_S:
            return False
        redirected = self.kind is TransferKind.REDIRECT and self.target == other.target
        return redirected or self.kind is TransferKind.PARK


@dataclass(slots=True)
class Consultation:
    """A telephone that left the customer waiting to ask somebody first."""

    source: str
    """Channel of who asks."""
    home: str
    """Bridge in which the customer waits."""
    target: str
    local: str
    """The Local channel's half that stands for who is asked."""


@dataclass(slots=True)
class Call:
    """All that is known of one call."""

    id: str
    root: Channel
    """Who made the call, or was rung first for it."""
    started_at: float
    legs: dict[str, Channel] = field(default_factory=dict)
    passings: list[Passing] = field(default_factory=list)
    consultations: dict[str, Consultation] = field(default_factory=dict)
    did: str = ""
    answered_by: Channel | None = None
    answered_at: float | None = None
    last_with: str = ""
    """Party that the customer spoke with last."""
    ringing_from: float | None = None
    click: bool = False
    wanted: str = ""
    """What was dialled."""
    queue: str = ""
    queued_at: float | None = None
    wait_s: float = 0.0
    gave_up: bool = False
    """Left the queue without an answer."""
    cancelled: bool = False
    """What the caller had dialled was given up, and nothing was dialled since."""
    digits: str = ""
    voicemail: bool = False
    fax: bool = False
    together: set[str] = field(default_factory=set)
    """Channels of those who hear one another, when that was last settled."""
    three_since: float | None = None
    """Since when three hear one another."""
    conference: bool = False
    parked: str = ""
    recording: str = ""
    hung_up_by: str = ""
    lost: str = ""
    """Why its end was not seen, where it was not."""
    adopted: bool = False
    """A snapshot showed it; how it began was not seen."""
    ended_at: float | None = None
    waits_told_at: float = 0.0
    """When an event last spoke of a queue or a car park."""
    linked: set[str] = field(default_factory=set)
    """Linkedids that lead to it."""
    offline: dict[str, None] = field(default_factory=dict)
    """Telephones that were to be rung, and are not there."""
    ended_here: bool = False
    """Somebody ended it from the screen."""

    @property
    def people(self) -> list[Channel]:
        """The legs behind which a telephone or a line is, in the order in which they came."""
        return [leg for leg in self.legs.values() if leg.real]

    @property
    def from_outside(self) -> bool:
        """Tell whether somebody beyond the line made it."""
        return self.root.real and not self.root.internal

    @property
    def customer(self) -> Channel | None:
        """The leg beyond the line: who called from outside, or the one outside who was called."""
        if self.from_outside:
            return self.root
        outside = [leg for leg in self.people if not leg.internal]
        return next((leg for leg in outside if leg.talks), outside[0] if outside else None)

    @property
    def reachable(self) -> Channel:
        """The leg that somebody acts on: the customer's that lives, else who called."""
        outside = [leg for leg in self.people if not leg.internal and leg.ended_at is None]
        return next((leg for leg in outside if leg.talks), outside[0] if outside else self.root)

    @property
    def first(self) -> Channel:
        """The first living channel, also a Local one."""
        return next((leg for leg in self.legs.values() if leg.ended_at is None), self.root)

    def add(self, leg: Channel) -> None:
        """Take in a leg; beyond the bound the oldest ended one is forgotten."""
        self.legs[leg.uid] = leg
        leg.call = self.id
        if len(self.legs) > MAX_LEGS:
            kept = (self.root, self.customer, self.answered_by)
            over = [one for one in self.legs.values() if one.ended_at is not None]
            over = [one for one in over if all(one is not keep for keep in kept)]
            for old in sorted(over, key=lambda one: bool(one.talks))[:1]:
                del self.legs[old.uid]

    def absorb(self, other: Call) -> None:
        """Become one with a call that turned out to be part of this one."""
        for leg in other.legs.values():
            self.add(leg)
        self.passings += other.passings
        self.consultations.update(other.consultations)
        self.queue = self.queue or other.queue
        self.recording = self.recording or other.recording
        self.last_with = self.last_with or other.last_with
        self.conference = self.conference or other.conference
        self.offline |= other.offline

    @property
    def alive(self) -> bool:
        """Tell whether a channel of it lives."""
        return any(leg.ended_at is None for leg in self.legs.values())

    def leave_queue(self, now: float) -> None:
        """Note that the caller waits in no queue any more."""
        if self.queued_at is not None:
            self.wait_s += max(0.0, now - self.queued_at)
            self.queued_at = None

    def press(self, digit: str) -> None:
        """Note a key that the caller pressed on his way through a menu."""
        if len(self.digits) < MAX_DIGITS:
            self.digits += digit

    def pass_on(self, passing: Passing, now: float) -> None:
        """Note a transfer, once however often it is told; the one before it is over."""
        passing.at = now
        last = self.passings[-1] if self.passings else None
        if last is not None and last.same(passing) and now - last.at < _DOUBLED_S:
            return
        for before in self.passings:
            before.open = False
        if len(self.passings) < MAX_TRANSFERS:
            self.passings.append(passing)

    def record(self, now: float) -> CallRecord:
        """Return the call as people read it."""
        talking = [self.customer] if self.customer is not None else self.people
        outcome, reason = self._outcome()
        direction = self._direction()
        return CallRecord(
            id=self.id,
            state=self._state(),
            direction=direction,
            caller=self.root.party,
            caller_name=self.root.person,
            did=self.did if direction is CallDirection.IN else "",
            callee=self.callee if direction is not CallDirection.IN else "",
            started_at=_moment(self.started_at),
            ended_at=None if self.ended_at is None else _moment(self.ended_at),
            answered_by=None if self.answered_by is None else self.answered_by.party,
            final_party=self._final(),
            outcome=outcome,
            reason=reason,
            ring_s=_span(self.ringing_from, self._ring_end(now)),
            talk_s=round(_union(talking, self.started_at, now), 3),
            wait_s=round(self.wait_s, 3),
            queue=self.queue,
            digits=self.digits,
            hangup_cause=self._cause(),
            hung_up_by=self.hung_up_by,
            click_to_call=self.click,
            conference=self.conference,
            recording=self.recording,
            asks=next((one.target for one in self.consultations.values()), ""),
            transfers=tuple(
                Transfer(
                    kind=one.kind, from_party=one.source, to_party=one.target,
                    answered=one.answered, cancelled=one.cancelled,
                )
                for one in self.passings
            ),
            parties=(
                *(self._party(leg, now) for leg in self.people), *map(_absent, self.offline),
            ),
            partial=self.adopted,
        )  # fmt: skip

    @property
    def callee(self) -> str:
        """What the caller wanted to reach: the number outside, else the extension."""
        called = [leg for leg in self.people if leg.called and leg is not self.root]
        outside = next((leg.party for leg in called if not leg.internal), "")
        wanted = self.wanted if dialable(self.wanted) else ""
        return outside or wanted or (called[0].party if called else "")

    def _state(self) -> CallState:
        if self.ended_at is not None:
            return CallState.ENDED
        if self.parked:
            return CallState.PARKED
        if any(leg.held_at is not None for leg in self.people):
            return CallState.HELD
        talking = any(leg.talks and len(leg.talks[-1]) == 1 for leg in self.people)
        return CallState.TALKING if talking else CallState.RINGING

    def _direction(self) -> CallDirection:
        if self.from_outside and not self.click:
            return CallDirection.IN
        outside = self.customer is not None or (
            self.click and dialable(self.wanted) and len(self.wanted) > MAX_EXTENSION
        )
        return CallDirection.OUT if outside else CallDirection.INTERNAL

    def _outcome(self) -> tuple[CallOutcome, str]:
        if self.fax or self.answered_by is not None:
            return CallOutcome.FAX if self.fax else CallOutcome.ANSWERED, self.lost
        return (CallOutcome.VOICEMAIL, "") if self.voicemail else self._missed()

    def _missed(self) -> tuple[CallOutcome, str]:
        rung = [leg for leg in self.people if leg.called and leg is not self.root]
        if self.click and not rung:
            return CallOutcome.NO_ANSWER, "the agent did not answer his telephone"
        if self.gave_up and self.root.asked_to_end:
            return CallOutcome.ABANDONED, "the caller hung up in the queue"
        reached: set[CallOutcome] = {leg_outcome(leg, answered_elsewhere=False) for leg in rung}
        reached -= {CallOutcome.OFFLINE, CallOutcome.FORWARDED}
        if len(reached) == 1 and reached <= _ALIKE:
            return reached.pop(), ""
        return CallOutcome.NO_ANSWER, self.lost or self._why(rung, reached)

    @property
    def _hung_up(self) -> bool:
        """Tell whether the caller hung up: he is not told to have, where nobody listens for it."""
        return self.root.asked_to_end or (self.cancelled and not self.queue)

    def _why(self, rung: list[Channel], reached: set[CallOutcome]) -> str:
        if self.ended_here:
            return "it was ended from the screen"
        if self._hung_up:
            return "the caller hung up"
        if self.gave_up:
            return "nobody in the queue answered"
        if (rung or self.offline) and not reached:
            return "the telephone is offline"
        return "nobody answered" if rung else "nobody was rung"

    def _final(self) -> str | None:
        last = self.passings[-1] if self.passings else None
        if last is not None and not last.answered and not last.cancelled:
            return None
        answered = None if self.answered_by is None else self.answered_by.party
        wandered = self.from_outside or last is not None
        return self.last_with or answered if wandered else answered

    def _ring_end(self, now: float) -> float:
        ends = (self.answered_at, self._last_ring(), self.ended_at)
        return next((at for at in ends if at is not None), now)

    def _last_ring(self) -> float | None:
        ends = [leg.ended_at for leg in self.people if leg.called and leg.ended_at is not None]
        return max(ends) if ends else None

    def _cause(self) -> int:
        if self.root.ended_at is not None and self.root.cause:
            return self.root.cause
        ended = [leg for leg in self.people if leg.ended_at is not None and leg.cause]
        return max(ended, key=lambda leg: leg.ended_at or 0.0).cause if ended else 0

    def _party(self, leg: Channel, now: float) -> Party:
        ended = leg.ended_at if leg.ended_at is not None else now
        rang = leg.rang_at if leg.rang_at is not None else None
        first = leg.talks[0][0] if leg.talks else None
        up = [at for at in (leg.up_at, first) if at is not None]
        rung = leg.dialled_at if leg.dialled_at is not None else leg.created_at
        others = [other for other in self.people if other is not leg and other is not self.root]
        elsewhere = any(rung <= talk[0] <= ended + 1 for other in others for talk in other.talks)
        return Party(
            party=leg.party,
            internal=leg.internal,
            called=leg.called,
            outcome=leg_outcome(leg, answered_elsewhere=elsewhere),
            ring_s=_span(rang, min(up) if up else ended) if leg.called else 0.0,
            talk_s=round(_union([leg], self.started_at, now), 3),
            hold_s=round(leg.hold_s + (now - leg.held_at if leg.held_at is not None else 0.0), 3),
            hangup_cause=leg.cause,
            doing=_doing(leg),
        )


def _doing(leg: Channel) -> Doing:
    """Return what a leg's party does now."""
    if leg.ended_at is not None:
        return Doing.GONE
    if leg.held_at is not None:
        return Doing.HOLDING
    if leg.talks and len(leg.talks[-1]) == 1:
        return Doing.TALKING
    rings = leg.called and leg.up_at is None and not leg.talks
    return Doing.RINGING if rings else Doing.WAITING


def _absent(extension: str) -> Party:
    """Return the part of a telephone that was to be rung and is not there."""
    return Party(
        party=extension, internal=True, called=True, outcome=CallOutcome.OFFLINE,
        ring_s=0.0, talk_s=0.0, hold_s=0.0, hangup_cause=0,
    )  # fmt: skip


def _union(legs: list[Channel], since: float, now: float) -> float:
    """Return for how many seconds of a call at least one of these legs was heard."""
    spans = sorted(
        (talk[0], talk[1] if len(talk) > 1 else now) for leg in legs for talk in leg.talks
    )
    total, reached = sum(leg.talked_s for leg in legs), since
    for start, end in spans:
        if end > reached:
            total += end - max(start, reached)
            reached = end
    return total


def _span(start: float | None, end: float) -> float:
    return 0.0 if start is None else round(max(0.0, end - start), 3)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
