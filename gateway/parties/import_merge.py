"""Merges a row of an import into the party that it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.kernel.errors import Invalid
from gateway.kernel.ids import new_id
from gateway.parties import fields
from gateway.parties.import_checks import CheckedRow
from gateway.parties.model import (
    MAX_PERSONS,
    MAX_PHONES,
    ContactPerson,
    Party,
    Phone,
    Responsible,
)


def merged(party: Party, row: CheckedRow, responsible: Responsible | None) -> Party:
    """Return the party with what a row tells; empty cells change nothing. Raises Invalid."""
    same_name = fields.name_key(party.name) == row.name_key
    party = replace(
        party,
        kind=row.kind or party.kind,
        name=party.name if same_name else row.name,
        code=row.code or party.code,
        tax_number=row.tax_number or party.tax_number,
        address=row.address or party.address,
        notes=row.notes or party.notes,
        email=party.email if row.person else row.email or party.email,
        responsible=responsible or party.responsible,
    )
    party = _with_general_phones(party, row.party_phones)
    if row.person:
        return _with_person(party, row)
    return _with_general_phones(party, row.own_phones)


def _with_general_phones(party: Party, phones: Sequence[Phone]) -> Party:
    """Add numbers of the party itself; those that a contact person has are known already."""
    known = {phone.key for phone in party.phones}
    known |= {phone.key for person in party.persons for phone in person.phones}
    fresh = tuple(phone for phone in phones if phone.key not in known)
    if not fresh:
        return party
    return replace(party, phones=_few((*party.phones, *_once(fresh))))


def _with_person(party: Party, row: CheckedRow) -> Party:
    key = fields.name_key(row.person)
    persons = list(party.persons)
    at = next((n for n, one in enumerate(persons) if fields.name_key(one.name) == key), None)
    if at is None:
        if len(persons) >= MAX_PERSONS:
            raise Invalid(f"a party has at most {MAX_PERSONS} contact persons", field="person")
        at = len(persons)
        persons.append(ContactPerson(id=new_id(), name=row.person))
    old = persons[at]
    own = {phone.key for phone in old.phones}
    general = {phone.key: phone for phone in party.phones}
    wanted = _once([phone for phone in row.own_phones if phone.key not in own])
    taken = tuple(
        replace(phone, id=general[phone.key].id) if phone.key in general else phone
        for phone in wanted
    )
    persons[at] = replace(
        old,
        position=row.position or old.position,
        email=row.email or old.email,
        phones=_few((*old.phones, *taken)),
    )
    if persons[at] == old and at < len(party.persons):
        return party
    gone = {phone.key for phone in taken}
    left = tuple(phone for phone in party.phones if phone.key not in gone)
    return replace(party, phones=left, persons=tuple(persons))


def _once(phones: Sequence[Phone]) -> tuple[Phone, ...]:
    return tuple({phone.key: phone for phone in reversed(phones)}.values())[::-1]


def _few(phones: tuple[Phone, ...]) -> tuple[Phone, ...]:
    if len(phones) > MAX_PHONES:
        raise Invalid(f"at most {MAX_PHONES} numbers can be kept for one", field="phone")
    return phones
