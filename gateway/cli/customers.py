"""`santral import customers`: carries a list of customers into the directory."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from gateway.cli.client import Client, connect
from gateway.cli.output import plain, table
from gateway.config import Config
from gateway.kernel.errors import Invalid
from gateway.parties.api import import_request, import_results
from gateway.parties.import_files import open_customers
from gateway.parties.import_rows import ImportReport, ImportRow, RowResult
from gateway.parties.import_run import run_import

BAR = 30
SHOWN_REJECTIONS = 20


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `import customers`."""
    importing = commands.add_parser("import", help="import customers from a file")
    kinds = importing.add_subparsers(dest="kind", required=True, metavar="KIND")
    customers = kinds.add_parser("customers", help="from CSV, XLSX or vCard")
    customers.add_argument("file", type=Path)
    customers.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="HEADING=FIELD",
        help="which field a column is, where its heading does not tell; repeat for several",
    )
    customers.add_argument("--encoding", default="", help="default: found out")
    customers.add_argument("--dry-run", action="store_true", help="write nothing, only report")
    customers.add_argument(
        "--rejected", type=Path, metavar="FILE", help="write all rejected rows here, as CSV"
    )
    customers.set_defaults(run=_import)


async def _import(config: Config, options: argparse.Namespace) -> int:
    columns = dict(_mapping(pair) for pair in options.map)
    file = open_customers(options.file, columns=columns, encoding=options.encoding)
    async with connect(config) as client:
        report = await run_import(
            file.rows(),
            lambda rows: _apply(client, rows, dry_run=options.dry_run),
            progress=_show_progress,
            total=file.count(),
        )
    if sys.stderr.isatty():
        print(file=sys.stderr)
    _show(report, dry_run=options.dry_run)
    if options.rejected is not None:
        _write_rejected(options.rejected, report)
    return 1 if report.rejected == report.rows and report.rows else 0


async def _apply(client: Client, rows: Sequence[ImportRow], *, dry_run: bool) -> list[RowResult]:
    return import_results(
        await client.post("/parties/import", import_request(rows, dry_run=dry_run))
    )


def _mapping(pair: str) -> tuple[str, str]:
    heading, separator, field = pair.rpartition("=")
    if not separator or not heading or not field:
        raise Invalid(f"--map {pair!r} is not HEADING=FIELD, such as --map 'Cari Ünvan=name'")
    return heading, field


def _show_progress(done: int, total: int | None) -> None:
    if not sys.stderr.isatty():
        return
    part = done / total if total else 0
    bar = "█" * int(part * BAR) + "░" * (BAR - int(part * BAR))
    of = f"/{total}" if total else ""
    print(f"\r{bar} {done}{of} rows", end="", file=sys.stderr, flush=True)


def _show(report: ImportReport, *, dry_run: bool) -> None:
    if report.rejections:
        shown = report.rejections[:SHOWN_REJECTIONS]
        print(table(("LINE", "REJECTED BECAUSE"), [(r.line, plain(r.reason)) for r in shown]))
        if report.rejected > len(shown):
            print(f"and {report.rejected - len(shown)} more; --rejected FILE writes them to a file")
        print()
    done = "would be " if dry_run else ""
    print(
        f"{report.rows} rows: {report.created} {done}created, {report.updated} {done}updated, "
        f"{report.unchanged} unchanged, {report.rejected} rejected"
    )


def _write_rejected(path: Path, report: ImportReport) -> None:
    lines = ["line,reason"]
    for result in report.rejections:
        reason = plain(result.reason).replace('"', '""')
        lines.append(f'{result.line},"{reason}"')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
