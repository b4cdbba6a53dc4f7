"""Carries a customers' list into the directory, batch by batch, and reports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from operator import attrgetter

from gateway.parties.import_rows import (
    NUMBER_FIELDS,
    ImportField,
    ImportReport,
    ImportRow,
    RowResult,
)

ROWS_PER_BATCH = 500
CHARS_PER_BATCH = 500_000
"""Keeps a batch well below what the API takes in one request."""

_TEXTS = attrgetter(*(one.value for one in ImportField if one not in NUMBER_FIELDS))
_NUMBERS = attrgetter(*(one.value for one in NUMBER_FIELDS))

Apply = Callable[[Sequence[ImportRow]], Awaitable[Sequence[RowResult]]]
"""Hands rows to the directory: `Importer.apply`, or a request to the service that runs."""
Progress = Callable[[int, int | None], None]
"""Told after each batch how many rows are done, and of how many if that is known."""


async def run_import(
    rows: Iterable[ImportRow | RowResult],
    apply: Apply,
    *,
    progress: Progress,
    total: int | None = None,
) -> ImportReport:
    """Apply all rows in order and return the report; what the file's reader rejected included."""
    report = ImportReport()
    for batch in _batches(rows):
        for item in batch:
            if isinstance(item, RowResult):
                report.note(item)
        readable = [item for item in batch if isinstance(item, ImportRow)]
        for result in await apply(readable) if readable else ():
            report.note(result)
        progress(report.rows, max(total, report.rows) if total is not None else None)
    progress(report.rows, report.rows)
    return report


def _batches(rows: Iterable[ImportRow | RowResult]) -> Iterator[list[ImportRow | RowResult]]:
    batch: list[ImportRow | RowResult] = []
    size = 0
    for row in rows:
        length = _length(row)
        if batch and (len(batch) >= ROWS_PER_BATCH or size + length > CHARS_PER_BATCH):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += length
    if batch:
        yield batch


def _length(row: ImportRow | RowResult) -> int:
    if isinstance(row, RowResult):
        return 0
    texts, numbers = _TEXTS(row), _NUMBERS(row)
    return sum(map(len, texts)) + sum(len(text) for cells in numbers for text in cells)
