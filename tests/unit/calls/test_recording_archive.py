"""Our copies are whole under their names or not there at all, also on a disk that is full."""

from __future__ import annotations

import hashlib
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.calls.recording_archive import Archive, Arrived, DiskTrouble, NotARecording
from gateway.kernel.errors import Permanent
from tests.sounds import wav

LIMIT = 1_000_000


def written(archive: Archive, content: bytes, suffix: str = ".wav", at_once: int = 7) -> Arrived:
    arriving = archive.arriving(suffix)
    for at in range(0, len(content), at_once):
        arriving.write(content[at : at + at_once])
    return arriving.finish()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "recordings", LIMIT)


@contextmanager
def files_up_to(size_bytes: int) -> Iterator[None]:
    """Let this process write no file beyond a size, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("seconds", [0.01, 0.5])
@pytest.mark.parametrize("at_once", [1, 4095, 1 << 20])
def test_what_comes_in_parts_of_any_size_is_the_same(
    archive: Archive, seconds: float, at_once: int
) -> None:
    arrived = written(archive, wav(seconds), at_once=at_once)
    assert arrived.path.read_bytes() == wav(seconds)
    assert arrived.sha256 == hashlib.sha256(wav(seconds)).hexdigest()
    assert (arrived.duration_s, arrived.whole) == (seconds, True)


def test_a_full_disk_is_told_and_leaves_nothing_under_the_name(
    archive: Archive, tmp_path: Path
) -> None:
    arriving = archive.arriving(".wav")
    with files_up_to(4096), pytest.raises(DiskTrouble, match="space and rights"):
        arriving.write(wav(1))
    arriving.discard()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    archive.place(written(archive, wav()).path, "2026/12/01/a.wav")


def test_what_cannot_be_deleted_is_left_to_the_next_start(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    arriving = archive.arriving(".wav")

    def refused(_path: Path, missing_ok: bool = False) -> None:
        raise OSError(30, f"Read-only file system {missing_ok}")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refused)
        arriving.discard()
    assert arriving.path.exists()
    arriving.discard()


def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "recordings").write_text("a file stands in the way")
    with pytest.raises(DiskTrouble, match="space and rights"):
        Archive(tmp_path / "recordings", LIMIT).arriving(".wav")


def test_what_is_too_large_is_refused_before_it_is_written(archive: Archive) -> None:
    arriving = archive.arriving(".wav")
    arriving.write(wav(60))
    with pytest.raises(NotARecording, match="1 MB"):
        arriving.write(bytes(LIMIT))
    assert arriving.path.stat().st_size < LIMIT
    arriving.discard()


def test_a_copy_replaces_one_of_another_kind(archive: Archive) -> None:
    archive.place(written(archive, wav()).path, "2026/12/01/a.wav")
    mp3 = written(archive, b"\xff\xfb\x90\x00" + bytes(500), ".mp3")
    archive.place(mp3.path, "2026/12/01/a.mp3")
    assert not archive.path("2026/12/01/a.wav").exists()
    archive.place(mp3.path, "2026/12/01/a.mp3")  # done already
    with pytest.raises(Permanent, match="gone"):
        archive.place(mp3.path, "2026/12/01/b.mp3")


def test_a_start_tidies_up_what_an_earlier_run_left_and_nothing_of_this_one(
    tmp_path: Path,
) -> None:
    before = Archive(tmp_path, LIMIT)
    written(before, wav())
    for name in ("waiting/00known.wav", "waiting/00unknown.wav", "2026/12/01/a.wav"):
        before.place(written(before, wav()).path, name)
    now = Archive(tmp_path, LIMIT)
    fresh = written(now, wav())
    now.place(fresh.path, f"waiting/{fresh.path.name}.wav")
    arriving = now.arriving(".wav")
    now.tidy({"waiting/00known.wav"})
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {
        "waiting/00known.wav", "2026/12/01/a.wav", f"waiting/{fresh.path.name}.wav",
        f"arriving/{arriving.path.name}",
    }  # fmt: skip
    arriving.discard()
