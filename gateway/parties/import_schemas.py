"""What the import's API takes and gives."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from gateway.parties.import_rows import MAX_CELL, ImportRow, Outcome, RowResult
from gateway.parties.model import MAX_PHONES
from gateway.web.fields import NoError, PartyId
from gateway.web.routes import Schema

MAX_IMPORT_ROWS = 1000

Cell = Annotated[str, Field(max_length=MAX_CELL)]
CellNumbers = Annotated[tuple[Cell, ...], Field(max_length=MAX_PHONES)]


class ImportRowIn(Schema):
    """A row of a customers' list; what is wrong with it is told row by row."""

    line: Annotated[int, Field(ge=0)]
    name: Cell = ""
    kind: Cell = ""
    code: Cell = ""
    tax_number: Cell = ""
    person: Cell = ""
    position: Cell = ""
    email: Cell = ""
    address: Cell = ""
    responsible: Annotated[Cell, Field(description="login, name or extension of a user")] = ""
    notes: Cell = ""
    mobile: CellNumbers = ()
    work: CellNumbers = ()
    home: CellNumbers = ()
    fax: CellNumbers = ()
    phone: CellNumbers = ()

    def row(self) -> ImportRow:
        """Return the row as the importer takes it."""
        return ImportRow(**self.model_dump())


class ImportIn(Schema):
    """Rows of a customers' list."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "rows": [
                    {
                        "line": 2,
                        "name": "Deniz Ltd.",
                        "person": "Ece Ak",
                        "mobile": ["0532 1234567"],
                    }
                ]
            }
        }
    )

    rows: Annotated[tuple[ImportRowIn, ...], Field(max_length=MAX_IMPORT_ROWS)]
    dry_run: bool = False


class RowResultOut(Schema):
    """What became of a row."""

    line: Annotated[int, Field(examples=[2])]
    outcome: Annotated[Outcome, Field(examples=["created"])]
    party_id: PartyId
    field: NoError
    reason: NoError


class ImportOut(Schema):
    """What became of each row, by line."""

    results: tuple[RowResultOut, ...]

    @classmethod
    def of(cls, results: list[RowResult]) -> ImportOut:
        """Return what is told of the rows."""
        return cls(
            results=tuple(
                RowResultOut(
                    line=result.line,
                    outcome=result.outcome,
                    party_id=result.party_id,
                    field=result.field,
                    reason=result.reason,
                )
                for result in results
            )
        )
