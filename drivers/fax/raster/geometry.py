"""Where a page or a picture comes to lie on a faxed page."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gateway.fax.port import PAGE_WIDTH_PX, Resolution

DOTS_PER_MM = PAGE_WIDTH_PX / 215.0  # ITU-T T.4: 1728 dots on 215 mm
LINES_PER_MM = {Resolution.STANDARD: 3.85, Resolution.FINE: 7.7, Resolution.SUPERFINE: 15.4}
SHEET_MM = (210.0, 297.0)
POINT_MM = 25.4 / 72.0
_ROTATION_GAIN = 1.02  # a page is turned only when it becomes visibly larger by that


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A4 as a fax machine scans it."""

    resolution: Resolution

    @property
    def height_px(self) -> int:
        """Return the lines of a whole page."""
        return round(SHEET_MM[1] * LINES_PER_MM[self.resolution])

    @property
    def x_dpi(self) -> float:
        """Return the true dots per inch across; the nominal figure is 204."""
        return DOTS_PER_MM * 25.4

    @property
    def y_dpi(self) -> float:
        """Return the true lines per inch; the nominal figures are 98, 196 and 391."""
        return LINES_PER_MM[self.resolution] * 25.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Dots that a page covers on its sheet, after it was turned."""

    left: int
    top: int
    width: int
    height: int
    turned: bool
    """By 90 degrees, so that a landscape page fills an upright sheet."""
    scale: float
    """1.0: as large as it is."""


def place(sheet: Sheet, width_mm: float, height_mm: float, *, margin_mm: float = 0.0) -> Place:
    """Keep the true size when it fits, shrink otherwise, turn what becomes larger by it."""
    room = (SHEET_MM[0] - 2 * margin_mm, SHEET_MM[1] - 2 * margin_mm)
    upright = min(1.0, room[0] / width_mm, room[1] / height_mm)
    lying = min(1.0, room[0] / height_mm, room[1] / width_mm)
    turned = lying > upright * _ROTATION_GAIN
    scale = lying if turned else upright
    across, down = (height_mm, width_mm) if turned else (width_mm, height_mm)
    width = max(1, min(PAGE_WIDTH_PX, round(across * scale * DOTS_PER_MM)))
    lines = LINES_PER_MM[sheet.resolution]
    height = max(1, min(sheet.height_px, round(down * scale * lines)))
    top = min(sheet.height_px - height, math.floor(margin_mm * lines))
    return Place(
        left=(PAGE_WIDTH_PX - width) // 2, top=top, width=width, height=height,
        turned=turned, scale=scale,
    )  # fmt: skip
