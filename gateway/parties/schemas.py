"""What the directory's API takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from gateway.parties.drafts import UNSET, PartyChange, PartyDraft, PersonDraft, PhoneDraft
from gateway.parties.model import (
    MAX_ADDRESS,
    MAX_CODE,
    MAX_EMAIL,
    MAX_NAME,
    MAX_NOTES,
    MAX_PERSONS,
    MAX_PHONES,
    MAX_POSITION,
    MAX_TAX_NUMBER,
    Certainty,
    ContactPerson,
    Match,
    Party,
    PartyKind,
    Phone,
    PhoneKind,
    Responsible,
)
from gateway.web.fields import (
    Extension,
    Number,
    PartyId,
    PartyName,
    PersonId,
    PersonName,
    UserId,
    UserName,
)
from gateway.web.paging import NextCursor, PageQuery
from gateway.web.routes import Schema

MAX_NUMBER = 64
_EXAMPLE: JsonDict = {
    "kind": "company",
    "name": "Yıldız Mobilya A.Ş.",
    "code": "C-1001",
    "responsible": "ayse",
    "phones": [{"number": "+902124445566", "kind": "work"}],
    "persons": [
        {
            "name": "Ahmet Çelik",
            "position": "Satın alma",
            "phones": [{"number": "0532 123 45 67", "kind": "mobile"}],
        }
    ],
}

Name = Annotated[str, Field(max_length=MAX_NAME, examples=["Yıldız Mobilya A.Ş."])]
Code = Annotated[str, Field(max_length=MAX_CODE, description="his key in another system")]
TaxNumber = Annotated[str, Field(max_length=MAX_TAX_NUMBER)]
ResponsibleUser = Annotated[
    str | None, Field(max_length=MAX_NAME, description="login or id of a user; null for nobody")
]
Email = Annotated[str, Field(max_length=MAX_EMAIL)]
Address = Annotated[str, Field(max_length=MAX_ADDRESS)]
Notes = Annotated[str, Field(max_length=MAX_NOTES)]


class PhoneIn(Schema):
    """A number as somebody writes it."""

    number: Annotated[str, Field(max_length=MAX_NUMBER, examples=["0532 123 45 67"])]
    kind: PhoneKind = PhoneKind.OTHER


class PersonIn(Schema):
    """A contact person; with the id of one who is known, it is he."""

    id: Annotated[str, Field(max_length=32)] = ""
    name: Name
    position: Annotated[str, Field(max_length=MAX_POSITION)] = ""
    email: Email = ""
    phones: Annotated[tuple[PhoneIn, ...], Field(max_length=MAX_PHONES)] = ()


Phones = Annotated[tuple[PhoneIn, ...], Field(max_length=MAX_PHONES)]
Persons = Annotated[tuple[PersonIn, ...], Field(max_length=MAX_PERSONS)]


class PartyIn(Schema):
    """A party to be created."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    kind: PartyKind = PartyKind.COMPANY
    name: Name
    code: Code = ""
    tax_number: TaxNumber = ""
    responsible: ResponsibleUser = None
    email: Email = ""
    address: Address = ""
    notes: Notes = ""
    phones: Phones = ()
    persons: Persons = ()

    def draft(self) -> PartyDraft:
        """Return the request as the book takes it."""
        return PartyDraft(
            kind=self.kind,
            name=self.name,
            code=self.code,
            tax_number=self.tax_number,
            responsible=self.responsible or "",
            email=self.email,
            address=self.address,
            notes=self.notes,
            phones=_phone_drafts(self.phones),
            persons=_person_drafts(self.persons),
        )


class PartyPatch(Schema):
    """What shall become different; what is left out stays, a list replaces the whole list."""

    model_config = ConfigDict(json_schema_extra={"example": {"responsible": "mehmet"}})

    kind: PartyKind = PartyKind.COMPANY
    name: Name = ""
    code: Code = ""
    tax_number: TaxNumber = ""
    responsible: ResponsibleUser = None
    email: Email = ""
    address: Address = ""
    notes: Notes = ""
    phones: Phones = ()
    persons: Persons = ()
    version: Annotated[
        int | None, Field(ge=1, description="refuse when another version is stored")
    ] = None

    def change(self) -> PartyChange:
        """Return the request as the book takes it."""
        given = self.model_fields_set
        return PartyChange(
            kind=self.kind if "kind" in given else UNSET,
            name=self.name if "name" in given else UNSET,
            code=self.code if "code" in given else UNSET,
            tax_number=self.tax_number if "tax_number" in given else UNSET,
            responsible=(self.responsible or "") if "responsible" in given else UNSET,
            email=self.email if "email" in given else UNSET,
            address=self.address if "address" in given else UNSET,
            notes=self.notes if "notes" in given else UNSET,
            phones=_phone_drafts(self.phones) if "phones" in given else UNSET,
            persons=_person_drafts(self.persons) if "persons" in given else UNSET,
            version=self.version,
        )


