"""Documents to pages, pages to pictures: hands each request to a process of its own."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Any

from drivers.fax.raster import process
from drivers.fax.raster.limits import RasterLimits
from drivers.fax.raster.turns import Turns
from gateway.fax.port import Raster, Resolution, SourceDocument
from gateway.kernel.errors import ConfigError, Invalid, Temporary

_log = logging.getLogger(__name__)

_MAX_NAME = 120
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_BUSY_RETRY_S = 30.0


class Engine(StrEnum):
    """What draws the pages of PDFs."""

    AUTOMATIC = "automatic"
    """Ghostscript where it is installed; the embedded one for what that cannot draw."""
    EMBEDDED = "embedded"
    GHOSTSCRIPT = "ghostscript"


class DocumentRasteriser:
    """Implements the fax feature's port `Rasteriser`."""

    def __init__(
        self,
        limits: RasterLimits | None = None,
        *,
        engine: Engine = Engine.AUTOMATIC,
        ghostscript: str | None = None,
        office: str | None = None,
    ) -> None:
        """Look for the programs, unless they are named; an empty name is none."""
        self._limits = limits or RasterLimits()
        self._insist = engine is Engine.GHOSTSCRIPT
        found = shutil.which("gs") or "" if ghostscript is None else ghostscript
        self._ghostscript = "" if engine is Engine.EMBEDDED else found
        if self._insist and not found:
            raise ConfigError(
                "Ghostscript is set to draw the pages of faxes and is not installed: install"
                " ghostscript, or set the engine to automatic"
            )
        self._office = shutil.which("soffice") or "" if office is None else office
        self._makers, self._viewers = Turns(self._limits), Turns(self._limits)

    @property
    def engine(self) -> Engine:
        """Return what draws the pages of PDFs here."""
        return Engine.GHOSTSCRIPT if self._ghostscript else Engine.EMBEDDED

    async def raster(
        self, documents: Sequence[SourceDocument], resolution: Resolution, into: Path
    ) -> Raster:
        """Write the pages of all documents, in order, into one file."""
        names = [_shown(document.name) for document in documents]
        if not documents:
            raise Invalid("there is nothing to fax: add a document", field="files")
        async with self._makers.turn(), _folder(into.parent) as folder:
            part = folder / "pages.tif"
            request = {
                "deed": "raster", "resolution": resolution.value, "folder": str(folder),
                "into": str(part), "ghostscript": self._ghostscript, "insist": self._insist,
                "office": self._office,
                "documents": [_absolute(document.file) for document in documents],
            }  # fmt: skip
            answer, _ = await self._ask(request, folder, names)
            size = await asyncio.to_thread(_settle, part, into)
        return Raster(file=into, pages=answer["pages"], resolution=resolution, size_bytes=size)

    async def preview(self, raster: Path, page: int, width_px: int) -> bytes:
        """Return a PNG of a page (from 1), in its true proportions."""
        _, picture = await self._view(raster, {"deed": "preview", "page": page,
                                               "width_px": width_px})  # fmt: skip
        return picture

    async def pdf(self, raster: Path, into: Path) -> None:
        """Write the pages as a PDF, dot for dot."""
        async with self._viewers.turn(), _folder(into.parent) as folder:
            part = folder / "pages.pdf"
            request = {"deed": "pdf", "raster": _absolute(raster), "into": str(part)}
            await self._ask(request, folder, [_shown(raster.name)])
            await asyncio.to_thread(_settle, part, into)

    async def pages(self, raster: Path) -> int:
        """Return how many pages of a TIFF can be read."""
        answer, _ = await self._view(raster, {"deed": "pages"})
        return int(answer["pages"])

    async def _view(self, raster: Path, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        async with self._viewers.turn():
            whole = {**request, "raster": _absolute(raster)}
            return await self._ask(whole, Path("/"), [_shown(raster.name)])

    async def _ask(
        self, request: dict[str, Any], folder: Path, names: Sequence[str]
    ) -> tuple[dict[str, Any], bytes]:
        """Have it done, or raise what came of it; a worker tells which document it is at."""
        coded = json.dumps({**request, "limits": asdict(self._limits)}).encode()
        outcome = await process.work(coded, folder, self._limits.wall_s)
        begun, answer, payload = _read(outcome.answer)
        name = names[begun]
        if outcome.code or outcome.late or answer is None:
            raise self._failed(outcome, name)
        if "limit" in answer:
            raise self._too_much(name, f"{self._limits.memory_mb} MB of memory")
        if "refused" in answer:
            raise Invalid(f"{name} {answer['refused']}", field="files")
        if "busy" in answer:
            raise Temporary(answer["busy"], retry_after_s=_BUSY_RETRY_S)
        return answer, payload

    def _failed(self, outcome: process.Outcome, name: str) -> Invalid:
        """Tell of a worker that was ended before it answered."""
        if outcome.late:
            return self._too_much(name, f"{self._limits.wall_s:.0f} s")
        if outcome.code == -signal.SIGXCPU:
            return self._too_much(name, f"{self._limits.cpu_s} s of computing")
        _log.warning("a worker failed over a document (%s): %s", outcome.code, outcome.complaint)
        return Invalid(
            f"{name} cannot be read here: print it to a new PDF and send that", field="files"
        )

    def _too_much(self, name: str, what: str) -> Invalid:
        return Invalid(
            f"{name} takes more than {what}: send it in parts, or as a simpler PDF",
            field="files",
        )


def _read(written: bytes) -> tuple[int, dict[str, Any] | None, bytes]:
    """Return which document a worker was at, its answer if it came to one, and the rest."""
    begun, rest = 0, written
    while rest:
        line, _, rest = rest.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        if "at" not in answer:
            return begun, answer, rest
        begun = int(answer["at"])
    return begun, None, b""


def _absolute(path: Path) -> str:
    """Return a path as a worker in another folder needs it."""
    return str(path.absolute())


def _shown(name: str) -> str:
    """Return a document's name as it can stand in a sentence."""
    plain = _UNPRINTABLE.sub(" ", name).strip() or "a document without a name"
    return plain if len(plain) <= _MAX_NAME else f"{plain[:_MAX_NAME]}…"


@asynccontextmanager
async def _folder(beside: Path) -> AsyncIterator[Path]:
    """Make a private folder on the disk where the result will lie; remove it in any case."""
    made = await asyncio.to_thread(tempfile.mkdtemp, prefix=".raster-", dir=beside)
    try:
        yield Path(made)
    finally:
        await asyncio.shield(asyncio.to_thread(shutil.rmtree, made, True))


def _settle(part: Path, into: Path) -> int:
    """Put a whole file, that survives a loss of power, in its place; return its size."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
        size = os.fstat(file.fileno()).st_size
    part.replace(into)
    return size
