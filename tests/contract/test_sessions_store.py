"""Passwords, sessions and lockouts, on both engines."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Table, func, select

from gateway.kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.store import Store
from gateway.people import lockout, sessions
from gateway.people.accounts import Accounts
from gateway.people.first_password import FirstPasswordFile
from gateway.people.model import Role, Visitor
from gateway.people.password_changes import PasswordChanges
from gateway.people.passwords import Passwords
from gateway.people.sessions import IDLE, LONGEST, MAX_OF_ONE, SEEN_EVERY, Sessions
from gateway.people.signing_in import SignIn
from gateway.people.tables import audit_trail, known_addresses, passwords, sign_in_failures
from gateway.people.tables import sessions as sessions_table
from gateway.people.users import Users
from gateway.web.preferences import Preferences, Theme
from gateway.web.principal import LOCAL_ADMINISTRATOR, Permission, Sight
from gateway.web.sessions import Session

GOOD = "yedi mavi kaplumbağa"
OTHER = "sekiz sarı penguen"
DESK = Visitor(address="192.0.2.10", agent="Firefox")
ELSEWHERE = Visitor(address="203.0.113.66", agent="curl")


class Clock:
    """Tells the time that a test sets."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()


class People:
    """Everything that signing in needs, on one store; `again` is a restart."""

    def __init__(self, store: Store, folder: Path, clock: Clock | None = None) -> None:
        self.store, self.folder = store, folder
        self.clock = clock or Clock()
        self.hashing = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.sessions = Sessions(store, self.clock)
        self.told: list[str | None] = []
        self.sessions.ended = self.told.append
        self.signing_in = SignIn(store, self.clock, self.hashing, self.sessions)
        self.file = FirstPasswordFile(folder)
        self.changes = PasswordChanges(
            store, self.clock, self.hashing, self.signing_in, self.sessions, self.file
        )
        plan = NumberingPlan(region="TR")
        self.users = Users(store, self.clock, plan, changed=self.sessions.tell_ended)
        self.accounts = Accounts(store, changed=self.sessions.forget)

    def again(self) -> People:
        return People(self.store, self.folder, self.clock)

    async def with_password(self, login: str = "ayse", role: Role = Role.MANAGER) -> None:
        """Add somebody who has chosen his own password already."""
        await self.users.add(LOCAL_ADMINISTRATOR, login=login, name=login.title(), role=role)
        once = await self.changes.set_once(LOCAL_ADMINISTRATOR, login)
        session = await self.session(login, once, DESK)
        await self.changes.change_own(session.principal, once, GOOD, DESK, session=session)

    async def session(
        self, login: str = "ayse", password: str = GOOD, visitor: Visitor = DESK
    ) -> Session:
        found = await self.sessions.session_of(
            await self.signing_in.sign_in(login, password, visitor)
        )
        assert found is not None
        return found

    async def fails(self, login: str = "ayse", visitor: Visitor = DESK, times: int = 1) -> None:
        for _ in range(times):
            with pytest.raises(Unauthenticated):
                await self.signing_in.sign_in(login, "wrong password", visitor)

    async def waits_s(
        self, login: str = "ayse", visitor: Visitor = DESK, password: str = GOOD
    ) -> float:
        """Return how long the right password has to wait."""
        with pytest.raises(TooMany) as refused:
            await self.signing_in.sign_in(login, password, visitor)
        return refused.value.retry_after_s

    async def rows(self, table: Table) -> str:
        return str(await self.store.read(lambda c: c.execute(select(table)).all()))

    async def count(self, table: Table) -> int:
        query = select(func.count()).select_from(table)
        return int(await self.store.read(lambda c: c.execute(query).scalar_one()))

    async def trail(self) -> list[str]:
        query = select(audit_trail.c.action).order_by(audit_trail.c.id)
        return await self.store.read(lambda c: list(c.execute(query).scalars()))


