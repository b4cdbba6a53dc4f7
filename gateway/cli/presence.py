"""`santral people` and `santral absence`: who can be spoken with now, and who stands in."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.cli.client import connect
from gateway.cli.output import plain, table
from gateway.config import Config
from gateway.kernel.errors import Invalid
from gateway.parties.import_columns import HEAD_ROWS, Cells, heading_key
from gateway.parties.import_csv import read_csv
from gateway.parties.import_encoding import encoding_of
from gateway.parties.import_xlsx import read_xlsx
from gateway.people.absence_dates import without_midnight
from gateway.people.model import AbsenceKind
from gateway.people.schemas import MAX_ROWS

_HEADINGS = {
    "person": "person, login, user, employee, name, full name, extension, personel, çalışan, "
    "ad soyad, adı soyadı, dahili, сотрудник, фио, логин, добавочный",
    "from": "from, begins, begin, start, start date, first day, başlangıç, başlangıç tarihi, "
    "izin başlangıcı, начало, дата начала, с",
    "until": "until, ends, end, end date, last day, to, bitiş, bitiş tarihi, izin bitişi, "
    "окончание, дата окончания, конец, по",
    "kind": "kind, type, reason, tür, türü, izin türü, neden, вид, тип, причина",
    "deputy": "deputy, substitute, replacement, vekil, vekili, yerine bakan, заместитель, замещает",
    "note": "note, notes, comment, not, açıklama, примечание, комментарий",
}
_FIELDS = {heading_key(name): field for field, names in _HEADINGS.items()
           for name in names.split(",")}  # fmt: skip
_KINDS = {
    AbsenceKind.VACATION: "vacation, holiday, leave, annual leave, izin, yıllık izin, tatil, "
    "отпуск, ежегодный отпуск",
    AbsenceKind.SICK: "sick, sickness, sick leave, rapor, raporlu, hastalık, больничный, болезнь",
    AbsenceKind.BUSINESS: "business, business trip, trip, training, iş seyahati, seyahat, görev, "
    "eğitim, командировка, обучение",
}
_KIND_OF = {heading_key(name): kind for kind, names in _KINDS.items() for name in names.split(",")}
_NEEDED = ("person", "from", "until")


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `people` and `absence`."""
    people = commands.add_parser("people", help="who works here, and can be spoken with now")
    people.set_defaults(run=_people)
    absence = commands.add_parser("absence", help="absences: add, list, remove, import")
    verbs = absence.add_subparsers(dest="verb", required=True, metavar="VERB")
    add = verbs.add_parser("add", help="note an absence")
    add.add_argument("person", help="login, name or extension")
    add.add_argument("begins", metavar="FROM", help="2026-12-28, or 2026-12-28T13:00")
    add.add_argument("ends", metavar="UNTIL", help="the last day, or the moment of return")
    add.add_argument("--deputy", default="", help="who stands in")
    add.add_argument("--kind", choices=[kind.value for kind in AbsenceKind], default="other")
    add.add_argument("--note", default="")
    add.set_defaults(run=_add)
    listed = verbs.add_parser("list", help="absences that are not over")
    listed.add_argument("--past", action="store_true", help="those that are over, too")
    listed.set_defaults(run=_list)
    remove = verbs.add_parser("remove", help="delete an absence")
    remove.add_argument("id")
    remove.set_defaults(run=_remove)
    importing = verbs.add_parser("import", help="from CSV or XLSX; again changes nothing")
    importing.add_argument("file", type=Path)
    importing.add_argument("--encoding", default="", help="default: found out")
    importing.add_argument("--dry-run", action="store_true", help="write nothing, only report")
    importing.set_defaults(run=_import)


async def _people(config: Config, _options: argparse.Namespace) -> int:
    async with connect(config) as client:
        people = await client.every("/people")
    rows = [
        (one["login"], one["name"], one["extension"] or "-", one["state"],
         _local(one["until"], config), _deputy(one["deputy"]))
        for one in people
    ]  # fmt: skip
    print(table(("LOGIN", "NAME", "EXTENSION", "STATE", "UNTIL", "DEPUTY"), rows))
    return 0


