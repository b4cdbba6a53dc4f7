"""A recording in a mounted folder becomes our own copy, once, whatever happens in between."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from gateway.calls import recording_folders
from gateway.calls.model import CallChange, CallChangeKind
from gateway.calls.recording_archive import Archive, Arriving, DiskTrouble
from gateway.calls.recording_folders import RecordingFolder, Seen
from gateway.kernel.errors import Unavailable
from gateway.kernel.store import Store
from gateway.parties.book import PartyBook
from gateway.parties.drafts import PartyDraft, PhoneDraft
from gateway.people.model import Role
from gateway.people.users import Users
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from tests.contract.recording_room import CUSTOMER, LIMIT, PLAN, THERE, Room
from tests.sounds import wav


@pytest.fixture
def room(store: Store, tmp_path: Path) -> Room:
    return Room(store, tmp_path)


async def test_a_recording_is_copied_after_the_call_and_linked_where_it_can_be_heard(
    room: Room,
) -> None:
    room.put(wav(0.5))
    call_id = await room.call()
    assert await room.state(call_id) == "expected"
    assert await room.documents() == [""]
    await room.look()
    assert await room.state(call_id) == "fetching"
    assert room.files() == []
    await room.look()
    url = f"/api/v1/calls/{call_id}/recording"
    assert await room.shown(call_id) == {
        "state": "kept", "reason": "", "media_type": "audio/wav", "playable": True,
        "size_bytes": len(wav(0.5)), "duration_s": 0.5, "url": url,
    }  # fmt: skip
    assert room.files() == [f"2026/12/02/{call_id}.wav"]  # the office's day
    copy = room.ours / room.files()[0]
    assert copy.read_bytes() == wav(0.5)
    assert copy.stat().st_mode & 0o777 == 0o600
    assert copy.parent.stat().st_mode & 0o777 == 0o700
    assert await room.documents() == [url]
    assert (room.mount / "2026/12/one.wav").exists()
    await room.look(hours=30)
    assert await room.state(call_id) == "kept"


async def test_who_may_know_of_the_call_is_told_that_it_can_be_heard(room: Room) -> None:
    users = Users(room.store, room.clock, PLAN)
    ali = await users.add(ROOT, login="ali", name="Ali", role=Role.MANAGER)
    draft = PartyDraft(name="A", responsible="ali", phones=(PhoneDraft(number=CUSTOMER),))
    await PartyBook(room.store, room.clock, PLAN).create(ROOT, draft)
    room.put(wav())
    call_id = await room.kept()
    [event] = await room.told("call.recorded")
    assert (event.subject, event.audience) == (call_id, f"user:{ali.id}")
    assert event.data["recording_url"] == f"/api/v1/calls/{call_id}/recording"


async def test_a_file_that_grows_is_copied_when_it_has_stopped(room: Room) -> None:
    call_id = await room.call()
    for seconds in (0.1, 0.2, 0.3):
        room.put(wav(seconds))
        await room.look()
        assert await room.state(call_id) == "fetching"
    await room.look()
    assert (await room.shown(call_id))["duration_s"] == 0.3


async def test_a_file_that_changes_while_it_is_copied_is_copied_again(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.put(wav(0.3))
    call_id, copy = await room.call(), recording_folders.copy

    def interrupted(folder: RecordingFolder, seen: Seen, sink: Arriving) -> None:
        monkeypatch.setattr(recording_folders, "copy", copy)
        copy(folder, seen, Meanwhile(sink))

    class Meanwhile:
        def __init__(self, sink: Arriving) -> None:
            self._sink = sink

        def write(self, part: bytes) -> None:
            self._sink.write(part)
            room.put(wav(0.3, sound=b"\7\7"))

    await room.look()
    monkeypatch.setattr(recording_folders, "copy", interrupted)
    await room.look()
    assert await room.state(call_id) == "fetching"
    for _ in range(2):
        await room.look()
    [name] = room.files()
    assert (room.ours / name).read_bytes() == wav(0.3, sound=b"\7\7")


async def test_a_wav_that_was_never_closed_is_taken_after_a_while(room: Room) -> None:
    room.put(wav(closed=False))
    call_id = await room.kept()
    assert "not closed" in (await room.shown(call_id))["reason"]
    await room.look(minutes=11)
    assert await room.state(call_id) == "kept"


async def test_a_file_that_was_converted_meanwhile_is_found_by_its_stem(room: Room) -> None:
    mp3 = b"\xff\xfb\x90\x00" + bytes(500)
    path = room.put(wav())
    call_id = await room.call()
    await room.look()
    path.unlink()
    room.put(mp3, "2026/12/one.mp3")
    for _ in range(2):
        await room.look()
    shown = await room.shown(call_id)
    assert (shown["state"], shown["media_type"]) == ("kept", "audio/mpeg")
    assert room.files() == [f"2026/12/02/{call_id}.mp3"]


@pytest.mark.parametrize("ending", ["ulaw", "alaw"])
async def test_bare_g711_becomes_a_wav_that_browsers_play(room: Room, ending: str) -> None:
    room.put(b"\x7f" * 4000, f"2026/12/one.{ending}")
    call_id = await room.kept(f"{THERE}/2026/12/one.{ending}")
    shown = await room.shown(call_id)
    assert (shown["duration_s"], shown["playable"]) == (0.5, True)
    content = (room.ours / room.files()[0]).read_bytes()
    assert (content[:4], len(content), content[58:]) == (b"RIFF", 4058, b"\x7f" * 4000)


async def test_what_browsers_do_not_play_is_kept_to_be_saved(room: Room) -> None:
    room.put((b"\xd2" + bytes(32)) * 50, "2026/12/one.gsm")
    shown = await room.shown(await room.kept(f"{THERE}/2026/12/one.gsm"))
    assert (shown["state"], shown["duration_s"], shown["playable"]) == ("kept", 1.0, False)


async def test_a_recording_that_does_not_come_is_missing_after_a_day(room: Room) -> None:
    call_id = await room.call()
    for _ in range(4):
        await room.look(hours=5)
        assert await room.state(call_id) == "expected"
    await room.look(hours=5)
    shown = await room.shown(call_id)
    assert (shown["state"], shown["url"]) == ("missing", "")
    assert "one.wav" in shown["reason"]
    assert await room.documents() == [""]


async def test_without_a_folder_the_reason_says_what_to_do(room: Room) -> None:
    call_id = await room.call(pbx="branch")
    await room.look()
    assert "recordings_here" in (await room.shown(call_id))["reason"]
    await room.look(hours=25)
    assert await room.state(call_id) == "missing"


async def test_a_mount_that_vanishes_is_waited_for(room: Room) -> None:
    room.put(wav())
    call_id = await room.call()
    away = room.mount.rename(room.folder / "away")
    for _ in range(3):
        await room.look(minutes=20)
        assert await room.state(call_id) == "expected"
        assert "mounted" in (await room.shown(call_id))["reason"]
        assert "recordings:office" in room.health.conditions()
    away.rename(room.mount)
    await room.look(minutes=20)
    await room.look()
    assert await room.state(call_id) == "kept"
    assert room.health.conditions() == {}


@pytest.mark.parametrize(
    "told",
    [
        f"{THERE}/../../../../etc/passwd.wav", "../secret.wav", f"{THERE}/../secret.wav",
        f"{THERE}/link.wav", "/etc/passwd", f"{THERE}/folder.wav", f"{THERE}/pipe.wav", THERE,
        f"{THERE}/{'x' * 300}/../one.wav", "/",
    ],
)  # fmt: skip
async def test_nothing_outside_the_folder_is_copied(room: Room, told: str) -> None:
    (room.folder / "secret.wav").write_bytes(wav())
    (room.mount / "link.wav").symlink_to(room.folder / "secret.wav")
    (room.mount / "folder.wav").mkdir()
    os.mkfifo(room.mount / "pipe.wav")
    call_id = await room.kept(told)
    shown = await room.shown(call_id)
    assert (shown["state"], shown["url"]) == ("refused", "")
    assert shown["reason"]
    assert room.files() == []


async def test_a_link_on_the_way_is_not_followed(room: Room) -> None:
    (room.folder / "elsewhere").mkdir()
    (room.folder / "elsewhere" / "one.wav").write_bytes(wav())
    (room.mount / "2026").symlink_to(room.folder / "elsewhere")
    call_id = await room.kept(f"{THERE}/2026/one.wav")
    await room.look(hours=25)
    assert await room.state(call_id) == "missing"
    assert room.files() == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<html>", "no WAV"), (wav(0), "no sound"), (wav(LIMIT / 16_000), "larger"),
        (b"RIFF\0\0\0\0WAVE", "no WAV"),
    ],
)  # fmt: skip
async def test_what_is_no_recording_is_refused_with_a_reason(
    room: Room, content: bytes, why: str
) -> None:
    room.put(content)
    shown = await room.shown(await room.kept())
    assert shown["state"] == "refused"
    assert why in shown["reason"]
    assert room.files() == []


async def test_an_empty_file_is_waited_for(room: Room) -> None:
    room.put(b"")
    call_id = await room.kept()
    assert await room.state(call_id) == "fetching"
    await room.look(hours=25)
    shown = await room.shown(call_id)
    assert (shown["state"], shown["reason"]) == ("missing", "it is empty")


async def test_a_full_disk_is_shown_and_waited_for_however_long(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.put(wav())
    place = Archive.place

    def full(_self: Archive, _came: Path, _name: str) -> None:
        raise DiskTrouble("our disk does not take the recording: No space left on device")

    monkeypatch.setattr(Archive, "place", full)
    call_id = await room.kept()
    await room.look(hours=30)
    assert "No space" in (await room.shown(call_id))["reason"]
    assert "recordings:disk" in room.health.conditions()
    assert room.files() == []
    monkeypatch.setattr(Archive, "place", place)
    await room.look(hours=1)
    assert await room.state(call_id) == "kept"
    assert room.health.conditions() == {}


class Killed(BaseException):
    """The process ends here."""


async def _until_killed(room: Room) -> None:
    await room.look()
    with pytest.raises(Killed):
        await room.look()
    room.restart()
    await room.keeper.tidy()


async def _then_kept_once(room: Room, call_id: str) -> None:
    for _ in range(4):
        await room.look(minutes=1)
    assert await room.state(call_id) == "kept"
    assert room.files() == [f"2026/12/02/{call_id}.wav"]
    assert (room.ours / room.files()[0]).read_bytes() == wav()
    assert len(await room.told("call.recorded")) == 1


@pytest.mark.parametrize("step", ["arriving", "place"])
async def test_a_kill_before_a_step_on_disk_loses_and_doubles_nothing(
    room: Room, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    room.put(wav())
    call_id = await room.call()

    def killed(*_given: Any) -> Any:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Archive, step, killed)
        patched.setattr(Arriving, "discard", lambda _self: None)  # a kill cleans nothing up
        await _until_killed(room)
    assert room.files() == []  # what was half done is gone
    await _then_kept_once(room, call_id)


async def test_a_kill_between_move_and_commit_loses_and_doubles_nothing(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.put(wav())
    call_id = await room.call()
    place = Archive.place

    def moved(archive: Archive, came: Path, name: str) -> None:
        place(archive, came, name)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Archive, "place", moved)
        await _until_killed(room)
    assert room.files() == [f"2026/12/02/{call_id}.wav"]
    assert await room.state(call_id) == "fetching"
    await _then_kept_once(room, call_id)


async def test_a_store_that_fails_at_the_commit_is_tried_again(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.put(wav())
    call_id = await room.call()
    await room.look()
    place, write = Archive.place, room.store.write

    def moved(archive: Archive, came: Path, name: str) -> None:
        place(archive, came, name)
        monkeypatch.setattr(room.store, "write", fails)

    async def fails(_unit: Any) -> Any:
        raise Unavailable("the database does not work")

    monkeypatch.setattr(Archive, "place", moved)
    with pytest.raises(Unavailable):
        await room.look()
    monkeypatch.setattr(Archive, "place", place)
    monkeypatch.setattr(room.store, "write", write)
    await _then_kept_once(room, call_id)


async def test_nothing_of_theirs_is_deleted_unless_it_is_wanted(
    store: Store, tmp_path: Path
) -> None:
    room = Room(store, tmp_path, delete=True)
    path = room.put(wav())
    call_id = await room.kept()
    assert (await room.state(call_id), path.exists()) == ("kept", True)
    await room.look()
    assert not path.exists()
    path.write_bytes(wav(0.1))
    await room.look(hours=1)
    assert path.exists()


async def test_another_file_of_the_same_name_is_not_deleted(store: Store, tmp_path: Path) -> None:
    room = Room(store, tmp_path, delete=True)
    room.put(wav())
    await room.kept()
    path = room.put(wav(0.1))
    await room.look()
    assert path.exists()


async def test_a_hanging_folder_holds_up_no_other_telephone_system(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.calls.keeping.LOOK_S", 0.01)
    hangs, step = asyncio.Event(), room.keeper._step

    async def hanging(row: Any) -> None:
        if row.pbx == "office":
            await hangs.wait()
        await step(row)

    monkeypatch.setattr(room.keeper, "_step", hanging)
    await room.call()
    branch = await room.call(ref="2.1", pbx="branch")
    await room.look()
    await room.look()
    assert "recordings_here" in (await room.shown(branch))["reason"]
    hangs.set()
    await room.look()


async def test_a_call_that_lives_again_is_not_copied(room: Room) -> None:
    room.put(wav())
    call_id = await room.call()
    await room.call(live=True)
    for _ in range(3):
        await room.look()
    assert room.files() == []
    await room.call()
    for _ in range(2):
        await room.look(minutes=1)
    assert await room.state(call_id) == "kept"


async def test_a_call_that_becomes_part_of_another_takes_its_recording_along(room: Room) -> None:
    room.put(wav())
    await room.call(ref="2.1")
    survivor = await room.call("", ref="1.1", live=True)
    merged = CallChange(CallChangeKind.MERGED, "2.1", "1.1")
    await room.book.calls_changed("office", [(merged, None)])
    await room.look()
    assert room.files() == []
    await room.call()
    for _ in range(2):
        await room.look()
    assert await room.state(survivor) == "kept"


async def test_a_call_that_was_not_recorded_expects_nothing(room: Room) -> None:
    call_id = await room.call("")
    assert await room.state(call_id) == ""
    await room.look()
    assert await room.state(call_id) == ""


async def test_the_keeper_runs_until_it_is_cancelled(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.calls.keeping.LOOK_S", 0.01)
    room.put(wav())
    call_id = await room.call()
    running = asyncio.create_task(room.keeper.run())
    async with asyncio.timeout(10):
        while await room.state(call_id) != "kept":
            room.clock.wind(seconds=4)
            room.keeper.wake()
            await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
