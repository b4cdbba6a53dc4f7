"""The folder in which a telephone system records, as it is mounted here.

Names in it come from the dialplan, and so perhaps from a caller, and whoever owns that machine may
put links there: whatever leads out of the folder is refused, and no link is followed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from gateway.calls.audio import HEAD_BYTES
from gateway.calls.recording_names import endings
from gateway.kernel.errors import GatewayError, Permanent

_AT_ONCE = 1 << 20


class NotThere(GatewayError):
    """The file is not in the folder, or cannot be read: it may come."""


class NotMounted(NotThere):
    """The folder itself is not there."""


class Growing(GatewayError):
    """The file changed while it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFolder:
    """Where a telephone system records, and where that is mounted here."""

    there: PurePosixPath
    here: Path
    delete: bool = False
    """Its file is deleted once ours is committed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A file as it was found."""

    parts: tuple[str, ...]
    """Below the folder."""
    mark: str
    """Its name, size and time: another mark, another content."""
    size_bytes: int

    @property
    def suffix(self) -> str:
        """Return how its name ends."""
        return PurePosixPath(self.parts[-1]).suffix


class Sink(Protocol):
    """What a file is copied to."""

    def write(self, part: bytes) -> None:
        """Take the next bytes."""


def look(folder: RecordingFolder, told: str) -> Seen:
    """Return the file that the telephone system calls so, under whatever ending it has by now.

    Raises NotThere, Permanent for what is no name below the folder.
    """
    *above, name = _inside(folder, told)
    empty: Seen | None = None
    for candidate in endings(name):
        with contextlib.suppress(NotThere), _opened(folder, (*above, candidate)) as file:
            seen = _seen((*above, candidate), file)
            if seen.size_bytes:
                return seen
            empty = empty or seen
    if empty is not None:
        return empty
    _require_mounted(folder)
    raise NotThere(f"{told[:200]!r} is not in {folder.here}")


def head(folder: RecordingFolder, seen: Seen) -> bytes:
    """Return what a file begins with; raises NotThere."""
    with _opened(folder, seen.parts) as file:
        return os.read(file, HEAD_BYTES)


def copy(folder: RecordingFolder, seen: Seen, sink: Sink) -> None:
    """Copy a file that was seen; raises Growing when it is not what it was, NotThere."""
    with _opened(folder, seen.parts) as file:
        left = seen.size_bytes
        while left and (part := os.read(file, min(left, _AT_ONCE))):
            sink.write(part)
            left -= len(part)
        if left or _seen(seen.parts, file) != seen:
            raise Growing("it changed while it was copied")


def remove(folder: RecordingFolder, mark: str, told: str) -> None:
    """Delete a file of theirs, if it is still what was copied; raises NotThere, Permanent."""
    try:
        seen = look(folder, told)
    except NotMounted:
        raise
    except NotThere:
        return
    if seen.mark != mark:
        return
    try:
        with _folder(folder, seen.parts) as place:
            os.unlink(seen.parts[-1], dir_fd=place)
    except OSError as error:
        raise NotThere(f"{told[:200]!r} cannot be deleted: {error.strerror}") from error


def _require_mounted(folder: RecordingFolder) -> None:
    """Raise NotMounted where the folder is not there, or its mount is dead."""
    why = ""
    try:
        if folder.here.is_dir():
            return
    except OSError as error:
        why = f" ({error.strerror})"
    raise NotMounted(f"the folder {folder.here} is not there{why}; is it mounted?")


def _inside(folder: RecordingFolder, told: str) -> tuple[str, ...]:
    """Return a name's parts below the folder."""
    named = PurePosixPath(told)
    if named.is_absolute():
        within = named.is_relative_to(folder.there)
        named = named.relative_to(folder.there) if within else PurePosixPath()
    if not named.parts or ".." in named.parts:
        raise Permanent(f"{told[:200]!r} is no recording in {folder.there}")
    return named.parts


@contextlib.contextmanager
def _opened(folder: RecordingFolder, parts: tuple[str, ...]) -> Iterator[int]:
    """Hold a plain file open; raises NotThere, Permanent."""
    try:
        with _folder(folder, parts) as place:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            file = os.open(parts[-1], flags, dir_fd=place)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Permanent("it is a symbolic link, which is not followed") from error
        raise NotThere(f"{'/'.join(parts)[:200]!r}: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise Permanent("it is no plain file")
        yield file
    except OSError as error:
        raise NotThere(f"{'/'.join(parts)[:200]!r} cannot be read: {error.strerror}") from error
    finally:
        os.close(file)


@contextlib.contextmanager
def _folder(folder: RecordingFolder, parts: tuple[str, ...]) -> Iterator[int]:
    """Hold the folder of a file open, without following a link on the way."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    with contextlib.ExitStack() as stack:
        place = os.open(folder.here, flags)
        stack.callback(os.close, place)
        for part in parts[:-1]:
            place = os.open(part, flags | os.O_NOFOLLOW, dir_fd=place)
            stack.callback(os.close, place)
        yield place


def _seen(parts: tuple[str, ...], file: int) -> Seen:
    found = os.fstat(file)
    mark = f"{parts[-1]}:{found.st_size}:{found.st_mtime_ns}"
    return Seen(parts=parts, mark=mark, size_bytes=found.st_size)
