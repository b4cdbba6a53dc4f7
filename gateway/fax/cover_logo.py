"""The company's logo in black and white, as sharp as a fax can show it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from gateway.kernel.errors import Invalid

MAX_LOGO_BYTES = 5_000_000
MAX_LOGO_PIXELS = 10_000_000
_DOTS_PER_POINT = 408 / 72
"""Twice what a fax has: slanting edges stay slanting edges."""
_MIDDLE = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """A picture, and how large it is on paper."""

    png: bytes
    width_pt: float
    height_pt: float


def read_logo(path: Path, height_pt: float, max_width_pt: float) -> Logo:
    """Return a logo that fits; raises Invalid for a file that is none, with the remedy."""
    try:
        whole = _grey(path)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Invalid(f"the logo {path} cannot be read as PNG or JPEG; save it anew as PNG",
                      field="cover") from error  # fmt: skip
    scale = min(height_pt / whole.height, max_width_pt / whole.width)
    width, height = whole.width * scale, whole.height * scale
    dots = (_dots(width), _dots(height))
    small = whole.resize(dots, Image.Resampling.LANCZOS)
    limit = _between(small)
    buffer = io.BytesIO()
    sharp = small.point([0 if level <= limit else 255 for level in range(256)])
    sharp.save(buffer, "PNG", compress_level=1)
    return Logo(png=buffer.getvalue(), width_pt=width, height_pt=height)


def _grey(path: Path) -> Image.Image:
    if path.stat().st_size > MAX_LOGO_BYTES:
        raise Invalid(f"the logo {path} has more than {MAX_LOGO_BYTES:,} bytes; make it smaller",
                      field="cover")  # fmt: skip
    # No other formats: some of their decoders start programs.
    with Image.open(path, formats=("PNG", "JPEG")) as picture:
        if picture.width * picture.height > MAX_LOGO_PIXELS:
            raise Invalid(
                f"the logo {path} has more than {MAX_LOGO_PIXELS:,} dots; make it smaller",
                field="cover",
            )
        if picture.mode.startswith("I"):  # 16 bits a dot, which convert() would cut off
            return picture.convert("I").point(lambda level: level / 256).convert("L")
        if not picture.has_transparency_data:
            return picture.convert("L")
        coloured = picture.convert("RGBA")
        paper = Image.new("RGBA", coloured.size, "white")
        return Image.alpha_composite(paper, coloured).convert("L")


def _dots(points: float) -> int:
    return max(round(points * _DOTS_PER_POINT), 1)


def _between(grey: Image.Image) -> int:
    """Return the brightness that parts dark from light best (Otsu's method)."""
    counts = grey.histogram()
    total, brightness = sum(counts), sum(level * count for level, count in enumerate(counts))
    best, widest, dark, dark_brightness = _MIDDLE, 0.0, 0, 0
    for level, count in enumerate(counts):
        dark += count
        dark_brightness += level * count
        light = total - dark
        if not dark or not light:
            continue
        apart = dark_brightness / dark - (brightness - dark_brightness) / light
        if dark * light * apart**2 > widest:
            best, widest = level, dark * light * apart**2
    return best
