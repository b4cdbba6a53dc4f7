"""The process in which one request is worked on, within limits that it sets for itself first.

It reads the request as JSON from its standard input and answers on its standard output: a line of
JSON, and after that the picture, if that was asked for.
"""

from __future__ import annotations

import ctypes
import errno
import json
import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from drivers.fax.raster.limits import RasterLimits
from drivers.fax.raster.refusals import Refused

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET
_NEW_USER = 0x10000000  # CLONE_NEWUSER


def main() -> None:
    """Answer one request."""
    request: dict[str, Any] = json.load(sys.stdin)
    limits = RasterLimits(**request["limits"])
    _confine(limits)
    try:
        answer, payload = _answer(request, limits)
    except Refused as refusal:
        answer, payload = {"refused": str(refusal)}, b""
    except MemoryError:
        answer, payload = {"limit": "memory"}, b""
    except OSError as error:
        answer, payload = _told(error, limits), b""
    out = sys.stdout.buffer
    out.write(json.dumps(answer).encode() + b"\n" + payload)
    out.flush()


def _told(error: OSError, limits: RasterLimits) -> dict[str, str]:
    """Return what an error of the system means here, if it means anything."""
    if error.errno == errno.EFBIG:
        return {"refused": f"makes a file of more than {limits.result_mb} MB: send it in parts"}
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return {"busy": "the disk is full of faxes or other files: make room on it"}
    if error.errno == errno.ENOMEM:
        return {"limit": "memory"}
    raise error


def _confine(limits: RasterLimits) -> None:
    memory, office = (mb * 1_000_000 for mb in (limits.memory_mb, limits.office_memory_mb))
    size = limits.result_mb * 1_000_000
    resource.setrlimit(resource.RLIMIT_AS, (memory, max(memory, office)))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # The service ends a worker in time; should it itself be gone, nothing runs on for ever.
    signal.alarm(int(limits.wall_s) + 5)


def _answer(request: dict[str, Any], limits: RasterLimits) -> tuple[dict[str, Any], bytes]:
    if request["deed"] == "raster":
        return _raster(request, limits), b""
    return _view(request, limits)


def _view(request: dict[str, Any], limits: RasterLimits) -> tuple[dict[str, Any], bytes]:
    from drivers.fax.raster import fax_frames, views  # noqa: PLC0415  a preview needs no more

    fax_frames.read_leniently()
    raster, bounds = Path(request["raster"]), (limits.max_view_pages, limits.max_pixels)
    if request["deed"] == "preview":
        return {}, views.preview(raster, request["page"], request["width_px"], bounds)
    if request["deed"] == "pdf":
        return {"pages": views.pdf(raster, Path(request["into"]), bounds)}, b""
    return {"pages": len(fax_frames.readable(raster, *bounds))}, b""


def _raster(request: dict[str, Any], limits: RasterLimits) -> dict[str, Any]:
    from drivers.fax.raster.documents import Workshop  # noqa: PLC0415
    from drivers.fax.raster.tiff import FaxWriter  # noqa: PLC0415
    from gateway.fax.port import Resolution  # noqa: PLC0415

    _leave_network()
    resolution = Resolution(request["resolution"])
    workshop = Workshop(
        folder=Path(request["folder"]), resolution=resolution, limits=limits,
        ghostscript=request["ghostscript"], insist=request["insist"], office=request["office"],
    )  # fmt: skip
    with Path(request["into"]).open("xb") as file:
        writer = FaxWriter(file, resolution)
        for number, document in enumerate(request["documents"]):
            _begin(number)
            for page in _bounded(workshop.pages(Path(document)), writer, limits):
                writer.add(page)
    return {"pages": writer.pages}


def _bounded(pages: Iterator[Any], writer: Any, limits: RasterLimits) -> Iterator[Any]:
    for page in pages:
        if writer.pages >= limits.max_pages:
            raise Refused(f"makes it more than {limits.max_pages} pages in all: send it in parts")
        yield page


def _begin(number: int) -> None:
    """Tell which document is worked on, for when the process is ended over it."""
    sys.stdout.buffer.write(json.dumps({"at": number}).encode() + b"\n")
    sys.stdout.buffer.flush()


def _leave_network() -> None:
    """Go where there is no network, where the system lets us; nothing here asks for any anyway."""
    libc = ctypes.CDLL(None)
    if libc.unshare(_NEW_NETWORK):
        libc.unshare(_NEW_NETWORK | _NEW_USER)


if __name__ == "__main__":
    main()
