"""Opens a customers' list of any kind: delimited text, workbook, vCards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.kernel.errors import Invalid
from gateway.parties.import_columns import rows_of
from gateway.parties.import_csv import read_csv
from gateway.parties.import_encoding import encoding_of
from gateway.parties.import_rows import ImportRow, RowResult
from gateway.parties.import_vcard import cards_of, read_vcards
from gateway.parties.import_xlsx import read_xlsx, rows_of_xlsx

_BLOCK_BYTES = 1024 * 1024
_VCARDS = frozenset({".vcf", ".vcard"})
_WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFile:
    """A customers' list on disk; reading it raises Invalid when it is none at all."""

    path: Path
    columns: Mapping[str, str]
    """Fields by column heading where the headings do not tell; `-` leaves a column out."""
    encoding: str
    """The codec of a text file."""

    def rows(self) -> Iterator[ImportRow | RowResult]:
        """Yield the rows, those that cannot be read as rejected ones; in bounded memory."""
        suffix = self.path.suffix.lower()
        if suffix in _VCARDS:
            return read_vcards(self.path, self.encoding)
        if suffix in _WORKBOOKS:
            return rows_of(read_xlsx(self.path), self.columns)
        return rows_of(read_csv(self.path, self.encoding), self.columns)

    def count(self) -> int | None:
        """Return about how many rows there are, for a progress bar; None when unknown."""
        suffix = self.path.suffix.lower()
        if suffix in _VCARDS:
            return cards_of(self.path, self.encoding)
        rows = rows_of_xlsx(self.path) if suffix in _WORKBOOKS else self._line_ends()
        return None if rows is None else max(rows - 1, 0)

    def _line_ends(self) -> int:
        with self.path.open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK_BYTES), b""))


def open_customers(
    path: Path, *, columns: Mapping[str, str] | None = None, encoding: str = ""
) -> CustomerFile:
    """Return the list in a file, its kind told by its name's ending; raises Invalid."""
    try:
        if not path.is_file():
            raise Invalid(f"there is no file {path}", field="file")
        codec = encoding_of(path, encoding)
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}", field="file") from error
    return CustomerFile(path=path, columns=dict(columns or {}), encoding=codec)
