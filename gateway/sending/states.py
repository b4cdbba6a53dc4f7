"""The states of what goes out, what each means, and which may follow which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SendState(StrEnum):
    """What is known of a message (or fax) that somebody wants sent."""

    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"

    @property
    def meaning(self) -> str:
        """Return what the state means, in a person's words."""
        return _MEANINGS[self]

    @property
    def open(self) -> bool:
        """Tell whether it still waits to be sent, so that it may be cancelled or expire."""
        return self in _OPEN

    @property
    def settled(self) -> bool:
        """Tell whether nothing more will be done about it by itself."""
        return self in _SETTLED


_S = SendState
_MEANINGS = {
    _S.SCHEDULED: "stored; its time has not come: a later time was asked for, or the recipient "
    "has quiet hours",
    _S.QUEUED: "stored; waits for a device that can send it",
    _S.SENDING: "a device is submitting it, or a fax server has it",
    _S.SENT: "the network took every part of it",
    _S.DELIVERED: "the recipient has every part of it, or confirmed every page",
    _S.UNDELIVERED: "the network gave up on a part of it",
    _S.FAILED: "a part of it surely was not sent and will not be; the reason is shown",
    _S.EXPIRED: "its last time passed before it could be sent; nothing of it was sent",
    _S.CANCELLED: "a person, or the recipient's opt-out, took it back before it was sent",
    _S.UNCERTAIN: "a part of it may or may not have been sent; a late answer, a report or a "
    "person settles it, and until then it is not sent again",
}
_OPEN = frozenset({_S.SCHEDULED, _S.QUEUED})
_SETTLED = frozenset(
    {_S.DELIVERED, _S.UNDELIVERED, _S.FAILED, _S.EXPIRED, _S.CANCELLED, _S.UNCERTAIN}
)


@dataclass(frozen=True, slots=True)
class Step:
    """One change of state that may happen, and what makes it happen."""

    before: SendState
    after: SendState
    because: str
    of_faxes: bool = False
    """Happens to faxes alone."""


FIRST = (_S.SCHEDULED, _S.QUEUED)
"""The states in which a message is born."""
STEPS = (
    Step(_S.SCHEDULED, _S.QUEUED, "its time has come"),
    Step(_S.SCHEDULED, _S.CANCELLED, "taken back"),
    Step(_S.SCHEDULED, _S.EXPIRED, "its last time passed"),
    Step(_S.QUEUED, _S.SCHEDULED, "quiet hours began"),
    Step(_S.QUEUED, _S.SENDING, "a device takes it"),
    Step(_S.QUEUED, _S.CANCELLED, "taken back"),
    Step(_S.QUEUED, _S.EXPIRED, "its last time passed"),
    Step(
        _S.QUEUED, _S.DELIVERED, "an earlier attempt of a fax went through after all", of_faxes=True
    ),
    Step(_S.SENDING, _S.QUEUED, "refused for the moment"),
    Step(_S.SENDING, _S.SENT, "the network took the last part"),
    Step(_S.SENDING, _S.DELIVERED, "the report came before the answer"),
    Step(_S.SENDING, _S.UNDELIVERED, "the bad report came before the answer"),
    Step(_S.SENDING, _S.FAILED, "refused for good"),
    Step(_S.SENDING, _S.UNCERTAIN, "no answer, or the service died meanwhile"),
    Step(_S.SENDING, _S.CANCELLED, "a fax taken back while it was sent", of_faxes=True),
    Step(_S.SENT, _S.DELIVERED, "delivery report"),
    Step(_S.SENT, _S.UNDELIVERED, "delivery report: given up"),
    Step(_S.UNDELIVERED, _S.DELIVERED, "a later report corrects the first"),
    Step(_S.UNDELIVERED, _S.SENT, "the same, and another part's report is awaited"),
    Step(_S.UNCERTAIN, _S.SENDING, "the fax server has it still", of_faxes=True),
    Step(_S.UNCERTAIN, _S.CANCELLED, "the fax server took it back, as asked", of_faxes=True),
    Step(_S.UNCERTAIN, _S.SENT, "late answer: taken, or a person says so"),
    Step(_S.UNCERTAIN, _S.DELIVERED, "its report came"),
    Step(_S.UNCERTAIN, _S.UNDELIVERED, "its report came: given up"),
    Step(_S.UNCERTAIN, _S.QUEUED, "late answer: refused, or a person sends it again"),
    Step(
        _S.UNCERTAIN, _S.FAILED, "refused for good after all, or a person says that it was not sent"
    ),
)
_ALLOWED = {(step.before, step.after) for step in STEPS}


def may_follow(before: SendState, after: SendState) -> bool:
    """Tell whether a message in one state may come to be in another."""
    return before is after or (before, after) in _ALLOWED


def chart() -> str:
    """Return the states and steps as a Mermaid chart and a table, as the docs show them."""
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    [*] --> {state}" for state in FIRST]
    lines += [f"    {step.before} --> {step.after}: {step.because}" for step in STEPS]
    lines += ["```", "", "| state | meaning | what may follow |", "|---|---|---|"]
    for state in SendState:
        following = ", ".join(f"`{step.after}`" for step in STEPS if step.before is state)
        lines.append(f"| `{state}` | {state.meaning} | {following or 'nothing'} |")
    return "\n".join(lines) + "\n"
