"""The pattern by which grey becomes dots: blue noise, the same in both engines."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIDE = 64
_FILE = Path(__file__).with_name("blue_noise.bin")


@cache
def thresholds() -> NDArray[np.uint8]:
    """Return the square: a dot is black where the grey (0 black, 255 white) is below it."""
    return np.frombuffer(_FILE.read_bytes(), np.uint8).reshape(SIDE, SIDE)


def dots(grey: NDArray[np.uint8], top: int, left: int) -> NDArray[np.bool_]:
    """Tell which dots are black, in a part of a page that begins at `top`, `left`."""
    height, width = grey.shape
    across = np.tile(np.roll(thresholds(), -(left % SIDE), 1), (1, width // SIDE + 1))[:, :width]
    black = np.empty(grey.shape, np.bool_)
    for row in range(0, height, SIDE):
        part = grey[row : row + SIDE]
        lines = np.roll(across, -((top + row) % SIDE), 0)[: len(part)]
        np.less(part, lines, out=black[row : row + SIDE])
    return black
