"""Letters become plain dots, also grey ones; photographs are screened with blue noise."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from drivers.fax.raster import ink, letters, paper, screen
from gateway.fax.port import PAGE_WIDTH_PX, Resolution

HEIGHT = 400
WHITE = np.full((HEIGHT, PAGE_WIDTH_PX), 255, np.uint8)


def written(text: str, grey: int, paper_grey: int = 255) -> NDArray[np.uint8]:
    page = Image.new("L", (PAGE_WIDTH_PX, HEIGHT), paper_grey)
    draw = ImageDraw.Draw(page)
    draw.text((100, 100), text, fill=grey, font=ImageFont.truetype(str(letters.FONT), 30))
    return np.asarray(page)


def dots(grey: NDArray[np.uint8], resolution: Resolution = Resolution.FINE) -> NDArray[np.bool_]:
    packed = np.frombuffer(ink.black_dots(grey, resolution), np.uint8)
    return np.unpackbits(packed.reshape(len(grey), -1), axis=1).astype(np.bool_)


def test_white_stays_white_and_black_black() -> None:
    assert not dots(WHITE).any()
    assert dots(np.zeros_like(WHITE)).all()


@pytest.mark.parametrize("resolution", list(Resolution))
def test_black_letters_are_cut_at_their_edges(resolution: Resolution) -> None:
    page = written("Sayın müşterimiz ığüşöç", 0)
    assert np.array_equal(dots(page, resolution), page < 160)


@pytest.mark.parametrize("grey", [60, 110, 150, 190])
def test_grey_letters_are_as_whole_as_black_ones(grey: int) -> None:
    black = dots(written("Заказ отправлен", 0))
    faint = dots(written("Заказ отправлен", grey))
    lost = np.count_nonzero(black & ~faint) / np.count_nonzero(black)
    assert lost < 0.06


def test_a_thin_grey_rule_is_not_broken_into_dots() -> None:
    page = WHITE.copy()
    page[200:202, 100:1600] = 170
    assert dots(page)[200:202, 100:1600].all()


@pytest.mark.parametrize("grey", [60, 100, 128, 160, 200])
def test_a_grey_area_has_the_dots_of_its_darkness(grey: int) -> None:
    page = WHITE.copy()
    page[50:350, 200:1400] = grey
    share = dots(page)[60:340, 208:1392].mean()
    assert share == pytest.approx(1 - grey / 255, abs=0.02)


def test_black_letters_on_a_grey_panel_stay_whole() -> None:
    letter = written("Toplam 4711", 0) < 60
    assert dots(written("Toplam 4711", 0, paper_grey=215))[letter].all()


def test_letters_beside_a_photograph_stay_crisp() -> None:
    page = written("Toplam 4711", 0).copy()
    page[200:, :] = np.linspace(30, 220, PAGE_WIDTH_PX).astype(np.uint8)
    assert np.array_equal(dots(page)[:180], page[:180] < 160)


def test_a_gradient_has_no_coarse_pattern() -> None:
    page = np.full_like(WHITE, 128)
    share = dots(page).reshape(HEIGHT // 8, 8, PAGE_WIDTH_PX // 8, 8).mean(axis=(1, 3))
    assert share.min() > 0.3
    assert share.max() < 0.7


def test_every_threshold_is_as_frequent_as_any_other() -> None:
    levels = np.bincount(np.frombuffer(screen.thresholds(), np.uint8), minlength=256)
    assert len(screen.thresholds()) == screen.SIDE**2
    assert levels[0] == 0
    assert levels[1:255].min() >= 14
    assert levels[1:255].max() <= 18


def test_grey_paper_of_a_scan_becomes_white_and_its_letters_black() -> None:
    light = np.linspace(150, 215, PAGE_WIDTH_PX)
    letter = written("Faturanız ektedir", 0) < 60
    scan = np.where(letter, 40, light).astype(np.uint8)
    found = dots(paper.whitened(scan))
    assert found[letter].all()
    assert not found[:60].any()


def test_a_photograph_is_not_taken_for_grey_paper() -> None:
    down, across = np.mgrid[0:HEIGHT, 0:PAGE_WIDTH_PX]
    photo = (128 + 60 * np.sin(down / 9) + 50 * np.cos(across / 13)).astype(np.uint8)
    assert np.array_equal(paper.whitened(photo), photo)
