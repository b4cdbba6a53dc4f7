"""Takes rows of customers into the directory, so that taking them twice changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select

from gateway.kernel.clock import Clock
from gateway.kernel.errors import Invalid
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.store import Store
from gateway.kernel.text_folding import fold
from gateway.parties import records
from gateway.parties.import_checks import CheckedRow, check
from gateway.parties.import_identity import Candidate, known_to
from gateway.parties.import_merge import merged
from gateway.parties.import_rows import ImportRow, Outcome, RowResult, rejected
from gateway.parties.model import Party, PartyKind, Responsible
from gateway.parties.port import NumberAttached
from gateway.parties.rights import may_see
from gateway.parties.trail import Written, leave
from gateway.people.tables import users
from gateway.web.principal import Permission, Principal

ROWS_PER_UNIT = 200
"""Rows in one unit of work: how long others wait for the writer."""


class Importer:
    """Applies rows of customers' lists."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        plan: NumberingPlan,
        *,
        number_attached: Sequence[NumberAttached] = (),
    ) -> None:
        self._store = store
        self._clock = clock
        self._plan = plan
        self._number_attached = tuple(number_attached)

    async def apply(
        self, principal: Principal, rows: Sequence[ImportRow], *, dry_run: bool = False
    ) -> list[RowResult]:
        """Create and update parties; returns what became of each row, in order.

        A dry run writes nothing. It judges each call's rows by themselves, so that a company
        whose persons lie in two calls is created in both.
        """
        principal.require(Permission.PARTIES_WRITE)
        results: list[RowResult] = []
        for start in range(0, len(rows), ROWS_PER_UNIT):
            part = rows[start : start + ROWS_PER_UNIT]
            checked, refused = await asyncio.to_thread(self._check, part)
            results += refused
            results += await self._take(principal, checked, dry_run=dry_run)
        return sorted(results, key=lambda result: result.line)

    def _check(self, rows: Sequence[ImportRow]) -> tuple[list[CheckedRow], list[RowResult]]:
        checked, refused = list[CheckedRow](), list[RowResult]()
        for row in rows:
            try:
                checked.append(check(row, self._plan))
            except Invalid as error:
                refused.append(rejected(row.line, str(error), error.field))
        return checked, refused

    async def _take(
        self, principal: Principal, rows: list[CheckedRow], *, dry_run: bool
    ) -> list[RowResult]:
        if not rows:
            return []
        now = self._clock.now()

        def unit(connection: Connection) -> list[RowResult]:
            batch = _Batch(principal, now, _staff(connection))
            batch.read(connection, rows, lock=not dry_run)
            results = [batch.take(index, row) for index, row in enumerate(rows)]
            if not dry_run:
                batch.write(connection, self._number_attached)
            return [batch.settled(result) for result in results]

        return await (self._store.read(unit) if dry_run else self._store.write(unit))


class _Batch:
    """The parties that some rows mean, before and after."""

    def __init__(self, principal: Principal, now: datetime, staff: _Staff) -> None:
        self._principal = principal
        self._now = now
        self._staff = staff
        self._meant: dict[int, Candidate | Invalid] = {}
        self._before: dict[str, Party] = {}
        self._after: dict[str, Party] = {}

    def read(self, connection: Connection, rows: Sequence[CheckedRow], *, lock: bool) -> None:
        known = known_to(connection, rows)
        for index, row in enumerate(rows):
            try:
                self._meant[index] = known.party_of(row)
            except Invalid as error:
                self._meant[index] = error
        ids = {
            one.id for one in self._meant.values() if isinstance(one, Candidate) and not one.is_new
        }
        self._before = records.load(connection, sorted(ids), lock=lock)

    def take(self, index: int, row: CheckedRow) -> RowResult:
        meant = self._meant[index]
        try:
            if isinstance(meant, Invalid):
                raise meant
            return self._merge(meant.id, row)
        except Invalid as error:
            return rejected(row.line, str(error), error.field)

    def _merge(self, party_id: str, row: CheckedRow) -> RowResult:
        current = self._after.get(party_id) or self._before.get(party_id)
        outcome = Outcome.UPDATED
        if current is None:
            outcome = Outcome.CREATED
            current = Party(
                id=party_id,
                kind=row.kind or PartyKind.COMPANY,
                name=row.name,
                created_at=self._now,
                updated_at=self._now,
            )
        elif not may_see(self._principal, current.responsible_id):
            raise Invalid(f"{current.name} is another manager's customer", field="name")
        after = merged(current, row, self._staff.find(row.responsible))
        if after == current and outcome is Outcome.UPDATED:
            outcome = Outcome.UNCHANGED
        self._after[party_id] = after
        return RowResult(line=row.line, outcome=outcome, party_id=party_id)

    def settled(self, result: RowResult) -> RowResult:
        """Return the result as all rows left its party: what two of them undo was no change."""
        party_id = result.party_id
        if party_id and self._before.get(party_id) == self._after[party_id]:
            return replace(result, outcome=Outcome.UNCHANGED)
        return result

    def write(self, connection: Connection, attached: Sequence[NumberAttached]) -> None:
        changes = records.Changes()
        written: list[Written] = []
        for party_id, wanted in self._after.items():
            before, after = self._before.get(party_id), wanted
            if before == after:
                continue
            if before is not None:
                after = replace(after, version=before.version + 1, updated_at=self._now)
            changes.add(before, after)
            written.append(Written(before, after))
        changes.write(connection, attached)
        leave(connection, self._principal, written)


@dataclass(frozen=True, slots=True)
class _Staff:
    """Our active users, by what a file may call them."""

    by_name: dict[str, list[Responsible]]

    def find(self, text: str) -> Responsible | None:
        """Return the user that a cell names, None for an empty one; raises Invalid."""
        if not text:
            return None
        found = {user.id: user for user in self.by_name.get(fold(text), ())}
        if len(found) != 1:
            raise Invalid(
                f"{len(found) or 'no'} active users are called {text!r}; "
                "give a login, a name or an extension",
                field="responsible",
            )
        return next(iter(found.values()))


def _staff(connection: Connection) -> _Staff:
    by_name: dict[str, list[Responsible]] = {}
    for row in connection.execute(select(users).where(users.c.disabled_at.is_(None))):
        user = Responsible(id=row.id, name=row.name, extension=row.extension, mobile=row.mobile)
        for name in {fold(row.login), row.name_folded, fold(row.extension)} - {""}:
            by_name.setdefault(name, []).append(user)
    return _Staff(by_name)
