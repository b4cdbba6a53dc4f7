"""Whose number is it: the look-up while the phone rings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import phonenumbers
from sqlalchemy import Connection, bindparam, case, select

from gateway.kernel.numbers import NumberingPlan, NumberKind, PhoneNumber
from gateway.kernel.store import Store
from gateway.kernel.store.values import among
from gateway.parties.model import (
    Certainty,
    Found,
    Match,
    MatchedPerson,
    PartyKind,
    PhoneKind,
    Responsible,
)
from gateway.parties.rights import may_see
from gateway.parties.tables import (
    contact_persons,
    parties,
    phone_numbers,
    prefix_range,
    reversed_digits,
)
from gateway.people.tables import users
from gateway.web.principal import Permission, Principal

MAX_MATCHES = 20
"""Nobody chooses from more while the phone rings."""
MIN_SUFFIX = 7
"""Digits of a caller's incomplete number that must agree: a subscriber's number in a town."""
MIN_COMPLETE_SUFFIX = 9
"""The same for complete numbers of other countries, which agree in fewer digits by accident."""

_PARTY, _PERSON, _USER = 3, 9, 12
"""Where in a row of `_CANDIDATES` the party, the person and the responsible user begin."""
_CANDIDATES = (
    select(
        phone_numbers.c.number,
        phone_numbers.c.kind,
        phone_numbers.c.person_id,
        parties.c.id,
        parties.c.kind,
        parties.c.name,
        parties.c.name_folded,
        parties.c.code,
        parties.c.responsible_id,
        contact_persons.c.name,
        contact_persons.c.name_folded,
        contact_persons.c.position,
        users.c.name,
        users.c.extension,
        users.c.mobile,
        users.c.disabled_at.is_(None),
    )
    .select_from(phone_numbers)
    .join(parties, parties.c.id == phone_numbers.c.party_id)
    .join(contact_persons, contact_persons.c.id == phone_numbers.c.person_id, isouter=True)
    .join(users, users.c.id == parties.c.responsible_id, isouter=True)
    .where(
        phone_numbers.c.reversed >= bindparam("lowest"),
        phone_numbers.c.reversed < bindparam("below"),
    )
    .order_by(case((phone_numbers.c.number == bindparam("exact"), 0), else_=1), phone_numbers.c.id)
    .limit(MAX_MATCHES + 1)
)
"""One range of the reversed numbers holds the exact number and those that end alike."""

_OWNERS = (
    select(
        phone_numbers.c.number,
        phone_numbers.c.party_id,
        phone_numbers.c.person_id,
        parties.c.responsible_id,
        parties.c.kind.label("party_kind"),
        parties.c.name_folded,
        contact_persons.c.name_folded.label("person_folded"),
    )
    .select_from(phone_numbers)
    .join(parties, parties.c.id == phone_numbers.c.party_id)
    .join(contact_persons, contact_persons.c.id == phone_numbers.c.person_id, isouter=True)
    .order_by(phone_numbers.c.id)
)
_OWNERS_OF_ONE = _OWNERS.where(phone_numbers.c.number == bindparam("exact")).limit(MAX_MATCHES + 1)
_OWNERS_OF_MANY = _OWNERS.where(among(phone_numbers.c.number, "keys"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The one party that a number belongs to."""

    party_id: str
    person_id: str | None = None
    responsible_id: str | None = None


def by_number(connection: Connection, key: str) -> Owner | None:
    """Return the owner of a number key, for use inside a unit; None when nobody or several own it.

    Only the whole number counts: what is written to the record must not rest on a likeness.
    """
    if not key.startswith("+"):
        return None
    return _owner(connection.execute(_OWNERS_OF_ONE, {"exact": key}).all())


def by_numbers(connection: Connection, keys: Collection[str]) -> dict[str, Owner]:
    """Return the owners of many number keys that have exactly one each."""
    by_key: dict[str, list[Any]] = {}
    for row in connection.execute(_OWNERS_OF_MANY, {"keys": list(keys)}):
        by_key.setdefault(row.number, []).append(row)
    found = {key: _owner(rows) for key, rows in by_key.items() if len(rows) <= MAX_MATCHES}
    return {key: owner for key, owner in found.items() if owner is not None}


def _owner(rows: Sequence[Any]) -> Owner | None:
    lines = _collapse(
        [
            _Line(
                party_id=row.party_id,
                is_person=row.party_kind == PartyKind.PERSON,
                party_key=row.name_folded,
                person_id=row.person_id,
                person_key=row.person_folded or "",
            )
            for row in rows
        ]
    )
    if len(lines) != 1:
        return None
    index, person_id = next(iter(lines.items()))
    row = rows[index]
    return Owner(party_id=row.party_id, person_id=person_id, responsible_id=row.responsible_id)


