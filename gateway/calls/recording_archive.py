"""Our own copies of recordings on our disk: whole under their names, or not there at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gateway.calls import audio
from gateway.calls.audio import AudioKind
from gateway.calls.recording_names import WAITING
from gateway.kernel.errors import Permanent, Temporary
from gateway.kernel.ids import new_id

_ARRIVING = "arriving"
"""Our folder of what is not whole yet; what a stop left in it is worthless."""
_FILE_MODE, _FOLDER_MODE = 0o600, 0o700
_RETRY_AFTER_S = 60.0


class DiskTrouble(Temporary):
    """Our own disk does not take a recording."""


class NotARecording(Permanent):
    """What came is no sound, has no end, or nothing to hear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A recording that is whole on our disk, and what is known of it."""

    path: Path
    sha256: str
    """Of the bytes as they came."""
    size_bytes: int
    duration_s: float | None
    media_type: str
    suffix: str
    whole: bool
    """It is as long as it says."""


class Arriving:
    """A recording that is being written to a temporary name; `discard` it in the end."""

    def __init__(self, path: Path, suffix: str, limit_bytes: int) -> None:
        self.path = path
        self._suffix = suffix
        self._limit_bytes = limit_bytes
        self._head = bytearray()
        self._kind: AudioKind | None = None
        self._sha256 = hashlib.sha256()
        self._size_bytes = 0
        with _our_disk(path):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            self._file: BinaryIO = os.fdopen(os.open(path, flags, _FILE_MODE), "wb")

    def write(self, part: bytes) -> None:
        """Take the next bytes; raises NotARecording, DiskTrouble."""
        self._size_bytes += len(part)
        if self._size_bytes > self._limit_bytes:
            raise NotARecording(
                f"it is larger than {self._limit_bytes // 1_000_000} MB; "
                "[recordings] max_mb says how large one may be"
            )
        self._sha256.update(part)
        if self._kind is None:
            self._head += part
            if len(self._head) >= audio.HEAD_BYTES:
                self._begin()
            return
        with _our_disk(self.path):
            self._file.write(part)

    def finish(self) -> Arrived:
        """Return what came, once it is on disk; raises NotARecording, DiskTrouble."""
        kind = self._kind or self._begin()
        head = bytes(self._head)
        duration_s = audio.duration_s(kind, head, self._size_bytes)
        if duration_s == 0:
            raise NotARecording("it holds no sound: nothing was said while it was recorded")
        with _our_disk(self.path):
            self._file.seek(0)
            self._file.write(audio.header(kind, self._size_bytes))
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        return Arrived(
            path=self.path,
            sha256=self._sha256.hexdigest(),
            size_bytes=self._size_bytes,
            duration_s=duration_s,
            media_type=kind.media_type,
            suffix=kind.suffix,
            whole=audio.is_whole(kind, head, self._size_bytes),
        )

    def discard(self) -> None:
        """Let go of what was not moved to its place; what cannot be deleted, a start tidies up."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _begin(self) -> AudioKind:
        self._kind = kind = audio.recognise(bytes(self._head), self._suffix)
        if kind is None:
            raise NotARecording(
                "it is empty" if not self._head else "it is no WAV, MP3, Ogg, GSM or G.711 sound"
            )
        with _our_disk(self.path):
            self._file.write(audio.header(kind, 0))
            self._file.write(self._head)
        return kind


class Archive:
    """The folder of our copies: by the office's day, named by their calls."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder = folder.absolute()
        self._limit_bytes = limit_bytes
        self._since = new_id()
        """What arrives from now on has a later id."""

    def arriving(self, suffix: str) -> Arriving:
        """Begin to write a recording; raises DiskTrouble."""
        folder = self._folder / _ARRIVING
        with _our_disk(folder):
            _make(folder)
        return Arriving(folder / new_id(), suffix, self._limit_bytes)

    def place(self, came: Path, name: str) -> None:
        """Move a whole recording to its name, durably; done already, it is left alone.

        Raises Permanent when it is in neither place, DiskTrouble.
        """
        target = self.path(name)
        with _our_disk(target):
            _make(target.parent)
            try:
                came.replace(target)
            except FileNotFoundError:
                if not target.is_file():
                    raise Permanent(f"our file {came.name} is gone") from None
            for suffix in audio.SUFFIXES:
                if target.with_suffix(suffix) != target:
                    target.with_suffix(suffix).unlink(missing_ok=True)
            _sync(target.parent)

    def path(self, name: str) -> Path:
        """Return where one of our files is."""
        return self._folder / name

    def drop(self, name: str) -> None:
        """Delete one of our files."""
        with _our_disk(self._folder):
            self.path(name).unlink(missing_ok=True)

    def tidy(self, waiting: set[str]) -> None:
        """Delete what a stop left behind: half-written files, and those that nobody waits for."""
        with _our_disk(self._folder):
            for folder in (self._folder / _ARRIVING, self._folder / WAITING):
                for path in folder.iterdir() if folder.is_dir() else ():
                    known = str(path.relative_to(self._folder)) in waiting
                    if not known and path.name < self._since:
                        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _our_disk(path: Path) -> Iterator[None]:
    """Raise DiskTrouble where our own disk fails."""
    try:
        yield
    except OSError as error:
        raise DiskTrouble(
            f"our disk does not take the recording: {error.strerror}; "
            f"see to space and rights in {path.parent}",
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