@pytest.fixture
async def people(store: Store, tmp_path: Path) -> People:
    made = People(store, tmp_path)
    await made.with_password()
    return made


async def test_a_session_is_its_user_with_the_rights_of_his_role(people: People) -> None:
    session = await people.session()
    assert session.principal.name == "Ayse"
    assert session.principal.sight is Sight.OWN
    assert Permission.USERS_MANAGE not in session.principal.permissions
    assert not session.must_change_password


async def test_of_password_and_session_only_hashes_are_kept(people: People) -> None:
    secret = await people.signing_in.sign_in("ayse", GOOD, DESK)
    session = await people.sessions.session_of(secret)
    assert session is not None
    for table in (passwords, sessions_table, audit_trail, sign_in_failures, known_addresses):
        rows = await people.rows(table)
        assert secret not in rows
        assert session.csrf_token not in rows
        assert GOOD not in rows


async def test_every_sign_in_has_its_own_secret_and_token(people: People) -> None:
    secrets = {await people.signing_in.sign_in("ayse", GOOD, DESK) for _ in range(3)}
    found = [await people.sessions.session_of(secret) for secret in secrets]
    assert len(secrets) == len({one.csrf_token for one in found if one}) == 3
    assert all(len(secret) >= 43 for secret in secrets)  # 256 bits


async def test_a_login_may_be_written_large(people: People) -> None:
    for login in ("AYSE", " ayse "):
        assert (await people.session(login)).principal.name == "Ayse"


async def test_a_login_that_is_none_is_wrong_and_nothing_more(people: People) -> None:
    for login in ("nobody", "", "ayse\0", "ayşe", "a" * 10_000, "' OR 1=1 --", "\udc80"):
        with pytest.raises(Unauthenticated, match="user name or the password"):
            await people.signing_in.sign_in(login, GOOD, DESK)


async def test_an_unknown_secret_is_no_session(people: People) -> None:
    for secret in ("", "x", "x" * 43, "\udc80"):
        assert await people.sessions.session_of(secret) is None


async def test_the_session_before_ends_with_a_new_sign_in(people: People) -> None:
    old = await people.signing_in.sign_in("ayse", GOOD, DESK)
    held = await people.sessions.session_of(old)
    new = await people.signing_in.sign_in("ayse", GOOD, DESK, instead_of=held)
    assert await people.sessions.session_of(old) is None
    assert await people.sessions.session_of(new) is not None


async def test_an_idle_session_ends_and_a_used_one_goes_on(people: People) -> None:
    used = await people.signing_in.sign_in("ayse", GOOD, DESK)
    idle = await people.signing_in.sign_in("ayse", GOOD, DESK)
    for _ in range(3):
        people.clock.moment += IDLE / 2
        assert await people.sessions.session_of(used) is not None
    assert await people.sessions.session_of(idle) is None
    assert await people.again().sessions.session_of(used) is not None


async def test_what_a_page_asks_by_itself_keeps_no_session_alive(people: People) -> None:
    secret = await people.signing_in.sign_in("ayse", GOOD, DESK)
    for _ in range(3):
        people.clock.moment += IDLE / 3 - timedelta(seconds=1)
        assert await people.sessions.session_of(secret, active=False) is not None
    people.clock.moment += timedelta(minutes=1)
    assert await people.sessions.session_of(secret, active=False) is None


async def test_no_session_lasts_longer_than_a_week(people: People) -> None:
    secret = await people.signing_in.sign_in("ayse", GOOD, DESK)
    end = people.clock.moment + LONGEST
    while people.clock.moment + IDLE / 2 < end:
        people.clock.moment += IDLE / 2
        assert await people.sessions.session_of(secret) is not None
    people.clock.moment = end
    assert await people.sessions.session_of(secret) is None


