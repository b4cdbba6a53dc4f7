"""The pattern by which grey becomes dots: blue noise, the same in both engines."""

from __future__ import annotations

from functools import cache
from pathlib import Path

SIDE = 64
_FILE = Path(__file__).with_name("blue_noise.bin")


@cache
def thresholds() -> bytes:
    """Return the square, line by line: a dot is black where the grey (0 black) is below it."""
    return _FILE.read_bytes()
