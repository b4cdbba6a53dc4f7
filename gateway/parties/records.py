"""Parties as rows: loading them whole, writing what differs between two states."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, Table, and_, bindparam, delete, insert, select, update

from gateway.parties import fields
from gateway.parties.model import (
    ContactPerson,
    Party,
    PartyKind,
    Phone,
    PhoneKind,
    Responsible,
)
from gateway.parties.port import Attachment, NumberAttached
from gateway.parties.tables import (
    contact_persons,
    parties,
    party_words,
    phone_numbers,
    reversed_digits,
)
from gateway.people.tables import users

Values = dict[str, Any]
Rows = dict[str, Values]
"""Rows of one table by their id."""

_PARTIES = (
    select(
        parties,
        users.c.name.label("user_name"),
        users.c.extension,
        users.c.mobile,
        users.c.disabled_at,
    )
    .join(users, users.c.id == parties.c.responsible_id, isouter=True)
    .where(parties.c.id.in_(bindparam("ids", expanding=True)))
)
_PERSONS = (
    select(contact_persons)
    .where(contact_persons.c.party_id.in_(bindparam("ids", expanding=True)))
    .order_by(contact_persons.c.place, contact_persons.c.id)
)
_PHONES = (
    select(phone_numbers)
    .where(phone_numbers.c.party_id.in_(bindparam("ids", expanding=True)))
    .order_by(phone_numbers.c.place, phone_numbers.c.id)
)
_LOCK = (
    select(parties.c.id)
    .where(parties.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(parties.c.id)
    .with_for_update()
)
_NO_WORDS = delete(party_words).where(
    and_(party_words.c.party_id == bindparam("of_party"), party_words.c.word == bindparam("gone"))
)


def load(connection: Connection, ids: Collection[str], *, lock: bool = False) -> dict[str, Party]:
    """Return the parties with these ids; `lock` keeps others from changing them in this unit.

    SQLite needs no lock: it has one writer.
    """
    if not ids:
        return {}
    if lock and connection.dialect.name != "sqlite":
        connection.execute(_LOCK, {"ids": list(ids)})
    phones: dict[tuple[str, str | None], list[Phone]] = {}
    for row in connection.execute(_PHONES, {"ids": list(ids)}):
        phones.setdefault((row.party_id, row.person_id), []).append(_phone(row))
    persons: dict[str, list[ContactPerson]] = {}
    for row in connection.execute(_PERSONS, {"ids": list(ids)}):
        numbers = tuple(phones.get((row.party_id, row.id), ()))
        persons.setdefault(row.party_id, []).append(_person(row, numbers))
    return {
        row.id: _party(row, tuple(phones.get((row.id, None), ())), tuple(persons.get(row.id, ())))
        for row in connection.execute(_PARTIES, {"ids": list(ids)})
    }


@dataclass(slots=True)
class Changes:
    """What is to be written, of many parties together: one statement for each kind of change."""

    parties: _TableChanges = field(default_factory=lambda: _TableChanges(parties))
    persons: _TableChanges = field(default_factory=lambda: _TableChanges(contact_persons))
    phones: _TableChanges = field(default_factory=lambda: _TableChanges(phone_numbers))
    new_words: list[Values] = field(default_factory=list)
    old_words: list[Values] = field(default_factory=list)

    def add(self, before: Party | None, after: Party) -> None:
        """Note what leads from one state of a party to another; None is a party not yet there."""
        self.parties.compare(_party_rows(before), _party_rows(after))
        self.persons.compare(_person_rows(before), _person_rows(after))
        self.phones.compare(_phone_rows(before), _phone_rows(after))
        old, new = _words(before), _words(after)
        self.new_words += [{"party_id": after.id, "word": word} for word in sorted(new - old)]
        self.old_words += [{"of_party": after.id, "gone": word} for word in sorted(old - new)]

    def write(self, connection: Connection, attached: Iterable[NumberAttached]) -> None:
        """Write everything and tell which numbers now belong to somebody."""
        for changes in (self.parties, self.persons, self.phones):
            changes.write(connection)
        for changes in (self.phones, self.persons):
            changes.remove(connection)
        if self.old_words:
            connection.execute(_NO_WORDS, self.old_words)
        if self.new_words:
            connection.execute(insert(party_words), self.new_words)
        attachments = [
            Attachment(key=row["number"], party_id=row["party_id"], person_id=row["person_id"])
            for row in self.phones.new
        ]
        for tell in attached if attachments else ():
            tell(connection, attachments)


@dataclass(slots=True)
class _TableChanges:
    table: Table
    new: list[Values] = field(default_factory=list)
    changed: list[Values] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    def compare(self, before: Mapping[str, Values], after: Mapping[str, Values]) -> None:
        for key, row in after.items():
            if key not in before:
                self.new.append(row)
            elif before[key] != row:
                self.changed.append({**row, "which": key})
        self.gone += [key for key in before if key not in after]

    def write(self, connection: Connection) -> None:
        if self.new:
            connection.execute(insert(self.table), self.new)
        if self.changed:
            which = self.table.c.id == bindparam("which")
            connection.execute(update(self.table).where(which), self.changed)

    def remove(self, connection: Connection) -> None:
        if self.gone:
            which = self.table.c.id == bindparam("which")
            connection.execute(delete(self.table).where(which), [{"which": k} for k in self.gone])


def _party_rows(party: Party | None) -> Rows:
    if party is None:
        return {}
    return {
        party.id: {
            "id": party.id,
            "kind": party.kind.value,
            "name": party.name,
            "name_folded": fields.name_key(party.name),
            "code": party.code or None,
            "tax_number": party.tax_number or None,
            "responsible_id": party.responsible_id,
            "email": party.email,
            "address": party.address,
            "notes": party.notes,
            "version": party.version,
            "created_at": party.created_at,
            "updated_at": party.updated_at,
        }
    }


def _person_rows(party: Party | None) -> Rows:
    if party is None:
        return {}
    return {
        person.id: {
            "id": person.id,
            "party_id": party.id,
            "name": person.name,
            "name_folded": fields.name_key(person.name),
            "position": person.position,
            "email": person.email,
            "place": place,
        }
        for place, person in enumerate(party.persons)
    }


def _phone_rows(party: Party | None) -> Rows:
    if party is None:
        return {}
    rows = _owned_phones(party.id, None, party.phones)
    for person in party.persons:
        rows |= _owned_phones(party.id, person.id, person.phones)
    return rows


def _owned_phones(party_id: str, person_id: str | None, phones: tuple[Phone, ...]) -> Rows:
    return {
        phone.id: _phone_row(party_id, person_id, place, phone)
        for place, phone in enumerate(phones)
    }


def _phone_row(party_id: str, person_id: str | None, place: int, phone: Phone) -> Values:
    return {
        "id": phone.id,
        "party_id": party_id,
        "person_id": person_id,
        "place": place,
        "kind": phone.kind.value,
        "number": phone.key,
        "reversed": reversed_digits(phone.key),
        "written": phone.written,
    }


def _words(party: Party | None) -> frozenset[str]:
    if party is None:
        return frozenset()
    return fields.words(party.name, *(person.name for person in party.persons))


def _party(row: Row[Any], phones: tuple[Phone, ...], persons: tuple[ContactPerson, ...]) -> Party:
    return Party(
        id=row.id,
        kind=PartyKind(row.kind),
        name=row.name,
        code=row.code or "",
        tax_number=row.tax_number or "",
        responsible=_responsible(row),
        email=row.email,
        address=row.address,
        notes=row.notes,
        phones=phones,
        persons=persons,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _responsible(row: Row[Any]) -> Responsible | None:
    if row.responsible_id is None:
        return None
    return Responsible(
        id=row.responsible_id,
        name=row.user_name,
        extension=row.extension,
        mobile=row.mobile,
        active=row.disabled_at is None,
    )


def _person(row: Row[Any], phones: tuple[Phone, ...]) -> ContactPerson:
    return ContactPerson(
        id=row.id, name=row.name, position=row.position, email=row.email, phones=phones
    )


def _phone(row: Row[Any]) -> Phone:
    return Phone(id=row.id, key=row.number, kind=PhoneKind(row.kind), written=row.written)
