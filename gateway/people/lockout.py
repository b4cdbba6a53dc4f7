"""Guessing made slow: failed sign-ins are counted, and after some of them a pause is kept.

They are counted by address, and by user name: those from addresses where its owner signed in
before apart from all others, and there no other user's failures are in his way. Whoever guesses
from elsewhere, or in the next room, locks strangers out, and never the owner at his own desk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import Connection, delete, func, insert, select, update

from gateway.people.tables import known_addresses, sign_in_failures

FIRST_PAUSE_S = 60.0
LONGEST_PAUSE_S = 900.0
FREE_OF_LOGIN = 5
"""The fifth failure is followed by a pause."""
FREE_OF_ADDRESS = 20
"""More: a whole office may come from one address."""
FORGOTTEN_AFTER = timedelta(hours=24)
"""Failures count together that are less than this apart."""
KNOWN_FOR = timedelta(days=90)
MAX_KNOWN = 20
"""Addresses that are kept of each person."""
MAX_KEYS = 100_000
"""Rows that are kept: with more of them the oldest are dropped."""
_NETWORK_BITS = 64  # RFC 4291 §2.5.4: who has one IPv6 address has all of its /64


@dataclass(frozen=True, slots=True)
class Key:
    """What failures are counted by, and how many cost no pause."""

    name: str
    free: int

    def pause_s(self, failures: int) -> float:
        """Return the pause after so many failures: twice as long with each that follows."""
        if failures < self.free:
            return 0.0
        return min(FIRST_PAUSE_S * 2.0 ** min(failures - self.free, 30), LONGEST_PAUSE_S)


def keys_of(login: str, address: str, *, known: bool) -> tuple[Key, Key]:
    """Return what a sign-in is counted by: its user name, and its address.

    Where the user is known at the address, it is both together in the place of the user name alone.
    The name is kept as a hash: what strangers type there may be a password.
    """
    place = place_of(address)
    whose = hashlib.sha256(login.encode(errors="replace")).hexdigest()
    by_login = f"login:{whose}@{place}" if known else f"login:{whose}"
    return Key(by_login, FREE_OF_LOGIN), Key(f"address:{place}", FREE_OF_ADDRESS)


def place_of(address: str) -> str:
    """Return an address as it is counted: of IPv6 its network."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(ip_network((found, _NETWORK_BITS), strict=False).network_address)
    return str(found)


def locked_s(connection: Connection, keys: Sequence[Key], now: datetime) -> float:
    """Return how long a try has to wait; 0: it need not."""
    query = select(func.max(sign_in_failures.c.locked_until)).where(
        sign_in_failures.c.key.in_([key.name for key in keys]),
        sign_in_failures.c.locked_until > now,
    )
    until = connection.execute(query).scalar()
    return 0.0 if until is None else (until - now).total_seconds()


def count(connection: Connection, keys: Sequence[Key], now: datetime) -> bool:
    """Count a try as failed before it is looked at, so that many at once are no way around.

    Tells whether a pause began with it.
    """
    pauses = [_count(connection, key, now) for key in keys]
    return max(pauses) > 0


def _count(connection: Connection, key: Key, now: datetime) -> float:
    place = sign_in_failures.c.key == key.name
    found = connection.execute(select(sign_in_failures).where(place)).first()
    recent = found is not None and now - found.failed_at < FORGOTTEN_AFTER
    failures = found.failures + 1 if found is not None and recent else 1
    pause_s = key.pause_s(failures)
    values = {
        "failures": failures,
        "failed_at": now,
        "locked_until": now + timedelta(seconds=pause_s) if pause_s else None,
    }
    if found is None:
        connection.execute(insert(sign_in_failures).values(key=key.name, **values))
    else:
        connection.execute(update(sign_in_failures).where(place).values(values))
    return pause_s


def succeeded(connection: Connection, keys: tuple[Key, Key], now: datetime) -> None:
    """Take the counting of a try back that was right: of the user name all, of the address this."""
    by_login, by_address = keys
    connection.execute(delete(sign_in_failures).where(sign_in_failures.c.key == by_login.name))
    place = sign_in_failures.c.key == by_address.name
    found = connection.execute(select(sign_in_failures).where(place)).first()
    if found is None:
        return
    pause_s = by_address.pause_s(found.failures - 1)
    until = found.locked_until if pause_s else None
    values = {"failures": max(found.failures - 1, 0), "locked_until": until}
    connection.execute(update(sign_in_failures).where(place).values(values))


def forgive(connection: Connection, login: str) -> None:
    """Forget a user name's failures, wherever they came from: it has a new password."""
    name = keys_of(login, "", known=False)[0].name
    connection.execute(
        delete(sign_in_failures).where(sign_in_failures.c.key.startswith(name, autoescape=True))
    )


def is_known(connection: Connection, user_id: str, address: str, now: datetime) -> bool:
    """Tell whether somebody signed in from an address of late."""
    query = select(known_addresses.c.user_id).where(
        known_addresses.c.user_id == user_id,
        known_addresses.c.address == place_of(address),
        known_addresses.c.seen_at > now - KNOWN_FOR,
    )
    return connection.execute(query).first() is not None


def get_to_know(connection: Connection, user_id: str, address: str, now: datetime) -> None:
    """Note that somebody signed in from an address."""
    whose = known_addresses.c.user_id == user_id
    connection.execute(
        delete(known_addresses).where(whose, known_addresses.c.address == place_of(address))
    )
    connection.execute(
        insert(known_addresses).values(user_id=user_id, address=place_of(address), seen_at=now)
    )
    newest = select(known_addresses.c.address).where(whose)
    newest = newest.order_by(known_addresses.c.seen_at.desc(), known_addresses.c.address)
    kept = list(connection.execute(newest.limit(MAX_KNOWN)).scalars())
    connection.execute(delete(known_addresses).where(whose, known_addresses.c.address.not_in(kept)))


def forget_old(connection: Connection, now: datetime) -> None:
    """Drop what does not count any more, and what is too much to keep."""
    failed_at = sign_in_failures.c.failed_at
    connection.execute(delete(sign_in_failures).where(failed_at < now - FORGOTTEN_AFTER))
    beyond = select(failed_at).order_by(failed_at.desc()).offset(MAX_KEYS).limit(1)
    oldest = connection.execute(beyond).scalar()
    if oldest is not None:
        connection.execute(delete(sign_in_failures).where(failed_at <= oldest))
    connection.execute(delete(known_addresses).where(known_addresses.c.seen_at < now - KNOWN_FOR))