class PhoneOut(Schema):
    """A number: its key, and how it was written."""

    number: Number
    kind: Annotated[PhoneKind, Field(examples=["mobile"])]
    written: Annotated[str, Field(description="as somebody wrote it", examples=["0532 123 45 67"])]


class PersonOut(Schema):
    """A contact person."""

    id: PersonId
    name: PersonName
    position: Annotated[str, Field(examples=["Satın alma"])]
    email: Annotated[str, Field(examples=["ahmet@yildiz.example"])]
    phones: tuple[PhoneOut, ...]


class ResponsibleOut(Schema):
    """The responsible user; not active when his access was taken away."""

    id: UserId
    name: UserName
    extension: Extension
    mobile: Annotated[str, Field(examples=["+905329876543"])]
    active: Annotated[bool, Field(examples=[True])]


class PartyOut(Schema):
    """A party; its own numbers are those of no particular person."""

    id: PartyId
    kind: PartyKind
    name: PartyName
    code: Annotated[str, Field(examples=["C-1001"])]
    tax_number: Annotated[str, Field(examples=["1234567890"])]
    responsible: ResponsibleOut | None
    email: Annotated[str, Field(examples=["info@yildiz.example"])]
    address: Annotated[str, Field(examples=["Organize Sanayi 4. Cad. 12, Bursa"])]
    notes: Annotated[str, Field(examples=["Cuma öğleden sonra aranmaz."])]
    phones: tuple[PhoneOut, ...]
    persons: tuple[PersonOut, ...]
    version: Annotated[int, Field(examples=[1])]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, party: Party) -> PartyOut:
        """Return what is shown of a party."""
        return cls(
            id=party.id,
            kind=party.kind,
            name=party.name,
            code=party.code,
            tax_number=party.tax_number,
            responsible=_responsible(party.responsible),
            email=party.email,
            address=party.address,
            notes=party.notes,
            phones=_phones(party.phones),
            persons=tuple(_person(person) for person in party.persons),
            version=party.version,
            created_at=party.created_at,
            updated_at=party.updated_at,
        )


class PartiesQuery(PageQuery):
    """Which parties are wanted."""

    q: Annotated[
        str, Field(max_length=200, description="beginnings of words, a code, or a number's end")
    ] = ""


class PartiesOut(Schema):
    """A page of parties by name; without a next cursor it is the last."""

    items: tuple[PartyOut, ...]
    next_cursor: NextCursor


class LookupQuery(Schema):
    """The number that rings."""

    number: Annotated[str, Field(max_length=MAX_NUMBER, examples=["+905321234567"])]


class MatchedPartyOut(Schema):
    """The party whose number it is."""

    id: PartyId
    kind: PartyKind
    name: PartyName
    code: Annotated[str, Field(examples=["C-1001"])]


class MatchedPersonOut(Schema):
    """The contact person whose number it is."""

    id: PersonId
    name: PersonName
    position: Annotated[str, Field(examples=["Satın alma"])]


class MatchOut(Schema):
    """Whose number it may be; of another manager's customer, name and responsible only."""

    party: MatchedPartyOut
    person: MatchedPersonOut | None
    responsible: ResponsibleOut | None
    phone_kind: Annotated[PhoneKind, Field(examples=["mobile"])]
    certainty: Certainty
    restricted: Annotated[bool, Field(examples=[False])]


def _phone_drafts(phones: tuple[PhoneIn, ...]) -> tuple[PhoneDraft, ...]:
    return tuple(PhoneDraft(number=phone.number, kind=phone.kind) for phone in phones)


def _person_drafts(persons: tuple[PersonIn, ...]) -> tuple[PersonDraft, ...]:
    return tuple(
        PersonDraft(
            id=person.id,
            name=person.name,
            position=person.position,
            email=person.email,
            phones=_phone_drafts(person.phones),
        )
        for person in persons
    )


def _phones(phones: tuple[Phone, ...]) -> tuple[PhoneOut, ...]:
    return tuple(
        PhoneOut(number=phone.key, kind=phone.kind, written=phone.written) for phone in phones
    )


def _person(person: ContactPerson) -> PersonOut:
    return PersonOut(
        id=person.id,
        name=person.name,
        position=person.position,
        email=person.email,
        phones=_phones(person.phones),
    )


def _responsible(user: Responsible | None) -> ResponsibleOut | None:
    if user is None:
        return None
    return ResponsibleOut(
        id=user.id,
        name=user.name,
        extension=user.extension,
        mobile=user.mobile,
        active=user.active,
    )


def match_out(match: Match) -> MatchOut:
    """Return what is shown of a match."""
    person = match.person
    return MatchOut(
        party=MatchedPartyOut(
            id=match.party_id, kind=match.party_kind, name=match.party_name, code=match.code
        ),
        person=MatchedPersonOut(id=person.id, name=person.name, position=person.position)
        if person
        else None,
        responsible=_responsible(match.responsible),
        phone_kind=match.phone_kind,
        certainty=match.certainty,
        restricted=match.restricted,
    )
