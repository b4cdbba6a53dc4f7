"""Which dots of a grey page become black: letters stay crisp, photographs are screened."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from drivers.fax.raster import screen
from gateway.fax.port import Resolution

Grey = NDArray[np.uint8]
Bits = NDArray[np.uint8]

_BLACK_BELOW = 160  # half covered dots of thin strokes count as ink
_STRONG_BELOW = 96
_WEAK_BELOW = 224  # grey letters and hairlines, where no stronger ink is near
_DARKEST_TONE, _TONES = 24, 208  # between is tone, outside is black or white
_TONE_LINES = {Resolution.STANDARD: 3, Resolution.FINE: 4, Resolution.SUPERFINE: 7}
"""Lines of grey, one above the other, that no smoothed edge of a letter reaches."""
_TILE = 8
_REACH = 1
"""Tiles around a tonal one that belong to the same picture."""
_SHARPEN = ImageFilter.UnsharpMask(2, 120, 0)


def black_dots(grey: Grey, resolution: Resolution) -> bytes:
    """Return the page as bits, eight dots a byte, set where the paper becomes black."""
    ink = np.packbits(grey < _BLACK_BELOW, axis=1)
    ink |= _faint(grey)
    tiles = _tonal_tiles(grey, resolution)
    if tiles is not None:
        _screen(ink, grey, tiles)
    return ink.tobytes()


def _faint(grey: Grey) -> Bits:
    """Return grey letters and hairlines: weak ink that is no mere edge of strong ink."""
    weak = np.packbits(grey < _WEAK_BELOW, axis=1)
    strong = np.packbits(grey < _STRONG_BELOW, axis=1)
    return weak & ~_grown(strong)


def _grown(bits: Bits) -> Bits:
    """Return the bits, two dots larger on every side."""
    words = np.zeros((bits.shape[0], -(-bits.shape[1] // 8)), ">u8")
    words.view(np.uint8)[:, : bits.shape[1]] = bits
    one, carry = np.uint64(1), np.uint64(63)
    wide = words.astype(np.uint64)
    for _ in range(2):
        wider = wide | (wide << one) | (wide >> one)
        wider[:, :-1] |= wide[:, 1:] >> carry
        wider[:, 1:] |= wide[:, :-1] << carry
        tall = wider.copy()
        tall[1:] |= wider[:-1]
        tall[:-1] |= wider[1:]
        wide = tall
    return wide.astype(">u8").view(np.uint8)[:, : bits.shape[1]]


def _tonal_tiles(grey: Grey, resolution: Resolution) -> NDArray[np.bool_] | None:
    """Mark the tiles of 8 by 8 dots that are part of a picture or of a grey area."""
    tone = np.packbits((grey - np.uint8(_DARKEST_TONE)) < _TONES, axis=1)
    lines = _TONE_LINES[resolution]
    rows = len(tone) - lines + 1
    if rows < 1:
        return None
    even = tone[:rows].copy()
    for line in range(1, lines):
        even &= tone[line : line + rows]
    flat = even == 0xFF
    if not flat.any():
        return None
    height = -(-len(tone) // _TILE)
    padded = np.zeros((height * _TILE, flat.shape[1]), np.bool_)
    padded[:rows] = flat
    tiles: NDArray[np.bool_] = np.logical_or.reduce(padded.reshape(height, _TILE, -1), axis=1)
    for _ in range(_REACH):
        tiles = _spread(tiles)
    return tiles


def _spread(tiles: NDArray[np.bool_]) -> NDArray[np.bool_]:
    wide = tiles.copy()
    wide[:, 1:] |= tiles[:, :-1]
    wide[:, :-1] |= tiles[:, 1:]
    tall = wide.copy()
    tall[1:] |= wide[:-1]
    tall[:-1] |= wide[1:]
    return tall


def _screen(ink: Bits, grey: Grey, tiles: NDArray[np.bool_]) -> None:
    """Put screened dots in the place of plain ones, where tiles are marked."""
    rows, columns = np.flatnonzero(tiles.any(axis=1)), np.flatnonzero(tiles.any(axis=0))
    top, bottom = int(rows[0]) * _TILE, min(len(grey), (int(rows[-1]) + 1) * _TILE)
    first, last = int(columns[0]), int(columns[-1]) + 1
    part = Image.fromarray(grey[top:bottom, first * _TILE : last * _TILE])
    sharp = np.asarray(part.filter(_SHARPEN))
    dots = np.packbits(_screened(sharp, top, first * _TILE), axis=1)
    marked = np.repeat(tiles[rows[0] : rows[-1] + 1, first:last], _TILE, axis=0)[: len(dots)]
    np.copyto(ink[top:bottom, first:last], dots, where=marked)


def _screened(grey: Grey, top: int, left: int) -> NDArray[np.bool_]:
    """Tell which dots are black, in a part of a page that begins at `top`, `left`."""
    height, width = grey.shape
    side = screen.SIDE
    square = np.frombuffer(screen.thresholds(), np.uint8).reshape(side, side)
    across = np.tile(np.roll(square, -(left % side), 1), (1, width // side + 1))[:, :width]
    lines = np.roll(across, -(top % side), 0)
    black = np.empty(grey.shape, np.bool_)
    for row in range(0, height, side):
        part = grey[row : row + side]
        np.less(part, lines[: len(part)], out=black[row : row + side])
    return black
