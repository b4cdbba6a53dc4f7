"""Interactions: what was said to and by a customer, on whatever channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class InteractionKind(StrEnum):
    """The channel."""

    CALL = "call"
    SMS = "sms"
    FAX = "fax"
    NOTE = "note"


class Direction(StrEnum):
    """Who began."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """One contact with a customer, or with a number that is nobody's yet."""

    kind: InteractionKind
    direction: Direction
    ref: str
    """The id of the call, message or fax; with the kind, it is one line of the history."""
    number: str
    """The other side's number key."""
    started_at: datetime
    outcome: str
    """The state as its channel calls it."""
    line: str = ""
    """The modem or line on our side."""
    party_id: str | None = None
    person_id: str | None = None
    user_id: str | None = None
    """Our person."""
    text: str = ""
    document: str = ""
    """Address below our API of its recording or page images; empty when there are none."""
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """An interaction as it is shown: with the names of the people in it."""

    id: str
    interaction: Interaction
    person_name: str = ""
    user_name: str = ""
