"""The API of one's own account, and of other people's passwords and sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.people.accounts import Accounts
from gateway.people.model import OpenSession, Role, Visitor
from gateway.people.password_changes import PasswordChanges
from gateway.people.passwords import MAX_LENGTH
from gateway.people.sessions import Sessions
from gateway.people.users import Users
from gateway.web.fields import Extension, UserId, UserName
from gateway.web.paging import NextCursor, ShortListQuery, page_of
from gateway.web.preferences import Language, Pop, Preferences, Theme
from gateway.web.principal import Permission
from gateway.web.routes import Call, NoBody, Reply, Route, Schema

_Secret = Annotated[str, Field(max_length=MAX_LENGTH)]


class PreferencesOut(Schema):
    """What somebody chose for himself."""

    language: Annotated[
        Language | None, Field(description="null: as the browser asks", examples=["tr"])
    ]
    theme: Theme
    pop: Annotated[Pop, Field(description="when the card of a caller comes up by itself")]
    sound: bool
    notification: bool

    @classmethod
    def of(cls, chosen: Preferences) -> PreferencesOut:
        """Return what is shown of it."""
        return cls.model_validate(chosen.model_dump())


class PreferencesPatch(Schema):
    """What is to be chosen anew; what is left out stays."""

    language: Annotated[
        Language | None, Field(description="null: as the browser asks", examples=["tr"])
    ] = None
    theme: Theme = Theme.AUTO
    pop: Pop = Pop.RING
    sound: bool = True
    notification: bool = True


class MeOut(Schema):
    """Who asks."""

    id: Annotated[str | None, Field(examples=["019a2f00b1c27d4e9f60718293a4b5c6"])]
    login: Annotated[str, Field(examples=["ayse"])]
    name: UserName
    role: Annotated[
        Role | None, Field(description="null: the local administrator", examples=["manager"])
    ]
    extension: Extension
    permissions: list[Permission]
    preferences: PreferencesOut


class PasswordIn(Schema):
    """A change of one's own password."""

    old: Annotated[_Secret, Field(examples=["correct horse battery"])]
    new: Annotated[_Secret, Field(examples=["yedi mavi kaplumbaga"])]


class OneTimeOut(Schema):
    """A password for one time."""

    login: Annotated[str, Field(examples=["ayse"])]
    password: Annotated[
        str, Field(description="told only here", examples=["k7mzp-4pqxr-9rtwb-b2ncd"])
    ]


class SessionOut(Schema):
    """A signed-in browser."""

    id: Annotated[str, Field(description="not what its cookie holds", examples=["5f1d…"])]
    user_id: UserId
    created_at: datetime
    seen_at: datetime
    ends_at: Annotated[datetime, Field(description="when nothing is done meanwhile")]
    address: Annotated[str, Field(examples=["192.0.2.17"])]
    agent: Annotated[str, Field(examples=["Mozilla/5.0 (X11; Linux x86_64; rv:140.0)"])]

    @classmethod
    def of(cls, one: OpenSession) -> SessionOut:
        """Return what is shown of a session."""
        return cls.model_validate(one, from_attributes=True)


class SessionsOut(Schema):
    """A page of sessions; without a next cursor it is the last."""

    items: list[SessionOut]
    next_cursor: NextCursor


class Ended(Schema):
    """How many sessions have ended."""

    ended: Annotated[int, Field(examples=[2])]


class Changed(Schema):
    """It is changed."""

    changed: bool = True


class AccountApi:
    """Routes of accounts."""

    def __init__(
        self, accounts: Accounts, changes: PasswordChanges, sessions: Sessions, users: Users
    ) -> None:
        self._accounts = accounts
        self._changes = changes
        self._sessions = sessions
        self._users = users

    def routes(self) -> list[Route]:
        """Return the routes."""
        me, manage = Permission.ME, Permission.USERS_MANAGE
        return [
            Route(method="GET", path="/me", permission=me, handler=self._me,
                  summary="Tell who asks, and what he may do", returns=MeOut),
            Route(method="POST", path="/me/password", permission=me, handler=self._change,
                  summary="Change one's own password; all other sessions end",
                  body=PasswordIn, returns=Changed, password_due=True),
            Route(method="PATCH", path="/me/preferences", permission=me, handler=self._choose,
                  summary="Choose language, colours and how calls are announced",
                  body=PreferencesPatch, returns=PreferencesOut),
            Route(method="POST", path="/users/{login}/password", permission=manage,
                  handler=self._set_once, returns=OneTimeOut,
                  summary="Give a user a password for one time; his sessions end"),
            Route(method="GET", path="/users/{login}/sessions", permission=manage,
                  handler=self._list, summary="List a user's signed-in browsers",
                  query=ShortListQuery, returns=SessionsOut),
            Route(method="POST", path="/users/{login}/sign-out", permission=manage,
                  handler=self._end_all, summary="End all sessions of a user", returns=Ended),
        ]  # fmt: skip

    async def _me(self, call: Call[NoBody, NoBody]) -> MeOut:
        user = await self._accounts.of(call.principal)
        return MeOut(
            id=call.principal.user_id,
            login=user.login if user else "",
            name=call.principal.name,
            role=user.role if user else None,
            extension=user.extension if user else "",
            permissions=sorted(call.principal.permissions),
            preferences=PreferencesOut.of(user.preferences if user else Preferences()),
        )

    async def _change(self, call: Call[PasswordIn, NoBody]) -> Reply:
        visitor = Visitor(address=call.address, agent=call.agent)
        secret = await self._changes.change_own(
            call.principal, call.body.old, call.body.new, visitor, session=call.session
        )
        return Reply(body=Changed(), status=200, session=secret or None)

    async def _choose(self, call: Call[PreferencesPatch, NoBody]) -> PreferencesOut:
        given = call.body.model_dump(include=call.body.model_fields_set)
        return PreferencesOut.of(await self._accounts.choose(call.principal, given))

    async def _set_once(self, call: Call[NoBody, NoBody]) -> OneTimeOut:
        login = call.path["login"]
        password = await self._changes.set_once(call.principal, login)
        return OneTimeOut(login=login, password=password)

    async def _list(self, call: Call[NoBody, ShortListQuery]) -> SessionsOut:
        user = await self._users.by_login(call.path["login"])
        found = await self._sessions.every(call.principal, user)
        page, next_cursor = page_of(found, lambda one: one.id, call.query)
        return SessionsOut(items=[SessionOut.of(one) for one in page], next_cursor=next_cursor)

    async def _end_all(self, call: Call[NoBody, NoBody]) -> Ended:
        user = await self._users.by_login(call.path["login"])
        return Ended(ended=await self._sessions.end_all(call.principal, user))
