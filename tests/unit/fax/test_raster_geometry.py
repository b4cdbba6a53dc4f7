"""Pages keep their size when they fit, shrink otherwise, and are turned where that helps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.fax.raster.geometry import DOTS_PER_MM, LINES_PER_MM, Sheet, place
from gateway.fax.port import PAGE_WIDTH_PX, Resolution

FINE = Sheet(resolution=Resolution.FINE)


@pytest.mark.parametrize(
    ("resolution", "lines"),
    [(Resolution.STANDARD, 1143), (Resolution.FINE, 2287), (Resolution.SUPERFINE, 4574)],
)
def test_a_whole_page_has_the_lines_of_a4(resolution: Resolution, lines: int) -> None:
    assert Sheet(resolution=resolution).height_px == lines


def test_a4_fills_the_sheet_but_for_the_wider_line() -> None:
    where = place(FINE, 210, 297)
    assert (where.left, where.top, where.width, where.height) == (20, 0, 1688, 2287)
    assert (where.turned, where.scale) == (False, 1.0)


def test_a_small_page_keeps_its_size_at_the_top() -> None:
    where = place(FINE, 148, 210)
    assert (where.top, where.scale, where.turned) == (0, 1.0, False)
    assert where.width == round(148 * DOTS_PER_MM)
    assert where.height == round(210 * LINES_PER_MM[Resolution.FINE])


def test_a_small_landscape_page_that_fits_is_not_turned() -> None:
    assert not place(FINE, 210, 148).turned


def test_a_landscape_page_is_turned_to_keep_its_size() -> None:
    where = place(FINE, 297, 210)
    assert (where.turned, where.scale) == (True, 1.0)
    assert (where.width, where.height) == (1688, 2287)


def test_a3_shrinks_to_a4() -> None:
    where = place(FINE, 297, 420)
    assert where.scale == pytest.approx(0.7071, abs=1e-3)
    assert not where.turned


def test_a_margin_is_kept_on_every_side() -> None:
    where = place(FINE, 1000, 1000, margin_mm=10)
    assert where.left >= 10 * DOTS_PER_MM
    assert where.top == 77
    assert where.left + where.width <= PAGE_WIDTH_PX - 10 * DOTS_PER_MM


@given(
    st.sampled_from(list(Resolution)),
    st.floats(0.1, 50_000),
    st.floats(0.1, 50_000),
    st.floats(0, 40),
)
def test_nothing_leaves_the_sheet(
    resolution: Resolution, width: float, height: float, margin: float
) -> None:
    sheet = Sheet(resolution=resolution)
    where = place(sheet, width, height, margin_mm=margin)
    assert where.left >= 0
    assert where.top >= 0
    assert where.left + where.width <= PAGE_WIDTH_PX
    assert where.top + where.height <= sheet.height_px
    assert 0 < where.scale <= 1


@given(st.floats(5, 2000), st.floats(5, 2000))
def test_proportions_are_kept_on_paper(width: float, height: float) -> None:
    where = place(Sheet(resolution=Resolution.STANDARD), width, height)
    across, down = where.width / DOTS_PER_MM, where.height / 3.85
    if where.turned:
        across, down = down, across
    assert across == pytest.approx(width * where.scale, abs=0.3)
    assert down == pytest.approx(height * where.scale, abs=0.3)
