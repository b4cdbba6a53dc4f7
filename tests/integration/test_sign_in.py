"""Signing in at a whole service: sessions, forgery, guessing, and who may what."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.app import Service, running
from gateway.config import Config
from gateway.people.model import RIGHTS, Role
from gateway.web.routes import Route
from tests.surfer import Surfer

GOOD = "yedi mavi kaplumbağa"
OTHER = "sekiz sarı penguen"
COOKIE = "santral"


@dataclass
class Office:
    """A running service, and its local administrator."""

    service: Service
    local: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.service.port}"

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """Ask as the local administrator."""
        url = f"http://santral/api/v1{path}"
        async with self.local.request(method, url, json=body) as answer:
            assert answer.status < 400, await answer.text()
            return await answer.json()

    async def user(self, login: str = "ayse", role: str = "manager") -> str:
        """Add somebody; returns his password for one time."""
        await self.ask("POST", "/users", {"login": login, "name": login, "role": role})
        return str((await self.ask("POST", f"/users/{login}/password", {}))["password"])

    @asynccontextmanager
    async def surfer(self) -> AsyncIterator[Surfer]:
        async with Surfer(self.url) as made:
            yield made

    @asynccontextmanager
    async def signed_in(
        self, login: str = "ayse", role: str = "manager", password: str = GOOD
    ) -> AsyncIterator[Surfer]:
        """Somebody who has chosen his password and is signed in."""
        once = await self.user(login, role)
        async with Surfer(self.url) as made:
            await made.sign_in(login, once)
            answer = await made.script("POST", "/me/password", {"old": once, "new": password})
            assert answer.status == 200, answer.text
            yield made


@asynccontextmanager
async def office_in(folder: Path, **server: object) -> AsyncIterator[Office]:
    config = Config.model_validate({"server": {"port": 0, **server}, "store": {"data": folder}})
    async with running(config, devices=False) as service:
        connector = aiohttp.UnixConnector(str(config.socket_path))
        async with aiohttp.ClientSession(connector=connector) as local:
            yield Office(service, local)


@pytest.fixture
async def office(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Office]:
    caplog.set_level(logging.WARNING)
    async with office_in(tmp_path) as made:
        yield made


async def test_the_first_administrator_gets_in_and_must_choose_a_password(
    office: Office, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "first-password"
    once = file.read_text(encoding="utf-8").strip()
    told = " ".join(record.getMessage() for record in caplog.get_records("setup"))
    assert "first-password" in told
    assert once not in told
    async with office.surfer() as surfer:
        answer = await surfer.sign_in("admin", once)
        assert (answer.status, answer.location) == (303, "/")
        for path in ("/me", "/users", "/events", "/openapi.json"):
            status = (await surfer.get(f"/api/v1{path}")).status
            assert status == (200 if path == "/openapi.json" else 403), path
        page = await surfer.get("/password")
        assert "one time only" in page.text
        form = {"old": once, "new": GOOD, "csrf": await surfer.token()}
        before = surfer.cookies[COOKIE]
        answer = await surfer.send("/password", form)
        assert (answer.status, answer.location) == (303, "/")
        assert surfer.cookies[COOKIE] != before
        me = (await surfer.get("/api/v1/me")).json()
        assert (me["login"], me["role"]) == ("admin", "administrator")
        assert "users:manage" in me["permissions"]
    assert not file.exists()
    async with office.surfer() as surfer:
        assert (await surfer.sign_in("admin", once)).status == 401


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(office: Office) -> None:
    once = await office.user()
    async with office.surfer() as surfer:
        cookie = (await surfer.sign_in("ayse", once)).cookies[COOKIE]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["path"] == "/"
        assert not cookie["domain"]
        assert not cookie["secure"]  # plain HTTP on this machine
        assert not cookie["max-age"]
        assert not cookie["expires"]


async def test_a_session_that_was_given_before_is_never_taken_up(office: Office) -> None:
    once = await office.user()
    async with office.surfer() as surfer:
        assert not (await surfer.get("/sign-in")).cookies
        surfer.cookies[COOKIE] = planted = "x" * 43
        await surfer.sign_in("ayse", once)
        assert surfer.cookies[COOKIE] != planted
        first = surfer.cookies[COOKIE]
        await surfer.sign_in("ayse", once)
        assert surfer.cookies[COOKIE] not in {planted, first}
        surfer.cookies[COOKIE] = planted
        assert (await surfer.get("/api/v1/me")).status == 401
        surfer.cookies[COOKIE] = first
        assert (await surfer.get("/password")).location.startswith("/sign-in")


async def test_signing_out_ends_the_session_and_takes_the_cookie(office: Office) -> None:
    async with office.signed_in() as surfer:
        secret = surfer.cookies[COOKIE]
        answer = await surfer.send("/sign-out", {"csrf": await surfer.token()})
        assert (answer.status, answer.location) == (303, "/sign-in")
        assert COOKIE not in surfer.cookies
        surfer.cookies[COOKIE] = secret
        assert (await surfer.get("/api/v1/me")).status == 401


FOREIGN = "http://evil.example"


FORGED: list[dict[str, str | None]] = [
    {"X-CSRF-Token": None},
    {"X-CSRF-Token": "x" * 64},
    {"X-CSRF-Token": ""},
    {"Origin": FOREIGN},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


async def test_a_foreign_page_changes_nothing(office: Office) -> None:
    async with office.signed_in() as surfer:
        good = {"X-CSRF-Token": await surfer.token(), "Origin": surfer.origin,
                "Sec-Fetch-Site": "same-origin"}  # fmt: skip
        path, body = "/api/v1/me/preferences", {"sound": False}
        for headers in FORGED:
            forged = {**good, **headers}
            assert (await surfer.ask("PATCH", path, json=body, headers=forged)).status == 403
            form = {"csrf": forged.pop("X-CSRF-Token") or ""}
            answer = await surfer.ask("POST", "/sign-out", data=form, headers=forged)
            assert answer.status == 403, headers
        assert (await surfer.get("/api/v1/me")).json()["preferences"]["sound"]
        assert (await surfer.ask("PATCH", path, json=body, headers=good)).status == 200


async def test_another_sessions_token_is_worth_nothing(office: Office) -> None:
    async with office.signed_in() as ayse, office.signed_in("mehmet") as mehmet:
        stolen = {"X-CSRF-Token": await mehmet.token()}
        answer = await ayse.ask("PATCH", "/api/v1/me/preferences", json={}, headers=stolen)
        assert answer.status == 403


async def test_a_foreign_page_signs_nobody_in(office: Office) -> None:
    once = await office.user()
    async with office.surfer() as surfer:
        form = {"login": "ayse", "password": once}
        for headers in (
            {"Origin": FOREIGN}, {"Origin": ""}, {"Origin": "null"},
            {"Origin": "http://127.0.0.1:1"}, {"Sec-Fetch-Site": "cross-site"},
        ):  # fmt: skip
            answer = await surfer.send("/sign-in", form, headers=headers)
            assert answer.status == 403, headers
            assert not answer.cookies
        assert (await surfer.send("/sign-in", form)).status == 303


async def test_reading_never_changes_anything(office: Office) -> None:
    once = await office.user()
    async with office.surfer() as surfer:
        answer = await surfer.get(f"/sign-in?login=ayse&password={once}")
        assert not answer.cookies
        assert once not in answer.text
    async with office.signed_in("mehmet") as surfer:
        assert (await surfer.get("/sign-out")).status == 405
        changed = await surfer.get(f"/password?old={GOOD}&new={OTHER}&csrf={await surfer.token()}")
        assert changed.status == 200
        assert (await surfer.get("/api/v1/me")).status == 200
        assert (await surfer.sign_in("mehmet", GOOD)).status == 303


async def test_a_token_stands_alone_and_needs_no_csrf_token(office: Office) -> None:
    async with office.signed_in() as surfer:
        made = await office.ask("POST", "/tokens", {"user": "ayse"})
        bearer = {"Authorization": f"Bearer {made['secret']}"}
        path, cookies = "/api/v1/me/preferences", surfer.cookies
        surfer.cookies = {}
        answer = await surfer.ask("PATCH", path, json={"sound": False}, headers=bearer)
        assert answer.status == 200
        surfer.cookies = cookies
        bad = {"Authorization": "Bearer nonsense"}
        assert (await surfer.ask("GET", "/api/v1/me", headers=bad)).status == 401
        assert (await surfer.ask("GET", "/password", headers=bearer)).status == 200
        surfer.cookies = {}
        assert (await surfer.ask("GET", "/password", headers=bearer)).status == 303


async def test_guessing_is_locked_out_and_a_restart_forgets_nothing(tmp_path: Path) -> None:
    async with office_in(tmp_path) as office:
        once = await office.user()
        async with office.surfer() as surfer:
            for _ in range(5):
                answer = await surfer.sign_in("ayse", "wrong password")
                assert answer.status == 401
                assert "User name or password is wrong" in answer.text
                assert not answer.cookies
            answer = await surfer.sign_in("ayse", once)
            assert answer.status == 429
            assert "in 1 minute" in answer.text
            assert 0 < int(answer.headers["Retry-After"]) <= 60
            assert not answer.cookies
    async with office_in(tmp_path) as office, office.surfer() as surfer:
        answer = await surfer.sign_in("ayse", once)
        assert answer.status == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 60
        fresh = (await office.ask("POST", "/users/ayse/password", {}))["password"]
        assert (await surfer.sign_in("ayse", fresh)).status == 303


async def test_guessing_many_logins_from_one_address_is_locked_out(office: Office) -> None:
    once = await office.user()
    async with office.surfer() as surfer:
        for number in range(20):
            assert (await surfer.sign_in(f"user{number}", "wrong password")).status == 401
        answer = await surfer.sign_in("ayse", once)
        assert (answer.status, "Retry-After" in answer.headers) == (429, True)


async def test_what_a_stranger_typed_is_shown_escaped(office: Office) -> None:
    async with office.surfer() as surfer:
        answer = await surfer.sign_in('"><script>alert(1)</script>', "secret-typed-here")
        assert "<script>alert" not in answer.text
        assert "secret-typed-here" not in answer.text


ELSEWHERE = (
    "//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example",
    "/\t/evil.example", "javascript:alert(1)", "%2F%2Fevil.example", "http:evil.example",
    "/\r\nSet-Cookie: a=b",
)  # fmt: skip


async def test_a_sign_in_leads_nowhere_else(office: Office) -> None:
    once = await office.user()
    async with office.surfer() as surfer:
        for wanted in ELSEWHERE:
            answer = await surfer.sign_in("ayse", once, next=wanted)
            assert (answer.status, answer.location) == (303, "/"), wanted
            answer = await surfer.ask("GET", "/sign-in", params={"next": wanted})
            assert (answer.status, answer.location) == (303, "/"), wanted
        assert (await surfer.sign_in("ayse", once, next="/\0")).status == 422
        assert (await surfer.sign_in("ayse", once, next="/desk")).location == "/desk"


async def test_a_page_leads_to_the_sign_in_and_that_back_to_the_page(office: Office) -> None:
    once = await office.user()
    async with office.surfer() as surfer:
        answer = await surfer.get("/desk?call=5&x=a%20b")
        assert answer.status == 303
        assert answer.location == "/sign-in?next=%2Fdesk%3Fcall%3D5%26x%3Da%2520b"
        assert (
            'name="next" value="/desk?call=5&amp;x=a%20b"'
            in (await surfer.get(answer.location)).text
        )
        answer = await surfer.get("/password?x=1&y=%2F")
        assert answer.status == 303
        assert answer.location == "/sign-in"  # which leads back to no form of passwords
        answer = await surfer.sign_in("ayse", once, next="/desk?call=5&x=a%20b")
        assert answer.location == "/desk?call=5&x=a%20b"
    async with office.surfer() as surfer:
        assert (await surfer.get("/api/v1/me")).status == 401


async def test_a_disabled_users_session_and_feed_end_at_once(office: Office) -> None:
    async with office.signed_in() as surfer, aiohttp.ClientSession() as http:
        cookies = {"Cookie": f"{COOKIE}={surfer.cookies[COOKIE]}"}
        async with http.get(f"{office.url}/api/v1/events", headers=cookies) as feed:
            assert feed.status == 200
            await feed.content.readuntil(b"\n\n")
            await office.ask("POST", "/users/ayse/disable", {})
            async with asyncio.timeout(5):
                with pytest.raises(aiohttp.ClientPayloadError):
                    await feed.content.read()
        assert (await surfer.get("/api/v1/me")).status == 401
        answer = await surfer.get("/password")
        assert answer.location.startswith("/sign-in")
        assert COOKIE not in surfer.cookies
        assert (await surfer.sign_in("ayse", GOOD)).status == 401


async def test_a_feed_ends_with_its_session_or_token_and_others_go_on(office: Office) -> None:
    async with (
        office.signed_in() as ayse,
        office.signed_in("mehmet") as mehmet,
        aiohttp.ClientSession() as http,
    ):
        made = await office.ask("POST", "/tokens", {"user": "ayse"})
        asked = [
            {"Cookie": f"{COOKIE}={ayse.cookies[COOKIE]}"},
            {"Authorization": f"Bearer {made['secret']}"},
            {"Cookie": f"{COOKIE}={mehmet.cookies[COOKIE]}"},
        ]
        feeds = [await http.get(f"{office.url}/api/v1/events", headers=one) for one in asked]
        for feed in feeds:
            await feed.content.readuntil(b"\n\n")
        await ayse.send("/sign-out", {"csrf": await ayse.token()})
        async with asyncio.timeout(5):
            with pytest.raises(aiohttp.ClientPayloadError):
                await feeds[0].content.read()
        await office.ask("DELETE", f"/tokens/{made['id']}")
        async with asyncio.timeout(5):
            with pytest.raises(aiohttp.ClientPayloadError):
                await feeds[1].content.read()
        assert not feeds[2].content.at_eof()
        await office.ask("POST", "/users", {"login": "new", "name": "new", "role": "head"})
        for feed in feeds:
            feed.close()


async def test_a_changed_role_holds_at_once(office: Office) -> None:
    async with office.signed_in() as surfer:
        assert (await surfer.get("/api/v1/users")).status == 403
        await office.ask("PATCH", "/users/ayse", {"role": "administrator"})
        assert (await surfer.get("/api/v1/users")).status == 200
        await office.ask("PATCH", "/users/ayse", {"role": "secretary"})
        assert (await surfer.get("/api/v1/users")).status == 403


async def _statuses(surfer: Surfer, routes: list[Route]) -> dict[Route, int]:
    token = await surfer.token()
    found = {}
    for route in routes:
        path = f"/api/v1{route.path}".replace("{", "").replace("}", "")
        headers = {"X-CSRF-Token": token}
        found[route] = (await surfer.ask(route.method, path, headers=headers)).status
    return found


@pytest.mark.parametrize("role", ["secretary", "manager", "head"])
async def test_a_session_may_what_its_role_may_and_no_more(office: Office, role: str) -> None:
    async with office.signed_in(role=role) as surfer:
        held = RIGHTS[Role(role)]
        routes = [one for one in office.service.routes if one.lines is None]
        statuses = await _statuses(surfer, routes)
        beyond = {route for route, status in statuses.items() if status == 403}
        assert {route.permission for route in beyond}.isdisjoint(held)
        assert len(beyond) == sum(route.permission not in held for route in routes) > 5


async def test_a_managers_session_sees_no_others_customers(office: Office) -> None:
    async with office.signed_in() as ayse, office.signed_in("mehmet") as mehmet:
        party = {"kind": "company", "name": "Yıldız Mobilya", "responsible": "ayse"}
        made = (await ayse.script("POST", "/parties", party)).json()
        assert (await ayse.get(f"/api/v1/parties/{made['id']}")).status == 200
        answer = await mehmet.get(f"/api/v1/parties/{made['id']}")
        assert answer.status == 404
        assert "Yıldız" not in answer.text
        assert "Yıldız" not in (await mehmet.get("/api/v1/parties")).text


async def test_everything_carries_the_security_headers(office: Office) -> None:
    async with office.surfer() as surfer:
        places = [
            "/sign-in", "/password", "/api/v1/me", "/api/v1/openapi.json", "/nothing",
            "/healthz", "/metrics", "/static/x/css/santral.css", "/static/x/nothing",
        ]  # fmt: skip
        for place in places:
            headers = (await surfer.get(place)).headers
            policy = headers["Content-Security-Policy"]
            assert "unsafe" not in policy
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "same-origin"
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert "camera=()" in headers["Permissions-Policy"]
            assert headers["Cache-Control"] == "no-store"
            assert "Strict-Transport-Security" not in headers
            assert "Python" not in headers["Server"]
            assert "Access-Control-Allow-Origin" not in headers


async def test_pages_hold_no_inline_script_or_style(office: Office) -> None:
    async with office.signed_in() as surfer:
        for path in ("/password", "/desk", "/me", "/design"):
            text = (await surfer.get(path)).text
            assert "style=" not in text
            assert " onclick" not in text
            assert "<script>" not in text


async def test_a_strange_host_is_refused_to_browsers(office: Office) -> None:
    async with office.surfer() as surfer:
        for path in ("/sign-in", "/api/v1/me", "/metrics", "/readyz"):
            answer = await surfer.get(path, Host="evil.example")
            assert answer.status == 421
            assert "[server] names" in answer.text
        assert (await surfer.get("/sign-in", Host="localhost:8080")).status == 200
        made = await office.ask("POST", "/tokens", {"user": "admin"})
        bearer = f"Bearer {made['secret']}"
        told = await surfer.get("/api/v1/me", Host="crm.example", Authorization=bearer)
        assert told.status == 200


MAD_FORMS = (
    (b"login=\xff&password=x", "application/x-www-form-urlencoded"),
    (b"login=ayse", "application/x-www-form-urlencoded; charset=nonsense"),
    (b"login=a%00b&password=x", "application/x-www-form-urlencoded"),
    (b"not multipart", "multipart/form-data; boundary=x"),
    (b"not multipart", "multipart/form-data"),
    (b"{}", "application/json"),
    (b"", "application/x-www-form-urlencoded"),
    (b"login=" + b"a" * 60_000, "application/x-www-form-urlencoded"),
    (b"a&" * 2_000_000, "application/x-www-form-urlencoded"),
    (b"--x\r\n\r\n\r\n" * 300_000 + b"--x--", "multipart/form-data; boundary=x"),
)


async def test_a_mad_form_is_refused_calmly(office: Office) -> None:
    async with office.surfer() as surfer:
        for body, content_type in MAD_FORMS:
            began = asyncio.get_running_loop().time()
            headers = {"Origin": surfer.origin, "Content-Type": content_type}
            data = io.BytesIO(body)
            answer = await surfer.ask("POST", "/sign-in", data=data, headers=headers)
            assert answer.status in {400, 401, 422}, (body[:30], answer.text)
            assert asyncio.get_running_loop().time() - began < 2


async def test_who_i_am_and_what_i_chose(office: Office) -> None:
    async with office.signed_in() as surfer:
        me = (await surfer.get("/api/v1/me")).json()
        assert me["preferences"]["language"] is None
        answer = await surfer.script("PATCH", "/me/preferences", {"language": "tr"})
        assert answer.json()["language"] == "tr"
        await surfer.script("PATCH", "/me/preferences", {"theme": "dark", "pop": "answer"})
        me = (await surfer.get("/api/v1/me")).json()
        assert me["preferences"] == {
            "language": "tr", "theme": "dark", "pop": "answer", "sound": True,
            "notification": True,
        }  # fmt: skip
        page = await surfer.get("/password")
        assert '<html lang="tr" data-theme="dark"' in page.text
        for wrong in ({"language": "xx"}, {"theme": None}, {"other": 1}, {"sound": "maybe"}):
            assert (await surfer.script("PATCH", "/me/preferences", wrong)).status == 422
    me = await office.ask("GET", "/me")
    assert (me["id"], me["role"]) == (None, None)


async def test_a_session_is_listed_and_ended_by_an_administrator(office: Office) -> None:
    async with office.signed_in() as surfer:
        surfer.headers["User-Agent"] = "Firefox/140 " + "x" * 500
        await surfer.sign_in("ayse", GOOD)
        (one,) = (await office.ask("GET", "/users/ayse/sessions"))["items"]
        assert one["address"] == "127.0.0.1"
        assert one["agent"].startswith("Firefox/140 x")
        assert len(one["agent"]) == 200
        assert surfer.cookies[COOKIE] not in str(one)
        assert (await office.ask("POST", "/users/ayse/sign-out", {}))["ended"] == 1
        assert (await surfer.get("/api/v1/me")).status == 401


TRUSTED = {"trusted_proxies": ["127.0.0.1"], "names": ["santral.example"]}
PROXIED = {
    "X-Forwarded-For": "203.0.113.5",
    "X-Forwarded-Proto": "https",
    "Host": "santral.example",
}


async def test_behind_a_trusted_proxy_its_visitors_count(tmp_path: Path) -> None:
    async with office_in(tmp_path, **TRUSTED) as office:
        once = await office.user()
        async with office.surfer() as surfer:
            surfer.headers, surfer.origin = dict(PROXIED), "https://santral.example"
            answer = await surfer.sign_in("ayse", once)
            assert answer.status == 303, answer.text
            cookie = answer.cookies["__Host-santral"]
            assert cookie["secure"]
            assert "Strict-Transport-Security" in answer.headers
            (one,) = (await office.ask("GET", "/users/ayse/sessions"))["items"]
            assert one["address"] == "203.0.113.5"
            surfer.headers["X-Forwarded-Proto"] = "http"
            for path in ("/sign-in", "/api/v1/me", "/healthz"):
                answer = await surfer.get(path)
                assert answer.status == 403
                assert "https" in answer.text
            assert (await surfer.sign_in("ayse", once)).status == 403


async def test_what_a_stranger_forwards_is_ignored(office: Office) -> None:
    once = await office.user()
    async with office.surfer() as surfer:
        for number in range(20):
            surfer.headers = {"X-Forwarded-For": f"198.51.100.{number}"}
            await surfer.sign_in(f"user{number}", "wrong password")
        surfer.headers = {"X-Forwarded-For": "198.51.100.77", "X-Forwarded-Proto": "https"}
        answer = await surfer.sign_in("ayse", once)
        assert answer.status == 429
        assert "Strict-Transport-Security" not in answer.headers
