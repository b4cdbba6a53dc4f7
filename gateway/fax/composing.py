"""Makes of files, and a cover page, the pages that are faxed; keeps them as a document."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, delete, exists, insert, select

from gateway.fax import ledger, tables
from gateway.fax.documents import FaxFolder
from gateway.fax.model import Document
from gateway.fax.port import Rasteriser, Resolution, SourceDocument
from gateway.kernel.clock import Clock
from gateway.kernel.errors import Invalid, NotFound
from gateway.kernel.ids import new_id
from gateway.kernel.store import Store
from gateway.web.principal import Principal, Sight

UNUSED_KEPT = timedelta(days=1)
"""How long pages are kept that were looked at and not sent."""
MAX_NAME = 200
_UNUSED = ~exists().where(tables.faxes.c.document_id == tables.documents.c.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverWish:
    """What a cover page shall say."""

    template: str
    language: str = ""
    """Empty: the office's."""
    subject: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Who a cover page is for."""

    number: str = ""
    name: str = ""
    company: str = ""


class CoverMaker(Protocol):
    """Makes cover pages."""

    async def pdf(
        self, wish: CoverWish, to: Addressee, sender: str, pages: int, at: datetime
    ) -> bytes:
        """Return a cover page as PDF; raises Invalid for a template that is not there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The pages of what somebody gave, while they wait to be completed."""

    file: Path
    pages: int
    name: str


class Composer:
    """Turns what somebody gives into documents."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        folder: FaxFolder,
        rasteriser: Rasteriser,
        covers: CoverMaker,
    ) -> None:
        self._store = store
        self._clock = clock
        self._folder = folder
        self._rasteriser = rasteriser
        self._covers = covers

    def workshop(self) -> AbstractContextManager[Path]:
        """Give a folder to make pages in; it goes afterwards."""
        return self._folder.workshop()

    async def body(
        self, files: Sequence[SourceDocument], resolution: Resolution, workshop: Path
    ) -> Body:
        """Make the pages of some files; raises Invalid that names the file and the remedy."""
        if not files:
            return Body(file=workshop / "none", pages=0, name="")
        raster = await self._rasteriser.raster(files, resolution, workshop / "body.tif")
        name = ", ".join(one.name for one in files)[:MAX_NAME]
        return Body(file=raster.file, pages=raster.pages, name=name)

    async def complete(
        self,
        principal: Principal,
        body: Body,
        resolution: Resolution,
        workshop: Path,
        *,
        cover: CoverWish | None = None,
        to: Addressee | None = None,
    ) -> Document:
        """Put a cover page before the pages, and keep them; raises Invalid."""
        if cover is None and not body.pages:
            raise Invalid("there is nothing to fax; give a file or a cover page", field="files")
        parts: list[SourceDocument] = []
        if cover is not None:
            made = await self._covers.pdf(
                cover, to or Addressee(), principal.name, body.pages + 1, self._clock.now()
            )
            file = workshop / f"{new_id()}.pdf"
            await asyncio.to_thread(file.write_bytes, made)
            parts.append(SourceDocument(name="the cover page", file=file))
        if body.pages:
            parts.append(SourceDocument(name=body.name, file=body.file))
        raster = await self._rasteriser.raster(parts, resolution, workshop / f"{new_id()}.tif")
        now = self._clock.now()
        kept = await self._folder.keep(raster.file, "sent", now)
        document = Document(
            id=new_id(), user_id=principal.user_id, name=body.name, path=kept.path,
            pages=raster.pages, resolution=resolution, size_bytes=kept.size_bytes, created_at=now,
        )  # fmt: skip
        await self._store.write(lambda connection: _add(connection, document))
        return document

    async def document(self, principal: Principal, document_id: str) -> Document:
        """Return pages that were made; raises NotFound also for another's."""
        found = await self._store.read(lambda c: ledger.find_document(c, document_id))
        if found is None or not _may_see(principal, found):
            raise NotFound(f"there is no document {document_id}; it may have been too old")
        return found

    async def forget_unused(self) -> int:
        """Drop pages that were looked at and not sent; return how many documents that were."""
        before = self._clock.now() - UNUSED_KEPT

        def unit(connection: Connection) -> list[str]:
            old = select(tables.documents.c.id, tables.documents.c.path).where(
                tables.documents.c.created_at < before, _UNUSED
            )
            rows = connection.execute(old.limit(500)).all()
            ids = [row.id for row in rows]
            connection.execute(
                delete(tables.documents).where(tables.documents.c.id.in_(ids), _UNUSED)
            )
            return [row.path for row in rows]

        paths = await self._store.write(unit)
        for path in paths:
            await asyncio.to_thread(self._folder.drop, path)
        return len(paths)


def _may_see(principal: Principal, document: Document) -> bool:
    return principal.sight is Sight.ALL or document.user_id == principal.user_id


def _add(connection: Connection, document: Document) -> None:
    names = Document.__dataclass_fields__
    values = {name: getattr(document, name) for name in names}
    values["resolution"] = document.resolution.value
    connection.execute(insert(tables.documents).values(values))
