"""Checks the rows of an import one by one, before the database is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gateway.kernel.errors import Invalid
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.text_folding import fold
from gateway.parties import fields
from gateway.parties.import_rows import NUMBER_FIELDS, ImportField, ImportRow
from gateway.parties.model import (
    MAX_ADDRESS,
    MAX_CODE,
    MAX_NAME,
    MAX_NOTES,
    MAX_PHONES,
    MAX_POSITION,
    MAX_TAX_NUMBER,
    PartyKind,
    Phone,
    PhoneKind,
)

_BETWEEN_NUMBERS = re.compile(r"[;,|\n]+|\s/\s|/(?=\s*[+0(])")
_EXTENSION = re.compile(
    r"(?i)[\s,;(]*(?:доб|вн|ext|extension|dahili|dah|d\.|x)\.?\s*:?\s*\d{1,6}\)?\s*$"
)
_SCIENTIFIC = re.compile(r"\d[.,]\d+[eE]\+?\d+")
_KINDS = {
    PartyKind.COMPANY: {
        "company", "organization", "organisation", "firm", "legal entity", "corporate",
        "firma", "sirket", "kurum", "kurumsal", "tuzel", "tuzel kisi",
        "компания", "организация", "фирма", "юрлицо", "юр. лицо", "юридическое лицо",
    },
    PartyKind.PERSON: {
        "person", "individual", "private", "contact",
        "kisi", "sahis", "bireysel", "gercek kisi", "gercek",
        "человек", "частное лицо", "физлицо", "физ. лицо", "физическое лицо", "контакт",
    },
}  # fmt: skip
_KIND_OF = {fold(text): kind for kind, texts in _KINDS.items() for text in texts}
_PERSONAL = {
    ImportField.MOBILE: PhoneKind.MOBILE,
    ImportField.WORK: PhoneKind.WORK,
    ImportField.HOME: PhoneKind.HOME,
}
_GENERAL = {ImportField.FAX: PhoneKind.FAX, ImportField.PHONE: PhoneKind.OTHER}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRow:
    """A row whose every value can be stored."""

    line: int
    name: str
    name_key: str
    kind: PartyKind | None
    """None when the file does not say it."""
    code: str
    tax_number: str
    person: str
    position: str
    email: str
    address: str
    responsible: str
    notes: str
    own_phones: tuple[Phone, ...]
    """Numbers of the contact person, or of the party when the row names nobody."""
    party_phones: tuple[Phone, ...]


def check(row: ImportRow, plan: NumberingPlan) -> CheckedRow:
    """Return the row's values; raises Invalid with the first that cannot be taken."""
    name, person, kind = _who(row)
    phones = {field: _phones(row, field, plan) for field in NUMBER_FIELDS}
    return CheckedRow(
        line=row.line,
        name=name,
        name_key=fields.name_key(name),
        kind=kind,
        code=fields.line(row.code, "code", MAX_CODE),
        tax_number=fields.line(row.tax_number, "tax_number", MAX_TAX_NUMBER),
        person=person,
        position=fields.line(row.position, "position", MAX_POSITION),
        email=fields.email(row.email),
        address=fields.block(row.address, "address", MAX_ADDRESS),
        responsible=fields.line(row.responsible, "responsible", MAX_NAME),
        notes=fields.block(row.notes, "notes", MAX_NOTES),
        own_phones=tuple(phone for field in _PERSONAL for phone in phones[field]),
        party_phones=tuple(phone for field in _GENERAL for phone in phones[field]),
    )


def _who(row: ImportRow) -> tuple[str, str, PartyKind | None]:
    """Return the party's name, the contact person's, and the kind of the party."""
    person = fields.line(row.person, "person", MAX_NAME)
    kind = _kind(row.kind)
    if not row.name.strip():
        return fields.name(person), "", kind or PartyKind.PERSON
    name = fields.name(row.name)
    if person and fields.name_key(person) == fields.name_key(name):
        return name, "", kind
    return name, fields.name(person, "person") if person else "", kind


def _kind(text: str) -> PartyKind | None:
    folded = fold(text)
    if not folded:
        return None
    kind = _KIND_OF.get(folded)
    if kind is None:
        raise Invalid(f"{text[:40]!r} is neither company nor person", field="kind")
    return kind


def _phones(row: ImportRow, field: ImportField, plan: NumberingPlan) -> tuple[Phone, ...]:
    cells: tuple[str, ...] = getattr(row, field.value)
    kind = (_PERSONAL | _GENERAL)[field]
    found: dict[str, Phone] = {}
    for cell in cells:
        if _SCIENTIFIC.fullmatch(cell.strip()):
            raise Invalid(
                f"{cell.strip()!r} is a number that a spreadsheet has rounded; format its column "
                "as text and save the file again",
                field=field.value,
            )
        for text in _texts(cell, plan):
            phone = _phone(plan, text, kind, field.value)
            found.setdefault(phone.key, phone)
    if len(found) > MAX_PHONES:
        raise Invalid(f"there are more than {MAX_PHONES} numbers", field=field.value)
    return tuple(found.values())


def _texts(cell: str, plan: NumberingPlan) -> Iterator[str]:
    """Yield the numbers of a cell: usually one, sometimes `0532 111 22 33 / 0212 444 55 66`."""
    bare = _EXTENSION.sub("", cell)
    if not bare.strip():
        return
    if not _BETWEEN_NUMBERS.search(bare) or _readable(plan, bare):
        yield cell
        return
    for part in _BETWEEN_NUMBERS.split(cell):
        if part.strip():
            yield part


def _readable(plan: NumberingPlan, text: str) -> bool:
    try:
        fields.phone(plan, text, PhoneKind.OTHER)
    except Invalid:
        return False
    return True


def _phone(plan: NumberingPlan, text: str, kind: PhoneKind, field: str) -> Phone:
    bare = _EXTENSION.sub("", text).strip()
    if bare.isdecimal() and not _readable(plan, bare) and _readable(plan, f"+{bare}"):
        bare = f"+{bare}"
    phone = fields.phone(plan, bare, kind, field)
    return replace(phone, written=" ".join(text.split()))
