"""How recordings are called, there and here, and how long they are waited for (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

from gateway.calls.audio import SUFFIXES
from gateway.kernel.errors import Invalid

MAX_NAME = 1024
WAITING = "waiting"
"""Our folder of what was handed over before its call was known."""
FIRST_LOOK = timedelta(seconds=2)
"""After a call's end: MixMonitor closes its file a little later."""
STEADY = timedelta(seconds=3)
"""A file that did not change for so long is not being written any more."""
GIVE_UP = timedelta(days=1)
"""After that a recording that did not come is missing, and one that is nobody's is dropped."""
UNCLOSED = timedelta(minutes=10)
"""After that a WAV that does not say its length is taken as it is: who wrote it is gone."""
_LONGEST_PAUSE_S = 600.0
_SUFFIXES = frozenset(suffix.casefold() for suffix in SUFFIXES)
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_+.-]+")


def pause(attempts: int) -> timedelta:
    """Return how long to wait before the next look after so many in vain."""
    return timedelta(seconds=min(2.0 ** min(attempts, 16), _LONGEST_PAUSE_S))


def key_of(told: str, folder: PurePosixPath) -> str:
    """Return what a recording is known by: its name below the folder, without its ending.

    The ending may change when it is converted. Raises Invalid for what cannot be a file's name.
    """
    named = PurePosixPath(told)
    if not named.name or len(told) > MAX_NAME or not told.isprintable() or ".." in named.parts:
        raise Invalid(f"{told[:80]!r} is no name of a recording", field="file")
    if named.suffix.casefold() in _SUFFIXES:
        named = named.with_suffix("")
    return str(named.relative_to(folder) if named.is_relative_to(folder) else named)


def endings(name: str) -> Iterator[str]:
    """Give a file's name, then the same with other endings: conversion may have changed it."""
    yield name
    stem = PurePosixPath(name).stem
    yield from (stem + suffix for suffix in SUFFIXES if stem + suffix != name)


def copy_name(call_id: str, started_at: datetime, zone: ZoneInfo, suffix: str) -> str:
    """Return where our copy of a call's recording lies, by the office's day."""
    return f"{started_at.astimezone(zone):%Y/%m/%d}/{call_id}{suffix}"


def download_name(started_at: datetime, number: str, suffix: str) -> str:
    """Return what a browser calls it: plain characters only, whatever the number is."""
    who = _NOT_IN_NAMES.sub("_", number).strip("._")[:32]
    return f"call-{started_at:%Y%m%d-%H%M%S}{f'-{who}' if who else ''}{suffix}"
