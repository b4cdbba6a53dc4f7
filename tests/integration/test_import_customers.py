"""Customers' lists of every format come into the directory once, however often they are read."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select

from gateway.kernel import events
from gateway.kernel.clock import SystemClock
from gateway.kernel.errors import Invalid
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.store import Store, metadata, open_store
from gateway.parties.book import PartyBook
from gateway.parties.drafts import PartyChange, PartyDraft
from gateway.parties.import_files import open_customers
from gateway.parties.import_rows import ImportReport, ImportRow, Outcome, RowResult
from gateway.parties.import_run import run_import
from gateway.parties.importing import ROWS_PER_UNIT, Importer
from gateway.parties.model import Party, PartyKind
from gateway.parties.tables import contact_persons, parties, phone_numbers
from gateway.people.model import Role
from gateway.people.tables import audit_trail
from gateway.people.users import Users
from gateway.web.principal import LOCAL_ADMINISTRATOR as ROOT
from gateway.web.principal import Permission, Principal, Sight

DATA = Path(__file__).parent.parent / "data" / "import"
PLAN = NumberingPlan(region="TR")


@dataclass(frozen=True, slots=True)
class Office:
    """A directory with two managers."""

    store: Store
    book: PartyBook
    importer: Importer
    users: Users

    async def take(self, path: Path, *, dry_run: bool = False, encoding: str = "") -> ImportReport:
        """Import a file."""
        source = open_customers(path, encoding=encoding)
        return await run_import(
            source.rows(),
            lambda rows: self.importer.apply(ROOT, rows, dry_run=dry_run),
            progress=lambda done, total: None,
            total=source.count(),
        )

    async def apply(self, *rows: ImportRow) -> list[RowResult]:
        """Import rows."""
        return await self.importer.apply(ROOT, rows)

    async def every(self) -> dict[str, Party]:
        """Return all parties by name."""
        return {party.name: party for party in (await self.book.page(ROOT, limit=200)).items}

    async def counts(self) -> tuple[int, ...]:
        """Return how many rows the tables hold."""
        tables = (parties, contact_persons, phone_numbers, events.events, audit_trail)
        return tuple(
            [
                await self.store.read(
                    lambda c, table=table: c.execute(  # type: ignore[misc]
                        select(func.count()).select_from(table)
                    ).scalar_one()
                )
                for table in tables
            ]
        )


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """Hold an office."""
    store = await open_store(f"sqlite:///{tmp_path / 'santral.db'}")
    await store.write(metadata.create_all)  # TEMPORARY
    clock = SystemClock()
    users = Users(store, clock, PLAN)
    for login, name, extension in (("ayse", "Ayşe Yılmaz", "101"), ("mehmet", "Mehmet Demir", "")):
        await users.add(ROOT, login=login, name=name, role=Role.MANAGER, extension=extension)
    try:
        yield Office(store, PartyBook(store, clock, PLAN), Importer(store, clock, PLAN), users)
    finally:
        await store.close()


def _outcomes(results: list[RowResult]) -> list[Outcome]:
    return [result.outcome for result in results]


async def test_an_accounting_programs_list(office: Office) -> None:
    report = await office.take(DATA / "cari_windows1254.csv")
    assert (report.created, report.updated, report.rejected) == (3, 1, 3)
    assert [(one.line, one.field) for one in report.rejections] == [
        (6, "mobile"),
        (7, "name"),
        (8, "responsible"),
    ]
    found = await office.every()
    sahin = found["Şahin İnşaat A.Ş."]
    assert [person.name for person in sahin.persons] == ["Gülşah Çağlar", "Ömer Doğan"]
    assert sahin.notes == "Öğleden sonra aranacak; kapı 2"
    assert sahin.responsible is not None
    assert found["Güneş Tekstil Ltd. Şti."].responsible is not None
    assert len(found["Güneş Tekstil Ltd. Şti."].phones) == 2
    isil = found["Işıl Öztürk"]
    assert isil.responsible == sahin.responsible
    assert isil.phones[0].key == "+905559998877"
    (switchboard,) = (await office.book.lookup(ROOT, "02124445566")).matches
    assert (switchboard.party_name, switchboard.person) == ("Şahin İnşaat A.Ş.", None)


async def test_a_russian_list_in_a_turkish_office(office: Office) -> None:
    report = await office.take(DATA / "kontragenty_windows1251.csv")
    assert (report.created, report.rejected) == (0, 2)
    importer = Importer(office.store, SystemClock(), NumberingPlan(region="RU"))
    source = open_customers(DATA / "kontragenty_windows1251.csv")
    results = await importer.apply(
        ROOT, [row for row in source.rows() if isinstance(row, ImportRow)]
    )
    assert _outcomes(results) == [Outcome.CREATED, Outcome.CREATED]
    (match,) = (await office.book.lookup(ROOT, "+74951234567")).matches
    assert match.party_name == "ООО «Ромашка»"


@pytest.mark.parametrize(
    ("name", "created", "rejected"),
    [
        ("customers_utf16.txt", 2, 0),
        ("contacts_21.vcf", 2, 0),
        ("contacts_30.vcf", 1, 3),
        ("contacts_40.vcf", 2, 0),
    ],
)
async def test_other_formats(office: Office, name: str, created: int, rejected: int) -> None:
    report = await office.take(DATA / name)
    assert (report.created, report.rejected) == (created, rejected)


async def test_a_workbook(office: Office, tmp_path: Path) -> None:
    book = Workbook()
    assert book.active is not None
    for row in (
        ["Müşteri listesi"],
        ["Firma", "Yetkili", "Cep", "Toplam"],
        ["Deniz", "Ece", 5321234567, "=A1"],
        ["=A3", "Can", 5321234568, 1],
    ):
        book.active.append(row)
    path = tmp_path / "a.xlsx"
    book.save(path)
    report = await office.take(path)
    assert (report.created, report.rejected) == (1, 1)
    assert "A4" in report.rejections[0].reason
    assert (await office.every())["Deniz"].persons[0].phones[0].key == "+905321234567"


@pytest.mark.parametrize(
    "name",
    ["cari_windows1254.csv", "customers_utf16.txt", "contacts_21.vcf", "contacts_30.vcf",
     "contacts_40.vcf"],
)  # fmt: skip
async def test_the_same_list_again_changes_nothing(office: Office, name: str) -> None:
    first = await office.take(DATA / name)
    before, counts = await office.every(), await office.counts()
    again = await office.take(DATA / name)
    assert (again.created, again.updated, again.rejected) == (0, 0, first.rejected)
    assert again.unchanged == first.created + first.updated
    assert await office.every() == before
    assert await office.counts() == counts


async def test_a_shuffled_list_gives_the_same_customers(office: Office) -> None:
    rows = [
        ImportRow(
            line=number,
            code=f"C-{number // 3}",
            name=f"Firma {number // 3}",
            person=f"Kişi {number}",
            mobile=(f"0532 {number:07}",),
            work=(f"0212 {number // 3:07}",),
        )
        for number in range(3 * ROWS_PER_UNIT)
    ]
    first = await office.apply(*rows)
    assert _outcomes(first).count(Outcome.CREATED) == ROWS_PER_UNIT
    counts = await office.counts()
    random.Random(7).shuffle(rows)
    assert set(_outcomes(await office.apply(*rows))) == {Outcome.UNCHANGED}
    assert await office.counts() == counts


async def test_a_changed_list_updates(office: Office) -> None:
    first = ImportRow(line=2, code="C-1", name="Deniz", mobile=("05321234567",), notes="eski")
    await office.apply(first)
    renamed = ImportRow(line=2, code="C-1", name="Deniz Ltd.", phone=("02124445566",))
    assert _outcomes(await office.apply(renamed)) == [Outcome.UPDATED]
    (party,) = (await office.every()).values()
    assert (party.name, party.notes, party.version) == ("Deniz Ltd.", "eski", 2)
    assert [phone.key for phone in party.phones] == ["+905321234567", "+902124445566"]


async def test_a_dry_run_tells_and_writes_nothing(office: Office) -> None:
    counts = await office.counts()
    report = await office.take(DATA / "cari_windows1254.csv", dry_run=True)
    assert (report.created, report.updated, report.rejected) == (3, 1, 3)
    assert await office.counts() == counts


@pytest.mark.parametrize(
    ("known", "again", "outcome"),
    [
        # a code decides alone
        ({"code": "1", "name": "A"}, {"code": "1", "name": "B"}, Outcome.UPDATED),
        ({"code": "1", "name": "A"}, {"code": "2", "name": "A"}, Outcome.CREATED),
        # one side's code is learnt by what else agrees
        ({"name": "A"}, {"code": "2", "name": "A"}, Outcome.UPDATED),
        ({"code": "1", "name": "A"}, {"name": "a"}, Outcome.UNCHANGED),
        # then the tax number
        ({"tax_number": "9", "name": "A"}, {"tax_number": "9", "name": "B"}, Outcome.UPDATED),
        ({"tax_number": "9", "name": "A"}, {"tax_number": "8", "name": "A"}, Outcome.CREATED),
        # then a known number with the same name
        (
            {"name": "A", "phone": ("05321234567",), "kind": "company"},
            {"name": "A", "phone": ("05321234567",)},
            Outcome.UNCHANGED,
        ),
        (
            {"name": "A", "phone": ("05321234567",)},
            {"name": "B", "phone": ("05321234567",)},
            Outcome.CREATED,
        ),
        # then name and kind
        ({"name": "Işık"}, {"name": "ISIK"}, Outcome.UNCHANGED),
        ({"name": "A", "kind": "company"}, {"name": "A", "kind": "person"}, Outcome.CREATED),
    ],
)
async def test_who_is_meant(
    office: Office, known: dict[str, str], again: dict[str, str], outcome: Outcome
) -> None:
    await office.apply(ImportRow(line=1, **known))  # type: ignore[arg-type]
    (result,) = await office.apply(ImportRow(line=2, **again))  # type: ignore[arg-type]
    assert result.outcome is outcome


async def test_who_is_meant_is_the_same_within_one_batch(office: Office) -> None:
    results = await office.apply(
        ImportRow(line=1, name="A", phone=("05321234567",)),
        ImportRow(line=2, code="1", name="A"),
        ImportRow(line=3, code="1", name="B"),
        ImportRow(line=4, name="B", person="Ece"),
        ImportRow(line=5, code="2", name="B"),
    )
    assert _outcomes(results) == [
        Outcome.CREATED, Outcome.UPDATED, Outcome.UPDATED, Outcome.UPDATED, Outcome.CREATED,
    ]  # fmt: skip
    assert len({result.party_id for result in results}) == 2


async def test_a_row_that_may_mean_several_is_rejected(office: Office) -> None:
    for _ in range(2):
        await office.book.create(ROOT, PartyDraft(name="Deniz"))
    (result,) = await office.apply(ImportRow(line=2, name="Deniz"))
    assert (result.outcome, result.field) == (Outcome.REJECTED, "name")
    assert "2 customers" in result.reason


async def test_a_number_of_the_company_becomes_its_persons(office: Office) -> None:
    await office.apply(ImportRow(line=2, name="Deniz", phone=("05321234567",)))
    await office.apply(ImportRow(line=2, name="Deniz", person="Ece", mobile=("05321234567",)))
    (party,) = (await office.every()).values()
    assert party.phones == ()
    assert party.persons[0].phones[0].key == "+905321234567"


async def test_a_private_customer_keeps_his_kind(office: Office) -> None:
    await office.apply(ImportRow(line=2, person="Ece Işık", mobile=("05321234567",)))
    (party,) = (await office.every()).values()
    assert (party.kind, party.persons) == (PartyKind.PERSON, ())


async def test_a_manager_cannot_import_over_anothers_customer(office: Office) -> None:
    party = await office.book.create(ROOT, PartyDraft(name="Deniz", responsible="mehmet"))
    ayse = await office.users.by_login("ayse")
    own = Principal(
        user_id=ayse.id, name="ayse", permissions=frozenset(Permission), sight=Sight.OWN
    )
    (result,) = await office.importer.apply(own, [ImportRow(line=2, name="Deniz", notes="x")])
    assert result.outcome is Outcome.REJECTED
    assert (await office.book.show(ROOT, party.id)).notes == ""


async def test_users_who_left_or_share_a_name_are_no_responsibles(office: Office) -> None:
    await office.users.add(ROOT, login="ayse2", name="Ayşe Yılmaz", role=Role.MANAGER)
    await office.users.disable(ROOT, "mehmet")
    results = await office.apply(
        ImportRow(line=2, name="A", responsible="AYŞE YILMAZ"),
        ImportRow(line=3, name="B", responsible="mehmet"),
        ImportRow(line=4, name="C", responsible="101"),
    )
    assert _outcomes(results) == [Outcome.REJECTED, Outcome.REJECTED, Outcome.CREATED]


async def test_a_change_between_two_imports_is_kept(office: Office) -> None:
    row = ImportRow(line=2, code="C-1", name="Deniz", mobile=("05321234567",))
    (result,) = await office.apply(row)
    await office.book.update(ROOT, result.party_id, PartyChange(notes="elle"))
    assert _outcomes(await office.apply(row)) == [Outcome.UNCHANGED]
    assert (await office.book.show(ROOT, result.party_id)).notes == "elle"


async def test_a_list_with_a_wrong_encoding_given_is_reported_by_line(
    office: Office, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("Firma;Tel\nIşık;1\nDeniz;05321234567\n".encode("windows-1254"))
    report = await office.take(path, encoding="utf-8")
    assert (report.created, [one.line for one in report.rejections]) == (1, [2])
    with pytest.raises(Invalid, match="encoding"):
        await office.take(DATA / "cari_windows1254.csv", encoding="utf-8")
