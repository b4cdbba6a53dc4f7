"""Whose a fax is that came in: by the caller's number, by what his machine calls itself, by DID."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from gateway.fax import tables
from gateway.fax.policy import policy_of
from gateway.fax.port import ReceivedFax
from gateway.kernel.numbers import NumberingPlan, NumberKind
from gateway.kernel.text_folding import fold
from gateway.parties.lookup import Owner, by_number
from gateway.parties.tables import parties
from gateway.people.colleagues import Colleagues
from gateway.people.model import PresenceState
from gateway.people.tables import users

MIN_STATION_DIGITS = 7
"""Digits that a machine's name must hold to be taken for its number."""
_STATION = select(tables.station_ids).where(
    tables.station_ids.c.station_id == bindparam("station_id")
)
_RESPONSIBLE = select(parties.c.responsible_id).where(parties.c.id == bindparam("id"))
_ACTIVE = select(users).where(users.c.disabled_at.is_(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """What is known of a fax's sender, and who is to work on it."""

    number: str
    called: str
    owner: Owner | None
    assigned_id: str | None


def belonging(
    connection: Connection, plan: NumberingPlan, colleagues: Colleagues, fax: ReceivedFax
) -> Belonging:
    """Return whose a fax is."""
    caller, claimed = key_of(plan, fax.caller), _number_in(plan, fax.station_id)
    called = key_of(plan, fax.called)
    owner = by_number(connection, caller) or by_number(connection, claimed)
    owner = owner or _remembered(connection, fax.station_id)
    assigned_id = owner.responsible_id if owner else None
    if assigned_id is None:
        assigned_id = _user_named(connection, policy_of(connection).route_of(called))
    return Belonging(
        number=caller or claimed,
        called=called,
        owner=owner,
        assigned_id=_who_is_here(connection, colleagues, assigned_id),
    )


def station_key(station_id: str) -> str:
    """Return what a machine calls itself in the form in which it is remembered."""
    plain = "".join(char if char.isprintable() else " " for char in station_id)
    return " ".join(fold(plain).split())[:100]


def key_of(plan: NumberingPlan, raw: str) -> str:
    """Return the key of a number as lines write it; empty for what is none."""
    number = plan.from_network(raw)
    if number.kind is NumberKind.NAME and raw.isascii() and raw.isdigit():
        number = plan.from_network(f"+{raw}")
    return number.key if number.kind in {NumberKind.E164, NumberKind.SHORT} else ""


def _number_in(plan: NumberingPlan, station_id: str) -> str:
    """Return the number that a machine calls itself by, if it is one."""
    text = re.sub(r"[^0-9+]", "", station_id)
    if sum(char.isdigit() for char in text) < MIN_STATION_DIGITS:
        return ""
    key = key_of(plan, text)
    return key if key.startswith("+") else ""


def _remembered(connection: Connection, station_id: str) -> Owner | None:
    key = station_key(station_id)
    row = connection.execute(_STATION, {"station_id": key}).first() if key else None
    if row is None:
        return None
    responsible = connection.execute(_RESPONSIBLE, {"id": row.party_id}).scalar()
    return Owner(party_id=row.party_id, person_id=row.person_id, responsible_id=responsible)


def _user_named(connection: Connection, login: str) -> str | None:
    if not login:
        return None
    query = select(users.c.id).where(users.c.login == login, users.c.disabled_at.is_(None))
    return connection.execute(query).scalar()


def _who_is_here(connection: Connection, colleagues: Colleagues, user_id: str | None) -> str | None:
    """Return who stands in for somebody who is absent; himself when nobody does."""
    if user_id is None:
        return None
    found = colleagues.read(connection, _ACTIVE.where(users.c.id == user_id))
    if not found:
        return None
    one = found[0]
    if one.state is PresenceState.ABSENT and one.deputy is not None:
        return one.deputy.id
    return one.id
