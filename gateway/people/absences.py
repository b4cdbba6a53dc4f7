"""Absences and their deputies: noted, listed, taken back, imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, func, insert, select, update

from gateway.kernel.clock import Clock
from gateway.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.kernel.ids import new_id
from gateway.kernel.store import Store
from gateway.kernel.text_folding import fold
from gateway.people import audit
from gateway.people.absence_dates import span
from gateway.people.model import Absence, AbsenceKind
from gateway.people.tables import absences, users
from gateway.web.principal import Permission, Principal, Sight

MAX_NOTE = 500
MAX_WORD = 200
"""Characters of a name, a login or a date."""
ROWS_PER_UNIT = 25
"""Rows in one unit of work: how long others wait for the writer."""
MAX_OPEN = 1000
"""Absences of one person that are not over."""
_ACTIVE = select(users).where(users.c.disabled_at.is_(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceDraft:
    """An absence as somebody writes it."""

    person: str = ""
    """Login, name, extension or id; empty: who writes it."""
    begins: str
    ends: str
    kind: AbsenceKind = AbsenceKind.OTHER
    deputy: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """What became of an imported row: created, updated, unchanged or rejected."""

    line: int
    outcome: str
    reason: str = ""
    field: str = ""


class AbsenceBook:
    """Who is not here, from when until when, and who stands in for him."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        zone: ZoneInfo,
        *,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """Take `changed`, which is called when somebody may be absent or here otherwise."""
        self._store = store
        self._clock = clock
        self._zone = zone
        self._changed = changed

    async def note(self, principal: Principal, draft: AbsenceDraft) -> Absence:
        """Note an absence; the same person and span again changes the rest of it.

        Raises Invalid, or Forbidden for another's by who may note his own only.
        """
        principal.require(Permission.PEOPLE_WRITE)
        found, _ = await self._store.write(lambda c: self._put(c, principal, draft))
        self._changed()
        return found

    async def every(self, principal: Principal, *, past: bool = False) -> list[Absence]:
        """Return absences that are not over, by their beginning; with `past` all of them."""
        principal.require(Permission.PEOPLE_READ)
        query = select(absences).order_by(absences.c.begins, absences.c.id)
        if not past:
            query = query.where(absences.c.ends > self._clock.now())
        if principal.sight is Sight.OWN:
            query = query.where(absences.c.user_id == principal.user_id)
        return await self._store.read(
            lambda connection: [absence_of(row) for row in connection.execute(query)]
        )

    async def take_back(self, principal: Principal, absence_id: str) -> Absence:
        """Delete an absence; raises NotFound."""
        principal.require(Permission.PEOPLE_WRITE)

        def unit(connection: Connection) -> Absence:
            row = connection.execute(select(absences).where(absences.c.id == absence_id)).first()
            if row is None or not _may(principal, row.user_id):
                raise NotFound(f"there is no absence {absence_id}")
            connection.execute(delete(absences).where(absences.c.id == absence_id))
            self._audit(connection, principal, "delete", absence_of(row))
            return absence_of(row)

        found = await self._store.write(unit)
        self._changed()
        return found

    async def import_rows(
        self, principal: Principal, rows: Sequence[tuple[int, AbsenceDraft]], *, dry_run: bool
    ) -> list[RowResult]:
        """Take rows of a list, each by itself; taking them again changes nothing."""
        principal.require(Permission.PEOPLE_WRITE)

        results: list[RowResult] = []
        for start in range(0, len(rows), ROWS_PER_UNIT):
            part = rows[start : start + ROWS_PER_UNIT]
            results += await self._import_part(principal, part, dry_run=dry_run)
        if not dry_run:
            self._changed()
        return results

    async def _import_part(
        self, principal: Principal, rows: Sequence[tuple[int, AbsenceDraft]], *, dry_run: bool
    ) -> list[RowResult]:
        def unit(connection: Connection) -> list[RowResult]:
            found = [self._row(connection, principal, line, draft) for line, draft in rows]
            if dry_run:
                raise _DryRun(found)
            return found

        try:
            return await self._store.write(unit)
        except _DryRun as done:
            return done.results

    async def away(self, principal: Principal, *, away: bool) -> None:
        """Note that who asks left his desk, or is back at it."""
        principal.require(Permission.PEOPLE_WRITE)
        if principal.user_id is None:
            raise Invalid(f"{principal.name} is no user, so he has no desk")
        values = {"away_at": self._clock.now() if away else None}
        statement = update(users).where(users.c.id == principal.user_id).values(values)
        await self._store.write(lambda connection: connection.execute(statement))
        self._changed()

    def _row(
        self, connection: Connection, principal: Principal, line: int, draft: AbsenceDraft
    ) -> RowResult:
        try:
            _, outcome = self._put(connection, principal, draft)
        except (Invalid, Forbidden, Conflict) as error:
            field = error.field if isinstance(error, Invalid) else ""
            return RowResult(line=line, outcome="rejected", reason=str(error), field=field)
        return RowResult(line=line, outcome=outcome)

    def _put(
        self, connection: Connection, principal: Principal, draft: AbsenceDraft
    ) -> tuple[Absence, str]:
        wanted = self._meant(connection, principal, draft)
        same = select(absences).where(
            absences.c.user_id == wanted.user_id,
            absences.c.begins == wanted.begins,
            absences.c.ends == wanted.ends,
        )
        row = connection.execute(same).first()
        if row is None:
            return self._add(connection, principal, wanted), "created"
        before = absence_of(row)
        values = {"kind": wanted.kind.value, "deputy_id": wanted.deputy_id, "note": wanted.note}
        if values == {name: getattr(row, name) for name in values}:
            return before, "unchanged"
        connection.execute(update(absences).where(absences.c.id == before.id).values(values))
        after = absence_of(connection.execute(same).one())
        self._audit(connection, principal, "change", after)
        return after, "updated"

    def _meant(self, connection: Connection, principal: Principal, draft: AbsenceDraft) -> Absence:
        _require_short(draft)
        user_id = _person(connection, draft.person, "person") or principal.user_id
        if user_id is None:
            raise Invalid("say who is absent: a login, a name or an extension", field="person")
        if not _may(principal, user_id):
            raise Forbidden(f"{principal.name} may note his own absences only")
        deputy_id = _person(connection, draft.deputy, "deputy")
        if deputy_id == user_id:
            raise Invalid("nobody stands in for himself", field="deputy")
        begins, ends = span(draft.begins, draft.ends, self._zone)
        return Absence(
            id=new_id(), user_id=user_id, begins=begins, ends=ends, kind=draft.kind,
            deputy_id=deputy_id, note=draft.note.strip(),
        )  # fmt: skip

    def _add(self, connection: Connection, principal: Principal, wanted: Absence) -> Absence:
        query = select(func.count()).where(
            absences.c.user_id == wanted.user_id, absences.c.ends > self._clock.now()
        )
        if connection.execute(query).scalar_one() >= MAX_OPEN:
            raise Conflict(f"{MAX_OPEN} absences of that person are not over; delete some")
        values = {name: getattr(wanted, name) for name in Absence.__slots__}
        connection.execute(insert(absences).values({**values, "kind": wanted.kind.value}))
        self._audit(connection, principal, "create", wanted)
        return wanted

    def _audit(
        self, connection: Connection, principal: Principal, action: str, absence: Absence
    ) -> None:
        changes = {
            "user_id": absence.user_id, "begins": absence.begins.isoformat(),
            "ends": absence.ends.isoformat(), "deputy_id": absence.deputy_id,
        }  # fmt: skip
        now: datetime = self._clock.now()
        audit.record(
            connection, principal, action, ("absence", absence.id), at=now, changes=changes
        )


