"""Which calls pop up before whom: what a person has to do with a call, and what he wants to see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gateway.calls.model import CallDirection, Doing
from gateway.web.preferences import Pop


class Part(StrEnum):
    """What a person has to do with a call."""

    RINGS = "rings"
    """His telephone rings."""
    TALKS = "talks"
    """He has the other side on the line, or on hold."""
    HAD = "had"
    """He had, and passed on, parked or ended it."""
    RANG = "rang"
    """His telephone rang for it."""
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who looks at the desk."""

    extension: str = ""
    secretary: bool = False
    """Every call from outside is for him."""
    choice: Pop = Pop.RING


def part_of(call: Mapping[str, Any], extension: str) -> Part:
    """Return what an extension has to do with a call, as `describe_call` tells it."""
    mine = [one for one in call["parties"] if one["internal"] and one["party"] == extension]
    if not extension or not mine:
        return Part.NONE
    doing = {one["doing"] for one in mine}
    if doing & {Doing.TALKING, Doing.HOLDING}:
        return Part.TALKS
    if Doing.RINGING in doing:
        return Part.RINGS
    if any(one["talk_s"] > 0 for one in mine):
        return Part.HAD
    if any(not one["called"] for one in mine):
        return Part.TALKS if Doing.WAITING in doing else Part.HAD
    return Part.RANG


def pops(call: Mapping[str, Any], part: Part, viewer: Viewer) -> bool:
    """Tell whether a call is put before a viewer; one inside the company never is."""
    if viewer.choice is Pop.NONE or call["direction"] == CallDirection.INTERNAL:
        return False
    if part in {Part.TALKS, Part.HAD}:
        return True
    if viewer.choice is Pop.ANSWER or call["direction"] == CallDirection.OUT:
        return False
    return viewer.secretary or part in {Part.RINGS, Part.RANG}
