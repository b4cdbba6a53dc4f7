"""What people see of a fax: a picture of a page, and a PDF of all; of received ones as well."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from drivers.fax.raster.fax_frames import readable
from drivers.fax.raster.refusals import Refused

_WIDTHS_PX = (16, 3456)
_HIGHEST_PX = 20_000


def preview(raster: Path, page: int, width_px: int, bounds: tuple[int, int]) -> bytes:
    """Return a PNG of a page, in its true proportions."""
    frames = readable(raster, *bounds)
    if not 1 <= page <= len(frames):
        raise Refused(f"has no page {page}: it has {len(frames)}")
    frame = frames[page - 1]
    width = max(_WIDTHS_PX[0], min(width_px, _WIDTHS_PX[1]))
    true = frame.height / frame.y_dpi / (frame.width / frame.x_dpi)
    height = max(1, min(round(width * true), _HIGHEST_PX))
    with raster.open("rb") as file:
        picture = frame.picture(file, lenient=True).convert("L")
    kind = Image.Resampling.BOX if width <= frame.width else Image.Resampling.NEAREST
    buffer = io.BytesIO()
    picture.resize((width, height), kind).save(buffer, "PNG", compress_level=4)
    return buffer.getvalue()


def pdf(raster: Path, into: Path, bounds: tuple[int, int]) -> int:
    """Write all pages as a PDF, dot for dot; return how many."""
    import pikepdf  # noqa: PLC0415  a preview must not wait for it

    frames = readable(raster, *bounds)
    with raster.open("rb") as file, pikepdf.new() as document:
        for frame in frames:
            size = (frame.width / frame.x_dpi * 72, frame.height / frame.y_dpi * 72)
            page = document.add_blank_page(page_size=size)
            image = document.make_stream(frame.strip(file, lenient=True))
            image.update({
                "/Type": pikepdf.Name.XObject, "/Subtype": pikepdf.Name.Image,
                "/Width": frame.width, "/Height": frame.height, "/BitsPerComponent": 1,
                "/ColorSpace": pikepdf.Name.DeviceGray, "/Filter": pikepdf.Name.CCITTFaxDecode,
                "/DecodeParms": pikepdf.Dictionary(
                    K=-1, Columns=frame.width, Rows=frame.height, BlackIs1=False),
            })  # fmt: skip
            name = page.add_resource(image, pikepdf.Name.XObject)
            drawn = f"q {size[0]:.4f} 0 0 {size[1]:.4f} 0 0 cm {name} Do Q"
            page.contents_add(drawn.encode("ascii"))
        document.save(into)
    return len(frames)
