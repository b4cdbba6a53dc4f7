"""A call as people see it: who, with whom, how long, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CallDirection(StrEnum):
    """Who called whom, seen from the company."""

    IN = "in"
    OUT = "out"
    INTERNAL = "internal"


class CallState(StrEnum):
    """What a call does now."""

    RINGING = "ringing"
    """Nobody speaks: somebody is rung, or waits in a queue or a menu."""
    TALKING = "talking"
    HELD = "held"
    PARKED = "parked"
    ENDED = "ended"


class CallOutcome(StrEnum):
    """What became of a call, or of one party's part in it."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    DECLINED = "declined"
    OFFLINE = "offline"
    """The telephone is not registered, or did not react."""
    CANCELLED = "cancelled"
    """Who called hung up first."""
    ELSEWHERE = "answered_elsewhere"
    """Somebody else took it."""
    FORWARDED = "forwarded"
    """The telephone sent the call on by itself."""
    ABANDONED = "abandoned"
    """Hung up while waiting in a queue."""
    VOICEMAIL = "voicemail"
    FAX = "fax"
    FAILED = "failed"
    """The network or a telephone refused it."""


class TransferKind(StrEnum):
    """How a call was passed on."""

    BLIND = "blind"
    ATTENDED = "attended"
    REDIRECT = "redirect"
    """By a program (AMI Redirect), without a telephone's doing."""
    PARK = "park"
    FORWARD = "forward"
    """By the called telephone's own forwarding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A call passed on, or the attempt to."""

    kind: TransferKind
    from_party: str
    to_party: str
    answered: bool
    cancelled: bool = False
    """Taken back before it was done."""


class Doing(StrEnum):
    """What one party does in a call now."""

    RINGING = "ringing"
    TALKING = "talking"
    HOLDING = "holding"
    """He put the others on hold."""
    WAITING = "waiting"
    """On the line, and nobody hears him: in a queue, a menu, a car park, or while it rings."""
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One party's part in a call."""

    party: str
    """Extension, or the number beyond the trunk."""
    internal: bool
    called: bool
    """False for who made the call."""
    outcome: CallOutcome
    ring_s: float
    talk_s: float
    hold_s: float
    hangup_cause: int
    """Q.850; 0 when the network told none."""
    doing: Doing = Doing.GONE


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One call from its first ring to its last hang-up."""

    id: str
    """Asterisk's Linkedid of the oldest channel, unique with the PBX's name."""
    state: CallState
    direction: CallDirection
    caller: str
    """Number or extension; empty when withheld."""
    caller_name: str
    did: str
    """The line that was called: empty unless the call came in."""
    callee: str
    """What was dialled, where the call went out or stayed inside."""
    started_at: datetime
    ended_at: datetime | None
    answered_by: str | None
    final_party: str | None
    """Who had the customer at last; None when nobody had."""
    outcome: CallOutcome
    reason: str
    ring_s: float
    talk_s: float
    wait_s: float
    """In a queue."""
    queue: str
    digits: str
    """Pressed by the caller while nobody was on the line: his way through a menu."""
    hangup_cause: int
    hung_up_by: str
    click_to_call: bool
    conference: bool
    recording: str
    transfers: tuple[Transfer, ...]
    parties: tuple[Party, ...]
    asks: str = ""
    """Whom one of ours asks now, while the customer waits, before he passes him on."""
    partial: bool = False
    """It was taken up in the middle: how it began is not in this record."""

    @property
    def missed(self) -> bool:
        """Tell whether a customer called and nobody spoke with him."""
        over = self.ended_at is not None and self.direction is CallDirection.IN
        return over and self.outcome not in {
            CallOutcome.ANSWERED, CallOutcome.FAX,
        }  # fmt: skip


class CallChangeKind(StrEnum):
    """What changed in a call."""

    RINGING = "ringing"
    ANSWERED = "answered"
    CHANGED = "changed"
    """Held, parked, passed on, joined by others."""
    MERGED = "merged"
    """It turned out to be part of another call."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class CallChange:
    """A change in a call; the call itself is asked for by its id."""

    kind: CallChangeKind
    id: str
    party: str = ""
    """Who rings, or who answered; of a merged call, the id of the one it is now part of."""
    ended: CallRecord | None = None
    """The call as it was at its end."""


class TelephoneState(StrEnum):
    """What an extension's telephone does now."""

    FREE = "free"
    RINGING = "ringing"
    BUSY = "busy"
    DO_NOT_DISTURB = "do_not_disturb"
    """Its owner wants no calls, or makes a pause in his queues."""
    OFFLINE = "offline"


class DialState(StrEnum):
    """What became of a number that a user had dialled for him."""

    ASKED = "asked"
    """Written down, and the telephone system is being asked to ring the user's telephone."""
    ANSWERED = "answered"
    """The user picked up, and the number was dialled: the call tells the rest."""
    FAILED = "failed"
    """The number was surely not dialled."""
    UNCERTAIN = "uncertain"
    """It may have been dialled; it is never dialled again by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """A number that is dialled for a user: his own telephone rings first."""

    id: str
    pbx: str
    ref: str
    """The id that its call will have on the telephone system."""
    user_id: str
    extension: str
    number: str
    """Key of whom he wants to speak with."""
    dialled: str
    """The digits that the telephone system is given."""
    state: DialState
    reason: str = ""
    """Why it failed or is uncertain."""
    asked_at: datetime
    settled_at: datetime | None = None
    call_id: str | None = None


class RecordingState(StrEnum):
    """What became of a call's recording."""

    EXPECTED = "expected"
    """It was made, and has not come yet."""
    FETCHING = "fetching"
    """Its file is there and being written, or copied."""
    KEPT = "kept"
    """We have a copy of our own."""
    MISSING = "missing"
    """It did not come within a day."""
    REFUSED = "refused"
    """It is no sound, too large, or outside the folder of recordings."""
