"""The paper of a scanned or photographed document becomes white, so that its letters stay crisp."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from drivers.fax.raster.ink import Grey

_COARSE = 16
"""Dots a cell, each of which has paper in it between letters."""
_TONE_FROM, _TONE_TO = 60, 232
_MOST = 0.5
"""Share of a page that is grey before it is taken for grey paper or a photograph."""
_DIMMEST_PAPER = 140
"""Of 255: darker than this, it is a picture of something else."""
_PAPER_SHARE = 0.7
_PAPER_ABOVE = 215
"""Of 255, once the light is evened out: paper, not ink."""


def whitened(grey: Grey) -> Grey:
    """Return a page of letters on grey paper as letters on white; anything else as it is."""
    sample = grey[::8, ::8]
    tonal = np.count_nonzero((sample > _TONE_FROM) & (sample < _TONE_TO))
    if tonal < _MOST * sample.size:
        return grey
    page = Image.fromarray(grey)
    light = page.reduce(_COARSE).filter(ImageFilter.MaxFilter(5))
    light = light.filter(ImageFilter.MedianFilter(5)).filter(ImageFilter.GaussianBlur(2))
    if np.median(np.asarray(light)) < _DIMMEST_PAPER:
        return grey
    even = np.asarray(light.resize(page.size, Image.Resampling.BILINEAR))
    brightness = grey.astype(np.uint16) * 255 // np.maximum(even, 1)
    lit = np.minimum(brightness, 255).astype(np.uint8)
    if np.count_nonzero(lit > _PAPER_ABOVE) < _PAPER_SHARE * lit.size:
        return grey
    # Grain of the paper and the camera's noise vanish, ink keeps its darkness.
    return np.where(lit > _PAPER_ABOVE, np.uint8(255), lit)
