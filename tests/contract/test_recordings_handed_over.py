"""A recording that is handed over finds its call, before or after its end, and once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.calls import handing_over
from gateway.calls.handing_over import HandOver
from gateway.calls.model import RecordingState
from gateway.calls.recording_archive import Archive
from gateway.kernel.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound, Temporary
from gateway.kernel.store import Store
from gateway.people.model import RIGHTS, Role
from gateway.people.tables import audit_trail
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from gateway.web.principal import Permission, Principal
from tests.contract.recording_room import LIMIT, ONE, THERE, Room
from tests.sounds import wav

BRANCH = {"pbx": "branch"}
"""A telephone system whose folder is not mounted here."""


@pytest.fixture
def room(store: Store, tmp_path: Path) -> Room:
    return Room(store, tmp_path)


async def test_what_is_handed_over_after_the_call_is_kept(room: Room) -> None:
    call_id = await room.call(pbx="branch")
    receipt = await room.hand_over(wav(), **BRANCH)
    assert (receipt.fresh, receipt.call_id) == (True, call_id)
    await room.look()
    shown = await room.shown(call_id)
    assert (shown["state"], shown["duration_s"]) == ("kept", 0.5)
    assert room.files() == [f"2026/12/02/{call_id}.wav"]
    assert (room.ours / room.files()[0]).read_bytes() == wav()
    assert len(await room.told("call.recorded")) == 1


async def test_a_recording_that_the_call_did_not_tell_of_is_its_own_by_its_id(room: Room) -> None:
    call_id = await room.call(recording="", pbx="branch")
    receipt = await room.hand_over(wav(), "2026/12/other.wav", call="1.1", **BRANCH)
    assert receipt.call_id == call_id
    await room.look()
    assert await room.state(call_id) == "kept"


@pytest.mark.parametrize(
    ("file", "call"),
    [
        (ONE, ""), (ONE, "1.1"), (ONE, "9.9"),  # joined: its call has another's id by now
        (ONE.replace(".wav", ".mp3"), ""), ("2026/12/one.WAV", ""), ("/tmp/else.wav", "1.1"),
    ],
)  # fmt: skip
async def test_what_comes_before_the_calls_end_waits_for_it(
    room: Room, file: str, call: str
) -> None:
    call_id = await room.call(live=True)
    receipt = await room.hand_over(wav(), file, call=call)
    assert (receipt.state, receipt.call_id) == (RecordingState.EXPECTED, None)
    await room.look()
    assert len(room.files()) == 1
    assert await room.state(call_id) == ""
    await room.call()
    assert await room.state(call_id) == "expected"
    await room.look()
    assert await room.state(call_id) == "kept"
    assert room.files() == [f"2026/12/02/{call_id}.wav"]


async def test_what_comes_before_the_call_is_told_at_all_waits_for_it(room: Room) -> None:
    await room.hand_over(wav(), "/var/x.wav", call="1.1")
    call_id = await room.call("")  # our user is not told of recordings
    await room.look()
    assert await room.state(call_id) == "kept"


async def test_what_belongs_to_no_call_of_a_day_is_dropped(room: Room) -> None:
    await room.hand_over(wav())
    await room.look(hours=23)
    assert len(room.files()) == 1
    await room.look(hours=2)
    assert room.files() == []
    call_id = await room.call()
    await room.look()
    assert await room.state(call_id) == "expected"


async def test_the_same_bytes_again_change_nothing_and_others_are_refused(room: Room) -> None:
    first = await room.hand_over(wav())
    again = await room.hand_over(wav())
    assert (again.fresh, again.id) == (False, first.id)
    with pytest.raises(Conflict, match="not replaced"):
        await room.hand_over(wav(0.4))
    call_id = await room.call()
    await room.look()
    kept = await room.hand_over(wav(), call="1.1")
    assert (kept.fresh, kept.state, kept.call_id) == (False, RecordingState.KEPT, call_id)
    with pytest.raises(Conflict):
        await room.hand_over(wav(0.4), call="1.1")
    assert room.files() == [f"2026/12/02/{call_id}.wav"]


@pytest.mark.parametrize("content", [wav(closed=False), wav()[:-100]])
async def test_what_is_still_being_written_is_to_be_handed_over_again(
    room: Room, content: bytes
) -> None:
    call_id = await room.call()
    with pytest.raises(Temporary, match="not closed"):
        await room.hand_over(content)
    assert room.files() == []
    await room.hand_over(wav())
    await room.look()
    assert (await room.shown(call_id))["size_bytes"] == len(wav())


async def test_of_several_the_one_that_the_call_names_is_kept(room: Room) -> None:
    await room.hand_over(wav(0.1), "other.wav", call="1.1")
    await room.hand_over(wav(0.2), ONE)
    call_id = await room.call()
    await room.look()
    assert (await room.shown(call_id))["duration_s"] == 0.2


async def test_what_was_copied_from_the_folder_is_known_when_it_is_handed_over(room: Room) -> None:
    room.put(wav())
    await room.kept()
    assert not (await room.hand_over(wav())).fresh
    assert len(room.files()) == 1


async def test_a_name_that_is_used_again_is_another_calls_recording(room: Room) -> None:
    first = await room.call(ref="1.1")
    await room.hand_over(wav(0.1), call="1.1")
    await room.look()
    second = await room.call(ref="2.1", live=True)
    await room.hand_over(wav(0.2), call="2.1")
    await room.call(ref="2.1")
    await room.look()
    assert (await room.shown(first))["duration_s"] == 0.1
    assert (await room.shown(second))["duration_s"] == 0.2


@pytest.mark.parametrize("before", ["missing", "refused"])
async def test_what_was_given_up_can_still_be_handed_over(room: Room, before: str) -> None:
    if before == "refused":
        room.put(b"<html>")
    call_id = await room.kept()
    await room.look(hours=25)
    assert await room.state(call_id) == before
    await room.hand_over(wav())
    await room.look()
    assert await room.state(call_id) == "kept"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"), (b"MZ\x90\0", "no WAV"), (b"<script>", "no WAV"), (wav(0), "no sound"),
        (wav(LIMIT / 16_000), "larger"),
    ],
)  # fmt: skip
async def test_what_is_no_recording_is_not_taken(room: Room, content: bytes, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        await room.hand_over(content)
    assert room.files() == []


@pytest.mark.parametrize(
    ("file", "call"),
    [
        ("../one.wav", ""), (f"{THERE}/../x.wav", ""), ("a\nb.wav", ""), ("x" * 1025, ""),
        ("/", ""),
        ("one.wav", "1\n1"), ("one.wav", "1" * 1025),
    ],
)  # fmt: skip
async def test_names_that_are_none_are_not_taken(room: Room, file: str, call: str) -> None:
    with pytest.raises(Invalid):
        await room.hand_over(wav(), file, call=call)
    assert room.files() == []


@pytest.mark.parametrize("file", ["/etc/cron.d/x.wav", "~/x.wav", "con.wav", "a%2f..%2fb.wav", "x"])
async def test_a_file_lies_under_our_own_name_whatever_it_is_called(room: Room, file: str) -> None:
    receipt = await room.hand_over(wav(), file)
    [name] = room.files()
    assert name.startswith("waiting/")
    assert receipt.id not in file
    assert len(Path(name).stem) == 32


async def test_who_may_hand_over(room: Room) -> None:
    for role in (Role.SECRETARY, Role.MANAGER, Role.HEAD):
        assert Permission.RECORDINGS_WRITE not in RIGHTS[role]
    nobody = Principal(user_id="n", name="n", permissions=RIGHTS[Role.HEAD])
    with pytest.raises(Forbidden, match="recordings:write"):
        await room.receiver.take(nobody, HandOver(pbx="office", file=ONE), _never())
    with pytest.raises(NotFound, match="telephone system"):
        await room.hand_over(wav(), pbx="nowhere")
    await room.hand_over(wav())
    rows = await room.store.read(lambda c: c.execute(audit_trail.select()).all())
    assert [(row.action, row.object_kind, row.who) for row in rows] == [
        ("hand over", "recording", ROOT.name)
    ]


async def _never() -> AsyncIterator[bytes]:
    yield b""


async def test_a_sender_that_falls_silent_leaves_nothing(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing_over, "SILENT_S", 0.05)

    async def stalled() -> AsyncIterator[bytes]:
        yield wav()
        await asyncio.Event().wait()

    with pytest.raises(BadRequest, match="nothing came"):
        await room.receiver.take(ROOT, HandOver(pbx="office", file=ONE), stalled())
    assert room.files() == []


async def test_too_many_at_once_are_sent_away_for_a_while(room: Room) -> None:
    comes = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        await comes.wait()
        yield wav()

    told = [HandOver(pbx="office", file=f"{n}.wav") for n in range(handing_over.AT_ONCE)]
    waiting = [asyncio.create_task(room.receiver.take(ROOT, one, slow())) for one in told]
    while not room.receiver._slots.locked():
        await asyncio.sleep(0)
    with pytest.raises(Temporary, match="already"):
        await room.hand_over(wav())
    comes.set()
    await asyncio.gather(*waiting)
    assert (await room.hand_over(wav())).fresh


async def test_a_stop_in_between_leaves_nothing_half_done(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = room.store.write

    async def killed(_unit: Any) -> Any:
        raise asyncio.CancelledError

    monkeypatch.setattr(room.store, "write", killed)
    with pytest.raises(asyncio.CancelledError):
        await room.hand_over(wav())
    monkeypatch.setattr(room.store, "write", write)
    assert len(room.files()) == 1  # it is on disk, and nobody was told so
    room.restart()
    await room.keeper.tidy()
    assert room.files() == []
    assert (await room.hand_over(wav())).fresh
    room.restart()
    await room.keeper.tidy()
    assert len(room.files()) == 1


async def test_a_kill_between_move_and_commit_of_what_was_handed_over(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.hand_over(wav())
    call_id, place = await room.call(), Archive.place

    def moved(archive: Archive, came: Path, name: str) -> None:
        place(archive, came, name)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Archive, "place", moved)
        with pytest.raises(Killed):
            await room.look()
    room.restart()
    await room.keeper.tidy()
    assert room.files() == [f"2026/12/02/{call_id}.wav"]
    await room.look(minutes=1)
    assert await room.state(call_id) == "kept"
    assert room.files() == [f"2026/12/02/{call_id}.wav"]


class Killed(BaseException):
    """The process ends here."""


async def test_what_is_handed_over_while_it_is_copied_is_kept_once(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.put(wav(0.3))
    call_id, place = await room.call(), Archive.place
    await room.look()
    loop = asyncio.get_running_loop()

    def meanwhile(archive: Archive, came: Path, name: str) -> None:
        monkeypatch.setattr(Archive, "place", place)
        asyncio.run_coroutine_threadsafe(room.hand_over(wav(0.4)), loop).result()
        place(archive, came, name)

    monkeypatch.setattr(Archive, "place", meanwhile)
    await room.look()
    await room.look()
    assert (await room.shown(call_id))["duration_s"] == 0.4
    assert room.files() == [f"2026/12/02/{call_id}.wav"]
    assert (room.ours / room.files()[0]).read_bytes() == wav(0.4)
    assert len(await room.told("call.recorded")) == 1