async def test_a_used_session_is_written_down_seldom(people: People) -> None:
    secret = await people.signing_in.sign_in("ayse", GOOD, DESK)
    seen = select(sessions_table.c.seen_at).where(sessions_table.c.id == sessions.hash_of(secret))
    began = people.clock.moment
    people.clock.moment += SEEN_EVERY - timedelta(seconds=1)
    await people.sessions.session_of(secret)
    assert await people.store.read(lambda c: c.execute(seen).scalar()) == began
    people.clock.moment += timedelta(seconds=1)
    await people.sessions.session_of(secret)
    assert await people.store.read(lambda c: c.execute(seen).scalar()) == people.clock.moment


async def test_a_disabled_users_sessions_are_gone_at_once(people: People) -> None:
    secret = await people.signing_in.sign_in("ayse", GOOD, DESK)
    assert await people.sessions.session_of(secret) is not None
    await people.users.disable(LOCAL_ADMINISTRATOR, "ayse")
    assert await people.sessions.session_of(secret) is None
    assert await people.count(sessions_table) == 0
    with pytest.raises(Unauthenticated):
        await people.session()
    with pytest.raises(Conflict, match="disabled"):
        await people.changes.set_once(LOCAL_ADMINISTRATOR, "ayse")


async def test_who_is_disabled_while_his_password_is_checked_stays_outside(people: People) -> None:
    proven = await people.signing_in.prove("ayse", GOOD, DESK.address)
    await people.users.disable(LOCAL_ADMINISTRATOR, "ayse")
    with pytest.raises(Unauthenticated):
        await people.store.write(lambda c: proven.settle(c, people.clock.now()))


async def test_a_changed_role_holds_in_open_sessions_at_once(people: People) -> None:
    secret = await people.signing_in.sign_in("ayse", GOOD, DESK)
    await people.sessions.session_of(secret)
    await people.users.change(LOCAL_ADMINISTRATOR, "ayse", role=Role.ADMINISTRATOR)
    session = await people.sessions.session_of(secret)
    assert session is not None
    assert Permission.USERS_MANAGE in session.principal.permissions
    await people.users.change(LOCAL_ADMINISTRATOR, "ayse", role=Role.MANAGER)
    session = await people.sessions.session_of(secret)
    assert session is not None
    assert Permission.USERS_MANAGE not in session.principal.permissions
    assert None in people.told  # what runs in them ends


async def test_sessions_are_listed_and_ended(people: People) -> None:
    secret = await people.signing_in.sign_in("ayse", GOOD, ELSEWHERE)
    user = await people.users.by_login("ayse")
    listed = await people.sessions.every(LOCAL_ADMINISTRATOR, user)
    assert {(one.address, one.agent) for one in listed} >= {(ELSEWHERE.address, "curl")}
    session = await people.sessions.session_of(secret)
    assert session is not None
    for asked in (people.sessions.every, people.sessions.end_all):
        with pytest.raises(Forbidden):
            await asked(session.principal, user)
    await people.sessions.sign_out(session, ELSEWHERE.address)
    assert await people.sessions.session_of(secret) is None
    other = await people.signing_in.sign_in("ayse", GOOD, DESK)
    assert await people.sessions.end_all(LOCAL_ADMINISTRATOR, user) == len(listed)
    assert await people.sessions.session_of(other) is None
    assert people.told[-1] == user.id


async def test_one_persons_sessions_are_bounded(people: People) -> None:
    secrets = []
    for _ in range(MAX_OF_ONE + 2):
        people.clock.moment += timedelta(seconds=1)
        secrets.append(await people.signing_in.sign_in("ayse", GOOD, DESK))
    people.sessions.forget()
    assert await people.count(sessions_table) == MAX_OF_ONE
    assert await people.sessions.session_of(secrets[0]) is None
    assert await people.sessions.session_of(secrets[-1]) is not None


async def test_what_has_ended_is_dropped_and_told(people: People) -> None:
    await people.session()
    await people.fails()
    people.clock.moment += IDLE + timedelta(days=100)
    people.told.clear()
    await people.sessions.tidy()
    assert await people.count(sessions_table) == 0
    assert await people.count(sign_in_failures) == 0
    assert await people.count(known_addresses) == 0
    assert people.told == [(await people.users.by_login("ayse")).id]


