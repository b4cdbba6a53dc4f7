"""Parties as somebody wants them: whole when created, in parts when changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Final, TypeVar

from gateway.kernel.errors import Invalid
from gateway.kernel.ids import new_id
from gateway.kernel.numbers import NumberingPlan
from gateway.parties import fields
from gateway.parties.model import (
    MAX_ADDRESS,
    MAX_CODE,
    MAX_NOTES,
    MAX_PERSONS,
    MAX_PHONES,
    MAX_POSITION,
    MAX_TAX_NUMBER,
    ContactPerson,
    Party,
    PartyKind,
    Phone,
    PhoneKind,
    Responsible,
)


class Unset(Enum):
    """The mark of what a change leaves as it is."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneDraft:
    """A number as it was written."""

    number: str
    kind: PhoneKind = PhoneKind.OTHER


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDraft:
    """A contact person; with the id of one who is known, it is he."""

    name: str
    id: str = ""
    position: str = ""
    email: str = ""
    phones: tuple[PhoneDraft, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyChange:
    """What shall become different; lists replace the whole list."""

    kind: PartyKind | Unset = UNSET
    name: str | Unset = UNSET
    code: str | Unset = UNSET
    tax_number: str | Unset = UNSET
    responsible: str | Unset = UNSET
    """Login or id of a user; nothing for nobody."""
    email: str | Unset = UNSET
    address: str | Unset = UNSET
    notes: str | Unset = UNSET
    phones: tuple[PhoneDraft, ...] | Unset = UNSET
    persons: tuple[PersonDraft, ...] | Unset = UNSET
    version: int | None = None
    """The version that was looked at; another one stored is a Conflict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyDraft:
    """A party to be created."""

    name: str
    kind: PartyKind = PartyKind.COMPANY
    code: str = ""
    tax_number: str = ""
    responsible: str = ""
    email: str = ""
    address: str = ""
    notes: str = ""
    phones: tuple[PhoneDraft, ...] = ()
    persons: tuple[PersonDraft, ...] = ()

    def as_change(self) -> PartyChange:
        """Return the change that turns an empty party into this one."""
        return PartyChange(
            kind=self.kind,
            name=self.name,
            code=self.code,
            tax_number=self.tax_number,
            email=self.email,
            address=self.address,
            notes=self.notes,
            phones=self.phones,
            persons=self.persons,
        )


def empty_party(now: datetime) -> Party:
    """Return a party of which nothing is known yet."""
    return Party(id=new_id(), kind=PartyKind.COMPANY, name="", created_at=now, updated_at=now)


def changed(
    party: Party,
    change: PartyChange,
    plan: NumberingPlan,
    responsible: Responsible | Unset | None,
) -> Party:
    """Return the party with a change applied; raises Invalid. Version and times stay."""
    party = replace(
        party,
        kind=_or(change.kind, party.kind),
        name=party.name if change.name is UNSET else fields.name(change.name),
        code=_line(change.code, party.code, "code", MAX_CODE),
        tax_number=_line(change.tax_number, party.tax_number, "tax_number", MAX_TAX_NUMBER),
        responsible=_or(responsible, party.responsible),
        email=party.email if change.email is UNSET else fields.email(change.email),
        address=_block(change.address, party.address, "address", MAX_ADDRESS),
        notes=_block(change.notes, party.notes, "notes", MAX_NOTES),
    )
    if change.persons is not UNSET:
        party = replace(party, persons=_persons(change.persons, party.persons, plan))
    if change.phones is not UNSET:
        party = replace(party, phones=_phones(change.phones, party.phones, plan, "phones"))
    return party


def _or(value: T | Unset, otherwise: T) -> T:
    return otherwise if isinstance(value, Unset) else value


def _line(value: str | Unset, old: str, field: str, limit: int) -> str:
    return old if isinstance(value, Unset) else fields.line(value, field, limit)


def _block(value: str | Unset, old: str, field: str, limit: int) -> str:
    return old if isinstance(value, Unset) else fields.block(value, field, limit)


def _persons(
    drafts: tuple[PersonDraft, ...], known: tuple[ContactPerson, ...], plan: NumberingPlan
) -> tuple[ContactPerson, ...]:
    if len(drafts) > MAX_PERSONS:
        raise Invalid(f"a party has at most {MAX_PERSONS} contact persons", field="persons")
    by_id = {person.id: person for person in known}
    claimed = {draft.id for draft in drafts}
    by_name = {fields.name_key(old.name): old for old in known if old.id not in claimed}
    kept: dict[str, ContactPerson] = {}
    for number, draft in enumerate(drafts):
        where = f"persons.{number}"
        if draft.id and draft.id not in by_id:
            raise Invalid(f"the party has no contact person {draft.id}", field=f"{where}.id")
        old = by_id.get(draft.id) or by_name.get(fields.name_key(draft.name))
        if old is None or old.id in kept:
            old = ContactPerson(id=new_id(), name="")
        kept[old.id] = _person(draft, old, plan, where)
    return tuple(kept.values())


def _person(
    draft: PersonDraft, old: ContactPerson, plan: NumberingPlan, where: str
) -> ContactPerson:
    return ContactPerson(
        id=old.id,
        name=fields.name(draft.name, f"{where}.name"),
        position=fields.line(draft.position, f"{where}.position", MAX_POSITION),
        email=fields.email(draft.email, f"{where}.email"),
        phones=_phones(draft.phones, old.phones, plan, f"{where}.phones"),
    )


def _phones(
    drafts: tuple[PhoneDraft, ...], known: tuple[Phone, ...], plan: NumberingPlan, where: str
) -> tuple[Phone, ...]:
    if len(drafts) > MAX_PHONES:
        raise Invalid(f"at most {MAX_PHONES} numbers can be kept here", field=where)
    ids = {phone.key: phone.id for phone in known}
    kept: dict[str, Phone] = {}
    for number, draft in enumerate(drafts):
        phone = fields.phone(plan, draft.number, draft.kind, f"{where}.{number}.number")
        kept.setdefault(phone.key, replace(phone, id=ids.get(phone.key, phone.id)))
    return tuple(kept.values())
