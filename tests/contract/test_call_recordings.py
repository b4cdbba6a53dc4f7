"""A call's recording is heard by whom may see the call and listen, and no other file is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from gateway.calls.recordings_api import RecordingsApi
from gateway.kernel.errors import Conflict, Forbidden, NotFound, Permanent
from gateway.kernel.health import Health
from gateway.kernel.metrics import Metrics
from gateway.kernel.store import Store
from gateway.parties.book import PartyBook
from gateway.parties.drafts import PartyDraft, PhoneDraft
from gateway.people.model import RIGHTS, Role
from gateway.people.tables import audit_trail
from gateway.people.users import Users
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from gateway.web.principal import Permission, Principal, Sight
from gateway.web.server import Server
from tests.contract.recording_room import CUSTOMER, ONE, PLAN, THERE, Room
from tests.sounds import wav


@pytest.fixture
def room(store: Store, tmp_path: Path) -> Room:
    made = Room(store, tmp_path)
    (tmp_path / "secret.wav").write_bytes(wav())
    (made.mount / "link.wav").symlink_to(tmp_path / "secret.wav")
    return made


async def heard(room: Room) -> list[tuple[str, str]]:
    """Return who listened to which call, as the trail says."""
    rows = await room.store.read(lambda c: c.execute(audit_trail.select()).all())
    return [(row.who, row.object_id) for row in rows if row.action == "listen"]


async def test_our_copy_is_heard_even_when_theirs_is_gone(room: Room) -> None:
    room.put(wav())
    call_id = await room.kept()
    (room.mount / "2026/12/one.wav").unlink()
    file = await room.recordings.file(ROOT, call_id)
    assert file.path == room.ours / f"2026/12/02/{call_id}.wav"
    assert (file.media_type, file.playable) == ("audio/wav", True)
    assert file.name == "call-20261201-220000-_905321112233.wav".replace("_9", "+9")
    file.path.unlink()
    with pytest.raises(NotFound, match="gone"):
        await room.recordings.file(ROOT, call_id)


@pytest.mark.parametrize("told", [ONE, "2026/12/one.wav"])
async def test_until_it_is_copied_theirs_is_heard(room: Room, told: str) -> None:
    path = room.put(wav())
    file = await room.recordings.file(ROOT, await room.call(told))
    assert (file.path, file.media_type) == (path, "audio/wav")


@pytest.mark.parametrize(
    "told",
    [
        f"{THERE}/../../../../etc/passwd.wav", "../secret.wav", f"{THERE}/../secret.wav",
        f"{THERE}/link.wav", "/etc/passwd", f"{THERE}/2026/12", f"{THERE}/2026/12/gone.wav",
        f"{THERE}/2026/12/one.wav/x.wav", f"{THERE}/page.html", f"{THERE}/{'x' * 300}.wav",
    ],
)  # fmt: skip
async def test_nothing_else_is_given_away(room: Room, told: str) -> None:
    room.put(wav())
    room.put(b"<html><script>", "page.html")
    call_id = await room.call(told)
    with pytest.raises(NotFound, match="recording"):
        await room.recordings.file(ROOT, call_id)
    assert await heard(room) == []


async def test_why_there_is_none_is_said(room: Room) -> None:
    with pytest.raises(NotFound, match="was not recorded"):
        await room.recordings.file(ROOT, await room.call(""))
    with pytest.raises(Conflict, match="still being recorded"):
        await room.recordings.file(ROOT, await room.call(ref="2.1", live=True))
    with pytest.raises(Permanent, match="recordings_here"):
        await room.recordings.file(ROOT, await room.call(ref="3.1", pbx="branch"))
    with pytest.raises(NotFound, match="no call"):
        await room.recordings.file(ROOT, "nobody")
    room.put(b"<html>")
    with pytest.raises(NotFound, match="not kept: it is no WAV"):
        await room.recordings.file(ROOT, await room.kept(ref="4.1"))


async def test_who_may_not_see_the_call_hears_nothing(room: Room) -> None:
    users = Users(room.store, room.clock, PLAN)
    ali = await users.add(ROOT, login="ali", name="Ali", role=Role.MANAGER)
    veli = await users.add(ROOT, login="veli", name="Veli", role=Role.MANAGER)
    draft = PartyDraft(name="A", responsible="ali", phones=(PhoneDraft(number=CUSTOMER),))
    await PartyBook(room.store, room.clock, PLAN).create(ROOT, draft)
    room.put(wav())
    call_id = await room.kept()
    rights = RIGHTS[Role.MANAGER]
    his, other = (
        Principal(user_id=one.id, name=one.name, permissions=rights, sight=Sight.OWN)
        for one in (ali, veli)
    )
    await room.recordings.file(his, call_id)
    with pytest.raises(NotFound, match="no call"):
        await room.recordings.file(other, call_id)
    assert await heard(room) == [("Ali", call_id)]


async def test_who_may_not_listen_hears_nothing(room: Room) -> None:
    assert Permission.RECORDINGS_LISTEN not in RIGHTS[Role.SECRETARY]
    assert all(
        Permission.RECORDINGS_LISTEN in RIGHTS[role]
        for role in (Role.MANAGER, Role.HEAD, Role.ADMINISTRATOR)
    )
    room.put(wav())
    call_id = await room.kept()
    secretary = Principal(user_id="s", name="S", permissions=RIGHTS[Role.SECRETARY])
    with pytest.raises(Forbidden, match="recordings:listen"):
        await room.recordings.file(secretary, call_id)
    only = frozenset({Permission.RECORDINGS_LISTEN})
    with pytest.raises(Forbidden, match="calls:read"):
        await room.recordings.file(Principal(user_id="s", name="S", permissions=only), call_id)


async def test_each_listening_is_written_down_once(room: Room) -> None:
    room.put(wav())
    call_id = await room.kept()
    for _ in range(3):
        await room.recordings.file(ROOT, call_id)
    assert await heard(room) == [(ROOT.name, call_id)]
    room.clock.wind(minutes=11)
    await room.recordings.file(ROOT, call_id)
    assert await heard(room) == [(ROOT.name, call_id)] * 2


class Anyone:
    async def principal_of(self, bearer_token: str) -> Principal:
        return ROOT


@pytest.fixture
async def http(room: Room) -> AsyncIterator[aiohttp.ClientSession]:
    routes = RecordingsApi(room.recordings, room.receiver).routes()
    server = Server(routes, authenticator=Anyone(), health=Health(), metrics=Metrics(), version="1")
    port = await server.start_tcp("127.0.0.1", 0)
    headers = {"Authorization": "Bearer x"}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as session:
        yield session
    await server.close()


async def test_a_browser_plays_it_and_jumps_in_it(room: Room, http: aiohttp.ClientSession) -> None:
    room.put(wav())
    url = (await room.shown(await room.kept()))["url"]
    async with http.get(url) as answer:
        assert (answer.status, await answer.read()) == (200, wav())
        assert answer.headers["Content-Type"] == "audio/wav"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.headers["Content-Disposition"] == (
            'inline; filename="call-20261201-220000-+905321112233.wav"'
        )
    async with http.get(url, headers={"Range": "bytes=8-11"}) as answer:
        assert (answer.status, await answer.read()) == (206, b"WAVE")
    async with http.get(url, headers={"Range": "bytes=900000-"}) as answer:
        assert answer.status == 416
    missing = await room.call("gone.wav", ref="2.1")
    async with http.get(f"/api/v1/calls/{missing}/recording") as answer:
        assert answer.status == 404
        assert "gone.wav" in (await answer.json())["detail"]


async def test_what_browsers_do_not_play_is_saved(room: Room, http: aiohttp.ClientSession) -> None:
    room.put((b"\xd2" + bytes(32)) * 50, "2026/12/one.gsm")
    call_id = await room.kept(f"{THERE}/2026/12/one.gsm")
    async with http.get(f"/api/v1/calls/{call_id}/recording") as answer:
        assert answer.headers["Content-Type"] == "audio/x-gsm"
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=")


async def test_a_recording_is_handed_over_in_one_request(
    room: Room, http: aiohttp.ClientSession
) -> None:
    call_id = await room.call()
    place, told = "/api/v1/recordings/office", {"file": ONE, "call": "1.1"}
    async with http.put(place, params=told, data=wav()) as answer:
        assert answer.status == 202
        assert (await answer.json())["call_id"] == call_id
    async with http.put(place, params=told, data=wav()) as answer:
        assert answer.status == 200
    async with http.put(place, params=told, data=wav(0.1)) as answer:
        assert answer.status == 409
    async with http.put(place, params={"file": "x.wav"}, data=b"<html>") as answer:
        assert answer.status == 422
        assert (await answer.json())["errors"][0]["field"] == "body"
    async with http.put(place, data=wav()) as answer:
        assert answer.status == 422
        assert (await answer.json())["errors"][0]["field"] == "file"
    async with http.put(place, params={"file": "a\0.wav"}, data=wav()) as answer:
        assert answer.status == 422
    async with http.put("/api/v1/recordings/nowhere", params=told, data=wav()) as answer:
        assert answer.status == 404


async def test_a_body_that_breaks_off_leaves_nothing(
    room: Room, http: aiohttp.ClientSession
) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield wav()
        raise ConnectionResetError

    with pytest.raises((aiohttp.ClientError, ConnectionError)):
        await http.put("/api/v1/recordings/office", params={"file": ONE}, data=broken())
    async with http.put("/api/v1/recordings/office", params={"file": ONE}, data=wav()) as answer:
        assert answer.status == 202
    assert len([name for name in room.files() if name.startswith("waiting/")]) == 1


async def test_a_body_that_is_too_large_is_refused(room: Room, http: aiohttp.ClientSession) -> None:
    told = {"file": ONE}
    async with http.put("/api/v1/recordings/office", params=told, data=wav(50)) as answer:
        assert answer.status == 422
        assert "max_mb" in (await answer.json())["detail"]
    assert room.files() == []