async def test_the_fifth_failure_begins_a_pause_that_doubles_up_to_its_limit(
    people: People,
) -> None:
    await people.fails(visitor=ELSEWHERE, times=5)
    pauses = []
    for _ in range(6):
        pauses.append(await people.waits_s(visitor=ELSEWHERE))
        people.clock.moment += timedelta(seconds=pauses[-1])
        await people.fails(visitor=ELSEWHERE)
    assert pauses == [60, 120, 240, 480, 900, 900]
    assert "lock_sign_in" in await people.trail()


async def test_a_restart_forgets_no_pause(people: People) -> None:
    await people.fails(visitor=ELSEWHERE, times=5)
    people.clock.moment += timedelta(seconds=20)
    assert await people.again().waits_s(visitor=ELSEWHERE) == 40


async def test_after_the_pause_the_right_password_ends_the_counting(people: People) -> None:
    await people.fails(visitor=ELSEWHERE, times=5)
    people.clock.moment += timedelta(seconds=60)
    await people.session(visitor=ELSEWHERE)
    await people.fails(visitor=ELSEWHERE, times=4)
    await people.session(visitor=ELSEWHERE)


async def test_whoever_guesses_elsewhere_does_not_keep_the_owner_from_his_desk(
    people: People,
) -> None:
    await people.fails(visitor=ELSEWHERE, times=5)
    assert await people.waits_s(visitor=ELSEWHERE) == 60
    assert await people.waits_s(visitor=Visitor(address="203.0.113.1")) == 60  # any stranger
    await people.session(visitor=DESK)
    await people.waits_s(visitor=ELSEWHERE)  # which does not let the stranger go on


async def test_failures_at_the_owners_desk_are_counted_there(people: People) -> None:
    await people.fails(visitor=DESK, times=5)
    assert await people.waits_s(visitor=DESK) == 60
    await people.session(visitor=ELSEWHERE)


async def test_one_address_cannot_try_many_logins(people: People) -> None:
    for number in range(lockout.FREE_OF_ADDRESS):
        await people.fails(f"user{number}", ELSEWHERE)
    assert await people.waits_s(visitor=ELSEWHERE) == 60
    await people.session(visitor=DESK)


async def test_a_right_password_does_not_wash_an_addresses_failures_away(people: People) -> None:
    for number in range(lockout.FREE_OF_ADDRESS - 1):
        await people.fails(f"user{number}", ELSEWHERE)
        await people.session(visitor=ELSEWHERE)
    await people.fails("another", ELSEWHERE)
    assert await people.waits_s("third", ELSEWHERE) == 60


async def test_a_colleagues_failures_at_the_same_address_keep_nobody_out(people: People) -> None:
    await people.with_password("mehmet")
    for number in range(lockout.FREE_OF_ADDRESS):
        await people.fails(f"user{number}", DESK)
    assert await people.waits_s("stranger", DESK) == 60
    await people.session("ayse", visitor=DESK)
    await people.fails("mehmet", DESK, times=5)  # whose own failures still count
    assert await people.waits_s("mehmet", DESK) == 60
    await people.session("ayse", visitor=DESK)


async def test_one_ipv6_network_is_one_address(people: People) -> None:
    for number in range(lockout.FREE_OF_ADDRESS):
        await people.fails(f"user{number}", Visitor(address=f"2001:db8::{number:x}"))
    assert await people.waits_s(visitor=Visitor(address="2001:db8::ffff")) == 60
    await people.session(visitor=Visitor(address="2001:db8:0:1::1"))


async def test_many_tries_at_once_are_no_way_around(people: People) -> None:
    tries = [people.signing_in.sign_in("ayse", f"guess {n}", ELSEWHERE) for n in range(15)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, Unauthenticated) for one in results) == lockout.FREE_OF_LOGIN
    assert sum(isinstance(one, TooMany) for one in results) == 15 - lockout.FREE_OF_LOGIN


