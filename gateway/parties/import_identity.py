"""Tells which party a row of an import means: one that is known, or a new one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, Select, bindparam, select

from gateway.kernel.errors import Invalid
from gateway.kernel.ids import new_id
from gateway.parties.import_checks import CheckedRow
from gateway.parties.model import PartyKind
from gateway.parties.tables import parties, phone_numbers

_COLUMNS = (
    parties.c.id,
    parties.c.kind,
    parties.c.name_folded,
    parties.c.code,
    parties.c.tax_number,
)
_VALUES: BindParameter[Any] = bindparam("values", expanding=True)
_BY_CODE = select(*_COLUMNS).where(parties.c.code.in_(_VALUES))
_BY_TAX_NUMBER = select(*_COLUMNS).where(parties.c.tax_number.in_(_VALUES))
_BY_NAME = select(*_COLUMNS).where(parties.c.name_folded.in_(_VALUES))
_UNCODED_BY_NAME = _BY_NAME.where(parties.c.code.is_(None))
_BY_NUMBER = (
    select(*_COLUMNS, phone_numbers.c.number)
    .join(phone_numbers, phone_numbers.c.party_id == parties.c.id)
    .where(phone_numbers.c.number.in_(_VALUES))
)


@dataclass(slots=True, kw_only=True)
class Candidate:
    """A party that a row may mean, as far as that is decided by; it learns with every row."""

    id: str
    kind: PartyKind
    name_key: str
    code: str
    tax_number: str
    is_new: bool = False

    def contradicts(self, row: CheckedRow) -> bool:
        """Tell whether a row cannot mean this party although something else agrees."""
        return (
            bool(row.code and self.code and row.code != self.code)
            or bool(row.tax_number and self.tax_number and row.tax_number != self.tax_number)
            or bool(row.kind and row.kind is not self.kind)
        )


@dataclass(slots=True)
class Known:
    """The parties that a batch of rows may mean."""

    by_code: dict[str, Candidate] = field(default_factory=dict)
    by_tax_number: dict[str, dict[str, Candidate]] = field(default_factory=dict)
    by_number: dict[tuple[str, str], dict[str, Candidate]] = field(default_factory=dict)
    by_name: dict[str, dict[str, Candidate]] = field(default_factory=dict)

    def party_of(self, row: CheckedRow) -> Candidate:
        """Return the party that a row means, a new one when it is nobody known.

        A code decides alone; then the tax number, then a known number with the same name, then
        the name. Raises Invalid when several parties fit.
        """
        found = self.by_code.get(row.code) if row.code else None
        for candidates in self._ways(row) if found is None else ():
            fitting = [one for one in candidates if not one.contradicts(row)]
            if fitting:
                found = _only(fitting, row)
                break
        if found is None:
            found = Candidate(
                id=new_id(),
                kind=row.kind or PartyKind.COMPANY,
                name_key=row.name_key,
                code="",
                tax_number="",
                is_new=True,
            )
        self._learn(found, row)
        return found

    def _ways(self, row: CheckedRow) -> Iterator[Collection[Candidate]]:
        if row.tax_number:
            yield self.by_tax_number.get(row.tax_number, {}).values()
        for key in _keys(row):
            yield self.by_number.get((key, row.name_key), {}).values()
        yield self.by_name.get(row.name_key, {}).values()

    def _learn(self, party: Candidate, row: CheckedRow) -> None:
        party.code = row.code or party.code
        party.tax_number = row.tax_number or party.tax_number
        party.kind = row.kind or party.kind
        self.by_name.get(party.name_key, {}).pop(party.id, None)
        party.name_key = row.name_key
        self.add(party, _keys(row))

    def add(self, party: Candidate, keys: Iterable[str] = ()) -> None:
        """Take note of a party and of numbers that it has."""
        if party.code:
            self.by_code[party.code] = party
        if party.tax_number:
            self.by_tax_number.setdefault(party.tax_number, {})[party.id] = party
        for key in keys:
            self.by_number.setdefault((key, party.name_key), {})[party.id] = party
        self.by_name.setdefault(party.name_key, {})[party.id] = party


def known_to(connection: Connection, rows: Sequence[CheckedRow]) -> Known:
    """Return the parties in the directory that these rows may mean."""
    reader = _Reader(connection)
    reader.read(_BY_CODE, {row.code for row in rows})
    rest = [row for row in rows if row.code not in reader.known.by_code]
    reader.read(_BY_TAX_NUMBER, {row.tax_number for row in rest})
    reader.read(_BY_NUMBER, {key for row in rest for key in _keys(row)})
    named = {row.name_key for row in rest if not row.code}
    reader.read(_BY_NAME, named)
    reader.read(_UNCODED_BY_NAME, {row.name_key for row in rest if row.code} - named)
    return reader.known


class _Reader:
    """Collects candidates, each once however it was found."""

    def __init__(self, connection: Connection) -> None:
        self.known = Known()
        self._connection = connection
        self._seen: dict[str, Candidate] = {}

    def read(self, statement: Select[Any], values: set[str]) -> None:
        listed = sorted(values - {""})
        if not listed:
            return
        for row in self._connection.execute(statement, {"values": listed}):
            party = self._seen.setdefault(row.id, _candidate(row))
            self.known.add(party, [row.number] if statement is _BY_NUMBER else [])


def _candidate(row: Row[Any]) -> Candidate:
    return Candidate(
        id=row.id,
        kind=PartyKind(row.kind),
        name_key=row.name_folded,
        code=row.code or "",
        tax_number=row.tax_number or "",
    )


def _only(fitting: list[Candidate], row: CheckedRow) -> Candidate:
    if len(fitting) > 1:
        named = [one for one in fitting if one.name_key == row.name_key]
        fitting = named or fitting
    if len(fitting) > 1:
        raise Invalid(
            f"{len(fitting)} customers could be meant by {row.name!r}; give a code or tax number",
            field="name",
        )
    return fitting[0]


def _keys(row: CheckedRow) -> list[str]:
    return [phone.key for phone in (*row.own_phones, *row.party_phones)]
