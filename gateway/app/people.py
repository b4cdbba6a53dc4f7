"""Puts together what concerns our own people: users, tokens, passwords, sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.config import Config
from gateway.kernel.runtime import Runtime
from gateway.kernel.store import Store
from gateway.people import sign_in_pages
from gateway.people.account_api import AccountApi
from gateway.people.accounts import Accounts
from gateway.people.api import PeopleApi
from gateway.people.first_password import FirstPasswordFile
from gateway.people.password_changes import PasswordChanges
from gateway.people.passwords import Passwords
from gateway.people.sessions import Sessions
from gateway.people.signing_in import SignIn
from gateway.people.tokens import Tokens
from gateway.people.users import Users
from gateway.web.pages import Page
from gateway.web.routes import Route


@dataclass(frozen=True, slots=True)
class People:
    """What the rest of the service needs of it."""

    tokens: Tokens
    sessions: Sessions
    passwords: PasswordChanges
    routes: list[Route]
    pages: list[Page]

    def tell_ended(self, hang_up: Callable[[str | None], None]) -> None:
        """Have `hang_up` called with whose access has ended, None for anybody's."""
        self.tokens.ended = hang_up
        self.sessions.ended = hang_up


def compose(
    config: Config, store: Store, runtime: Runtime, people_changed: Callable[[], None]
) -> People:
    """Return the people's part of a service."""
    clock, hashing = runtime.clock, Passwords()
    tokens, sessions = Tokens(store, clock), Sessions(store, clock)

    def changed() -> None:
        tokens.forget()
        sessions.tell_ended()
        people_changed()

    users = Users(store, clock, config.numbering_plan, changed=changed)
    signing_in = SignIn(store, clock, hashing, sessions)
    file = FirstPasswordFile(config.store.data)
    changes = PasswordChanges(store, clock, hashing, signing_in, sessions, file)
    accounts = Accounts(store, changed=sessions.forget)
    return People(
        tokens=tokens,
        sessions=sessions,
        passwords=changes,
        routes=[
            *PeopleApi(users, tokens).routes(),
            *AccountApi(accounts, changes, sessions, users).routes(),
        ],
        pages=sign_in_pages.pages(signing_in, sessions, changes),
    )
