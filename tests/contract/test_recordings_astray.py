"""Mounts that die and calls that become one while recordings are on their way."""

from __future__ import annotations

import asyncio
import errno
import threading
from pathlib import Path
from typing import Any

import pytest

import gateway.calls.recordings as listening
from gateway.calls import recording_folders
from gateway.calls.model import CallChange, CallChangeKind
from gateway.calls.recording_archive import Archive
from gateway.calls.recording_folders import RecordingFolder, Seen
from gateway.calls.showing import CallFilter
from gateway.kernel.errors import Temporary
from gateway.kernel.store import Store
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from tests.contract.recording_room import ONE, THERE, Room
from tests.sounds import wav

TWO = f"{THERE}/2026/12/two.wav"
MERGED = CallChange(CallChangeKind.MERGED, "2.1", "1.1")


@pytest.fixture
def room(store: Store, tmp_path: Path) -> Room:
    return Room(store, tmp_path)


async def merge(room: Room) -> None:
    """Let the call 2.1 become part of 1.1."""
    await room.book.calls_changed("office", [(MERGED, None)])


@pytest.mark.parametrize("of_mount", [errno.ENOTCONN, errno.EIO, errno.ESTALE, errno.ETIMEDOUT])
async def test_a_dead_mount_is_as_one_that_is_not_there(
    room: Room, monkeypatch: pytest.MonkeyPatch, of_mount: int
) -> None:
    room.mount.rmdir()
    is_dir = Path.is_dir

    def dead(path: Path) -> bool:
        if path == room.mount:
            raise OSError(of_mount, "dead")
        return is_dir(path)

    monkeypatch.setattr(Path, "is_dir", dead)
    call_id = await room.call()
    await room.look()
    shown = await room.shown(call_id)
    assert shown["state"] == "expected"
    assert "(dead); is it mounted?" in shown["reason"]
    assert "recordings:office" in room.health.conditions()


