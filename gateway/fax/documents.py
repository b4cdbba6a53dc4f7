"""The folder of our faxes: each whole under its name, or not there at all."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.kernel.errors import Temporary
from gateway.kernel.ids import new_id

_FOLDER_MODE = 0o700
_RETRY_AFTER_S = 60.0
_VIEWS = "views"
"""What is made of faxes to look at; it can be made again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file in its place."""

    path: str
    """Below the folder of faxes."""
    size_bytes: int
    sha256: str


class FaxFolder:
    """`arriving` for what is not ours yet, `sent` and `received` by month, `views` of both."""

    def __init__(self, folder: Path) -> None:
        self.root = folder.absolute()
        self.arriving = self.root / "arriving"
        self._since = new_id()

    def open(self) -> None:
        """Make the folders, and drop what a stop left behind half-made."""
        with _our_disk(self.root):
            for folder in (self.arriving, self.root / _VIEWS):
                _make(folder)
            for path in self.arriving.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def path(self, name: str) -> Path:
        """Return where one of our files is."""
        return self.root / name

    @contextlib.contextmanager
    def workshop(self) -> Iterator[Path]:
        """Give a folder to make something in, on the disk that keeps it; it goes afterwards."""
        folder = self.arriving / new_id()
        with _our_disk(self.arriving):
            folder.mkdir(_FOLDER_MODE)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    async def keep(self, came: Path, kind: str, at: datetime) -> Kept:
        """Move a whole file to its place, durably; raises Temporary where our disk fails."""
        name = f"{kind}/{at:%Y-%m}/{new_id()}.tif"
        return await asyncio.to_thread(self._keep, came, name)

    async def view(self, name: str, make: Callable[[Path], Awaitable[None]]) -> Path:
        """Return a view of a fax; `make` writes it into a new file the first time."""
        target = self.root / _VIEWS / name
        if not await asyncio.to_thread(target.is_file):
            with self.workshop() as folder:
                made = folder / target.name
                await make(made)
                with _our_disk(target):
                    await asyncio.to_thread(_place, made, target)
        return target

    def drop(self, name: str) -> None:
        """Delete one of our files and the views of it."""
        stem = Path(name).stem
        with _our_disk(self.root):
            self.path(name).unlink(missing_ok=True)
        shutil.rmtree(self.root / _VIEWS / stem, ignore_errors=True)

    def _keep(self, came: Path, name: str) -> Kept:
        target = self.root / name
        with _our_disk(target):
            with came.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                os.fsync(file.fileno())
                size = os.fstat(file.fileno()).st_size
            _place(came, target)
        return Kept(path=name, size_bytes=size, sha256=digest)


def _place(came: Path, target: Path) -> None:
    _make(target.parent)
    came.replace(target)
    _sync(target.parent)


@contextlib.contextmanager
def _our_disk(path: Path) -> Iterator[None]:
    """Raise Temporary where our own disk fails."""
    try:
        yield
    except OSError as error:
        raise Temporary(
            f"our disk does not take the fax: {error.strerror}; "
            f"see to space and rights in {path.parent}",
            code="disk",
            retry_after_s=_RETRY_AFTER_S,
        ) from error


def _make(folder: Path) -> None:
    """Make a folder and those above it, each durably."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(_FOLDER_MODE, exist_ok=True)
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    """Make a folder's entries durable."""
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
