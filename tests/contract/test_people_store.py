"""Users, tokens and the trail, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.kernel.errors import Conflict, Forbidden, Invalid
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.store import Store
from gateway.people.model import Role
from gateway.people.tables import audit_trail, tokens
from gateway.people.tokens import Tokens
from gateway.people.users import Users
from gateway.web.principal import LOCAL_ADMINISTRATOR, Permission, Sight

PLAN = NumberingPlan(region="TR")


class Clock:
    """Tells the time that a test sets."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()


class People:
    """Both books on one store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = Clock()
        self.tokens = Tokens(store, self.clock)
        self.users = Users(store, self.clock, PLAN, changed=self.tokens.forget)

    async def token(self, login: str = "ayse", role: Role = Role.MANAGER, **given: object) -> str:
        user = await self.users.add(LOCAL_ADMINISTRATOR, login=login, name="", role=role)
        given.setdefault("scopes", ())
        _, secret = await self.tokens.create(
            LOCAL_ADMINISTRATOR,
            user,
            name="test",
            **given,  # type: ignore[arg-type]
        )
        return secret


@pytest.fixture
def people(store: Store) -> People:
    return People(store)


async def test_a_token_is_its_owner_with_his_rights_and_sight(people: People) -> None:
    principal = await people.tokens.principal_of(await people.token())
    assert principal is not None
    assert principal.sight is Sight.OWN
    assert Permission.SMS_SEND in principal.permissions
    assert Permission.USERS_MANAGE not in principal.permissions


async def test_scopes_narrow_a_token(people: People) -> None:
    secret = await people.token(scopes=(Permission.SMS_READ,))
    principal = await people.tokens.principal_of(secret)
    assert principal is not None
    assert principal.permissions == {Permission.SMS_READ}


async def test_a_token_cannot_hold_more_than_its_owners_role(people: People) -> None:
    with pytest.raises(Invalid, match="users:manage"):
        await people.token(scopes=(Permission.USERS_MANAGE,))


async def test_an_unknown_expired_or_revoked_token_is_nobody(people: People) -> None:
    secret = await people.token(days=1)
    assert await people.tokens.principal_of(f"{secret}x") is None
    people.clock.moment += timedelta(days=1, seconds=1)
    assert await people.tokens.principal_of(secret) is None
    people.clock.moment -= timedelta(days=1)
    assert await people.tokens.principal_of(secret) is not None
    (token,) = await people.tokens.every(LOCAL_ADMINISTRATOR)
    await people.tokens.revoke(LOCAL_ADMINISTRATOR, token.id)
    assert await people.tokens.principal_of(secret) is None


async def test_a_disabled_users_tokens_stop_working(people: People) -> None:
    secret = await people.token()
    assert await people.tokens.principal_of(secret) is not None
    await people.users.disable(LOCAL_ADMINISTRATOR, "ayse")
    assert await people.tokens.principal_of(secret) is None


async def test_a_token_is_kept_as_a_hash_only(people: People, tmp_path: Path) -> None:
    secret = await people.token()
    stored = await people.store.read(
        lambda connection: [str(row) for row in connection.execute(select(tokens))]
    )
    assert stored
    assert not any(secret in row or secret.removeprefix("santral_") in row for row in stored)
    raw = secret.encode()
    assert not any(raw in file.read_bytes() for file in tmp_path.rglob("santral.db*"))


async def test_two_users_cannot_share_a_login(people: People) -> None:
    await people.token()
    with pytest.raises(Conflict, match="ayse"):
        await people.token()


async def test_only_who_manages_users_may_add_one(people: People) -> None:
    principal = await people.tokens.principal_of(await people.token())
    assert principal is not None
    with pytest.raises(Forbidden, match="users:manage"):
        await people.users.add(principal, login="x", name="", role=Role.HEAD)


async def test_every_change_leaves_a_trail_without_secrets(people: People) -> None:
    secret = await people.token()
    (token,) = await people.tokens.every(LOCAL_ADMINISTRATOR)
    await people.tokens.revoke(LOCAL_ADMINISTRATOR, token.id)
    await people.users.disable(LOCAL_ADMINISTRATOR, "ayse")
    query = select(audit_trail).order_by(audit_trail.c.at, audit_trail.c.id)
    rows = await people.store.read(lambda connection: connection.execute(query).all())
    assert {(row.action, row.object_kind) for row in rows} == {
        ("create", "user"), ("create", "token"), ("revoke", "token"), ("disable", "user"),
    }  # fmt: skip
    assert {row.who for row in rows} == {LOCAL_ADMINISTRATOR.name}
    assert not any(secret in str(row) for row in rows)
