"""A list is carried into the directory batch by batch."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.parties.api import import_request, import_results
from gateway.parties.import_rows import ImportRow, Outcome, RowResult, rejected
from gateway.parties.import_run import CHARS_PER_BATCH, ROWS_PER_BATCH, run_import
from gateway.parties.import_schemas import ImportIn, ImportOut


class Directory:
    """Takes every row and remembers the batches."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    async def apply(self, rows: Sequence[ImportRow]) -> list[RowResult]:
        """Create each."""
        self.batches.append([row.line for row in rows])
        return [RowResult(line=row.line, outcome=Outcome.CREATED) for row in rows]


async def test_batches_are_bounded_by_rows_and_progress_is_told() -> None:
    directory, told = Directory(), list[tuple[int, int | None]]()
    rows = (ImportRow(line=line) for line in range(ROWS_PER_BATCH + 1))
    report = await run_import(
        rows, directory.apply, progress=lambda *at: told.append(at), total=ROWS_PER_BATCH
    )
    assert [len(batch) for batch in directory.batches] == [ROWS_PER_BATCH, 1]
    assert report.created == ROWS_PER_BATCH + 1
    assert told == [
        (ROWS_PER_BATCH, ROWS_PER_BATCH),
        (ROWS_PER_BATCH + 1, ROWS_PER_BATCH + 1),
        (ROWS_PER_BATCH + 1, ROWS_PER_BATCH + 1),
    ]


async def test_batches_are_bounded_by_size() -> None:
    directory = Directory()
    rows = [ImportRow(line=line, notes="x" * (CHARS_PER_BATCH // 2)) for line in range(3)]
    await run_import(rows, directory.apply, progress=lambda done, total: None)
    assert [len(batch) for batch in directory.batches] == [2, 1]


async def test_what_the_reader_rejected_is_reported_and_not_applied() -> None:
    directory = Directory()
    rows: list[ImportRow | RowResult] = [
        ImportRow(line=2),
        rejected(3, "broken"),
        ImportRow(line=4),
    ]
    report = await run_import(rows, directory.apply, progress=lambda done, total: None)
    assert directory.batches == [[2, 4]]
    assert (report.created, report.rejected, report.rows) == (2, 1, 3)
    assert [one.line for one in report.rejections] == [3]


def test_rows_survive_the_way_through_the_api() -> None:
    row = ImportRow(line=2, name="Işık", mobile=("1", "2"), notes="a\nb")
    request = ImportIn.model_validate_json(
        ImportIn.model_validate(import_request([row], dry_run=True)).model_dump_json()
    )
    assert (request.rows[0].row(), request.dry_run) == (row, True)
    results = [RowResult(line=2, outcome=Outcome.REJECTED, field="name", reason="missing")]
    answer = ImportOut.of(results).model_dump(mode="json")
    assert import_results(answer) == results