async def test_unknown_logins_are_locked_as_known_ones_are(people: People) -> None:
    await people.fails("nobody", ELSEWHERE, times=5)
    assert await people.waits_s("nobody", ELSEWHERE) == 60


async def test_failures_long_ago_do_not_count(people: People) -> None:
    await people.fails(visitor=ELSEWHERE, times=4)
    people.clock.moment += lockout.FORGOTTEN_AFTER
    await people.fails(visitor=ELSEWHERE, times=4)
    await people.session(visitor=ELSEWHERE)


async def test_the_kept_failures_are_bounded(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lockout, "MAX_KEYS", 10)
    for number in range(15):
        people.clock.moment += timedelta(seconds=1)
        await people.fails(f"user{number}", Visitor(address=f"203.0.113.{number}"))
    await people.sessions.tidy()
    assert await people.count(sign_in_failures) == 10


async def test_known_addresses_are_bounded(people: People) -> None:
    for number in range(lockout.MAX_KNOWN + 3):
        people.clock.moment += timedelta(seconds=1)
        await people.session(visitor=Visitor(address=f"203.0.113.{number}"))
    assert await people.count(known_addresses) == lockout.MAX_KNOWN


async def test_ones_own_password_changes_and_ends_all_other_sessions(people: People) -> None:
    other = await people.signing_in.sign_in("ayse", GOOD, ELSEWHERE)
    old = await people.signing_in.sign_in("ayse", GOOD, DESK)
    session = await people.sessions.session_of(old)
    assert session is not None
    new = await people.changes.change_own(session.principal, GOOD, OTHER, DESK, session=session)
    assert await people.sessions.session_of(other) is None
    assert await people.sessions.session_of(old) is None
    assert await people.sessions.session_of(new) is not None
    await people.fails()
    await people.session(password=OTHER)
    assert (await people.trail()).count("change_password") == 2


