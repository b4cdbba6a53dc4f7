"""Dots to Group 4 codes (ITU-T T.6), by libtiff."""

from __future__ import annotations

import io

from PIL import Image, TiffImagePlugin

from gateway.fax.port import PAGE_WIDTH_PX


def encode(dots: bytes, height: int, width: int = PAGE_WIDTH_PX) -> bytes:
    """Return a page's Group 4 strip; in `dots` a set bit is a black dot."""
    picture = Image.frombytes("1", (width, height), dots)
    buffer = io.BytesIO()
    # The encoder takes set bits for black, whatever Pillow calls them.
    picture.save(buffer, "TIFF", compression="group4", tiffinfo={278: height})
    with Image.open(buffer) as coded:
        assert isinstance(coded, TiffImagePlugin.TiffImageFile)
        (start,), (size,) = coded.tag_v2[273], coded.tag_v2[279]
    return bytes(buffer.getbuffer()[start : start + size])
