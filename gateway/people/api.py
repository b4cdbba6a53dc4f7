"""The API of users and tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.people.model import Role, Token, User
from gateway.people.tokens import Tokens
from gateway.people.users import Users
from gateway.web.fields import Extension, Id, UserId, UserName
from gateway.web.paging import NextCursor, ShortListQuery, page_of
from gateway.web.principal import Permission
from gateway.web.routes import Call, NoBody, Route, Schema


class UserIn(Schema):
    """A user to be added."""

    login: Annotated[str, Field(max_length=64, examples=["ayse"])]
    name: Annotated[str, Field(max_length=200, examples=["Ayşe Yılmaz"])] = ""
    role: Role = Role.MANAGER
    extension: Annotated[str, Field(max_length=16, examples=["101"])] = ""
    mobile: Annotated[str, Field(max_length=64, examples=["+905321234567"])] = ""


class UserPatch(Schema):
    """What is to be changed of a user; what is left out stays."""

    name: Annotated[str | None, Field(max_length=200, examples=["Ayşe Yılmaz"])] = None
    role: Role | None = None
    extension: Annotated[str | None, Field(max_length=16, examples=["101"])] = None
    mobile: Annotated[str | None, Field(max_length=64, examples=["+905321234567"])] = None


class UserOut(Schema):
    """A user."""

    id: UserId
    login: Annotated[str, Field(examples=["ayse"])]
    name: UserName
    role: Role
    extension: Extension
    mobile: Annotated[str, Field(examples=["+905329876543"])]
    created_at: datetime
    disabled_at: Annotated[datetime | None, Field(examples=[None])]


class UsersOut(Schema):
    """A page of users; without a next cursor it is the last."""

    items: list[UserOut]
    next_cursor: NextCursor


class TokenIn(Schema):
    """A token to be made; without scopes it gets all that its owner's role allows."""

    user: Annotated[str, Field(max_length=64, description="login", examples=["ayse"])]
    name: Annotated[str, Field(max_length=200, examples=["1C on the server"])] = ""
    scopes: tuple[Permission, ...] = ()
    days: Annotated[int, Field(ge=1, le=3650)] | None = None


class TokenOut(Schema):
    """A token, without what makes it work."""

    id: Id
    user_id: UserId
    name: Annotated[str, Field(examples=["CRM server"])]
    scopes: list[Permission]
    created_at: datetime
    expires_at: Annotated[datetime | None, Field(examples=[None])]
    revoked_at: Annotated[datetime | None, Field(examples=[None])]


class TokenMade(TokenOut):
    """A new token."""

    secret: Annotated[str, Field(description="told only here", examples=["santral_kX3v…"])]


class TokensOut(Schema):
    """A page of tokens; without a next cursor it is the last."""

    items: list[TokenOut]
    next_cursor: NextCursor


class Done(Schema):
    """It is done."""

    done: bool = True


class PeopleApi:
    """Routes of users and tokens."""

    def __init__(self, users: Users, tokens: Tokens) -> None:
        self._users = users
        self._tokens = tokens

    def routes(self) -> list[Route]:
        """Return the routes."""
        manage = Permission.USERS_MANAGE
        return [
            Route(method="GET", path="/users", permission=manage, handler=self._list_users,
                  summary="List users", query=ShortListQuery, returns=UsersOut),
            Route(method="POST", path="/users", permission=manage, handler=self._add_user,
                  summary="Add a user", body=UserIn, returns=UserOut, status=201),
            Route(method="PATCH", path="/users/{login}", permission=manage,
                  handler=self._change_user, summary="Change a user", body=UserPatch,
                  returns=UserOut),
            Route(method="POST", path="/users/{login}/disable", permission=manage,
                  handler=self._disable, summary="Take a user's access away", returns=UserOut),
            Route(method="GET", path="/tokens", permission=manage, handler=self._list_tokens,
                  summary="List tokens, the newest first", query=ShortListQuery,
                  returns=TokensOut),
            Route(method="POST", path="/tokens", permission=manage, handler=self._create_token,
                  summary="Make a token", body=TokenIn, returns=TokenMade, status=201),
            Route(method="DELETE", path="/tokens/{token_id}", permission=manage,
                  handler=self._revoke, summary="Revoke a token", returns=Done),
        ]  # fmt: skip

    async def _list_users(self, call: Call[NoBody, ShortListQuery]) -> UsersOut:
        users = await self._users.every(call.principal)
        page, next_cursor = page_of(users, lambda user: user.id, call.query)
        return UsersOut(items=[_user(user) for user in page], next_cursor=next_cursor)

    async def _add_user(self, call: Call[UserIn, NoBody]) -> UserOut:
        fields = call.body
        return _user(
            await self._users.add(
                call.principal,
                login=fields.login,
                name=fields.name,
                role=fields.role,
                extension=fields.extension,
                mobile=fields.mobile,
            )
        )

    async def _change_user(self, call: Call[UserPatch, NoBody]) -> UserOut:
        given = call.body.model_dump()
        return _user(await self._users.change(call.principal, call.path["login"], **given))

    async def _disable(self, call: Call[NoBody, NoBody]) -> UserOut:
        return _user(await self._users.disable(call.principal, call.path["login"]))

    async def _list_tokens(self, call: Call[NoBody, ShortListQuery]) -> TokensOut:
        tokens = await self._tokens.every(call.principal)
        page, next_cursor = page_of(tokens, lambda token: token.id, call.query)
        return TokensOut(items=[_token(token) for token in page], next_cursor=next_cursor)

    async def _create_token(self, call: Call[TokenIn, NoBody]) -> TokenMade:
        user = await self._users.by_login(call.body.user)
        token, secret = await self._tokens.create(
            call.principal,
            user,
            name=call.body.name,
            scopes=call.body.scopes,
            days=call.body.days,
        )
        return TokenMade(**_token(token).model_dump(), secret=secret)

    async def _revoke(self, call: Call[NoBody, NoBody]) -> Done:
        await self._tokens.revoke(call.principal, call.path["token_id"])
        return Done()


def _user(user: User) -> UserOut:
    return UserOut(
        id=user.id,
        login=user.login,
        name=user.name,
        role=user.role,
        extension=user.extension,
        mobile=user.mobile,
        created_at=user.created_at,
        disabled_at=user.disabled_at,
    )


def _token(token: Token) -> TokenOut:
    return TokenOut(
        id=token.id,
        user_id=token.user_id,
        name=token.name,
        scopes=list(token.scopes),
        created_at=token.created_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
    )
