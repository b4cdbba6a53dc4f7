"""Recordings of real calls and what the telephones did in them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from drivers.asterisk.messages import Message
from drivers.asterisk.recording import read

DATA = Path(__file__).parents[2] / "data" / "ami"
NAMES = tuple(sorted(path.name.removesuffix(".ami.gz") for path in DATA.glob("*.ami.gz")))


def path_of(name: str) -> Path:
    """Return where a recording lies."""
    return DATA / f"{name}.ami.gz"


def truth_of(name: str) -> dict[str, Any]:
    """Return what the telephones did."""
    truth: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text("utf-8"))["truth"]
    return truth


@cache
def events_of(name: str) -> tuple[tuple[Message, float], ...]:
    """Return a recording's events with their times."""
    return tuple(read(path_of(name)))