def _local(moment: str | None, config: Config) -> str:
    """Return a moment by the office's clock."""
    if moment is None:
        return ""
    return datetime.fromisoformat(moment).astimezone(config.zone).strftime("%Y-%m-%d %H:%M")


def _deputy(deputy: dict[str, Any] | None) -> str:
    if deputy is None:
        return ""
    return f"{deputy['name']} ({deputy['extension'] or '-'}, {deputy['state']})"


async def _add(config: Config, options: argparse.Namespace) -> int:
    body = {
        "person": options.person, "from": options.begins, "until": options.ends,
        "deputy": options.deputy, "kind": options.kind, "note": options.note,
    }  # fmt: skip
    async with connect(config) as client:
        made = await client.post("/absences", body)
    begins, ends = _local(made["begins"], config), _local(made["ends"], config)
    print(f"{options.person} is absent from {begins} until {ends}")
    return 0


async def _list(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        names = {one["id"]: one["login"] for one in await client.every("/people")}
        found = await client.every("/absences", past=str(options.past).lower())
    rows = [
        (one["id"], names.get(one["user_id"], "?"), _local(one["begins"], config),
         _local(one["ends"], config),
         one["kind"], names.get(one["deputy_id"], "-"), one["note"])
        for one in found
    ]  # fmt: skip
    print(table(("ABSENCE", "WHO", "FROM", "UNTIL", "KIND", "DEPUTY", "NOTE"), rows))
    return 0


async def _remove(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        await client.delete(f"/absences/{options.id}")
    print(f"absence {options.id} is deleted")
    return 0


async def _import(config: Config, options: argparse.Namespace) -> int:
    rows = list(_rows(options.file, options.encoding))
    results: list[dict[str, Any]] = []
    async with connect(config) as client:
        for start in range(0, len(rows), MAX_ROWS):
            body = {"rows": rows[start : start + MAX_ROWS], "dry_run": options.dry_run}
            results += (await client.post("/absences/import", body))["results"]
    rejected = [one for one in results if one["outcome"] == "rejected"]
    if rejected:
        told = [(one["line"], plain(one["reason"])) for one in rejected]
        print(table(("LINE", "REJECTED BECAUSE"), told), end="\n\n")
    done = "would be " if options.dry_run else ""
    counts = {name: sum(one["outcome"] == name for one in results)
              for name in ("created", "updated", "unchanged", "rejected")}  # fmt: skip
    print(
        f"{len(results)} rows: {counts['created']} {done}created, {counts['updated']} "
        f"{done}updated, {counts['unchanged']} unchanged, {counts['rejected']} rejected"
    )
    return 1 if rejected and len(rejected) == len(results) else 0


def _rows(path: Path, encoding: str) -> Iterator[dict[str, Any]]:
    """Yield a list's rows as the API takes them; raises Invalid when it has no headings."""
    if not path.is_file():
        raise Invalid(f"there is no file {path}", field="file")
    workbook = path.suffix.lower() in {".xlsx", ".xlsm"}
    cells = read_xlsx(path) if workbook else read_csv(path, encoding_of(path, encoding))
    columns: dict[int, str] = {}
    for number, row in enumerate(one for one in cells if one):
        if not columns:
            columns = _columns(row)
            if not columns and number >= HEAD_ROWS:
                break
            continue
        yield _row(row, columns)
    if not columns:
        raise Invalid(
            f"{path}: no row of headings was found; the columns are called person, from, until, "
            "and as you like kind, deputy, note (also in Turkish or Russian)",
            field="file",
        )


def _columns(row: Cells) -> dict[int, str]:
    found = {index: _FIELDS[key] for index, value in enumerate(row.values)
             if (key := heading_key(value)) in _FIELDS}  # fmt: skip
    return found if set(_NEEDED) <= set(found.values()) else {}


def _row(row: Cells, columns: dict[int, str]) -> dict[str, Any]:
    values = {field: row.values[index].strip() for index, field in columns.items()
              if index < len(row.values)}  # fmt: skip
    values |= {name: without_midnight(values.get(name, "")) for name in ("from", "until")}
    kind = _KIND_OF.get(heading_key(values.get("kind", "")), AbsenceKind.OTHER)
    return {"line": row.line, **dict.fromkeys(_NEEDED, ""), **values, "kind": kind.value}
