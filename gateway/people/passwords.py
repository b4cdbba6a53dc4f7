"""Passwords: what is taken as one, and how they are kept (Argon2id, RFC 9106)."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.kernel.errors import Invalid, TooMany

T = TypeVar("T")

MIN_LENGTH = 10
MAX_LENGTH = 200
MEMORY_KIB = 32 * 1024
ROUNDS = 3
AT_ONCE = 2
"""Passwords that are worked on together: each takes its memory and a processor meanwhile."""
MAX_WAITING = 32
"""Those that may wait for it; more are refused."""
_BUSY_S = 2.0
_ONCE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that look alike."""
_ONCE_GROUPS, _ONCE_GROUP = 4, 5  # 20 of 31 letters: 99 bits


class Passwords:
    """Makes and checks hashes, beside the loop and a few at a time."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(
            time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=1
        )
        self._places = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._decoy = ""

    async def hash(self, password: str) -> str:
        """Return what is kept of a password."""
        return await self._beside(self._hasher.hash, _plain(password))

    async def verify(self, kept: str | None, password: str) -> bool:
        """Tell whether it is the password; where none is kept, it takes the same time to say no."""
        if not self._decoy:
            self._decoy = await self.hash(secrets.token_urlsafe())
        plain = _plain(password[: MAX_LENGTH + 1])
        right = await self._beside(self._verify, kept or self._decoy, plain)
        return right and kept is not None and len(password) <= MAX_LENGTH

    def outdated(self, kept: str) -> bool:
        """Tell whether a hash was made with other parameters than those in force."""
        return self._hasher.check_needs_rehash(kept)

    def require_room(self) -> None:
        """Raise TooMany while as many as can be wait already."""
        if self._waiting >= MAX_WAITING:
            raise TooMany("too many sign in at this moment; try again", retry_after_s=_BUSY_S)

    async def _beside(self, work: Callable[..., T], *given: str) -> T:
        self.require_room()
        self._waiting += 1
        try:
            async with self._places:
                return await asyncio.to_thread(work, *given)
        finally:
            self._waiting -= 1

    def _verify(self, kept: str, plain: str) -> bool:
        try:
            return self._hasher.verify(kept, plain)
        except (VerificationError, InvalidHashError):
            return False


def require_acceptable(password: str, login: str) -> None:
    """Raise Invalid, which names the remedy, for what cannot be a password."""
    plain = _plain(password)
    if len(plain) < MIN_LENGTH:
        raise Invalid(
            f"a password has at least {MIN_LENGTH} characters; several words are easy to keep",
            field="new",
        )
    if len(password) > MAX_LENGTH:
        raise Invalid(f"a password has at most {MAX_LENGTH} characters", field="new")
    if plain.casefold().strip() == login.casefold():
        raise Invalid("the user name cannot be the password; choose another one", field="new")


def new_one_time() -> str:
    """Return a password for one time, easy to read out: four groups of five."""
    groups = (
        "".join(secrets.choice(_ONCE_LETTERS) for _ in range(_ONCE_GROUP))
        for _ in range(_ONCE_GROUPS)
    )
    return "-".join(groups)


def _plain(password: str) -> str:
    """Return a password as it is hashed: the same from every keyboard (RFC 8265 §4.2)."""
    return unicodedata.normalize("NFC", password).encode(errors="replace").decode()