async def test_a_file_that_cannot_be_looked_at_holds_up_no_other(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.put(wav(), "2026/12/two.wav")
    bad = await room.call()
    good = await room.call(TWO, ref="2.1")
    look = recording_folders.look

    def broken(folder: RecordingFolder, told: str) -> Seen:
        if told == ONE:
            raise OSError(errno.EIO, "Input/output error")
        return look(folder, told)

    monkeypatch.setattr(recording_folders, "look", broken)
    for _ in range(2):
        await room.look(minutes=1)
    assert await room.state(good) == "kept"
    shown = await room.shown(bad)
    assert (shown["state"], "Input/output" in shown["reason"]) == ("expected", True)


async def test_theirs_is_deleted_when_a_mount_that_was_away_is_back(
    store: Store, tmp_path: Path
) -> None:
    room = Room(store, tmp_path, delete=True)
    path = room.put(wav())
    await room.kept()
    away = room.mount.rename(room.folder / "away")
    await room.look()
    away.rename(room.mount)
    assert path.exists()
    await room.look(minutes=1)
    assert not path.exists()


async def test_theirs_is_deleted_though_its_call_became_part_of_another(
    store: Store, tmp_path: Path
) -> None:
    room = Room(store, tmp_path, delete=True)
    path = room.put(wav())
    await room.kept(ref="2.1")
    await room.call("", ref="1.1")
    await merge(room)
    assert path.exists()
    await room.look()
    assert not path.exists()


async def test_what_is_kept_stays_so_whatever_becomes_of_theirs(
    store: Store, tmp_path: Path
) -> None:
    room = Room(store, tmp_path, delete=True)
    path = room.put(wav())
    call_id = await room.kept()
    path.unlink()
    path.symlink_to(tmp_path)
    await room.look()
    assert await room.state(call_id) == "kept"
    assert path.is_symlink()


async def test_what_finds_its_call_at_the_last_moment_is_not_dropped(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.hand_over(wav())
    drop = room.keeper._drop

    async def late(row: Any) -> None:
        await room.call()
        await drop(row)

    monkeypatch.setattr(room.keeper, "_drop", late)
    await room.look(hours=25)
    assert len(room.files()) == 1
    call_id = await room.call()
    await room.look()
    assert await room.state(call_id) == "kept"


async def test_a_recording_that_is_kept_goes_along_into_a_call_that_has_ended(room: Room) -> None:
    room.put(wav())
    await room.kept(ref="2.1")
    await room.call("", ref="1.1")
    [survivor] = [call["id"] for call in await shown(room) if not call["recording"]]
    await merge(room)
    assert await room.state(survivor) == "kept"
    assert await room.documents() == [f"/api/v1/calls/{survivor}/recording"]
    assert (await room.told("call.recorded"))[-1].subject == survivor
    assert (await room.recordings.file(ROOT, survivor)).path.read_bytes() == wav()


async def shown(room: Room) -> list[dict[str, Any]]:
    """Return all calls."""
    page = await room.calls.page(ROOT, CallFilter())
    return [dict(call) for call in page.items]


async def test_what_is_not_copied_yet_goes_along_into_a_call_that_has_ended(room: Room) -> None:
    await room.call(ref="2.1")
    await room.call("", ref="1.1")
    await merge(room)
    room.put(wav())
    for _ in range(2):
        await room.look(minutes=1)
    [call] = await shown(room)
    assert await room.state(call["id"]) == "kept"


async def test_what_goes_along_into_a_call_that_never_ends_is_dropped_after_a_day(
    room: Room,
) -> None:
    room.put(wav())
    await room.kept(ref="2.1")
    await room.call("", ref="1.1", live=True)
    await merge(room)
    await room.look(hours=23)
    assert len(room.files()) == 1
    await room.look(hours=2)
    assert room.files() == []


@pytest.mark.parametrize("handed_over", [False, True])
async def test_a_call_that_becomes_part_of_another_while_its_file_is_moved(
    room: Room, monkeypatch: pytest.MonkeyPatch, handed_over: bool
) -> None:
    await room.call("", ref="1.1", live=True)
    await room.call(ref="2.1")
    if handed_over:
        await room.hand_over(wav())
    else:
        room.put(wav())
        await room.look()
    loop, place = asyncio.get_running_loop(), Archive.place

    def meanwhile(archive: Archive, came: Path, name: str) -> None:
        monkeypatch.setattr(Archive, "place", place)
        asyncio.run_coroutine_threadsafe(merge(room), loop).result()
        place(archive, came, name)

    monkeypatch.setattr(Archive, "place", meanwhile)
    await room.look()
    assert [name.split("/")[0] for name in room.files()] == ["waiting"] * handed_over
    survivor = await room.call("", ref="1.1")
    for _ in range(2):
        await room.look(minutes=1)
    assert await room.state(survivor) == "kept"
    assert room.files() == [f"2026/12/02/{survivor}.wav"]


@pytest.mark.parametrize("work", ["look", "copy", "remove"])
async def test_the_keeper_works_on_a_folder_in_a_thread_of_its_own(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: str
) -> None:
    room = Room(store, tmp_path, delete=True)
    room.put(wav())
    does, names = getattr(recording_folders, work), set()

    def noted(*given: Any) -> Any:
        names.add(threading.current_thread().name.rpartition("_")[0])
        return does(*given)

    monkeypatch.setattr(recording_folders, work, noted)
    await room.kept()
    await room.look()
    assert names == {"recordings-office"}


async def test_a_folder_that_hangs_holds_few_threads_and_lets_listeners_go(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive, held = threading.Event(), threading.Semaphore(0)

    def hangs(_folder: RecordingFolder, _told: str) -> Seen:
        held.release()
        alive.wait(20)
        raise OSError(errno.EIO, "dead")

    monkeypatch.setattr(recording_folders, "look", hangs)
    monkeypatch.setattr(listening, "ANSWER_S", 0.05)
    call_id = await room.call()
    try:
        for _ in range(listening.LISTENERS + 2):
            with pytest.raises(Temporary, match="does not answer"):
                await room.recordings.file(ROOT, call_id)
        hanging = sum(held.acquire(blocking=False) for _ in range(listening.LISTENERS + 2))
        assert hanging == listening.LISTENERS
    finally:
        alive.set()