class _DryRun(Exception):
    """Takes back what a dry run wrote; carries its results."""

    def __init__(self, results: list[RowResult]) -> None:
        super().__init__("a dry run")
        self.results = results


def absence_of(row: Any) -> Absence:
    """Return the absence in a row of `absences`."""
    values = dict(row._mapping)  # noqa: SLF001 - Row's public name
    return Absence(**{**values, "kind": AbsenceKind(values["kind"])})


def _require_short(draft: AbsenceDraft) -> None:
    """Raise Invalid for what is too long: a list's rows are refused one by one, not together."""
    for field, text, most in (
        ("person", draft.person, MAX_WORD), ("from", draft.begins, MAX_WORD),
        ("until", draft.ends, MAX_WORD), ("deputy", draft.deputy, MAX_WORD),
        ("note", draft.note, MAX_NOTE),
    ):  # fmt: skip
        if len(text) > most:
            raise Invalid(f"{field} is longer than {most} characters", field=field)
        if "\0" in text:
            raise Invalid(f"{field} holds a NUL character", field=field)


def _may(principal: Principal, user_id: str) -> bool:
    return principal.sight is Sight.ALL or principal.user_id == user_id


def _person(connection: Connection, text: str, field: str) -> str | None:
    """Return the id of the active user whom a text names, None for an empty one."""
    text = text.strip()
    if not text:
        return None
    named = (users.c.id == text) | (users.c.login == fold(text)) | (users.c.extension == text)
    query = _ACTIVE.where(named | (users.c.name_folded == fold(text))).limit(2)
    found = connection.execute(query).all()
    if len(found) != 1:
        raise Invalid(
            f"{'several' if found else 'no'} active users are called {text[:80]!r}; "
            "give a login or an extension",
            field=field,
        )
    user_id: str = found[0].id
    return user_id