async def test_a_change_of_password_that_cannot_be_is_told_by_its_field(people: People) -> None:
    session = await people.session()
    for old, new, field in (
        ("wrong password", OTHER, "old"), (GOOD, GOOD, "new"), (GOOD, "short", "new"),
        (GOOD, "x" * 201, "new"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            await people.changes.change_own(session.principal, old, new, DESK, session=session)
        assert refused.value.field == field
    assert await people.count(sessions_table) > 0
    await people.session()


async def test_guessing_the_old_password_is_slowed_down_too(people: People) -> None:
    session = await people.session(visitor=ELSEWHERE)
    for _ in range(5):
        with pytest.raises(Invalid):
            await people.changes.change_own(
                session.principal, "wrong password", OTHER, ELSEWHERE, session=session
            )
    with pytest.raises(TooMany):
        await people.changes.change_own(session.principal, GOOD, OTHER, ELSEWHERE, session=session)


async def test_a_one_time_password_must_be_changed_and_ends_what_was(people: People) -> None:
    secret = await people.signing_in.sign_in("ayse", GOOD, DESK)
    await people.fails(visitor=ELSEWHERE, times=5)
    once = await people.changes.set_once(LOCAL_ADMINISTRATOR, "ayse")
    assert await people.sessions.session_of(secret) is None
    await people.fails()
    session = await people.session(password=once, visitor=ELSEWHERE)  # the lock is forgiven
    assert session.must_change_password
    new = await people.changes.change_own(session.principal, once, OTHER, DESK, session=session)
    found = await people.sessions.session_of(new)
    assert found is not None
    assert not found.must_change_password


async def test_only_who_manages_users_sets_passwords_of_others(people: People) -> None:
    session = await people.session()
    with pytest.raises(Forbidden, match="users:manage"):
        await people.changes.set_once(session.principal, "ayse")
    with pytest.raises(NotFound, match="nobody"):
        await people.changes.set_once(LOCAL_ADMINISTRATOR, "nobody")
    with pytest.raises(Invalid, match="santral user password"):
        await people.changes.change_own(LOCAL_ADMINISTRATOR, GOOD, OTHER, DESK, session=None)


async def test_a_hash_of_old_parameters_is_renewed_at_the_next_sign_in(people: People) -> None:
    kept = select(passwords.c.hash)
    before = await people.store.read(lambda c: c.execute(kept).scalar())
    harder = Passwords(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    signing_in = SignIn(people.store, people.clock, harder, people.sessions)
    await signing_in.sign_in("ayse", GOOD, DESK)
    after = await people.store.read(lambda c: c.execute(kept).scalar())
    assert after is not None
    assert after != before
    assert not harder.outdated(after)
    await people.session()


async def test_what_somebody_chose_is_in_his_sessions_at_once(people: People) -> None:
    secret = await people.signing_in.sign_in("ayse", GOOD, DESK)
    session = await people.sessions.session_of(secret)
    assert session is not None
    assert session.preferences == Preferences()
    people.told.clear()
    await people.accounts.choose(session.principal, {"theme": Theme.DARK})
    await people.accounts.choose(session.principal, {"sound": False})
    session = await people.sessions.session_of(secret)
    assert session is not None
    assert session.preferences == Preferences(theme=Theme.DARK, sound=False)
    assert people.told == []  # live feeds go on
    with pytest.raises(Invalid, match="no preferences"):
        await people.accounts.choose(LOCAL_ADMINISTRATOR, {"sound": False})


async def test_the_first_start_lets_an_administrator_in_once(store: Store, tmp_path: Path) -> None:
    people = People(store, tmp_path)
    await people.changes.let_first_in()
    assert people.file.path.stat().st_mode & 0o777 == 0o600
    password = people.file.path.read_text(encoding="utf-8").strip()
    again = people.again()
    await again.changes.let_first_in()
    assert again.file.path.read_text(encoding="utf-8").strip() == password
    session = await again.session("admin", password)
    assert session.must_change_password
    assert session.principal.permissions == frozenset(Permission)
    await again.changes.change_own(session.principal, password, GOOD, DESK, session=session)
    assert not people.file.path.exists()
    await people.again().changes.let_first_in()
    assert not people.file.path.exists()


async def test_the_first_password_is_gone_when_another_is_set(store: Store, tmp_path: Path) -> None:
    people = People(store, tmp_path)
    await people.changes.let_first_in()
    await people.with_password()
    assert people.file.path.exists()
    await people.changes.set_once(LOCAL_ADMINISTRATOR, "admin")
    assert not people.file.path.exists()


@pytest.mark.parametrize(
    ("role", "disabled", "login"),
    [(Role.ADMINISTRATOR, False, "admin"), (Role.MANAGER, False, "admin2"),
     (Role.ADMINISTRATOR, True, "admin2")],
)  # fmt: skip
async def test_the_first_administrator_takes_nobodys_place(
    store: Store, tmp_path: Path, role: Role, disabled: bool, login: str
) -> None:
    people = People(store, tmp_path)
    await people.users.add(LOCAL_ADMINISTRATOR, login="admin", name="", role=role)
    if disabled:
        await people.users.disable(LOCAL_ADMINISTRATOR, "admin")
    await people.changes.let_first_in()
    password = people.file.path.read_text(encoding="utf-8").strip()
    assert (await people.session(login, password)).must_change_password


async def test_where_somebody_can_sign_in_nobody_is_made(people: People) -> None:
    people.file.path.write_text("left over", encoding="utf-8")
    await people.changes.let_first_in()
    assert not people.file.path.exists()
    with pytest.raises(NotFound):
        await people.users.by_login("admin")


async def test_every_step_leaves_a_trail(people: People) -> None:
    session = await people.session()
    await people.sessions.sign_out(session, DESK.address)
    assert await people.trail() == [
        "create", "reset_password", "sign_in", "change_password", "sign_in", "sign_out",
    ]  # fmt: skip