class Lookup:
    """Answers whose number it is, in one statement."""

    def __init__(self, store: Store, plan: NumberingPlan) -> None:
        self._store = store
        self._plan = plan

    async def match(self, number: str) -> Found:
        """Return whose number it may be; withheld, short, own and foreign texts are nobody's."""
        parsed = self._plan.from_network(number)
        sought = _sought(parsed)
        if not sought.digits or self._plan.is_own(parsed.key):
            return Found(number=parsed)
        lowest, below = prefix_range(sought.digits)
        rows = await self._store.rows(_CANDIDATES, lowest=lowest, below=below, exact=sought.exact)
        certain = [row for row in rows if row[0] == sought.exact]
        likely = [row for row in rows if row[0].startswith(sought.country)]
        return Found(number=parsed, matches=_matches(certain or likely, sought.exact))

    async def find(self, principal: Principal, number: str) -> Found:
        """Return the same for a person: of others' customers, name and responsible only."""
        principal.require(Permission.PARTIES_READ)
        found = await self.match(number)
        return replace(found, matches=tuple(_for(principal, match) for match in found.matches))


def _for(principal: Principal, match: Match) -> Match:
    if may_see(principal, match.responsible.id if match.responsible else None):
        return match
    return replace(match, code="", person=None, restricted=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sought:
    """What a number must have to be somebody's."""

    digits: str = ""
    """Its digits from the end."""
    country: str = ""
    """What it must begin with."""
    exact: str = ""


def _sought(number: PhoneNumber) -> _Sought:
    """Return what is looked for; no digits when the number can be nobody's.

    A short national number may lack its area code, so its likes are sought in its own country. A
    long one may have got the wrong country code, so they are sought everywhere.
    """
    if number.kind is NumberKind.E164:
        parsed = phonenumbers.parse(number.key)
        national = phonenumbers.national_significant_number(parsed)
        if len(national) < MIN_SUFFIX:
            return _Sought(digits=reversed_digits(number.key), exact=number.key)
        anywhere = len(national) >= MIN_COMPLETE_SUFFIX
        return _Sought(
            digits=national[::-1],
            country="" if anywhere else f"+{parsed.country_code}",
            exact=number.key,
        )
    if number.kind is not NumberKind.NAME or any(char.isalpha() for char in number.key):
        return _Sought()
    digits = reversed_digits(number.key).rstrip("0")
    return _Sought(digits=digits) if len(digits) >= MIN_SUFFIX else _Sought()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """What decides whether two owners of a number are the same customer."""

    party_id: str
    is_person: bool
    party_key: str
    person_id: str | None
    person_key: str


def _collapse(lines: Sequence[_Line]) -> dict[int, str | None]:
    """Return which lines are different customers, and the one person it may be at each.

    A party's own line and its only person's are one; so are a company with a contact person and
    that person's own card. Several persons of a party are the party.
    """
    by_party: dict[str, list[int]] = {}
    for index, line in enumerate(lines):
        by_party.setdefault(line.party_id, []).append(index)
    staff = {line.person_key for line in lines if line.person_id and not line.is_person}
    found: dict[int, str | None] = {}
    for indices in by_party.values():
        first = lines[indices[0]]
        if first.is_person and first.party_key in staff:
            continue
        persons = {lines[index].person_id: index for index in indices if lines[index].person_id}
        person_id, index = next(iter(persons.items())) if len(persons) == 1 else (None, indices[0])
        found[index] = person_id
    return found


def _matches(rows: Sequence[Sequence[Any]], exact: str) -> tuple[Match, ...]:
    lines = [
        _Line(
            party_id=row[_PARTY],
            is_person=row[_PARTY + 1] == PartyKind.PERSON,
            party_key=row[_PARTY + 3],
            person_id=row[2],
            person_key=row[_PERSON + 1] or "",
        )
        for row in rows
    ]
    kept = _collapse(lines)
    return tuple(_match(rows[index], exact, person_id) for index, person_id in list(kept.items()))[
        :MAX_MATCHES
    ]


def _match(row: Sequence[Any], exact: str, person_id: str | None) -> Match:
    party_id, kind, name, _folded, code, responsible_id = row[_PARTY:_PERSON]
    user_name, extension, mobile, active = row[_USER:]
    person = None
    if person_id is not None:
        person = MatchedPerson(id=person_id, name=row[_PERSON], position=row[_PERSON + 2])
    responsible = None
    if responsible_id is not None:
        responsible = Responsible(
            id=responsible_id,
            name=user_name,
            extension=extension,
            mobile=mobile,
            active=bool(active),
        )
    return Match(
        party_id=party_id,
        party_kind=PartyKind(kind),
        party_name=name,
        code=code or "",
        person=person,
        responsible=responsible,
        phone_kind=PhoneKind(row[1]),
        certainty=Certainty.EXACT if row[0] == exact else Certainty.PROBABLE,
    )
