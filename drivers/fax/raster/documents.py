"""Whatever a document is, its pages."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from drivers.fax.raster.geometry import Sheet
from drivers.fax.raster.kinds import Kind, kind_of
from drivers.fax.raster.limits import RasterLimits
from drivers.fax.raster.refusals import Refused
from drivers.fax.raster.tiff import FaxPage
from gateway.fax.port import Resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """Makes pages of one document after the other, in a folder that is thrown away."""

    folder: Path
    resolution: Resolution
    limits: RasterLimits
    ghostscript: str
    """Its program; empty: PDFs are drawn by the embedded engine."""
    insist: bool
    """Whether Ghostscript's failure is the document's, or the embedded engine's turn."""
    office: str
    """LibreOffice's program; empty: it is not installed."""

    def pages(self, file: Path) -> Iterator[FaxPage]:
        """Yield a document's pages."""
        try:
            if file.stat().st_size > self.limits.max_mb * 1_000_000:
                raise Refused(f"has more than {self.limits.max_mb} MB: send it in parts")
            with tempfile.TemporaryDirectory(dir=self.folder) as folder:
                yield from self._pages(kind_of(file), file, Path(folder))
        except FileNotFoundError as error:
            if Path(str(error.filename)) == file:
                raise Refused("is no longer there: hand it in again") from error
            raise

    def _pages(self, kind: Kind, file: Path, folder: Path) -> Iterator[FaxPage]:
        sheet, limits = Sheet(resolution=self.resolution), self.limits
        if kind is Kind.PICTURE:
            from drivers.fax.raster import pictures  # noqa: PLC0415

            with pictures.opened(file, limits.max_pixels) as picture:
                yield pictures.page_of(picture, sheet)
        elif kind is Kind.TIFF:
            from drivers.fax.raster import faxed  # noqa: PLC0415

            yield from faxed.pages(file, sheet, limits.max_pages, limits.max_pixels)
        else:
            yield from self._drawn(self._as_pdf(kind, file, folder), sheet, folder)

    def _as_pdf(self, kind: Kind, file: Path, folder: Path) -> Path:
        into, most = folder / "document.pdf", self.limits.max_pages
        if kind is Kind.PDF:
            return file
        if kind is Kind.TEXT:
            from drivers.fax.raster import plain_text  # noqa: PLC0415

            plain_text.write_pdf(file, into, most)
        elif kind is Kind.HTML:
            from drivers.fax.raster import hypertext  # noqa: PLC0415

            hypertext.write_pdf(file, into, most)
        else:
            self._of_office(kind, file, into)
        return into

    def _of_office(self, kind: Kind, file: Path, into: Path) -> None:
        from drivers.fax.raster import office  # noqa: PLC0415

        if not self.office:
            raise Refused(
                f"is {kind.value}; LibreOffice is not installed on this machine: send it as PDF,"
                " or have the administrator install libreoffice-writer-nogui"
            )
        bounds = office.OfficeBounds(
            program=self.office, memory_mb=self.limits.office_memory_mb,
            max_unpacked_mb=self.limits.max_unpacked_mb,
        )  # fmt: skip
        office.write_pdf(file, kind, into, bounds)

    def _drawn(self, file: Path, sheet: Sheet, folder: Path) -> Iterator[FaxPage]:
        if self.ghostscript:
            from drivers.fax.raster import ghost  # noqa: PLC0415

            try:
                yield from ghost.pages(self.ghostscript, file, sheet, folder, self.limits.max_pages)
                return
            except ghost.CannotDraw as error:
                if self.insist:
                    raise Refused("cannot be drawn: print it to a new PDF") from error
        from drivers.fax.raster import embedded  # noqa: PLC0415

        yield from embedded.pages(file, sheet, self.limits.max_pages)
