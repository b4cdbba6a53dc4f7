"""Passwords: what is taken as one, and that a hash tells right from wrong."""

from __future__ import annotations

import asyncio
import re
import unicodedata

import pytest
from argon2 import PasswordHasher

from gateway.kernel.errors import Invalid, TooMany
from gateway.people.passwords import (
    AT_ONCE,
    MAX_LENGTH,
    MAX_WAITING,
    Passwords,
    new_one_time,
    require_acceptable,
)

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
GOOD = "yedi mavi kaplumbağa"


async def test_only_the_password_itself_is_right() -> None:
    passwords = Passwords(CHEAP)
    kept = await passwords.hash(GOOD)
    assert kept.startswith("$argon2id$")
    assert await passwords.verify(kept, GOOD)
    for wrong in (GOOD[:-1], GOOD + " ", GOOD.upper(), "", "x" * 100_000):
        assert not await passwords.verify(kept, wrong)


async def test_letters_are_the_same_however_a_keyboard_composes_them() -> None:
    passwords = Passwords(CHEAP)
    kept = await passwords.hash(unicodedata.normalize("NFD", GOOD))
    assert await passwords.verify(kept, unicodedata.normalize("NFC", GOOD))


@pytest.mark.parametrize("kept", [None, "", "no hash", "$argon2id$v=19$broken"])
async def test_where_no_password_is_kept_every_one_is_wrong(kept: str | None) -> None:
    assert not await Passwords(CHEAP).verify(kept, GOOD)


async def test_a_broken_surrogate_is_a_wrong_password_and_no_error() -> None:
    passwords = Passwords(CHEAP)
    assert not await passwords.verify(await passwords.hash(GOOD), "\udc80" * 12)


async def test_a_hash_with_other_parameters_is_outdated() -> None:
    kept = await Passwords(CHEAP).hash(GOOD)
    assert not Passwords(CHEAP).outdated(kept)
    assert Passwords(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)).outdated(kept)


async def test_more_than_can_wait_are_refused_and_the_others_served() -> None:
    passwords = Passwords(CHEAP)
    kept = await passwords.hash(GOOD)
    await passwords.verify(kept, GOOD)
    many = [passwords.verify(kept, GOOD) for _ in range(MAX_WAITING + AT_ONCE + 30)]
    results = await asyncio.gather(*many, return_exceptions=True)
    assert results.count(True) == MAX_WAITING
    assert all(one is True or isinstance(one, TooMany) for one in results)
    assert await passwords.verify(kept, GOOD)


@pytest.mark.parametrize("password", [GOOD, "x" * 10, "x" * MAX_LENGTH, "ayse.yilmaz1"])
def test_long_enough_is_acceptable(password: str) -> None:
    require_acceptable(password, "ayse.yilmaz")


@pytest.mark.parametrize(
    ("password", "told"),
    [("x" * 9, "at least 10"), ("", "at least 10"), ("x" * 201, "at most 200"),
     ("Ayse.Yilmaz", "user name"), ("  ayse.yilmaz ", "user name")],
)  # fmt: skip
def test_what_is_too_easy_is_refused_with_the_remedy(password: str, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        require_acceptable(password, "ayse.yilmaz")


def test_one_time_passwords_are_acceptable_and_all_different() -> None:
    made = {new_one_time() for _ in range(200)}
    assert len(made) == 200
    for one in made:
        assert re.fullmatch(r"([a-hj-km-np-z2-9]{5}-){3}[a-hj-km-np-z2-9]{5}", one)
        require_acceptable(one, "admin")
